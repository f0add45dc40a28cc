import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"
BEFORE = {1: ("set", "egg", 10.0, None), 2: ("ringing", "tea", 5.0, None), 3: ("ringing", "rice", 6.0, None)}


@pytest.fixture
def store_life(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("crashing.store_life")


@pytest.fixture
def promises(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("crashing.promises")


def crash(*arguments: str) -> str:
    command = [sys.executable, str(SCRIPTS / "crash"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_is_lost_and_nothing_rises_when_it_is_killed() -> None:
    assert re.search(r"^12 kills, .* 0 faults$", crash("--kills", "12", "--seed", "4"))


def test_nor_when_the_whole_daemon_is_killed() -> None:
    told = crash("--daemon", "--kills", "3", "--seed", "5")
    assert re.search(r"^3 kills, .* [1-9]\d* steps done; .* 0 faults$", told)


def found(timers: dict[int, Any], **how: Any) -> dict[str, Any]:
    return {"found": timers, "ringing": [], "integrity": "ok", "under_way": None} | how


@pytest.mark.parametrize(
    ("what", "seen"),
    [
        ("lost", found({1: BEFORE[1], 2: BEFORE[2]})),
        ("changed", found(BEFORE | {1: ("paused", "egg", None, 3.0)})),
        ("rings after its stop", found(BEFORE, ringing=[9])),
        ("there after its cancel", found(BEFORE | {9: ("set", "old", 1.0, None)})),
        ("half a stop", found({1: BEFORE[1], 2: BEFORE[2]}, under_way={"begin": "stop"})),
        ("half of all canceled", found({3: BEFORE[3]}, under_way={"begin": "cancel_all"})),
        ("another canceled", found({2: BEFORE[2], 3: BEFORE[3]}, under_way={"begin": "cancel", "id": 2})),
        ("a stop that ends what is set", found({}, under_way={"begin": "stop"})),
        ("damaged", found(BEFORE, integrity="row 1 missing from index")),
    ],
)
def test_each_kind_of_fault_is_seen(store_life: Any, what: str, seen: dict[str, Any]) -> None:
    ledger = store_life.Ledger(timers=dict(BEFORE), ended={9})
    ledger.check(**seen)
    assert ledger.faults, what


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ({"begin": "stop"}, {1: BEFORE[1]}),
        ({"begin": "stop"}, BEFORE),
        ({"begin": "cancel_all"}, {}),
        ({"begin": "set", "name": "soup"}, BEFORE | {4: ("set", "soup", 30.0, None)}),
        ({"begin": "ring"}, BEFORE | {1: ("ringing", "egg", 10.0, None)}),
    ],
)
def test_a_step_under_way_may_be_done_or_not(store_life: Any, step: dict[str, Any], after: dict[int, Any]) -> None:
    ledger = store_life.Ledger(timers=dict(BEFORE))
    ledger.check(after, [], "ok", step)
    assert ledger.faults == []


def test_what_rings_after_its_acknowledged_end_is_a_fault(store_life: Any) -> None:
    ledger = store_life.Ledger(timers=dict(BEFORE))
    ledger.read(['{"begin": "stop"}', '{"end": "stop", "done": {"2": null, "3": null}, "doubtful": []}'])
    assert ledger.timers == {1: BEFORE[1]}
    assert ledger.read(['{"begin": "ring"}']) == {"begin": "ring"}
    ledger.read(['{"begin": "ring"}', '{"end": "ring", "done": {"2": ["ringing", "tea", 5.0, null]}, "doubtful": []}'])
    assert ledger.faults == ["changed or rang after they were ended: [2]"]


SENT_S, NOW_S = 100.0, 100.5  # a question was sent, and its answer is there


def waiting(due_s: float, state: str = "set") -> dict[str, Any]:
    """The only timer, as `status` tells of it at NOW_S."""
    return {"kind": "timer", "name": "egg", "state": state, "left_s": round(max(0.0, due_s - NOW_S), 1)}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("set", None, ("set", 110.0, 110.5)),
        ("add", ("set", 130.0, 130.0), ("set", 140.0, 140.5)),
        ("add", ("ringing", 90.0, 90.0), ("set", 100.0, 110.5)),
        ("add", ("paused", 30.0, 30.0), ("paused", 40.0, 40.5)),
        ("pause", ("set", 130.0, 130.0), ("paused", 29.5, 30.0)),
        ("resume", ("paused", 30.0, 30.0), ("set", 130.0, 130.5)),
        ("cancel", ("set", 130.0, 130.0), None),
        ("cancel all", ("set", 130.0, 130.0), None),
    ],
)
def test_what_is_acknowledged_is_known_but_for_the_way_of_question_and_answer(
    promises: Any, kind: str, before: tuple[Any, ...] | None, after: tuple[Any, ...] | None
) -> None:
    kept = {"egg": promises.Promise(*before)} if before else {}
    step = promises.Step(kind, "egg", 10, SENT_S)
    assert step.done(kept, NOW_S) == ({"egg": promises.Promise(*after)} if after else {})


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("lost", []),
        ("changed", [waiting(131.0)]),
        ("paused", [waiting(130.0, "paused")]),
        ("rings too early", [waiting(130.0, "ringing")]),
        ("risen", [waiting(130.0), waiting(130.0) | {"name": "tea"}]),
    ],
)
def test_what_the_daemon_tells_is_compared_with_what_it_promised(
    promises: Any, what: str, shown: list[dict[str, Any]]
) -> None:
    ledger = promises.Promises(kept={"egg": promises.Promise("set", 130.0, 130.0)}, ended={"tea"})
    ledger.see([waiting(130.0)], SENT_S, NOW_S, stopping=True)
    assert ledger.faults == []
    ledger.see(shown, SENT_S, NOW_S, stopping=True)
    assert ledger.faults, what


def test_what_is_stopped_may_be_gone_and_never_comes_back(promises: Any) -> None:
    ledger = promises.Promises(kept={"egg": promises.Promise("set", 90.0, 90.0)})
    ledger.see([waiting(90.0, "ringing")], SENT_S, NOW_S, stopping=False)
    ledger.see([], SENT_S, NOW_S, stopping=True)
    assert (ledger.faults, ledger.ended) == ([], {"egg"})
    ledger.see([waiting(90.0, "ringing")], SENT_S, NOW_S, stopping=False)
    assert len(ledger.faults) == 1


@pytest.mark.parametrize(
    ("what", "timers", "is_fault"),
    [
        ("as it was", [("set", "egg", 130.0, None)], False),
        ("with what was under way", [("set", "egg", 130.0, None), ("set", "tea", 110.2, None)], False),
        ("lost", [], True),
        ("changed", [("set", "egg", 131.0, None)], True),
        ("with something else", [("set", "egg", 130.0, None), ("set", "tea", 120.0, None)], True),
        ("rings too early", [("ringing", "egg", 130.0, None)], True),
        ("risen", [("set", "egg", 130.0, None), ("set", "old", 120.0, None)], True),
    ],
)
def test_what_the_killed_daemon_leaves_is_compared_with_what_it_promised(
    promises: Any, what: str, timers: list[Any], is_fault: bool
) -> None:
    ledger = promises.Promises(kept={"egg": promises.Promise("set", 130.0, 130.0)}, ended={"old"})
    ledger.check(timers, "ok", NOW_S, promises.Step("set", "tea", 10, SENT_S), stopping=False)
    assert bool(ledger.faults) == is_fault, what


def test_what_is_due_and_does_not_ring_is_seen(promises: Any) -> None:
    ledger = promises.Promises(kept={"egg": promises.Promise("set", 90.0, 90.0)})
    assert ledger.overdue(80.0, NOW_S) == ["egg"]
    assert ledger.overdue(95.0, NOW_S) == []  # it was not running before
