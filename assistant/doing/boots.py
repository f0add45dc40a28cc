"""Carries countdowns over a reboot, within the store's transactions. Any thread, as the store is guarded.

A countdown ends at a moment of the boot clock, which begins anew with every boot. So each boot's clock is noted, with
the system time when that is known. In the next boot

- with both times known, a countdown goes on by wall time: the time while off counts, to the second;
- with the time of the new boot not known (yet), it goes on from what was left when the old boot was last noted, at
  most NOTE_S before the end; so it may end late but never early and is never lost. It is put right as soon as the
  time is known, unless it has rung by then;
- with the time of the old boot never known, it stays at that.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.doing.clock import Clock
from assistant.store import Store

NOTE_S = 60.0
NOTED_KEY = "clock.noted_utc_s"

# The clock was put back by days, so it was wrong when this last rang: to wait for that day again would lose rings.
# Put back by hours, on the other hand, it must not ring twice.
_RANG_IN_THE_FUTURE = "(every != '' AND done_utc_s > ? + 86400)"


def noted_utc_s(store: Store) -> float:
    """When the time was last noted as right, in seconds since 1970; 0 when it never was."""
    return float(store.get(NOTED_KEY) or 0.0)


class Boots:
    """The clock of this boot, and what earlier boots have left."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._begun_s = clock.boot_s()  # when countdowns of an earlier boot go on if the time is not known
        self._tried_s: float | None = None

    def is_settled(self) -> bool:
        """Whether `changing` has nothing of its own to do, or tried lately."""
        is_stale = self._tried_s is None or self._clock.boot_s() - self._tried_s >= NOTE_S
        unsettled = self._store.rows(
            "SELECT 1 FROM entries WHERE (? AND due_boot_s IS NOT NULL)"
            f" OR (? AND (due_utc_s IS NOT NULL OR {_RANG_IN_THE_FUTURE})) LIMIT 1",
            (is_stale, self._clock.is_right(), self._clock.now().timestamp()),
        )
        return not unsettled

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction in which all countdowns are in terms of this boot's clock, which is noted."""
        self._tried_s = self._clock.boot_s()
        with self._store.transaction() as db:
            self._settle(db)
            yield db

    def _settle(self, db: sqlite3.Connection) -> None:
        boot_id, boot_s = self._clock.boot_id(), self._clock.boot_s()
        offset_s = self._clock.now().timestamp() - boot_s if self._clock.is_right() else None
        db.execute(
            "INSERT INTO boots (boot_id, noted_boot_s, offset_s) VALUES (?, ?, ?) ON CONFLICT (boot_id) DO UPDATE"
            " SET noted_boot_s = excluded.noted_boot_s, offset_s = COALESCE(excluded.offset_s, offset_s)",
            (boot_id, boot_s, offset_s),
        )
        for old in db.execute("SELECT * FROM boots WHERE boot_id != ?", (boot_id,)).fetchall():
            # What rang when the power went rings anew, and in full: who was to hear it may not have.
            db.execute(
                "UPDATE entries SET boot_id = ?, due_utc_s = COALESCE(due_utc_s, due_boot_s + ?),"
                " due_boot_s = ? + due_boot_s - ?, rang_boot_s = CASE WHEN rang_boot_s IS NOT NULL THEN ? END"
                " WHERE boot_id = ?",
                (boot_id, old["offset_s"], self._begun_s, old["noted_boot_s"], boot_s, old["boot_id"]),
            )
        db.execute("DELETE FROM boots WHERE boot_id != ?", (boot_id,))
        if offset_s is not None:
            now_utc_s = boot_s + offset_s
            db.execute(f"UPDATE entries SET done_utc_s = ? WHERE {_RANG_IN_THE_FUTURE}", (now_utc_s, now_utc_s))
            db.execute(
                "UPDATE entries SET due_boot_s = due_utc_s - ?, due_utc_s = NULL WHERE due_utc_s IS NOT NULL",
                (offset_s,),
            )
            db.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (NOTED_KEY, now_utc_s))
