"""One question through all real engines, as `assistant ask` asks it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from conftest import Speak, Understand, word_error_rate

from assistant.audio.recording import read_sound

Run = Callable[..., "subprocess.CompletedProcess[str]"]

QUESTION = "What is the capital of France?"
HEARD = "what is the capital of france"


def asked(assistant: Run, *arguments: str | Path) -> dict[str, Any]:
    done = assistant("ask", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_spoken_question_is_answered_aloud(
    assistant: Run, speak: Speak, understand: Understand, tmp_path: Path
) -> None:
    out = tmp_path / "reply.wav"
    answer = asked(assistant, "--audio", speak("Hey Jarvis, tell me about the moon."), "--out", out)

    assert answer["transcript"] == "tell me about the moon"
    assert answer["wake"]["phrase"] == "hey jarvis"
    assert 0.5 < answer["wake"]["score"] <= 1.0
    assert "moon" in answer["reply"]
    assert answer["reply"] == " ".join(answer["sentences"])
    assert word_error_rate(answer["reply"], understand(out)) <= 0.2

    spoken = soundfile.info(out)
    assert answer["audio"]["path"] == str(out)
    assert (answer["audio"]["rate_hz"], spoken.samplerate) == (22_050, 22_050)
    assert answer["audio"]["duration_s"] == pytest.approx(spoken.duration, abs=0.01)


def test_the_object_it_prints_has_every_field(assistant: Run, speak: Speak) -> None:
    answer = asked(assistant, "--audio", speak(f"Hey Jarvis, {QUESTION}"))
    assert (answer["path"], answer["actions"], answer["model"]) == ("model", [], "smollm2-135m")
    texts = [partial["text"] for partial in answer["partials"]]
    assert len(texts) > 1
    assert texts[-1] == HEARD
    assert [p["t_s"] for p in answer["partials"]] == sorted(p["t_s"] for p in answer["partials"])
    order = ("endpoint_s", "transcript_s", "first_audio_s", "done_s")
    times = [answer["timings"][name] for name in order]
    assert times == sorted(times)
    assert answer["timings"]["first_token_s"] < answer["timings"]["first_audio_s"]
    assert times[0] >= 0.7 - 0.15  # the silence that ends an utterance, less what the voice activity detector lags
    tokens = answer["tokens"]
    assert 0 < tokens["evaluated"] <= tokens["prompt"]
    assert tokens["generated"] > 0
    assert answer["audio"]["path"] is None


def test_without_a_wake_word_the_whole_file_is_the_question(assistant: Run, speak: Speak, tmp_path: Path) -> None:
    first, second = (soundfile.read(speak(text)) for text in ("What is the capital", "of France?"))
    pause = np.zeros(round(1.2 * first[1]))
    path = tmp_path / "pause.wav"
    soundfile.write(path, np.concatenate([first[0], pause, second[0]]), first[1])
    answer = asked(assistant, "--audio", path)
    assert answer["wake"] is None
    assert answer["transcript"] == HEARD


def test_at_the_pace_of_a_microphone_it_hears_the_same(assistant: Run, speak: Speak) -> None:
    answer = asked(assistant, "--audio", speak(f"Hey Jarvis, {QUESTION}"), "--pace", "realtime")
    assert answer["transcript"] == HEARD


def test_a_typed_question_has_no_speech_in_its_answer(assistant: Run) -> None:
    answer = asked(assistant, QUESTION)
    assert "Paris" in answer["reply"]
    assert [answer[name] for name in ("transcript", "partials", "wake", "audio")] == [None] * 4
    assert (answer["timings"]["endpoint_s"], answer["timings"]["transcript_s"]) == (None, None)
    assert answer["timings"]["first_token_s"] > 0


def test_the_reply_to_a_typed_question_can_be_spoken_into_a_file(
    assistant: Run, understand: Understand, tmp_path: Path
) -> None:
    out = tmp_path / "reply.wav"
    answer = asked(assistant, "What is the sun?", "--out", out)
    assert word_error_rate(answer["reply"], understand(out)) <= 0.2


def test_a_person_gets_lines_and_not_json(assistant: Run, speak: Speak) -> None:
    typed = assistant("ask", QUESTION)
    assert typed.stdout.strip().endswith("Paris.")
    spoken = assistant("ask", "--audio", speak(f"Hey Jarvis, {QUESTION}"))
    heard, reply, times = spoken.stdout.splitlines()
    assert heard == f"heard: {HEARD}"
    assert reply.startswith("reply: ")
    assert times.startswith("after the end of speech: endpoint ")


@pytest.mark.parametrize(
    ("rate_hz", "channels", "subtype"), [(22_050, 1, "PCM_U8"), (48_000, 2, "PCM_24"), (44_100, 6, "FLOAT")]
)
def test_a_file_of_any_rate_width_and_channel_count_is_heard(
    assistant: Run, speak: Speak, tmp_path: Path, rate_hz: int, channels: int, subtype: str
) -> None:
    import soxr

    samples = read_sound(speak(f"Hey Jarvis, {QUESTION}")) / 32768
    path = tmp_path / "question.wav"
    resampled = soxr.resample(samples, 16_000, rate_hz)
    soundfile.write(path, np.tile(resampled[:, None], channels), rate_hz, subtype=subtype)
    assert HEARD in asked(assistant, "--audio", path)["transcript"]


def refusal(done: "subprocess.CompletedProcess[str]", exit_code: int) -> str:
    """The one line with which it refused."""
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_a_file_in_which_nobody_speaks_says_so(assistant: Run, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(32_000), 16_000)
    assert refusal(assistant("ask", "--audio", path), 3) == f"assistant: {path}: nobody speaks in it"


def test_noise_is_not_speech(assistant: Run, tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, 48_000), 16_000)
    assert "nobody speaks" in refusal(assistant("ask", "--audio", path), 3)


def test_a_wake_word_with_no_question_is_no_speech(assistant: Run, speak: Speak) -> None:
    assert "nobody speaks" in refusal(assistant("ask", "--audio", speak("Hey Jarvis")), 3)


def test_a_file_that_is_not_audio_is_refused(assistant: Run, tmp_path: Path) -> None:
    path = tmp_path / "letter.wav"
    path.write_text("Dear Jarvis,\n")
    assert "is not audio" in refusal(assistant("ask", "--audio", path), 2)
    assert "No such file" in refusal(assistant("ask", "--audio", tmp_path / "none.wav"), 2)


@pytest.mark.parametrize("arguments", [[], [""], ["What?", "--audio", "x.wav"]])
def test_a_question_is_asked_in_one_way(assistant: Run, arguments: list[str]) -> None:
    done = assistant("ask", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reply_that_cannot_be_written_is_an_error(assistant: Run, tmp_path: Path) -> None:
    done = assistant("ask", QUESTION, "--out", tmp_path / "no" / "reply.wav")
    assert "cannot be written" in refusal(done, 2)


def test_a_missing_model_is_named_with_its_cure(assistant: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"models: {{folder: {tmp_path / 'empty'}}}\n")
    assert "assistant models get starter" in refusal(assistant("ask", QUESTION, config=config), 1)


@pytest.mark.parametrize("fault", ["truncated", "changed", "other kind"])
def test_a_damaged_model_is_refused_by_name(
    assistant: Run, starter: dict[str, Path], tmp_path: Path, fault: str
) -> None:
    content = starter["llm"].read_bytes()
    path = tmp_path / "models" / "llm" / "smollm2-135m.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(
        {
            "truncated": content[:-1000],
            "changed": content[:-1000] + bytes(1000),
            "other kind": starter["voice"].read_bytes(),
        }[fault]
    )
    config = tmp_path / "config.yaml"
    config.write_text(f"models: {{folder: {tmp_path / 'models'}}}\n")
    line = refusal(assistant("ask", QUESTION, config=config), 1)
    assert "smollm2-135m" in line
    assert "assistant models get smollm2-135m" in line
