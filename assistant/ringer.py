"""Watches what is due, and says when it rings and when it has stopped. Runs on the thread `ringer`.

It depends on nothing but the store and the clock: timers ring though the model is loading, busy or broken.
"""

import logging
import time
from collections.abc import Callable

from assistant.doing.schedule import Ringing, Schedule
from assistant.events import Event, Quieted, Rang
from assistant.orders import Silence
from assistant.worker import BEAT_S, Worker

log = logging.getLogger(__name__)

AGAIN_S = 30.0  # after which what rings is named once more


class Ringer:
    """Has what is due ring until it is stopped, or nobody came for five minutes."""

    def __init__(self, schedule: Schedule, words: Callable[[Ringing], str], post: Callable[[Event], None]) -> None:
        """`words` says what rings."""
        self._schedule = schedule
        self._words = words
        self._post = post
        self._rings = False
        self._named_s = 0.0
        self._n_told = 0
        self._told: dict[int, frozenset[int]] = {}  # entries that rang, by the number of what told of them
        self._to_stop: frozenset[int] = frozenset()
        self.worker = Worker[Silence | None]("ringer", self._receive, failed=self._failed, idle=self._look)

    def look(self) -> None:
        """From any thread: something was set, changed or cancelled."""
        self.worker.post(None)

    def _receive(self, command: Silence | None) -> None:
        if command:
            heard = (ids for number, ids in self._told.items() if number <= command.number)
            self._to_stop = self._to_stop.union(*heard)
            self._stop()

    def _failed(self, part: str, error: Exception, _command: Silence | None) -> None:
        log.error("%s: %s", part, error)

    def _stop(self) -> None:
        """Ends what was heard, and not what began to ring meanwhile; tried again at every look until it is kept."""
        if not self._to_stop:
            return
        ringing = {one.entry.id for one in self._schedule.ringing()}
        if ringing <= self._to_stop:
            self._schedule.stop_ringing()
        else:
            for id_ in ringing & self._to_stop:
                self._schedule.cancel(id_)
        self._to_stop = frozenset()
        self._told.clear()
        self._rings = False

    def _look(self) -> float:
        self._stop()
        begun = self._schedule.ring_due()
        self._schedule.expire()
        ringing = self._schedule.ringing()
        if self._rings and not ringing:
            self._post(Quieted())
        again = bool(ringing) and time.monotonic() - self._named_s >= AGAIN_S
        if begun or again or (ringing and not self._rings):
            self._named_s = time.monotonic()
            self._n_told += 1
            self._told[self._n_told] = frozenset(one.entry.id for one in ringing)
            self._post(Rang(" ".join(self._words(one) for one in ringing), self._n_told))
        self._rings = bool(ringing)
        due_s = self._schedule.next_due_in_s()
        return BEAT_S if due_s is None else max(0.0, min(BEAT_S, due_s))
