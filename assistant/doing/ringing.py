"""What rings: begun, snoozed, ended. Any thread.

That something rings is committed before it is given out, and its end before the method returns. Where nothing can be
committed (the card has become read-only, or is so full that the store's reserve is of no use) it rings all the same:
then a restart makes it ring again, and ending it silences it but raises StoreError, as that could not be kept.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import replace

from assistant.doing.boots import Boots
from assistant.doing.clock import Clock
from assistant.doing.entries import Entry, Ringing, State, local_in
from assistant.store import Store, StoreError

log = logging.getLogger(__name__)

RING_S = 300.0  # then it ends by itself

# An entry and when it was due; (id, None) for one that is committed as ringing.
Occurrence = tuple[int, float | None]


class Bell:
    """Rings what is due."""

    def __init__(self, store: Store, clock: Clock, boots: Boots) -> None:
        self._store = store
        self._clock = clock
        self._boots = boots
        self._lock = threading.RLock()
        self._uncommitted: dict[Occurrence, Ringing] = {}  # rings all the same
        self._silenced: set[Occurrence] = set()  # its end could not be committed

    def ring_due(self) -> list[Ringing]:
        """Makes ring what is due, and gives what began to ring by that."""
        with self._lock:
            if self._due().keys() <= self._uncommitted.keys() | self._silenced and self._boots.is_settled():
                return []
            try:
                return self._store.urgently(self._commit_due)
            except StoreError as error:
                due, known = self._due(), self._known()
                log.error("%s (%d due; after a restart they ring again)", error, len(due))
                begun = {
                    one: Ringing.of(entry.as_ringing(self._clock), is_kept=False)
                    for one, entry in due.items()
                    if one not in known
                }
                self._uncommitted |= begun
                return list(begun.values())

    def ringing(self) -> list[Ringing]:
        """What rings, the longest first; also after a restart."""
        with self._lock:
            return sorted(self._audible().values(), key=_begun_s)

    def stop(self) -> list[Ringing]:
        """Ends all that rings, and gives it; what a committed stop has ended never rings again."""
        with self._lock:
            return self._end(self._audible())

    def expire(self) -> list[Ringing]:
        """Ends what has rung for RING_S, and gives it."""
        now_s = self._clock.boot_s()
        with self._lock:
            return self._end({one: r for one, r in self._audible().items() if now_s - _begun_s(r) >= RING_S})

    def snooze(self, seconds: float) -> list[Entry]:
        """Lets all that rings ring again after some seconds, and gives it as it is then."""
        with self._lock:
            ringing = self._audible()
            return self._store.urgently(lambda: self._commit_snooze(ringing, seconds)) if ringing else []

    def _known(self) -> set[Occurrence]:
        return self._uncommitted.keys() | self._silenced

    def _audible(self) -> dict[Occurrence, Ringing]:
        entries = self._entries()
        kept = {(entry.id, None): Ringing.of(entry) for entry in entries if entry.state is State.RINGING}
        due = self._due() if self._uncommitted else {}  # what was canceled or changed since does not ring
        here = {one: ringing for one, ringing in self._uncommitted.items() if one in due}
        return {one: ringing for one, ringing in (kept | here).items() if one not in self._silenced}

    def _end(self, ended: dict[Occurrence, Ringing]) -> list[Ringing]:
        if ended:
            try:
                self._store.urgently(lambda: self._commit_end(ended.keys()))
            except StoreError:
                self._silenced |= ended.keys()
                raise
            finally:
                for one in ended:
                    self._uncommitted.pop(one, None)
        return list(ended.values())

    def _commit_due(self) -> list[Ringing]:
        with self._boots.changing() as db:
            begun = {one: _begin(db, entry, self._clock) for one, entry in self._due().items()}
            _delete(db, begun, self._silenced)
        known = self._known()
        self._uncommitted.clear()
        self._silenced.clear()
        return [ringing for one, ringing in begun.items() if one not in known]

    def _commit_end(self, ended: Iterable[Occurrence]) -> None:
        with self._boots.changing() as db:
            due = self._due()
            _delete(db, {one: _begin(db, due[one], self._clock) for one in ended if one in due}, ended)

    def _commit_snooze(self, snoozed: dict[Occurrence, Ringing], seconds: float) -> list[Entry]:
        with self._boots.changing() as db:
            due, at = self._due(), local_in(seconds, self._clock.now())
            ids = {(_begin(db, due[one], self._clock) if one in due else old).entry.id for one, old in snoozed.items()}
            for id_ in ids:
                db.execute(
                    "UPDATE entries SET state = ?, due_boot_s = ?, due_utc_s = NULL, rang_boot_s = NULL, fold = ?,"
                    " due_local = CASE WHEN due_local IS NOT NULL THEN ? END WHERE id = ?",
                    (State.SET, self._clock.boot_s() + seconds, at.fold, at.isoformat(), id_),
                )
        for one in snoozed:
            self._uncommitted.pop(one, None)
        return [entry for entry in self._entries() if entry.id in ids]

    def _entries(self) -> list[Entry]:
        return [Entry.of(row) for row in self._store.rows("SELECT * FROM entries")]

    def _due(self) -> dict[Occurrence, Entry]:
        due = [entry for entry in self._entries() if entry.is_due(self._clock)]
        return {(entry.id, entry.occurrence_s(self._clock)): entry for entry in due}


def _begun_s(ringing: Ringing) -> float:
    return ringing.entry.rang_boot_s or 0.0


def _begin(db: sqlite3.Connection, entry: Entry, clock: Clock) -> Ringing:
    """Makes an entry ring; one that recurs stays set for its next time, and a copy of it rings."""
    rings = entry.as_ringing(clock)
    if not entry.is_recurring:
        db.execute(
            "UPDATE entries SET state = ?, boot_id = ?, due_boot_s = ?, rang_boot_s = ? WHERE id = ?",
            (rings.state, rings.boot_id, rings.due_boot_s, rings.rang_boot_s, entry.id),
        )
        return Ringing.of(rings)
    db.execute("UPDATE entries SET done_utc_s = ? WHERE id = ?", (rings.done_utc_s, entry.id))
    return Ringing.of(replace(rings, id=rings.insert(db)))


def _delete(db: sqlite3.Connection, begun: dict[Occurrence, Ringing], ended: Iterable[Occurrence]) -> None:
    for one in ended:
        id_ = begun[one].entry.id if one in begun else one[0]
        db.execute("DELETE FROM entries WHERE id = ? AND state = ?", (id_, State.RINGING))
