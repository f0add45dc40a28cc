"""Whether all parts move, and tells systemd so. Runs on the thread `liveness`.

A part that moves no more cannot be mended from within: a thread in C cannot be ended. So the sign of life is withheld,
and systemd starts the assistant anew; by hand, the log names the part.
"""

import logging
import threading
from collections.abc import Callable, Mapping

from assistant import systemd

log = logging.getLogger(__name__)

LONGEST_S = 20.0  # that a part may be busy with one thing
LOOK_S = 5.0


class Liveness:
    """Looks at when each part last moved."""

    def __init__(self, ages_s: Callable[[], Mapping[str, float]], patience_s: Mapping[str, float]) -> None:
        """`ages_s` gives for each part how long ago it moved; `patience_s` for those that may take their time."""
        self._ages_s = ages_s
        self._patience_s = patience_s
        self._limit_s = systemd.watchdog_s()
        self._told: frozenset[str] = frozenset()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="liveness", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> frozenset[str]:
        """The parts that do not move; systemd gets its sign of life if there are none."""
        ages_s = self._ages_s()
        stuck = frozenset(part for part, age_s in ages_s.items() if age_s > self._patience_s.get(part, LONGEST_S))
        for part in sorted(stuck - self._told):
            log.error("%s has not moved for %.0f s", part, ages_s[part])
        self._told = stuck
        if not stuck:
            systemd.notify("WATCHDOG=1")
        return stuck

    def _run(self) -> None:
        wait_s = min(LOOK_S, (self._limit_s or 4 * LOOK_S) / 4)
        while not self._over.wait(wait_s):
            self.look()
