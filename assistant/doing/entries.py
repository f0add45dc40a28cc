"""Timers, alarms and reminders as values, and as rows of the store. Pure, any thread.

An entry falls due in one of two ways. A countdown (`due_boot_s` is set) ends at a moment of the boot clock, which no
setting of the system clock moves; all timers are countdowns, and so is what was snoozed. Any other entry falls due by
wall time, `due.at` in the home's zone, worked out anew at every look, so that a change of zone or of daylight saving
time needs no correction.
"""

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from assistant.doing.clock import Clock
from assistant.doing.moments import Due, next_after, to_utc

LONGEST_OFF = timedelta(days=400)  # no more than that is searched for what was missed


class Kind(StrEnum):
    """What was asked for."""

    TIMER = "timer"
    ALARM = "alarm"
    REMINDER = "reminder"


class State(StrEnum):
    """What it is doing."""

    SET = "set"
    PAUSED = "paused"
    RINGING = "ringing"


@dataclass(frozen=True, slots=True)
class Entry:
    """A timer, alarm or reminder as it was when it was looked up."""

    id: int
    kind: Kind
    name: str  # of a timer, "" without one; what to remind of
    state: State
    length_s: float  # of a timer, as it was first set; 0 for others
    due: Due | None  # None for a timer
    done_utc_s: float  # up to there a recurring one has rung, or need not
    boot_id: str  # of the boot by whose clock the following are
    due_boot_s: float | None  # of a countdown that runs or rings
    paused_s: float | None  # what a paused timer has left
    rang_boot_s: float | None  # when it began to ring

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Entry":
        """The entry in a row of the store."""
        at = datetime.fromisoformat(row["due_local"]).replace(fold=row["fold"]) if row["due_local"] else None
        return cls(
            id=row["id"],
            kind=Kind(row["kind"]),
            name=row["name"],
            state=State(row["state"]),
            length_s=row["length_s"],
            due=Due(at, row["every"]) if at else None,
            done_utc_s=row["done_utc_s"],
            boot_id=row["boot_id"],
            due_boot_s=row["due_boot_s"],
            paused_s=row["paused_s"],
            rang_boot_s=row["rang_boot_s"],
        )

    def insert(self, db: sqlite3.Connection) -> int:
        """Adds it to the store, whatever its id; gives the id that it has there."""
        at = self.due.at if self.due else None
        added = db.execute(
            "INSERT INTO entries (kind, name, state, length_s, due_local, fold, every, done_utc_s,"
            " boot_id, due_boot_s, paused_s, rang_boot_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self.kind, self.name, self.state, self.length_s),
                *(at and at.isoformat(), at.fold if at else 0, self.due.every if self.due else "", self.done_utc_s),
                *(self.boot_id, self.due_boot_s, self.paused_s, self.rang_boot_s),
            ),
        )
        assert added.lastrowid is not None
        return added.lastrowid

    @property
    def is_recurring(self) -> bool:
        return self.due is not None and bool(self.due.every)

    def due_at(self, now: datetime) -> datetime:
        """When an entry that is no countdown next falls due, in UTC; past when it is overdue. `now` is aware."""
        assert self.due is not None
        if not self.due.every:
            return to_utc(self.due.at, zone_of(now))
        return self._next_after(datetime.fromtimestamp(self.done_utc_s, UTC), now)

    def _last_missed(self, now: datetime) -> datetime:
        missed = self.due_at(now)
        if not self.is_recurring:
            return missed
        following = self._next_after(max(missed, now.astimezone(UTC) - LONGEST_OFF), now)
        while following <= now.astimezone(UTC):
            missed, following = following, self._next_after(following, now)
        return missed

    def _next_after(self, after: datetime, now: datetime) -> datetime:
        assert self.due is not None
        found = next_after(self.due.at, self.due.every, after.astimezone(zone_of(now)))
        assert found is not None, "what recurs always comes again"
        return found

    def left_s(self, clock: Clock) -> float:
        """Seconds until it falls due, negative when overdue; by wall time only as right as the clock is."""
        if self.paused_s is not None:
            return self.paused_s
        if self.due_boot_s is not None:
            return self.due_boot_s - clock.boot_s()
        now = clock.now()
        return (self.due_at(now) - now.astimezone(UTC)).total_seconds()

    def is_due(self, clock: Clock) -> bool:
        """Whether it should ring now and does not yet; never by a time that is not known."""
        by_known_time = clock.is_right() if self.due_boot_s is None else self.boot_id == clock.boot_id()
        return self.state is State.SET and by_known_time and self.left_s(clock) <= 0

    def occurrence_s(self, clock: Clock) -> float:
        """When an entry that is due was due: by the boot clock for a countdown, else in seconds since 1970."""
        return self._last_missed(clock.now()).timestamp() if self.due_boot_s is None else self.due_boot_s

    def as_ringing(self, clock: Clock) -> "Entry":
        """An entry that is due, as it rings from now on; of one that recurs, the latest that was missed."""
        boot_s = clock.boot_s()
        rings = replace(self, state=State.RINGING, boot_id=clock.boot_id(), rang_boot_s=boot_s)
        if self.due_boot_s is not None:
            return rings
        now = clock.now()
        missed = self._last_missed(now)
        late_s = (now.astimezone(UTC) - missed).total_seconds()
        due = Due(missed.astimezone(zone_of(now)).replace(tzinfo=None))
        return replace(rings, due=due, done_utc_s=missed.timestamp(), due_boot_s=boot_s - late_s)


@dataclass(frozen=True, slots=True)
class Ringing:
    """What rings, and how late it began to."""

    entry: Entry
    late_s: float
    is_kept: bool = True  # False: that it rings could not be committed, so it rings again after a restart

    @classmethod
    def of(cls, entry: Entry, *, is_kept: bool = True) -> "Ringing":
        """Of an entry whose state is RINGING."""
        assert entry.rang_boot_s is not None
        assert entry.due_boot_s is not None
        return cls(entry, max(0.0, entry.rang_boot_s - entry.due_boot_s), is_kept)


def zone_of(now: datetime) -> tzinfo:
    """The home's zone, which comes with every time that a Clock gives."""
    assert now.tzinfo is not None
    return now.tzinfo


def local_in(seconds: float, now: datetime) -> datetime:
    """The wall time some seconds from now, naive."""
    return (now.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(zone_of(now)).replace(tzinfo=None)
