"""Timers, alarms and reminders: set, changed, looked up, and rung when they are due. Any thread.

What is guaranteed, with `Store`:

- A change is durable when the method returns; StoreError when it could not be kept, and then nothing of it was.
- Within a boot a timer ends by the boot clock: setting the system clock neither ends nor loses one. Over a reboot it
  goes on by wall time, or, while the time is not known, from what was last noted to be left (`boots`).
- Alarms and reminders are due by wall time in the home's zone. They ring only while the clock is right; what fell due
  before that, or while the machine was off, rings as soon as the time is known, and says how late it is. Of several
  missed times of one that recurs, only the last rings.
- What rings is committed as ringing before it is given out (`ringing` says what holds where nothing can be kept).

Call `ring_due` and `expire` once a second or so while something is set, and whenever `next_due_in_s` has passed.
"""

import sqlite3
from contextlib import suppress
from datetime import UTC

from assistant.doing.boots import Boots
from assistant.doing.clock import Clock
from assistant.doing.entries import Entry, Kind, Ringing, State
from assistant.doing.moments import Due, next_after
from assistant.doing.ringing import RING_S, Bell
from assistant.errors import AssistantError
from assistant.store import Store, StoreError

__all__ = ["RING_S", "Entry", "Kind", "Ringing", "Schedule", "ScheduleError", "State"]

MOST = 100  # of a kind
LONGEST_S = 400 * 86_400.0
LONGEST_NAME = 300


class ScheduleError(AssistantError):
    """What was asked for cannot be: it is past, too long, one too many, or needs a time that is not known."""


class Schedule:
    """All that is set, in the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._boots = Boots(store, clock)
        self._bell = Bell(store, clock, self._boots)

    def set_timer(self, length_s: float, name: str = "") -> Entry:
        """Starts a timer; ScheduleError when its length is not in (0, LONGEST_S]."""
        if not 0 < length_s <= LONGEST_S:
            raise ScheduleError(f"a timer of {length_s:g} s: too short or too long; at most 400 days")
        return self._add(Kind.TIMER, name, length_s, None, length_s)

    def set_alarm(self, due: Due) -> Entry:
        """Sets an alarm; ScheduleError as for `set_reminder`."""
        return self._set(Kind.ALARM, due, "")

    def set_reminder(self, due: Due, text: str) -> Entry:
        """Sets a reminder; ScheduleError when it is past, or recurs and the time is not known.

        While the time is not known one that comes once is taken as so many seconds from now.
        """
        return self._set(Kind.REMINDER, due, text)

    def add_to_timer(self, id_: int, seconds: float) -> Entry | None:
        """Makes a timer longer, or shorter (it ends now at the earliest); one that rings then runs again.

        Gives it as it is then; None when there is no such timer.
        """
        with self._boots.changing() as db:
            entry = self._find(db, id_)
            if entry is None or entry.kind is not Kind.TIMER:
                return None
            old_s = 0.0 if entry.state is State.RINGING else entry.left_s(self._clock)
            left_s = max(0.0, old_s + seconds)
            if left_s > LONGEST_S:
                raise ScheduleError(f"a timer of {left_s:g} s: too long; at most 400 days")
            if entry.state is State.PAUSED:
                db.execute("UPDATE entries SET paused_s = ? WHERE id = ?", (left_s, id_))
            elif entry.state is State.SET or seconds > 0:
                self._run(db, id_, left_s, left_s - old_s if entry.state is State.SET else None)
            return self._find(db, id_)

    def pause(self, id_: int) -> Entry | None:
        """Stops a running timer's clock; gives the timer, None when there is none of that id."""
        with self._boots.changing() as db:
            entry = self._find(db, id_)
            if entry and entry.kind is Kind.TIMER and entry.state is State.SET:
                db.execute(
                    "UPDATE entries SET state = ?, paused_s = ?, due_boot_s = NULL, due_utc_s = NULL WHERE id = ?",
                    (State.PAUSED, max(0.0, entry.left_s(self._clock)), id_),
                )
            return self._find(db, id_)

    def resume(self, id_: int) -> Entry | None:
        """Lets a paused timer run on; gives the timer, None when there is none of that id."""
        with self._boots.changing() as db:
            entry = self._find(db, id_)
            if entry and entry.paused_s is not None:
                self._run(db, id_, entry.paused_s)
            return self._find(db, id_)

    def cancel(self, id_: int) -> bool:
        """Ends an entry, ringing or not; whether there was one."""
        with self._boots.changing() as db:
            return db.execute("DELETE FROM entries WHERE id = ?", (id_,)).rowcount > 0

    def cancel_all(self, kind: Kind) -> int:
        """Ends all of a kind, ringing or not; gives how many there were."""
        with self._boots.changing() as db:
            return db.execute("DELETE FROM entries WHERE kind = ?", (kind,)).rowcount

    def entries(self, kind: Kind | None = None) -> list[Entry]:
        """All of a kind, or of every kind, the next due first."""
        self._settle()
        found = [Entry.of(row) for row in self._store.rows("SELECT * FROM entries")]
        return sorted((one for one in found if kind in (None, one.kind)), key=self.left_s)

    def find_timers(self, name: str = "", length_s: float | None = None) -> list[Entry]:
        """The timers of that name and first length; "" and None leave it open. Better a name's whole than its words."""
        timers = [one for one in self.entries(Kind.TIMER) if not length_s or abs(one.length_s - length_s) < 1]
        wanted = name.casefold().split()
        exact = [one for one in timers if one.name.casefold().split() == wanted]
        return exact if name and exact else [one for one in timers if set(wanted) <= set(one.name.casefold().split())]

    def left_s(self, entry: Entry) -> float:
        """Seconds until it is due; 0 when it rings or is overdue."""
        return 0.0 if entry.state is State.RINGING else max(0.0, entry.left_s(self._clock))

    def next_due_in_s(self) -> float | None:
        """Seconds until the next one falls due; None when none is set, or it is not known when.

        Look again when the clock is set: it counts alarms and reminders only while the time is known.
        """
        is_right = self._clock.is_right()
        coming = [one for one in self.entries() if one.state is State.SET and (is_right or one.due_boot_s is not None)]
        return min(map(self.left_s, coming), default=None)

    def ring_due(self) -> list[Ringing]:
        """Makes ring what is due, and gives what began to ring by that; also notes the boot clock now and then."""
        return self._bell.ring_due()

    def ringing(self) -> list[Ringing]:
        """What rings, the longest first; also after a restart, until it is stopped or has rung for RING_S."""
        with suppress(StoreError):  # it rings though nothing can be kept
            self._settle()
        return self._bell.ringing()

    def stop_ringing(self) -> list[Ringing]:
        """Ends all that rings, and gives it; once that is committed it never rings again."""
        return self._bell.stop()

    def expire(self) -> list[Ringing]:
        """Ends what has rung for RING_S in this boot, and gives it."""
        return self._bell.expire()

    def snooze(self, seconds: float) -> list[Entry]:
        """Lets all that rings ring again after some seconds; gives it as it is then, nothing when nothing rings."""
        if not 0 < seconds <= LONGEST_S:
            raise ScheduleError(f"a snooze of {seconds:g} s: too short or too long; at most 400 days")
        return self._bell.snooze(seconds)

    def _settle(self) -> None:
        def settle() -> None:
            with self._boots.changing():
                pass

        if not self._boots.is_settled():
            self._store.urgently(settle)

    def _set(self, kind: Kind, due: Due, text: str) -> Entry:
        now = self._clock.now()
        after = next_after(due.at, due.every, now)
        if after is None:
            raise ScheduleError(f"{due.at:%Y-%m-%d %H:%M} is past; say a time to come")
        if self._clock.is_right():
            return self._add(kind, text, 0.0, due, None)
        if due.every:
            raise ScheduleError(
                "the time is not known, so nothing can recur by it; connect to a network once, fit a clock chip, or "
                "tell the assistant in config.yaml to trust the clock"
            )
        return self._add(kind, text, 0.0, due, (after - now.astimezone(UTC)).total_seconds())

    def _add(self, kind: Kind, name: str, length_s: float, due: Due | None, left_s: float | None) -> Entry:
        """Adds an entry; a countdown when `left_s` is given."""
        boot_id, now_utc_s = self._clock.boot_id(), self._clock.now().timestamp()
        due_boot_s = None if left_s is None else self._clock.boot_s() + left_s
        name = name[:LONGEST_NAME]
        entry = Entry(0, kind, name, State.SET, length_s, due, now_utc_s, boot_id, due_boot_s, None, None)
        with self._boots.changing() as db:
            (n,) = db.execute("SELECT COUNT(*) FROM entries WHERE kind = ?", (kind,)).fetchone()
            if n >= MOST:
                raise ScheduleError(f"there are {n} {kind}s already; cancel one first")
            added = self._find(db, entry.insert(db))
        assert added is not None
        return added

    def _run(self, db: sqlite3.Connection, id_: int, left_s: float, changed_s: float | None = None) -> None:
        """Lets a timer run by this boot's clock; by `changed_s` its end moves where that is still a guess."""
        db.execute(
            "UPDATE entries SET state = ?, boot_id = ?, due_boot_s = ?, due_utc_s = due_utc_s + ?, paused_s = NULL,"
            " rang_boot_s = NULL WHERE id = ?",
            (State.SET, self._clock.boot_id(), self._clock.boot_s() + left_s, changed_s, id_),
        )

    @staticmethod
    def _find(db: sqlite3.Connection, id_: int) -> Entry | None:
        row = db.execute("SELECT * FROM entries WHERE id = ?", (id_,)).fetchone()
        return Entry.of(row) if row else None
