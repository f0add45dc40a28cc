import importlib
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Dialogue
from assistant.daemon import Daemon
from assistant.events import Event, Failed, Heard, HeardNothing, Ready, Replied, Spoken, Stopped, Typed
from assistant.orders import Earcon
from assistant.turn import Turn

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def growth(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("soaking.growth")


def test_it_comes_through_thirty_turns_of_all_kinds() -> None:
    command = [sys.executable, str(SCRIPTS / "soak"), "--turns", "30", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^3\d turns: .*spoken", done.stdout, re.MULTILINE)


def samples(growth: Any, **changed: Sequence[float]) -> list[Any]:
    """Twelve of a process that stays as it is, but for what is changed."""
    steady = {"rss_mib": 300.0, "own_mib": 280.0, "n_threads": 20, "n_files": 30, "model_mib": 50.0}
    return [
        growth.Sample(200 + 50 * i, **(steady | {name: found[i] for name, found in changed.items()})) for i in range(12)
    ]


def test_what_goes_up_and_down_does_not_grow(growth: Any) -> None:
    found = samples(growth, own_mib=[280.0, 284.0] * 6, n_threads=[20, 21] * 6, n_files=[31] + [30] * 11)
    assert growth.faults(found) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"rss_mib": [300.0 + i for i in range(12)]}, "RSS grew by 11.0 MiB in 550 turns"),
        ({"own_mib": [280.0 + i for i in range(12)]}, "own memory grew by 11.0 MiB in 550 turns"),
        ({"n_threads": [20] * 6 + [21] * 6}, "there are 21 threads, and were 20"),
        ({"n_files": [30] * 6 + [31] * 6}, "there are 31 open files, and were 30"),
    ],
)
def test_what_grows_is_named(growth: Any, changed: dict[str, Sequence[float]], fault: str) -> None:
    assert growth.faults(samples(growth, **changed)) == [fault]


class Nobody:
    """Takes every order and does nothing."""

    def post(self, message: object) -> None: ...
    def ring(self, *, on: bool, low: bool) -> None: ...
    def mute(self, *, on: bool) -> None: ...
    def set_volume(self, level: float) -> None: ...
    def chime(self, earcon: Earcon) -> None: ...


class Turns:
    """The main loop with nobody behind it, and the accounts of its turns."""

    def __init__(self, accounts: Any) -> None:
        self.accounts = accounts
        self.daemon = accounts.daemon = Daemon(Dialogue(), accounts.observe)
        nobody = Nobody()
        self.daemon.listener = self.daemon.doer = self.daemon.thinker = self.daemon.ringer = nobody
        self.daemon.talker = self.daemon.sound = nobody
        self.happens(Ready())

    def happens(self, *events: Event) -> None:
        for event in events:
            self.daemon.post(event)
        self.daemon.work_off()

    def ask(self, *, silent: bool = False) -> Turn:
        """A turn that has begun."""
        self.happens(Typed("?", 1.0, silent=silent))
        return self.under_way()

    def under_way(self) -> Turn:
        assert self.daemon.state.turn
        return self.daemon.state.turn


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    monkeypatch.syspath_prepend(SCRIPTS)
    return Turns(importlib.import_module("soaking.accounts").Accounts())


def test_each_turn_ends_once_and_in_its_way(turns: Turns) -> None:
    turns.happens(Spoken(turns.ask(), 2.0))
    turns.happens(Replied(turns.ask(silent=True), None))
    turns.ask()
    turns.happens(Stopped(2.0))
    turns.happens(Failed(turn := turns.ask(), "No."), Spoken(turn, 2.0))
    assert turns.accounts.ends == {"spoken": 1, "written": 1, "cancelled": 1, "failed": 1}
    assert (turns.accounts.faults, turns.accounts.n_under_way) == ([], 0)
    assert turns.accounts.to_log == {1, 2, 3, 4}
    turns.ask()
    assert turns.accounts.n_under_way == 1


def test_a_follow_up_that_nobody_took_is_a_turn_without_a_line_in_the_log(turns: Turns) -> None:
    turn = turns.ask()
    turns.happens(Heard(turn, "?", 1.0, 1.0, 1.0), Spoken(turn, 2.0))
    turns.happens(HeardNothing(turns.under_way()))
    assert turns.accounts.ends == {"spoken": 1, "heard nothing": 1}
    assert turns.accounts.to_log == {1}


def test_a_turn_that_vanishes_is_a_fault(turns: Turns) -> None:
    turns.ask()
    turns.daemon.state = type(turns.daemon.state)()
    turns.happens(Ready())
    assert len(turns.accounts.faults) == 2
