"""Real memory, little of it."""

import os
from pathlib import Path

from assistant.bench.bandwidth import read_bandwidth

MIB = 1 << 20


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_is_read_at_a_speed_that_memory_has() -> None:
    for n_threads in (1, 2, 3):
        # A disk would be slower, and a read that was optimized away faster.
        assert 2e8 < read_bandwidth(n_threads, 64 * MIB) < 2e12


def test_the_memory_is_freed() -> None:
    read_bandwidth(2, MIB)  # the threads' own memory
    before = resident_bytes()
    read_bandwidth(2, 256 * MIB)
    assert resident_bytes() - before < 64 * MIB
