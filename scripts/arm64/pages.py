"""Whether libraries load on a Raspberry Pi 5, whose memory comes in pages of 16 KiB. Reads ELF headers; any thread."""

import struct
from collections.abc import Iterator
from pathlib import Path

PAGE_BYTES = 16_384
LOAD = 1  # PT_LOAD
HEADER = struct.Struct("<16xHHIQQQIHHHHHH")  # of a file of 64 bits, little end first
SEGMENT = struct.Struct("<IIQQQQQQ")


def misaligned(folder: Path) -> tuple[int, list[Path]]:
    """How many libraries there are, and which of them need smaller pages."""
    libraries = [path for path in sorted(folder.rglob("*.so*")) if path.is_file() and not path.is_symlink()]
    libraries = [path for path in libraries if path.read_bytes()[:4] == b"\x7fELF"]
    return len(libraries), [path for path in libraries if not all(map(_fits, _loaded(path.read_bytes())))]


def _loaded(elf: bytes) -> Iterator[tuple[int, int]]:
    """Offset and address of each segment that is mapped."""
    _, _, _, _, start, _, _, _, size, n, _, _, _ = HEADER.unpack_from(elf)
    for index in range(n):
        kind, _, offset, address, _, _, _, _ = SEGMENT.unpack_from(elf, start + index * size)
        if kind == LOAD:
            yield offset, address


def _fits(segment: tuple[int, int]) -> bool:
    offset, address = segment
    return (address - offset) % PAGE_BYTES == 0
