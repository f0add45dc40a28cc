"""The whole assistant in real time with a tiny model, a real recognizer and a real voice, in processes of its own."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.audio.recording import read_sound
from assistant.bench.children import assistant_turns
from assistant.bench.clips import speech_bounds_s
from assistant.bench.processes import family
from assistant.bench.scenario import Asked, Scenario
from assistant.errors import AssistantError

QUESTION = "tell me about the moon"
REPLIES = (
    "It is far away, and it is rather cold.",
    "Nobody lives there, since there is no air, and nothing to eat, and nothing to do all day and all night long.",
    "It is made of stone, and it goes round and round, and so it was long before anybody looked.",
)
TOKENS_PER_S = 25.0


@pytest.fixture(scope="module")
def scenario(
    tiny_gemma4: Path,
    starter: dict[str, Path],
    speak: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Scenario:
    """Three turns: one that is heard out, one that is interrupted, one that is only written to its end."""
    audio = speak(QUESTION)
    end_s = float(speech_bounds_s(read_sound(audio))[1])
    stops_s = None, 0.2, None
    return Scenario(
        model=str(tiny_gemma4),
        recognizer=str(starter["recognizer"]),
        voice=str(starter["voice"]),
        script=str(tmp_path_factory.mktemp("live") / "script.json"),
        system_prompt="You are a voice assistant.",
        n_ctx=2048,
        memory="fast",
        turns=[
            Asked(str(audio), end_s, reply, TOKENS_PER_S, stop_s)
            for reply, stop_s in zip(REPLIES, stops_s, strict=True)
        ],
        watch=True,
        weigh=True,
        to_the_end=False,
    )


@pytest.fixture(scope="module")
def found(scenario: Scenario) -> dict[str, Any]:
    return assistant_turns(scenario, Path(scenario.script).parent)


def test_it_listens_and_is_ready_some_time_after_its_start(found: dict[str, Any]) -> None:
    assert found["begin_s"] < found["listening_s"]
    assert found["begin_s"] < found["ready_s"]


def test_it_hears_the_question_and_gives_the_reply_of_the_script(found: dict[str, Any]) -> None:
    for turn, reply in zip(found["turns"][::2], REPLIES[::2], strict=True):
        assert turn["transcript"] == QUESTION
        assert " ".join(text for _, text in turn["sentences"]) == reply
        assert turn["n_prompt"] >= turn["n_evaluated"] > 0
        assert 0 < turn["tokens_per_s"] < 1.1 * TOKENS_PER_S


def test_what_happens_in_a_turn_has_its_order(found: dict[str, Any]) -> None:
    turn = found["turns"][0]
    assert turn["partials"][0] < turn["speech_end_s"] < turn["endpoint_s"] <= turn["transcript_s"]
    sounds_s = [begin_s for begin_s, _ in turn["sayings"]]
    assert turn["speech_end_s"] < turn["first_sound_s"] < sounds_s[0]
    assert sounds_s == sorted(sounds_s)
    assert turn["first_token_s"] < turn["first_sound_s"] <= turn["last_sound_s"]
    assert turn["first_token_s"] < turn["replied_s"]


def test_it_is_seen_which_part_works_when(found: dict[str, Any]) -> None:
    for turn in found["turns"]:
        assert set(turn["busy"]) == {"listener", "talker", "model"}
        assert any(begin_s < turn["speech_end_s"] for begin_s, _ in turn["busy"]["listener"])
        # What is heard first was synthesized in this turn.
        assert any(turn["first_token_s"] < end_s < turn["first_sound_s"] + 0.1 for _, end_s in turn["busy"]["talker"])


def test_an_interruption_ends_in_silence_and_idle_cores(found: dict[str, Any]) -> None:
    turn = found["turns"][1]
    assert 0.0 < turn["silent_s"] < 1.0  # where it goes on, this is a second
    assert 0.0 <= turn["idle_s"] < 1.0
    assert turn["replied_s"] is None
    assert " ".join(text for _, text in turn["sentences"]) != REPLIES[1]
    assert found["turns"][0]["silent_s"] is None


def test_the_last_reply_need_not_be_heard_out(found: dict[str, Any]) -> None:
    turn = found["turns"][2]
    assert turn["replied_s"]
    assert len(turn["sayings"]) < len(turn["sentences"])


def test_the_memory_is_that_of_all_processes(found: dict[str, Any]) -> None:
    assert found["peak_mib"] > found["anonymous_mib"] > 200  # recognizer, voice and two times Python


def test_a_model_that_dies_ends_the_bench_and_is_named(scenario: Scenario, tmp_path: Path) -> None:
    slow = [replace(scenario.turns[0], tokens_per_s=1.0)]
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.1):
            for pid in family(os.getpid())[1:]:
                if b"assistant.bench.forced_child" in Path(f"/proc/{pid}/cmdline").read_bytes() and not over.wait(6.0):
                    os.kill(pid, signal.SIGKILL)
                    return

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(AssistantError, match=r"^bench: assistant\.bench\.live .* model was lost: its process "):
            assistant_turns(replace(scenario, turns=slow), tmp_path)
    finally:
        over.set()
        killer.join()


def test_a_model_that_is_refused_ends_the_bench_and_is_named(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match=r"the language model was lost: .* too many for n_ctx 512$"):
        assistant_turns(replace(scenario, n_ctx=512), tmp_path)


def test_a_part_that_is_missing_is_one_line(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match=rf"^bench: assistant\.bench\.live failed \(exit code 1\); .*{tmp_path}"):
        assistant_turns(replace(scenario, recognizer=str(tmp_path / "none")), tmp_path)
