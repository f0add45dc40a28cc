import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import VOICE_CONFIG, gguf_bytes, onnx_bytes, voice_files, vosk_files, write_files

import assistant
from assistant.models.catalogue import Purpose
from assistant.models.files import fault_of

STARTER = Path(assistant.__file__).parent / "models" / "starter" / "vosk-en-synthetic"


def test_nothing_is_wrong_with_a_whole_model(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(gguf_bytes(tmp_path))
    write_files(tmp_path, voice_files())
    write_files(tmp_path / "vosk", vosk_files())
    assert fault_of(tmp_path / "x.gguf", "llm") is None
    assert fault_of(tmp_path / "tiny.onnx", "voice") is None
    assert fault_of(tmp_path / "vosk", "recognizer") is None
    assert fault_of(STARTER, "recognizer") is None


@pytest.mark.parametrize("purpose", ["llm", "voice", "recognizer"])
def test_what_is_not_there_does_not_exist(tmp_path: Path, purpose: Purpose) -> None:
    assert fault_of(tmp_path / "none", purpose) == "does not exist"


def test_each_kind_is_told_from_the_others(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(gguf_bytes(tmp_path))
    write_files(tmp_path, voice_files())
    assert fault_of(tmp_path / "tiny.onnx", "llm") == "is not a GGUF file"
    assert fault_of(tmp_path / "x.gguf", "voice") == "is not an ONNX file"
    assert fault_of(tmp_path / "x.gguf", "recognizer") == "is a file, not the folder of a Vosk model"
    assert fault_of(STARTER, "llm") == "is a folder, not a GGUF file"
    assert fault_of(STARTER, "voice") == "is a folder, not a Piper voice (.onnx)"
    assert fault_of(tmp_path, "recognizer") == "is not the folder of a Vosk model"


def test_a_gguf_file_that_ends_within_its_tensors_is_truncated(tmp_path: Path) -> None:
    content = gguf_bytes(tmp_path)
    (tmp_path / "x.gguf").write_bytes(content[:-1])
    assert (
        fault_of(tmp_path / "x.gguf", "llm") == f"is truncated: {len(content) - 1:,} of at least {len(content):,} bytes"
    )


def test_a_gguf_file_may_be_a_vocabulary_alone(tmp_path: Path) -> None:
    architecture = b"\x14\0\0\0\0\0\0\0general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama"
    (tmp_path / "x.gguf").write_bytes(b"GGUF\x03\0\0\0" + bytes(8) + b"\x01" + bytes(7) + architecture)
    assert fault_of(tmp_path / "x.gguf", "llm") == "is a GGUF file without weights"


def test_a_voice_that_ends_within_its_graph_is_truncated(tmp_path: Path) -> None:
    write_files(tmp_path, voice_files() | {"tiny.onnx": onnx_bytes()[:100]})
    assert fault_of(tmp_path / "tiny.onnx", "voice") == "is truncated: 100 of at least 205 bytes"


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        (None, "lacks tiny.onnx.json beside it"),
        (b"<html>", "has a tiny.onnx.json that is not JSON"),
        (b"[" * 100_000, "has a tiny.onnx.json that is not JSON"),
        (b" " * (2 << 20), "has a tiny.onnx.json that is too long"),
        (b"{}", "has a tiny.onnx.json that is not a Piper voice's"),
        (json.dumps(VOICE_CONFIG | {"audio": {}}).encode(), "has a tiny.onnx.json that is not a Piper voice's"),
    ],
)
def test_a_voice_needs_its_settings_beside_it(tmp_path: Path, config: bytes | None, fault: str) -> None:
    write_files(tmp_path, {"tiny.onnx": onnx_bytes()} | ({} if config is None else {"tiny.onnx.json": config}))
    assert str(fault_of(tmp_path / "tiny.onnx", "voice")).startswith(fault)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda files: files.pop("am/final.mdl"), "is not the folder of a Vosk model"),
        (lambda files: files.pop("conf/mfcc.conf"), "is not the folder of a Vosk model"),
        (lambda files: files.pop("graph/Gr.fst"), "lacks graph/Gr.fst"),
        (lambda files: files.update({"graph/HCLr.fst": b""}), "has a damaged graph/HCLr.fst"),
        (lambda files: files.update({"am/final.mdl": b"<html>"}), "has a damaged am/final.mdl"),
        (lambda files: files.update({"graph/HCLG.fst": b"none"}), "has a damaged graph/HCLG.fst"),
    ],
)
def test_a_vosk_model_needs_its_files(tmp_path: Path, change: Callable[[dict[str, bytes]], object], fault: str) -> None:
    files = vosk_files()
    change(files)
    write_files(tmp_path / "vosk", files)
    assert fault_of(tmp_path / "vosk", "recognizer") == fault


def test_an_older_vosk_model_without_folders_is_taken(tmp_path: Path) -> None:
    write_files(tmp_path / "vosk", {name.rpartition("/")[2]: content for name, content in vosk_files().items()})
    assert fault_of(tmp_path / "vosk", "recognizer") is None


@settings(max_examples=200, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_noise_is_no_voice(tmp_path: Path, noise: bytes) -> None:
    write_files(tmp_path, {"tiny.onnx": b"\x08\x08" + noise})
    assert fault_of(tmp_path / "tiny.onnx", "voice") is not None
