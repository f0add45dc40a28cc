"""One exchange. Everything made for a reply carries its turn; any thread."""

import threading
from collections.abc import Callable


class Turn:
    """One exchange, from waking to the end of the reply; once cancelled it stays cancelled."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._to_tell: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"Turn({self.number}{', cancelled' if self.cancelled else ''})"

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        with self._lock:
            self._cancelled.set()
            to_tell, self._to_tell = self._to_tell, []
        for tell in to_tell:
            tell()

    def on_cancel(self, tell: Callable[[], None]) -> None:
        """Calls `tell` once, in the thread that cancels; at once when the turn is cancelled already."""
        with self._lock:
            if not self.cancelled:
                self._to_tell.append(tell)
                return
        tell()
