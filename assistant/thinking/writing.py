"""How fast the model writes, in characters a second: how soon the next words will be there. On the thinker's thread."""

import time
from collections.abc import Callable

ENOUGH_S = 0.3  # to judge a reply by itself; before, the one before it tells more


class Writing:
    """The pace of the reply under way."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._before: float | None = None  # of the last reply
        self._first_s: float | None = None
        self._last_s = 0.0
        self._n_characters = 0

    def begin(self) -> None:
        """Another reply."""
        self._before = self.per_s
        self._first_s, self._last_s, self._n_characters = None, 0.0, 0

    def note(self, text: str) -> None:
        """The next piece of it was written."""
        if self._first_s is None:  # when it was begun is not known, so it does not count
            self._first_s = self._last_s = self._now()
        else:
            self._last_s = self._now()
            self._n_characters += len(text)

    @property
    def per_s(self) -> float | None:
        """Characters a second; None before anything was written."""
        took_s = self._last_s - (self._first_s or 0.0)
        if self._n_characters and took_s > 0 and (took_s >= ENOUGH_S or self._before is None):
            return self._n_characters / took_s
        return self._before
