import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.bench.processes import PeakMemory, Watcher, calm_s, cpu_s, family, memory

# Starts another of itself, takes memory, says so, and waits for the end of its input.
TREE = """
import subprocess, sys
n = int(sys.argv[1])
child = subprocess.Popen([sys.executable, "-c", sys.argv[2], str(n - 1), sys.argv[2]], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE) if n else None
if child:
    child.stdout.readline()
taken = bytearray(b"x") * (40 << 20)
print("ready", flush=True)
sys.stdin.read()
"""
TAKEN_MIB = 40


@pytest.fixture
def tree() -> Iterator[int]:
    """A process with a child that has a child."""
    command = [sys.executable, "-c", TREE, "2", TREE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process.pid


def test_a_family_is_a_process_and_all_that_descend_from_it(tree: int) -> None:
    pids = family(tree)
    assert pids[0] == tree
    assert len(pids) == 3
    assert set(pids) < set(family(os.getpid()))


def test_the_memory_of_several_processes_is_added(tree: int) -> None:
    pids = family(tree)
    together, one = memory(pids), memory(pids[:1])
    assert one.anonymous_mib > TAKEN_MIB
    assert together.anonymous_mib > 3 * TAKEN_MIB
    assert together.resident_mib > together.anonymous_mib


def test_a_process_that_is_gone_takes_no_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert memory([process.pid]).resident_mib == 0.0
    assert family(process.pid) == [process.pid]


def test_the_most_memory_is_that_of_the_whole_family(tree: int) -> None:
    assert PeakMemory(tree).stop() > 3 * TAKEN_MIB


class Task:
    """A thread as the kernel tells of it, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.ran(0.0)

    def ran(self, s: float) -> None:
        part = self.folder / "part"
        part.write_text(f"{round(s * 1e9)} 0 1\n")
        part.replace(self.folder / "schedstat")


def test_spans_are_when_a_group_of_threads_works(tmp_path: Path) -> None:
    works, rests = Task(tmp_path / "1"), Task(tmp_path / "2")
    watcher = Watcher({"model": [works.folder, rests.folder], "talker": [rests.folder]})
    begin_s = time.monotonic()
    while (now_s := time.monotonic()) < begin_s + 0.3:
        works.ran(now_s - begin_s)
        time.sleep(0.001)
    while time.monotonic() < begin_s + 0.5:
        time.sleep(0.01)
    found = watcher.stop()
    assert found["talker"] == []
    worked_s = sum(end_s - begin_s for begin_s, end_s in found["model"])
    assert worked_s == pytest.approx(0.3, abs=0.15)
    assert all(begin_s - 0.05 <= span[0] < span[1] < begin_s + 0.45 for span in found["model"])


def test_who_computes_takes_time_and_who_waits_does_not() -> None:
    over = threading.Event()
    waiting = threading.Thread(target=over.wait)
    waiting.start()
    begin_s, before_s = time.monotonic(), cpu_s([os.getpid()])
    while time.monotonic() < begin_s + 0.2:
        pass
    computed_s = cpu_s([os.getpid()]) - before_s
    over.set()
    waiting.join()
    assert 0.0 < computed_s < 0.4


def worked(*shares: float, step_s: float = 0.01) -> list[tuple[float, float]]:
    """At which time how long the cores had computed, which worked these shares of the steps; from 7 s on."""
    seen = [(7.0, 3.0)]
    for share in shares:
        seen.append((seen[-1][0] + step_s, seen[-1][1] + share * step_s))
    return seen


def test_the_cores_are_idle_once_they_stay_so() -> None:
    assert calm_s(worked(1, 1, 0.1, 1, 1, 0.1, 0.1, 0.1, 0.1)) == pytest.approx(0.05)
    assert calm_s(worked(0, 0, 0, 0)) == 0.0


def test_cores_that_go_on_are_never_idle() -> None:
    assert calm_s(worked(*[0.5] * 20)) == math.inf
    assert calm_s(worked(1, 1, 0, 0)) == math.inf  # not long enough to be certain
