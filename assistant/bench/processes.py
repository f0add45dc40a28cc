"""What processes take of memory and cores, as the kernel counts it. Linux only."""

import math
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

KIB_A_MIB = 1024
WEIGH_S = 0.5  # between two looks at the memory
CALM_S, CALM_SHARE = 0.03, 0.25  # the cores are idle once they work less than this share of one for so long
STEP_S, BUSY, NEAR_S = 0.01, 0.3, 0.015  # of a watcher: how often it looks, what is work, what is one span


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


class PeakMemory:
    """The most memory that a process and its children take together, from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most_mib = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="peak", daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """How many MiB it was."""
        self._over.set()
        self._thread.join()
        return self._most_mib

    def _run(self) -> None:
        while True:
            self._most_mib = max(self._most_mib, memory(family(self._pid)).resident_mib)
            if self._over.wait(WEIGH_S):
                return


class Watcher:
    """Sees which of some groups of threads works when."""

    def __init__(self, groups: Mapping[str, Sequence[Path]]) -> None:
        """The folders /proc/PID/task/TID of each group; it watches from now on."""
        self._groups = groups
        self._seen: list[tuple[float, dict[str, int]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, list[tuple[float, float]]]:
        """When each group worked, in monotonic seconds: spans in which it used more than `BUSY` of a core."""
        self._over.set()
        self._thread.join()
        spans: dict[str, list[tuple[float, float]]] = {name: [] for name in self._groups}
        for (begin_s, before), (end_s, after) in pairwise(self._seen):
            for name, found in spans.items():
                if after[name] - before[name] < BUSY * (end_s - begin_s) * 1e9:
                    continue
                joined = found.pop()[0] if found and begin_s - found[-1][1] < NEAR_S else begin_s
                found.append((joined, end_s))
        return spans

    def _run(self) -> None:
        while not self._over.wait(STEP_S):
            self._seen.append((time.monotonic(), {name: _ran_ns(tasks) for name, tasks in self._groups.items()}))


def _ran_ns(tasks: Iterable[Path]) -> int:
    total_ns = 0
    for task in tasks:
        with suppress(OSError):
            total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns


def cpu_s(pids: Sequence[int]) -> float:
    """How long their threads have computed, by /proc/PID/task/TID/schedstat."""
    return sum(_ran_ns(Path(f"/proc/{pid}/task").glob("*")) for pid in pids) / 1e9


def calm_s(worked: Sequence[tuple[float, float]]) -> float:
    """After how many seconds the cores became idle, and stayed so for `CALM_S`; infinite if they did not.

    `worked` says at which time how long they had computed.
    """
    for i, (at_s, used_s) in enumerate(worked):
        later = next(((t, u) for t, u in worked[i:] if t >= at_s + CALM_S), None)
        if later and later[1] - used_s < CALM_SHARE * (later[0] - at_s):
            return at_s - worked[0][0]
    return math.inf
