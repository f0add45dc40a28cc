"""Whether a file or folder is the kind of model it is taken for, by looking into it. Called at start and after a fetch.

What C code does with a damaged model is not to be relied on (llama.cpp may end the process), so this comes first. It
finds what is truncated or something else altogether; a flipped bit inside is found by the hash alone.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from assistant.models.catalogue import Purpose
from assistant.models.gguf_header import GgufError, read_header

MAX_VOICE_CONFIG_BYTES = 1 << 20
MAX_ONNX_FIELDS = 10_000  # at the top of the file, where a voice has about ten

# ModelProto of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto: the version comes first, the graph is field 7
_ONNX_START, _ONNX_NEWEST, _ONNX_GRAPH = 0x08, 64, 7
_FST_MAGIC = bytes.fromhex("d6fdb27e")  # OpenFst's 2125659606, little-endian
_KALDI_BINARY = b"\0B"


def fault_of(path: Path, purpose: Purpose) -> str | None:
    """What is wrong with it as an llm, voice or recognizer, as the end of a sentence; None if nothing is seen."""
    try:
        return _CHECKS[purpose](path) if path.exists() else "does not exist"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _llm_fault(path: Path) -> str | None:
    if path.is_dir():
        return "is a folder, not a GGUF file"
    try:
        header = read_header(path)
    except GgufError as error:
        return str(error)
    n_bytes = path.stat().st_size
    if header.n_tensors == 0:
        return "is a GGUF file without weights"
    if n_bytes < header.n_bytes:
        return _truncated(n_bytes, header.n_bytes)
    return None


def _voice_fault(path: Path) -> str | None:
    if path.is_dir():
        return "is a folder, not a Piper voice (.onnx)"
    return _onnx_fault(path) or _voice_config_fault(path.with_name(f"{path.name}.json"))


def _onnx_fault(path: Path) -> str | None:
    """Steps over the fields at the top of the file, the last of which must end where the file does."""
    n_bytes, end, graph_found = path.stat().st_size, 0, False
    with path.open("rb") as file:
        start = file.read(2)
        if len(start) < 2 or start[0] != _ONNX_START or start[1] > _ONNX_NEWEST:
            return "is not an ONNX file"
        for _ in range(MAX_ONNX_FIELDS):
            if end >= n_bytes:
                break
            field, end = _field_at(file, end)
            graph_found |= field == _ONNX_GRAPH
    if end > n_bytes:
        return _truncated(n_bytes, end)
    return None if graph_found and end == n_bytes else "is not an ONNX file"


def _field_at(file: BinaryIO, offset: int) -> tuple[int, int]:
    """The number of the protobuf field that begins here and where it ends.

    https://protobuf.dev/programming-guides/encoding/
    """
    file.seek(offset)
    tag = _varint(file)
    match tag & 7:
        case 0:
            _varint(file)
            length = 0
        case 1:
            length = 8
        case 2:
            length = _varint(file)
        case 5:
            length = 4
        case _:  # nothing that ONNX uses
            length = 0
    return tag >> 3, file.tell() + length


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        (byte,) = file.read(1) or b"\0"
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value


def _voice_config_fault(path: Path) -> str | None:
    """Looks for what piper.config.PiperConfig cannot do without."""
    if not path.is_file():
        return f"lacks {path.name} beside it"
    if path.stat().st_size > MAX_VOICE_CONFIG_BYTES:
        return f"has a {path.name} that is too long to be a voice's"
    try:
        match json.loads(path.read_bytes()):
            case {
                "audio": {"sample_rate": int()},
                "espeak": {"voice": str()},
                "num_symbols": int(),
                "num_speakers": int(),
                "phoneme_id_map": {},
            }:
                return None
    except (ValueError, RecursionError) as error:
        return f"has a {path.name} that is not JSON ({error})"
    return f"has a {path.name} that is not a Piper voice's"


def _recognizer_fault(path: Path) -> str | None:
    """Looks for what Vosk's Model needs, in the folders of a newer model or flat as in an older one."""
    if not path.is_dir():
        return "is a file, not the folder of a Vosk model"
    newer = (path / "am").is_dir()
    acoustics, settings, graphs = (path / name if newer else path for name in ("am", "conf", "graph"))
    features = (settings / "mfcc.conf", settings / "fbank.conf")
    if not (acoustics / "final.mdl").is_file() or not any(file.is_file() for file in features):
        return "is not the folder of a Vosk model"
    single = graphs / "HCLG.fst"
    starts = {acoustics / "final.mdl": _KALDI_BINARY}
    starts |= dict.fromkeys([single] if single.exists() else [graphs / "HCLr.fst", graphs / "Gr.fst"], _FST_MAGIC)
    for file, start in starts.items():
        name = file.relative_to(path)
        if not file.is_file():
            return f"lacks {name}"
        with file.open("rb") as opened:
            if opened.read(len(start)) != start:
                return f"has a damaged {name}"
    return None


def _truncated(n_bytes: int, least_bytes: int) -> str:
    return f"is truncated: {n_bytes:,} of at least {least_bytes:,} bytes"


_CHECKS: dict[Purpose, Callable[[Path], str | None]] = {
    "llm": _llm_fault,
    "voice": _voice_fault,
    "recognizer": _recognizer_fault,
}
