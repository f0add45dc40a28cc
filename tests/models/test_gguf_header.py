import struct
import time
from contextlib import suppress
from pathlib import Path

import pytest
from gguf.constants import GGML_QUANT_SIZES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import gguf_bytes

from assistant.models.gguf_header import MAX_KEYS, MAX_TENSORS, TENSOR_TYPES, GgufError, read_header

STRING, ARRAY, UINT32 = 8, 9, 4


def text(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def key(name: bytes, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def tensor(name: bytes = b"a", shape: tuple[int, ...] = (32,), kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}qIQ", len(shape), *shape, kind, offset)


NAMED = key(b"general.architecture", STRING, text(b"llama"))


def header(*keys: bytes, tensors: tuple[bytes, ...] = (), version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(keys)) + b"".join((*keys, *tensors))


def read(folder: Path, content: bytes) -> object:
    path = folder / "x.gguf"
    path.write_bytes(content)
    return read_header(path)


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(GgufError) as refused:
        read(folder, content)
    return str(refused.value)


def test_reads_what_the_gguf_package_writes(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(gguf_bytes(tmp_path))
    found = read_header(path)
    assert (found.architecture, found.n_tensors) == ("llama", 2)
    assert found.n_bytes == path.stat().st_size


def test_reads_the_older_version(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(header(NAMED, tensors=(tensor(),), version=2))
    assert read_header(path).n_tensors == 1


def test_asks_for_the_length_of_the_last_tensor_after_the_aligned_header(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    aligned = key(b"general.alignment", UINT32, struct.pack("<I", 64))
    path.write_bytes(header(NAMED, aligned, tensors=(tensor(offset=128, shape=(64, 2), kind=2), tensor(b"b"))))
    begin = -(-path.stat().st_size // 64) * 64
    assert read_header(path).n_bytes == begin + 128 + 64 * 2 // 32 * 18


def test_knows_the_tensor_types_as_the_gguf_package_does() -> None:
    theirs = {int(kind): size for kind, size in GGML_QUANT_SIZES.items() if kind.name != "Q8_1"}  # 36 in ggml, not 40
    assert theirs.items() <= TENSOR_TYPES.items()


def test_reads_a_large_vocabulary_in_half_a_second(tmp_path: Path) -> None:
    tokens = b"".join(text(b"token %d" % number) for number in range(262_144))
    vocabulary = key(b"tokens", ARRAY, struct.pack("<IQ", STRING, 262_144) + tokens)
    path = tmp_path / "x.gguf"
    path.write_bytes(header(NAMED, vocabulary, tensors=(tensor(),)))
    began_s = time.process_time()
    read_header(path)
    assert time.process_time() - began_s < 0.5


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is truncated: its 0 bytes end within the header"),
        (b"<!DOCTYPE html>", "is not a GGUF file"),
        (header(NAMED, version=1), "is a GGUF file of version 1,"),
        (header(NAMED, version=0x03000000), "is a GGUF file of version 50331648,"),
        (header(), "has a header that names no architecture"),
        (header(key(b"general.architecture", UINT32, bytes(4))), "has a header that names no architecture"),
        (header(NAMED)[:-1], "is truncated: its"),
        (header(NAMED, key(b"k", 13, b"")), "has a header with a value of the unknown type 13"),
        (
            header(NAMED, key(b"k", ARRAY, struct.pack("<IQ", ARRAY, 1))),
            "has a header with a value of the unknown type 9",
        ),
        (header(NAMED, key(b"general.alignment", UINT32, bytes(4))), "has a header with the alignment 0"),
        (header(NAMED, key(b"general.alignment", UINT32, b"\x21\0\0\0")), "has a header with the alignment 33"),
        (header(NAMED, tensors=(tensor(kind=4),)), "has a tensor a of the unknown type 4"),
        (header(NAMED, tensors=(tensor(shape=(1, 1, 1, 1, 1)),)), "has a tensor a of 5 dimensions"),
        (header(NAMED, tensors=(tensor(shape=(33,), kind=2),)), "has a tensor a of the impossible shape [33]"),
        (header(NAMED, tensors=(tensor(shape=(-32,)),)), "has a tensor a of the impossible shape [-32]"),
        (header(NAMED, tensors=(tensor(shape=(1 << 40, 1 << 40)),)), "has a tensor a of the impossible shape"),
        (header(NAMED, tensors=(tensor(offset=8),)), "has a tensor a that begins off the alignment of 32 bytes"),
    ],
)
def test_refuses_what_cannot_be_a_model(tmp_path: Path, content: bytes, fault: str) -> None:
    assert refusal(tmp_path, content).startswith(fault)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 63, 0), f"has a header that speaks of {1 << 63:,} tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, MAX_KEYS + 1), f"has a header that speaks of {MAX_KEYS + 1:,} keys"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 62), "has a header that speaks of"),
        (header(NAMED, key(b"k", ARRAY, struct.pack("<IQ", STRING, 1 << 60))), "is truncated"),
        (header(NAMED, key(b"k", ARRAY, struct.pack("<IQ", 12, 1 << 60)), tensors=(tensor(),)), "is truncated"),
        (header(NAMED, key(b"k", STRING, struct.pack("<Q", (1 << 64) - 1)), tensors=(tensor(),)), "is truncated"),
        (header(NAMED, key(b"k", ARRAY, struct.pack("<IQ", STRING, 1 << 60)) + bytes(1 << 20)), "is truncated"),
        (b"GGUF" + struct.pack("<IQQ", 3, MAX_TENSORS, 1) + NAMED, "is truncated"),
    ],
)
def test_does_not_do_what_a_hostile_header_asks_for(tmp_path: Path, content: bytes, fault: str) -> None:
    began_s = time.process_time()
    assert refusal(tmp_path, content).startswith(fault)
    assert time.process_time() - began_s < 0.5


def test_refuses_a_header_without_end(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(header(NAMED, key(b"k", ARRAY, struct.pack("<IQ", 0, 1 << 27)), tensors=(b"",)))
    with path.open("r+b") as file:
        file.truncate(1 << 28)  # a hole, which takes no room on the disk
    with pytest.raises(GgufError, match="header of more than 134,217,728 bytes"):
        read_header(path)


@settings(max_examples=300, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_noise_after_the_magic_is_refused_or_read_but_never_breaks_it(tmp_path: Path, noise: bytes) -> None:
    with suppress(GgufError):
        read(tmp_path, b"GGUF" + struct.pack("<I", 3) + noise)


@settings(max_examples=300, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8), st.integers(0, 10_000))
def test_a_damaged_model_is_refused_or_read_but_never_breaks_it(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(gguf_bytes(tmp_path))
    for place, value in changes:
        content[place % len(content)] = value
    with suppress(GgufError):
        read(tmp_path, bytes(content[: len(content) - cut % 400]))
