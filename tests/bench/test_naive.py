"""The real chain with a tiny model; what it takes is of no interest here, but what comes before what."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.children import naive_turns
from assistant.errors import AssistantError

Speak = Callable[..., Path]
TIMES = ("endpoint_s", "transcript_s", "first_token_s", "first_sentence_s", "first_audio_s")


@pytest.fixture
def scenario(tiny_gemma4: Path, starter: dict[str, Path], speak: Speak) -> dict[str, Any]:
    questions = "set a timer for ten minutes", "what time is it"
    return {
        "model": str(tiny_gemma4),
        "voice": str(starter["voice"]),
        "recognizer": str(starter["recognizer"]),
        "n_ctx": 1024,
        "n_threads": 1,
        "system_prompt": "You are a voice assistant.",
        "turns": [{"audio": str(speak(one)), "reply": "It is two. That is all."} for one in questions],
    }


def test_every_part_waits_for_the_one_before(scenario: dict[str, Any]) -> None:
    for turn in naive_turns(scenario | {"mode": "cold"}):
        times_s = [turn[name] for name in TIMES]
        assert times_s[0] == 0.7
        assert times_s == sorted(set(times_s))


def test_the_recognizer_hears_the_question(scenario: dict[str, Any]) -> None:
    assert naive_turns(scenario | {"mode": "cold"})[0]["question"] == "set a timer for ten minutes"


def test_a_cold_chain_evaluates_the_whole_prompt_each_time(scenario: dict[str, Any]) -> None:
    for turn in naive_turns(scenario | {"mode": "cold"}):
        assert turn["n_evaluated"] == turn["n_prompt"] > 0


def test_a_warm_chain_keeps_what_the_library_keeps(scenario: dict[str, Any]) -> None:
    first, second = naive_turns(scenario | {"mode": "warm"})
    assert first["n_evaluated"] == first["n_prompt"]
    assert second["n_prompt"] > first["n_prompt"]
    assert 0 < second["n_evaluated"] < second["n_prompt"]


def test_a_chain_that_cannot_be_built_is_one_line(scenario: dict[str, Any]) -> None:
    with pytest.raises(AssistantError, match=r"^bench: assistant\.bench\.naive failed \(exit code 1\); see above$"):
        naive_turns(scenario | {"model": "/nowhere/at/all.gguf", "mode": "cold"})
