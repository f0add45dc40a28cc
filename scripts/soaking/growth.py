"""What the daemon's process takes, and whether it takes more and more. Linux only."""

import ctypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.bench.processes import family, memory

KIB_A_MIB = 1024
MOST_GROWTH_MIB = 5.0
LEAST_SAMPLES = 6
HEAD = "turns  RSS MiB  own MiB  threads  files  model MiB"


@dataclass(frozen=True, slots=True)
class Sample:
    """What it takes after so many turns."""

    n_turns: int
    rss_mib: float
    own_mib: float  # of it, what was written by this process and is in no file
    n_threads: int
    n_files: int  # open
    model_mib: float  # what the language model's process takes


def sample(n_turns: int) -> Sample:
    """Of this process, once the C library has given back what it only keeps for later."""
    ctypes.CDLL(None).malloc_trim(0)
    found: dict[str, int] = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, n_kib, _ = line.split()
        found[name] = int(n_kib)
    return Sample(
        n_turns,
        found["Rss:"] / KIB_A_MIB,
        found["Private_Dirty:"] / KIB_A_MIB,
        len(list(Path("/proc/self/task").iterdir())),
        len(list(Path("/proc/self/fd").iterdir())) - 1,  # less the one that looks
        memory(family(os.getpid())[1:]).resident_mib,
    )


def growth(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    """By how much it grew from the first sample to the last, by a straight line through all of them."""
    turns = [one.n_turns for one in samples]
    slope, _ = np.polyfit(turns, [of(one) for one in samples], 1)
    return float(slope * (turns[-1] - turns[0]))


def faults(samples: Sequence[Sample], most_mib: float = MOST_GROWTH_MIB) -> list[str]:
    """What grew by more than it may; too few samples tell nothing."""
    if len(samples) < LEAST_SAMPLES:
        return []
    grown = {"RSS": growth(samples, lambda one: one.rss_mib), "own memory": growth(samples, lambda one: one.own_mib)}
    turns = samples[-1].n_turns - samples[0].n_turns
    told = [f"{name} grew by {mib:.1f} MiB in {turns} turns" for name, mib in grown.items() if mib > most_mib]
    counts = {"threads": [one.n_threads for one in samples], "open files": [one.n_files for one in samples]}
    n_third = len(samples) // 3
    for name, found in counts.items():
        before, after = max(found[:n_third]), min(found[-n_third:])
        if after > before:
            told.append(f"there are {after} {name}, and were {before}")
    return told


def row(found: Sample) -> str:
    """A line of the table that begins with HEAD."""
    weights = f"{found.n_turns:5}  {found.rss_mib:7.1f}  {found.own_mib:7.1f}"
    return f"{weights}  {found.n_threads:7}  {found.n_files:5}  {found.model_mib:9.1f}"
