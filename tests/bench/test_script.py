import json
from pathlib import Path

import numpy as np
import onnxruntime

from assistant.audio.chunk import RATE_HZ
from assistant.audio.recording import read_sound
from assistant.bench.script import QUESTIONS, REPLIES, SEED, SYSTEM_PROMPT, rambling, speak, write_script


def test_questions_are_spoken_into_files_and_it_is_known_where_their_speech_ends(
    starter: dict[str, Path], tmp_path: Path
) -> None:
    first, second = speak(QUESTIONS[:2], starter["voice"], tmp_path)
    assert (first.text, second.text) == QUESTIONS[:2]
    for spoken in (first, second):
        samples = read_sound(spoken.audio)
        end = round(spoken.end_s * RATE_HZ)
        assert 1.0 < spoken.end_s <= len(samples) / RATE_HZ
        loud = np.abs(samples[:end]).max()
        assert np.abs(samples[end - RATE_HZ // 5 : end]).max() > 0.02 * loud
        assert np.abs(samples[end:]).max(initial=0) < 0.02 * loud


def test_a_question_sounds_the_same_in_every_run(starter: dict[str, Path], tmp_path: Path) -> None:
    def spoken() -> bytes:
        return speak(QUESTIONS[:1], starter["voice"], tmp_path)[0].audio.read_bytes()

    first = spoken()
    onnxruntime.set_seed(SEED + 1)  # as another process would draw other noise
    assert spoken() == first


def test_the_script_is_one_reply_and_how_fast_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    write_script(path, "It is two.", 5.0)
    assert json.loads(path.read_text()) == {"reply": "It is two.", "tokens_per_s": 5.0}
    write_script(path, "It is two.", None)
    assert json.loads(path.read_text())["tokens_per_s"] is None


def test_the_prompt_is_as_long_as_that_of_a_home() -> None:
    assert 200 < len(SYSTEM_PROMPT.split()) < 300


def test_rambling_says_everything_in_another_order_each_time() -> None:
    said = [rambling(seed) for seed in range(20)]
    assert len({one[:40] for one in said}) == 20
    assert {tuple(sorted(one.split())) for one in said} == {tuple(sorted(" ".join(REPLIES).split()))}
    assert rambling(3) == said[3]
