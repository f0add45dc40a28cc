"""Which parts a change of the settings concerns; that they are built anew is seen in test_service."""

from dataclasses import replace

import pytest

from assistant.blueprint import changed_parts
from assistant.config import (
    Audio,
    Clock,
    Dialogue,
    Endpoint,
    Llm,
    Log,
    Models,
    OwnerCommand,
    Panel,
    Privacy,
    Recognizer,
    Settings,
    Voice,
    Wake,
)

OWN = (OwnerCommand(("good night",), say="Sleep well."),)


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({}, ""),
        ({"dialogue": Dialogue(follow_up_s=1.0)}, ""),
        ({"log": Log("debug")}, ""),
        ({"privacy": Privacy(log_speech=True)}, ""),
        ({"audio": Audio(echo="gate")}, "sound talker"),
        ({"wake": Wake(sensitivity=0.6)}, "listener"),
        ({"endpoint": Endpoint(patience=2.0)}, "listener"),
        ({"recognizer": Recognizer("vosk-en-synthetic")}, "listener"),
        ({"voice": Voice(rate=1.2)}, "talker"),
        ({"dialogue": Dialogue(remember_s=60.0)}, "thinker"),
        ({"llm": Llm(max_tokens=100)}, "thinker"),
        ({"llm": Llm(model="gemma-4-e2b")}, "abilities thinker"),
        ({"commands": OWN}, "commands abilities listener"),
        ({"panel": Panel(board="plain")}, "panel abilities"),
        ({"clock": Clock(always_right=True)}, "kept abilities"),
        ({"privacy": Privacy(history=5)}, "kept abilities"),
        ({"models": Models("/models")}, "abilities thinker listener talker"),
        ({"language": "de"}, "kept commands abilities thinker listener talker"),
    ],
)
def test_only_what_a_setting_concerns_is_built_anew(changed: dict[str, object], parts: str) -> None:
    before = Settings()
    assert " ".join(changed_parts(before, replace(before, **changed))) == parts  # type: ignore[arg-type]
