"""What processes take of memory and cores, as the kernel counts it. Linux only."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KIB_A_MIB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Of several processes together."""

    resident_mib: float  # a page that several have counts once
    anonymous_mib: float  # of it what is in no file


def family(pid: int) -> list[int]:
    """A process and all that it started, and those they started."""
    pids = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            pids += [one for child in task.read_text().split() for one in family(int(child))]
    return pids


def memory(pids: Sequence[int]) -> Memory:
    """By /proc/PID/smaps_rollup, which divides what is shared among those who share it."""
    resident = anonymous = 0
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, *rest = line.split()
                resident += int(rest[0]) if name == "Pss:" else 0
                anonymous += int(rest[0]) if name == "Pss_Anon:" else 0
    return Memory(resident / KIB_A_MIB, anonymous / KIB_A_MIB)


def cpu_s(pids: Sequence[int]) -> float:
    """How long their threads have computed, by /proc/PID/task/TID/schedstat."""
    total_ns = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                total_ns += int(task.read_text().split()[0])
    return total_ns / 1e9
