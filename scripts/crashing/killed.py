"""Processes that are killed while they work, and a look at the store that they leave."""

import json
import os
import select
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from assistant.doing.clock import SystemClock
from assistant.doing.schedule import Entry, Kind, Schedule
from assistant.store import Store

Timer = tuple[str, str, float | None, float | None]  # state, name, end by the boot clock, left when paused
Timers = dict[int, Timer]
Step = dict[str, Any]
Tell = Callable[[Step], None]


def timer_of(entry: Entry) -> Timer:
    """What is compared of a timer."""
    return str(entry.state), entry.name, entry.due_boot_s, entry.paused_s


def timers_of(schedule: Schedule) -> Timers:
    """All of them, by their ids."""
    return {entry.id: timer_of(entry) for entry in schedule.entries(Kind.TIMER)}


def _tell(pipe: int, step: Step) -> None:
    os.write(pipe, json.dumps(step).encode() + b"\n")


def in_process(work: Callable[[Tell], None], life_s: float | None = None) -> list[str]:
    """Runs work in a process of its own; gives the lines that it told until its end, or until it is killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            work(partial(_tell, writing))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    told = bytearray()
    end_s = None if life_s is None else time.monotonic() + life_s
    while True:
        left_s = None if end_s is None else max(0.0, end_s - time.monotonic())
        if not select.select([reading], [], [], left_s)[0]:
            os.kill(pid, signal.SIGKILL)
            end_s = None
        elif some := os.read(reading, 65536):
            told += some
        else:
            break
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    if status not in (0, signal.SIGKILL):
        raise SystemExit(f"the process ended by itself with status {os.waitstatus_to_exitcode(status)}; see above")
    return told.decode().splitlines()


def found_in(path: Path) -> tuple[Timers, list[int], str]:
    """What a new process finds in the store: the timers, the ids of those that ring, what `integrity_check` says."""
    found = json.loads(in_process(lambda tell: _look(path, tell))[-1])
    return {int(id_): tuple(timer) for id_, timer in found["timers"].items()}, found["ringing"], found["integrity"]


def _look(path: Path, tell: Tell) -> None:
    store = Store(path)
    schedule = Schedule(store, SystemClock(trusted=True))
    integrity = str(store.rows("PRAGMA integrity_check")[0][0]) if store.put_aside is None else "put aside as damaged"
    ringing = [one.entry.id for one in schedule.ringing()]
    tell({"timers": timers_of(schedule), "ringing": ringing, "integrity": integrity})
