import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "crash"
BEFORE = {1: ("set", "egg", 10.0, None), 2: ("ringing", "tea", 5.0, None), 3: ("ringing", "rice", 6.0, None)}


@pytest.fixture(scope="module")
def crash() -> ModuleType:
    loader = SourceFileLoader("crash", str(SCRIPT))
    spec = spec_from_loader("crash", loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules["crash"] = module  # dataclasses look their module up
    loader.exec_module(module)
    return module


def test_nothing_is_lost_and_nothing_rises_when_it_is_killed() -> None:
    command = [sys.executable, str(SCRIPT), "--kills", "12", "--seed", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^12 kills, .* 0 faults$", done.stdout)


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
def test_each_kind_of_fault_is_seen(crash: ModuleType, what: str, seen: dict[str, Any]) -> None:
    ledger = crash.Ledger(timers=dict(BEFORE), ended={9})
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
def test_a_step_under_way_may_be_done_or_not(crash: ModuleType, step: dict[str, Any], after: dict[int, Any]) -> None:
    ledger = crash.Ledger(timers=dict(BEFORE))
    ledger.check(after, [], "ok", step)
    assert ledger.faults == []


def test_what_rings_after_its_acknowledged_end_is_a_fault(crash: ModuleType) -> None:
    ledger = crash.Ledger(timers=dict(BEFORE))
    ledger.read(['{"begin": "stop"}', '{"end": "stop", "done": {"2": null, "3": null}, "doubtful": []}'])
    assert ledger.timers == {1: BEFORE[1]}
    assert ledger.read(['{"begin": "ring"}']) == {"begin": "ring"}
    ledger.read(['{"begin": "ring"}', '{"end": "ring", "done": {"2": ["ringing", "tea", 5.0, null]}, "doubtful": []}'])
    assert ledger.faults == ["changed or rang after they were ended: [2]"]
