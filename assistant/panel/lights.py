"""The lights: what they show of each phase. Everything is drawn on the thread `lights`, so that nobody waits for them.

While a pattern stands still the thread sleeps until the phase changes.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from math import inf
from typing import Protocol

from assistant.panel.gpio import pin_errors
from assistant.panel.patterns import BLACK, Color, look
from assistant.states import Phase

log = logging.getLogger(__name__)

STOP_S = 2.0


class Light(Protocol):
    """One LED or several."""

    n_pixels: int
    colored: bool
    frame_s: float  # how often it can be drawn while it moves

    def draw(self, pixels: Sequence[Color]) -> None:
        """Shows them; raises one of `pin_errors`."""

    def close(self) -> None: ...


class Lights:
    """Draws the pattern of the phase that was shown last."""

    def __init__(self, light: Light, clock: Callable[[], float] = time.monotonic) -> None:
        self._light = light
        self._clock = clock
        self._changed = threading.Condition()
        self._phase: Phase | None = None  # the latest, until its pattern is begun
        self._ended = False
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="lights", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def show(self, phase: Phase) -> None:
        """From any thread, at once: this is to be seen from now on."""
        with self._changed:
            self._phase = phase
            self._changed.notify()

    def stop(self) -> None:
        """All of them off."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(STOP_S)

    def draw(self, phase: Phase, t_s: float) -> float:
        """Draws the phase as it looks so long after it began; gives for how long that is right.

        What fails is told once, and tried again with the next phase.
        """
        light = self._light
        pixels, stays_s = look(phase, t_s, light.n_pixels, colored=light.colored)
        try:
            light.draw(pixels)
        except pin_errors() as error:
            if not self._failed:
                log.warning("the lights do not work: %s", error)
            self._failed = True
            return inf
        self._failed = False
        return stays_s or light.frame_s

    def _run(self) -> None:
        phase, begun_s, wait_s = Phase.IDLE, 0.0, inf
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._phase or self._ended, None if wait_s == inf else wait_s)
                if self._ended:
                    break
                if self._phase:
                    phase, begun_s, self._phase = self._phase, self._clock(), None
            wait_s = self.draw(phase, self._clock() - begun_s)
        try:
            self._light.draw([BLACK] * self._light.n_pixels)
        except pin_errors() as error:
            log.debug("the lights stay as they are: %s", error)
        self._light.close()
