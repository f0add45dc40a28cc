import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Understand, word_error_rate

from assistant.audio.chunk import Samples
from assistant.audio.recording import write_sound
from assistant.errors import ModelError
from assistant.speaking.voice import Piper

TEXT = "The weather is fine today, and there are seven days in a week."


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
