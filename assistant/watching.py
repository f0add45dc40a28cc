"""Tells those who watch what happens: events, how loud it is, what is logged. From the threads where that happens."""

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from typing import Any

import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk
from assistant.control.server import Reply
from assistant.doing import device
from assistant.events import Event
from assistant.turn import Turn

LEVEL_CHUNKS = round(0.16 * RATE_HZ / CHUNK_SAMPLES)  # so often the level is told


class Watching(logging.Handler):
    """Who watches, and what they are told; it costs nothing while nobody does."""

    def __init__(self, state: Callable[[], str], wake_score: Callable[[], float]) -> None:
        """`state` gives what it is doing, `wake_score` how much the last sound was like the wake word, 0 to 1."""
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
        self._state = state
        self._wake_score = wake_score
        self._watchers: list[Reply] = []  # appended to on one thread, taken from on any
        self._n_chunks, self._loudest, self._score = 0, 0.0, 0.0

    def add(self, reply: Reply) -> None:
        """Has it told from now on, until it is gone."""
        self._watchers.append(reply)
        reply.send({"state": self._state()})

    def observe(self, event: Event) -> None:
        """An event that took effect, as `{"event": "Partial", "with": {"text": ...}, "state": ...}`."""
        if self._watchers:
            told = {one.name: _plain(getattr(event, one.name)) for one in fields(event)}
            told = {name: value for name, value in told.items() if value is not None}
            self._tell({"event": type(event).__name__, "state": self._state(), "with": told})

    def hear(self, chunk: Chunk) -> None:
        """Sound, of which the level is told."""
        if not self._watchers:
            return
        self._loudest = max(self._loudest, float(np.sqrt(np.mean(np.square(chunk.samples, dtype=np.float64)))))
        self._score = max(self._score, self._wake_score())
        self._n_chunks += 1
        if self._n_chunks >= LEVEL_CHUNKS:
            level_db = 20 * math.log10(max(self._loudest, 1.0) / 32768)
            self._tell({"level_db": round(level_db, 1), "wake_score": round(self._score, 2)})
            self._n_chunks, self._loudest, self._score = 0, 0.0, 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log."""
        if self._watchers:
            self._tell({"log": self.format(record), "temperature_c": device.temperature_c()})

    def _tell(self, told: dict[str, Any]) -> None:
        for watcher in list(self._watchers):
            watcher.send(told)
            if watcher.gone:
                with suppress(ValueError):  # another thread was faster
                    self._watchers.remove(watcher)


def _plain(value: object) -> object:
    """A value that JSON has; a turn is its number; None for what is of no use to others."""
    if isinstance(value, Turn):
        return value.number
    if isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}  # type: ignore[arg-type]
    return None
