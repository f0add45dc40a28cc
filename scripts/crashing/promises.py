"""What a daemon has acknowledged of timers, by their names, and what was found to contradict it. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.doing.ringing import RING_S
from crashing.killed import Timer

EXACT_S = 0.06  # `status` tells tenths of seconds
LATE_S = 10.0  # by which what is due rings, on a machine that does much else


@dataclass(frozen=True, slots=True)
class Promise:
    """A timer as it was acknowledged, which tells when it is due but for the way to the daemon and back.

    Times are seconds of the boot clock; of a paused timer, what it has left.
    """

    state: str
    earliest_s: float
    latest_s: float

    def is_kept_by(self, found: Timer, now_s: float) -> bool:
        """Whether it is what the store has."""
        state, _, due_s, left_s = found
        end_s = left_s if self.state == "paused" else due_s
        if end_s is None or not self.earliest_s <= end_s <= self.latest_s:
            return False
        return state == self.state or (state == "ringing" and self.may_ring(now_s))

    def may_ring(self, now_s: float) -> bool:
        return self.state == "ringing" or (self.state == "set" and self.earliest_s <= now_s)

    def is_shown_by(self, shown: Mapping[str, Any], sent_s: float, now_s: float) -> bool:
        """Whether it is what `status` told, asked at `sent_s` and answered by now."""
        if shown["state"] == "ringing":
            return self.may_ring(now_s)
        low_s, high_s = self.earliest_s, self.latest_s
        if self.state == "set":
            low_s, high_s = max(0.0, low_s - now_s), max(0.0, high_s - sent_s)
        return bool(shown["state"] == self.state and low_s - EXACT_S <= shown["left_s"] <= high_s + EXACT_S)


Kept = Mapping[str, Promise]


@dataclass(frozen=True, slots=True)
class Step:
    """What the daemon is asked to do."""

    kind: str
    name: str = ""
    seconds: int = 0
    sent_s: float = math.inf

    @property
    def words(self) -> str:
        duration = f"{self.seconds} seconds" if self.seconds < 60 else f"{self.seconds // 60} minutes"
        match self.kind:
            case "set":
                return f"set a timer called {self.name} for {duration}"
            case "add":
                return f"add {duration} to the {self.name} timer"
            case "cancel all":
                return "cancel all timers"
        return f"{self.kind} the {self.name} timer"

    def done(self, kept: Kept, now_s: float) -> Kept:
        """What is kept after it, at some time between its sending and now."""
        if self.kind == "cancel all":
            return {}
        others = {name: promise for name, promise in kept.items() if name != self.name}
        if self.kind == "set":
            return others | {self.name: Promise("set", self.sent_s + self.seconds, now_s + self.seconds)}
        before = kept[self.name]
        match self.kind:
            case "add" if before.may_ring(now_s):  # then it runs from now on
                after = Promise("set", before.earliest_s + self.seconds, now_s + self.seconds)
            case "add":
                took_s = now_s - self.sent_s  # it looks at the clock before and after
                latest_s = before.latest_s + self.seconds + took_s
                after = replace(before, earliest_s=before.earliest_s + self.seconds, latest_s=latest_s)
            case "pause" if before.state == "set":
                after = Promise("paused", max(0.0, before.earliest_s - now_s), before.latest_s - self.sent_s)
            case "resume" if before.state == "paused":
                after = Promise("set", before.earliest_s + self.sent_s, before.latest_s + now_s)
            case "cancel":
                return others
            case _:
                after = before
        return others | {self.name: after}


@dataclass
class Promises:
    """The ledger of a daemon's lives."""

    kept: Kept = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    n_acknowledged: int = 0
    n_under_way: int = 0
    n_stopped: int = 0

    def acknowledge(self, step: Step, now_s: float, answer: Mapping[str, Any]) -> None:
        """The daemon answered, and told whether it was done."""
        done = any(one["done"] for one in answer["actions"])
        self.n_acknowledged += 1
        if done:
            self._become(step.done(self.kept, now_s))
        elif not (step.name in self.kept and self.kept[step.name].may_ring(now_s)):
            self.faults.append(f"not done: {step.words}: {answer}")

    def see(self, shown: Sequence[Mapping[str, Any]], sent_s: float, now_s: float, *, stopping: bool) -> None:
        """Compares with what `status` told of the timers; while they are stopped, such as ring may be gone."""
        timers = {one["name"]: one for one in shown}
        if unknown := timers.keys() - self.kept.keys():
            self.faults.append(f"there after they were ended, or never set: {sorted(unknown)}")
        after: dict[str, Promise] = {}
        for name, promise in self.kept.items():
            if name not in timers:
                if not self._may_be_gone(promise, now_s, stopping=stopping):
                    self.faults.append(f"lost: {name}, {promise}")
                self.n_stopped += stopping
                continue
            if not promise.is_shown_by(timers[name], sent_s, now_s):
                self.faults.append(f"changed: {promise} is told as {timers[name]}")
            rings = timers[name]["state"] == "ringing"
            after[name] = replace(promise, state="ringing") if rings else promise
        self._become(after)

    def overdue(self, since_s: float, now_s: float) -> list[str]:
        """What ought to ring by now, where it has been possible since a time."""
        return [
            name
            for name, promise in self.kept.items()
            if promise.state == "set" and max(since_s, promise.latest_s) + LATE_S < now_s
        ]

    def check(
        self, timers: Sequence[Timer], integrity: str, now_s: float, under_way: Step | None, *, stopping: bool
    ) -> None:
        """Compares with what another process found in the store after a kill; `under_way` was done wholly or not."""
        if integrity != "ok":
            self.faults.append(f"integrity_check: {integrity}")
        found = {timer[1]: timer for timer in timers}
        if risen := self.ended & found.keys():
            self.faults.append(f"there after they were ended: {sorted(risen)}")
        self.n_under_way += stopping or under_way is not None
        broken = self._broken(self.kept, found, now_s, stopping=stopping)
        if broken and under_way:
            broken = self._broken(under_way.done(self.kept, now_s), found, now_s, stopping=False)
        if broken:
            self.faults.append(f"within {under_way}, acknowledged and found: {broken}")
        self._become({name: _as_found(timer) for name, timer in found.items()})

    def _broken(
        self, kept: Kept, found: Mapping[str, Timer], now_s: float, *, stopping: bool
    ) -> dict[str, tuple[Promise | None, Timer | None]]:
        broken: dict[str, tuple[Promise | None, Timer | None]] = {}
        for name in kept.keys() | found.keys():
            promise, timer = kept.get(name), found.get(name)
            if promise and timer and promise.is_kept_by(timer, now_s):
                continue
            if promise and not timer and self._may_be_gone(promise, now_s, stopping=stopping):
                continue
            broken[name] = promise, timer
        return broken

    def _may_be_gone(self, promise: Promise, now_s: float, *, stopping: bool) -> bool:
        return promise.may_ring(now_s) and (stopping or promise.earliest_s + RING_S <= now_s)

    def _become(self, kept: Kept) -> None:
        self.ended |= self.kept.keys() - kept.keys()
        self.kept = kept


def _as_found(timer: Timer) -> Promise:
    state, _, due_s, left_s = timer
    end_s = left_s if due_s is None else due_s
    assert end_s is not None
    return Promise(state, end_s, end_s)
