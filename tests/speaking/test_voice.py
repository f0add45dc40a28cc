import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from conftest import Understand, word_error_rate

from assistant.audio.chunk import Samples
from assistant.audio.recording import write_sound
from assistant.errors import ModelError
from assistant.speaking.voice import Piper
from assistant.turn import Turn

TEXT = "The weather is fine today, and there are seven days in a week."
LONG = ", ".join([TEXT.rstrip(".")] * 10)  # one sentence of half a minute


@pytest.fixture(scope="module")
def model(starter: dict[str, Path]) -> Path:
    return starter["voice"]


def test_what_it_says_is_understood(model: Path, understand: Understand, tmp_path: Path) -> None:
    voice = Piper(model, 1.0)
    write_sound(tmp_path / "said.wav", voice.synthesize(TEXT), voice.rate_hz)
    assert word_error_rate(TEXT, understand(tmp_path / "said.wav").replace("7", "seven")) <= 0.1


def test_speech_is_int16_and_loud_but_not_clipped(model: Path) -> None:
    voice = Piper(model, 1.0)
    samples = voice.synthesize(TEXT)
    assert voice.rate_hz == 22_050
    assert samples.dtype == np.int16
    assert samples.ndim == 1
    assert np.abs(samples.astype(int)).max() > 5000
    assert np.mean(np.abs(samples.astype(int)) >= 32767) < 0.001


def test_a_higher_rate_is_faster_speech(model: Path) -> None:
    def duration(rate: float) -> int:
        return len(Piper(model, rate).synthesize(TEXT))

    slow, normal, fast = duration(0.7), duration(1.0), duration(1.5)
    assert 1.2 < slow / normal < 1.7
    assert 1.2 < normal / fast < 1.8


def test_several_sentences_are_one_piece_of_sound(model: Path) -> None:
    voice = Piper(model, 1.0)
    assert len(voice.synthesize("One. Two. Three.")) > 1.5 * len(voice.synthesize("One."))


@pytest.mark.parametrize("text", ["", " ", "..."])
def test_where_nothing_is_to_be_said_there_is_no_sound(model: Path, text: str) -> None:
    samples: Samples = Piper(model, 1.0).synthesize(text)
    assert samples.dtype == np.int16
    assert len(samples) == 0


def test_a_cancel_in_the_midst_of_it_ends_the_synthesis(model: Path) -> None:
    voice, turn = Piper(model, 1.0), Turn(1)
    cancel = threading.Timer(0.2, turn.cancel)
    cancel.start()
    assert len(voice.synthesize(LONG, turn)) == 0
    cancel.join()
    assert len(voice.synthesize(TEXT, Turn(2))) > 0


def test_a_cancel_that_comes_with_the_beginning_is_not_missed(model: Path) -> None:
    voice = Piper(model, 1.0)
    for number in range(20):
        turn = Turn(number)
        cancel = threading.Thread(target=turn.cancel)
        cancel.start()
        assert len(voice.synthesize(LONG, turn)) == 0
        cancel.join()


def test_for_a_cancelled_turn_there_is_no_sound(model: Path) -> None:
    voice, known, unknown = Piper(model, 1.0), Turn(1), Turn(2)
    assert len(voice.synthesize("Yes.", known)) > 0
    known.cancel()
    unknown.cancel()
    assert len(voice.synthesize(TEXT, known)) == 0
    assert len(voice.synthesize(TEXT, unknown)) == 0


def test_a_cancel_of_another_turn_ends_nothing(model: Path) -> None:
    voice, before, turn = Piper(model, 1.0), Turn(1), Turn(2)
    voice.synthesize("Yes.", before)
    cancel = threading.Timer(0.05, before.cancel)
    cancel.start()
    whole = len(voice.synthesize(TEXT, turn))
    cancel.join()
    assert whole > voice.rate_hz


class Exchange:
    """A turn that counts who wants to be told of its end."""

    cancelled = False

    def __init__(self) -> None:
        self.n_to_tell = 0

    def on_cancel(self, tell: Callable[[], None]) -> None:
        self.n_to_tell += 1


def test_however_much_is_said_in_a_turn_it_is_told_only_once_whom_to_tell(model: Path) -> None:
    voice, turn = Piper(model, 1.0), Exchange()
    for _ in range(3):
        voice.synthesize("Yes.", cast(Turn, turn))
    assert turn.n_to_tell == 1


def write_voice(folder: Path, onnx: bytes | None, config: Any) -> Path:
    path = folder / "robot.onnx"
    if onnx is not None:
        path.write_bytes(onnx)
    if config is not None:
        Path(f"{path}.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return path


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda onnx: None, id="missing"),
        pytest.param(lambda onnx: b"", id="empty"),
        pytest.param(lambda onnx: b"hello", id="text"),
        pytest.param(lambda onnx: onnx[: len(onnx) // 2], id="truncated"),
    ],
)
def test_a_broken_model_is_refused_by_name(
    model: Path, tmp_path: Path, broken: Callable[[bytes], bytes | None]
) -> None:
    path = write_voice(tmp_path, broken(model.read_bytes()), Path(f"{model}.json").read_text())
    with pytest.raises(ModelError, match=r"^the voice robot\.onnx cannot be loaded: ") as refusal:
        Piper(path, 1.0)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("config", [None, "", '{"audio": ', [], "null", {}, {"audio": 3, "num_symbols": 1}])
def test_a_broken_description_is_refused_by_name(model: Path, tmp_path: Path, config: Any) -> None:
    path = write_voice(tmp_path, None, config)
    shutil.copyfile(model, path)
    with pytest.raises(ModelError, match=r"^the voice robot\.onnx cannot be loaded: "):
        Piper(path, 1.0)
