import logging
import queue
import threading
from collections.abc import Sequence
from math import inf

import pytest

from assistant.panel.lights import Lights
from assistant.panel.patterns import BLACK, Color, look
from assistant.states import Phase


class Lamp:
    """Three pixels that are remembered."""

    n_pixels = 3
    colored = True
    frame_s = 0.04

    def __init__(self) -> None:
        self.drawn: queue.Queue[list[Color] | None] = queue.Queue()
        self.broken = False
        self.begun, self.ready = threading.Event(), threading.Event()
        self.ready.set()

    def draw(self, pixels: Sequence[Color]) -> None:
        self.begun.set()
        assert self.ready.wait(10)
        if self.broken:
            raise OSError("SPI transfer error -48")
        self.drawn.put(list(pixels))

    def close(self) -> None:
        self.drawn.put(None)

    def next(self) -> list[Color] | None:
        return self.drawn.get(timeout=10)


def first_of(phase: Phase) -> list[Color]:
    return look(phase, 0.0, 3, colored=True)[0]


def test_what_is_shown_is_drawn_and_the_end_is_dark() -> None:
    lamp = Lamp()
    lights = Lights(lamp, clock=lambda: 5.0)
    lights.start()
    for phase in (Phase.LISTENING, Phase.IDLE, Phase.MUTED):
        lights.show(phase)
        assert lamp.next() == first_of(phase)
    lights.stop()
    assert lamp.next() == [BLACK] * 3
    assert lamp.next() is None


def test_what_moves_is_drawn_again_until_the_phase_changes() -> None:
    lamp = Lamp()
    lights = Lights(lamp)
    lights.start()
    lights.show(Phase.THINKING)
    assert lamp.next() != lamp.next() != lamp.next()
    lights.show(Phase.LISTENING)
    while lamp.next() != first_of(Phase.LISTENING):
        pass
    lights.stop()
    assert lamp.next() == [BLACK] * 3


def test_nobody_waits_for_a_light_that_is_slow() -> None:
    lamp = Lamp()
    lamp.ready.clear()
    lights = Lights(lamp)
    lights.start()
    lights.show(Phase.LISTENING)
    assert lamp.begun.wait(10)
    lights.show(Phase.MUTED)
    lights.show(Phase.IDLE)
    lamp.ready.set()
    assert lamp.next() == first_of(Phase.LISTENING)
    assert lamp.next() == first_of(Phase.IDLE)
    lights.stop()


@pytest.mark.parametrize(
    ("phase", "wait_s"), [(Phase.IDLE, inf), (Phase.LISTENING, inf), (Phase.SPEAKING, 0.04), (Phase.RINGING, 0.1)]
)
def test_the_next_frame_is_due_when_something_changes(phase: Phase, wait_s: float) -> None:
    assert Lights(Lamp()).draw(phase, 0.0) == wait_s


def test_a_failure_is_told_once_and_tried_again_with_the_next_phase(caplog: pytest.LogCaptureFixture) -> None:
    lamp = Lamp()
    lights = Lights(lamp)
    lamp.broken = True
    with caplog.at_level(logging.WARNING):
        assert lights.draw(Phase.THINKING, 0.0) == inf
        assert lights.draw(Phase.SPEAKING, 0.0) == inf
    assert caplog.messages == ["the lights do not work: SPI transfer error -48"]
    lamp.broken = False
    assert lights.draw(Phase.SPEAKING, 0.0) == 0.04
    assert lamp.next() == first_of(Phase.SPEAKING)


def test_broken_lights_end_too() -> None:
    lamp = Lamp()
    lamp.broken = True
    lights = Lights(lamp)
    lights.start()
    lights.show(Phase.THINKING)
    lights.stop()
    assert lamp.next() is None
