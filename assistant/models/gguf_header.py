"""Reads the header of a GGUF file, so that a file that cannot be a model is refused before C code opens it.

Called at start for a model named by its path, and after a fetch. Everything in the file is taken for hostile: nothing
is allocated or repeated just because the file says so. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md,
versions 2 and 3, little-endian, as llama.cpp's gguf.cpp reads it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO

MAX_HEADER_BYTES = 128 << 20  # Gemma 4's is 16 MB
MAX_KEYS = MAX_TENSORS = 1 << 16
MAX_NAME_BYTES = (1 << 16) - 1  # as the format says of keys; longer texts are only stepped over
MAX_DIMENSIONS = 4
DEFAULT_ALIGNMENT = 32

_U32, _U64, _I64 = Struct("<I"), Struct("<Q"), Struct("<q")
_WINDOW_BYTES = 1 << 20
_UINT32, _STRING, _ARRAY = 4, 8, 9
_VALUE_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of each type of fixed size
TENSOR_TYPES = {  # number: elements in a block, bytes of a block; ggml.h and ggml-common.h
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    9: (32, 36),  # Q8_1
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    15: (256, 292),  # Q8_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    19: (256, 50),  # IQ1_S
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    25: (1, 2),  # I16
    26: (1, 4),  # I32
    27: (1, 8),  # I64
    28: (1, 8),  # F64
    29: (256, 56),  # IQ1_M
    30: (1, 2),  # BF16
    34: (256, 54),  # TQ1_0
    35: (256, 66),  # TQ2_0
    39: (32, 17),  # MXFP4
    40: (64, 36),  # NVFP4
    41: (128, 18),  # Q1_0
    42: (64, 18),  # Q2_0
}


class GgufError(Exception):
    """Why a file cannot be a GGUF model, as the end of a sentence that begins with its name."""


@dataclass(frozen=True)
class GgufHeader:
    """What a header says: the model's kind, how many tensors follow, and how long the file must be to hold them."""

    architecture: str
    n_tensors: int
    n_bytes: int


def read_header(path: Path) -> GgufHeader:
    """The header of the file; GgufError if there is none or it does not hold together, OSError if it cannot be read."""
    with path.open("rb") as file:
        reader = _Reader(file, os.fstat(file.fileno()).st_size)
        if reader.take(4) != b"GGUF":
            raise GgufError("is not a GGUF file")
        version = reader.number(_U32)
        if version not in {2, 3}:
            raise GgufError(f"is a GGUF file of version {version}, of which nothing is known (2 and 3 are)")
        n_tensors = reader.count(MAX_TENSORS, "tensors")
        architecture, alignment = _read_keys(reader, reader.count(MAX_KEYS, "keys"))
        if architecture is None:
            raise GgufError("has a header that names no architecture")
        if alignment.bit_count() != 1:
            raise GgufError(f"has a header with the alignment {alignment}, which is no power of two")
        tensor_bytes = max((_read_tensor(reader, alignment) for _ in range(n_tensors)), default=0)
        n_bytes = -(-reader.offset // alignment) * alignment + tensor_bytes
    return GgufHeader(architecture.decode(errors="replace"), n_tensors, n_bytes)


class _Reader:
    """Goes through a file in one direction, a window at a time, and never past its end."""

    def __init__(self, file: BinaryIO, n_bytes: int) -> None:
        self._file = file
        self._n_bytes = n_bytes
        self._window = b""
        self._window_offset = 0
        self._at = 0

    @property
    def offset(self) -> int:
        return self._window_offset + self._at

    def take(self, n_bytes: int) -> bytes:
        self._need(n_bytes)
        taken = self._window[self._at : self._at + n_bytes]
        self._at += n_bytes
        return taken

    def number(self, form: Struct) -> int:
        self._need(form.size)
        (value,) = form.unpack_from(self._window, self._at)
        self._at += form.size
        return int(value)

    def count(self, most: int, what: str) -> int:
        count = self.number(_U64)
        if count > most:
            raise GgufError(f"has a header that speaks of {count:,} {what}; at most {most:,} are read")
        return count

    def name(self) -> bytes:
        return self.take(self.count(MAX_NAME_BYTES, "bytes in one name"))

    def skip(self, n_bytes: int) -> None:
        self._at += n_bytes

    def skip_texts(self, count: int) -> None:
        """Steps over a vocabulary; each turn goes 8 bytes on at least, so a false count ends at the end of the file."""
        length_at = _U64.unpack_from
        window, at = self._window, self._at
        for _ in range(count):
            if at + 8 > len(window):
                self._at = at
                self._need(8)
                window, at = self._window, self._at
            at += 8 + length_at(window, at)[0]
        self._at = at

    def _need(self, n_bytes: int) -> None:
        """Moves the window, when less than this is left in it."""
        if self._at + n_bytes <= len(self._window):
            return
        offset = self.offset
        if offset + n_bytes > self._n_bytes:
            raise GgufError(f"is truncated: its {self._n_bytes:,} bytes end within the header")
        if offset + n_bytes > MAX_HEADER_BYTES:
            raise GgufError(f"has a header of more than {MAX_HEADER_BYTES:,} bytes")
        self._file.seek(offset)
        self._window = self._file.read(max(n_bytes, _WINDOW_BYTES))
        self._window_offset, self._at = offset, 0
        if len(self._window) < n_bytes:
            raise GgufError("was cut short while it was read")


def _read_keys(reader: _Reader, n_keys: int) -> tuple[bytes | None, int]:
    """The architecture and the alignment; nothing else of the keys is needed."""
    architecture, alignment = None, DEFAULT_ALIGNMENT
    for _ in range(n_keys):
        key, kind = reader.name(), reader.number(_U32)
        if (key, kind) == (b"general.architecture", _STRING):
            architecture = reader.name()
        elif (key, kind) == (b"general.alignment", _UINT32):
            alignment = reader.number(_U32)
        else:
            _skip_value(reader, kind)
    return architecture, alignment


def _skip_value(reader: _Reader, kind: int) -> None:
    count = 1
    if kind == _ARRAY:
        kind, count = reader.number(_U32), reader.number(_U64)
    if kind == _STRING:
        reader.skip_texts(count)
    elif kind in _VALUE_BYTES:
        reader.skip(count * _VALUE_BYTES[kind])
    else:
        raise GgufError(f"has a header with a value of the unknown type {kind}")


def _read_tensor(reader: _Reader, alignment: int) -> int:
    """Where this tensor ends, in bytes from the first."""
    name = reader.name().decode(errors="replace")[:64]
    n_dimensions = reader.number(_U32)
    if n_dimensions > MAX_DIMENSIONS:
        raise GgufError(f"has a tensor {name} of {n_dimensions} dimensions; {MAX_DIMENSIONS} are the most")
    shape = [reader.number(_I64) for _ in range(n_dimensions)]
    kind, offset = reader.number(_U32), reader.number(_U64)
    if kind not in TENSOR_TYPES:
        raise GgufError(f"has a tensor {name} of the unknown type {kind}")
    block, block_bytes = TENSOR_TYPES[kind]
    n_elements = 1
    for length in shape:
        n_elements *= length
    if any(length < 0 for length in shape) or (shape[0] if shape else 1) % block or n_elements >= 1 << 63:
        raise GgufError(f"has a tensor {name} of the impossible shape {shape}")
    if offset % alignment:
        raise GgufError(f"has a tensor {name} that begins off the alignment of {alignment} bytes")
    return offset + n_elements // block * block_bytes
