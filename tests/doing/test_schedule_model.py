"""The Schedule, driven at random, against a model of it that keeps everything in memory and in one simple time."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

from fake_clock import FakeClock
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assistant.doing.moments import Due
from assistant.doing.schedule import RING_S, Kind, Schedule, State
from assistant.store import Store

A_DAY_S = 86_400.0
SECONDS = st.sampled_from([0.5, 1.0, 59.0, 60.0, 61.0, 300.0, 3600.0, A_DAY_S])
WHICH = st.integers(0, 5)


@dataclass
class Thing:
    """An entry of the model. Its end is in seconds of real time, on or off, or else in seconds of the system clock."""

    name: str
    kind: Kind
    end_s: float | None = None
    due_utc_s: float | None = None
    is_daily: bool = False
    done_utc_s: float = 0.0
    paused_s: float | None = None
    rang_s: float | None = None

    @property
    def state(self) -> State:
        return State.PAUSED if self.paused_s is not None else State.SET if self.rang_s is None else State.RINGING


class ScheduleMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.clock.zone = UTC  # type: ignore[assignment]
        self.real_s = 0.0
        self.n = 0
        self.things: list[Thing] = []
        self.start()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def start(self) -> None:
        self.store = Store(Path(self.folder.name) / "assistant.db")
        self.schedule = Schedule(self.store, self.clock)

    @property
    def utc_s(self) -> float:
        return self.clock.utc.timestamp()

    def new_name(self) -> str:
        self.n += 1
        return f"thing {self.n}"

    def id_of(self, thing: Thing) -> int:
        (entry,) = [e for e in self.schedule.entries() if e.name == thing.name and e.state == thing.state]
        return entry.id

    def chosen(self, which: int, kind: Kind | None = None) -> Thing | None:
        things = [one for one in self.things if kind in (None, one.kind)]
        return things[which % len(things)] if things else None

    def left_s(self, thing: Thing) -> float:
        if thing.paused_s is not None:
            return thing.paused_s
        if thing.rang_s is not None:
            return 0.0
        if thing.end_s is not None:
            return max(0.0, thing.end_s - self.real_s)
        return max(0.0, self.due_utc_s(thing) - self.utc_s)

    def due_utc_s(self, thing: Thing) -> float:
        assert thing.due_utc_s is not None
        due_s = thing.due_utc_s
        while thing.is_daily and due_s <= thing.done_utc_s:
            due_s += A_DAY_S
        return due_s

    @rule(length_s=SECONDS)
    def set_timer(self, length_s: float) -> None:
        name = self.new_name()
        self.schedule.set_timer(length_s, name)
        self.things.append(Thing(name, Kind.TIMER, self.real_s + length_s))

    @rule(in_s=SECONDS, is_daily=st.booleans())
    def set_alarm(self, in_s: float, is_daily: bool) -> None:
        name = self.new_name()
        at = (self.clock.utc + timedelta(seconds=in_s)).replace(tzinfo=None)
        self.schedule.set_reminder(Due(at, "day" if is_daily else ""), name)
        due_s = at.replace(tzinfo=UTC).timestamp()
        thing = Thing(name, Kind.REMINDER, due_utc_s=due_s, is_daily=is_daily, done_utc_s=self.utc_s)
        self.things.append(thing)

    @rule(which=WHICH, seconds=SECONDS, sign=st.sampled_from([1, -1]))
    def add_to_timer(self, which: int, seconds: float, sign: int) -> None:
        thing = self.chosen(which, Kind.TIMER)
        if thing is None:
            return
        self.schedule.add_to_timer(self.id_of(thing), sign * seconds)
        left_s = max(0.0, self.left_s(thing) + sign * seconds)
        if thing.paused_s is not None:
            thing.paused_s = left_s
        elif thing.rang_s is None or sign > 0:
            thing.end_s, thing.rang_s = self.real_s + left_s, None

    @rule(which=WHICH)
    def pause(self, which: int) -> None:
        thing = self.chosen(which, Kind.TIMER)
        if thing is None:
            return
        self.schedule.pause(self.id_of(thing))
        if thing.state is State.SET:
            thing.paused_s, thing.end_s = self.left_s(thing), None

    @rule(which=WHICH)
    def resume(self, which: int) -> None:
        thing = self.chosen(which, Kind.TIMER)
        if thing is None:
            return
        self.schedule.resume(self.id_of(thing))
        if thing.paused_s is not None:
            thing.end_s, thing.paused_s = self.real_s + thing.paused_s, None

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        thing = self.chosen(which)
        if thing is not None and sum(one.name == thing.name and one.state is thing.state for one in self.things) == 1:
            assert self.schedule.cancel(self.id_of(thing))
            self.things.remove(thing)

    @rule(kind=st.sampled_from(Kind))
    def cancel_all(self, kind: Kind) -> None:
        assert self.schedule.cancel_all(kind) == sum(one.kind is kind for one in self.things)
        self.things = [one for one in self.things if one.kind is not kind]

    @rule(seconds=SECONDS)
    def snooze(self, seconds: float) -> None:
        ringing = [one for one in self.things if one.rang_s is not None]
        assert sorted(e.name for e in self.schedule.snooze(seconds)) == sorted(one.name for one in ringing)
        for one in ringing:
            one.end_s, one.rang_s, one.due_utc_s = self.real_s + seconds, None, None

    @rule()
    def stop(self) -> None:
        ringing = [one for one in self.things if one.rang_s is not None]
        assert sorted(r.entry.name for r in self.schedule.stop_ringing()) == sorted(one.name for one in ringing)
        self.things = [one for one in self.things if one.rang_s is None]

    @rule()
    def expire(self) -> None:
        old = [one for one in self.things if one.rang_s is not None and self.real_s - one.rang_s >= RING_S]
        assert sorted(r.entry.name for r in self.schedule.expire()) == sorted(one.name for one in old)
        self.things = [one for one in self.things if one not in old]

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.real_s += seconds
        self.clock.pass_s(seconds)
        self.ring()

    @rule(hours=st.sampled_from([-5, -1, 1, 5]))
    def clock_jumps(self, hours: int) -> None:
        self.clock.jump_s(hours * 3600)
        self.time_passes(61.0)  # within which it is noted

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.start()

    @rule(off_s=SECONDS)
    def reboot(self, off_s: float) -> None:
        self.store.close()
        self.clock.reboot(off_s)
        self.real_s += off_s
        self.start()
        for one in self.things:
            if one.rang_s is not None:
                one.rang_s = self.real_s
        self.ring()

    def ring(self) -> None:
        expected = {}
        for one in list(self.things):
            if one.is_daily and one.done_utc_s > self.utc_s + A_DAY_S:
                one.done_utc_s = self.utc_s
            if one.state is not State.SET or self.left_s(one) > 0:
                continue
            if one.end_s is not None:
                expected[one.name] = self.real_s - one.end_s
                one.rang_s = self.real_s
                continue
            due_s = self.due_utc_s(one)
            while one.is_daily and due_s + A_DAY_S <= self.utc_s:
                due_s += A_DAY_S
            expected[one.name] = self.utc_s - due_s
            if one.is_daily:
                one.done_utc_s = due_s
                self.things.append(Thing(one.name, one.kind, rang_s=self.real_s))
            else:
                one.rang_s = self.real_s
        rung = {r.entry.name: r.late_s for r in self.schedule.ring_due()}
        assert rung.keys() == expected.keys()
        assert all(abs(rung[name] - late_s) < 0.01 for name, late_s in expected.items())

    @invariant()
    def both_agree(self) -> None:
        found = [(e.name, e.state, round(self.schedule.left_s(e), 2)) for e in self.schedule.entries()]
        wanted = [(one.name, one.state, round(self.left_s(one), 2)) for one in self.things]
        assert sorted(found) == sorted(wanted)
        assert sorted(r.entry.name for r in self.schedule.ringing()) == sorted(
            one.name for one in self.things if one.rang_s is not None
        )


TestScheduleAgainstItsModel = ScheduleMachine.TestCase
TestScheduleAgainstItsModel.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
