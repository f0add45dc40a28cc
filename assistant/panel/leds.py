"""LEDs that hang on pins of their own: one that is on or off, one that can be dimmed, one of three colors."""

from collections.abc import Sequence

from gpiozero import LED, PWMLED

from assistant.panel.patterns import Color

FRAME_S = 0.04  # what the eye takes for a movement
COARSE_FRAME_S = 0.1
PULSES_HZ = 100


class SingleLed:
    """Is on or off."""

    n_pixels = 1
    colored = False
    frame_s = COARSE_FRAME_S

    def __init__(self, pin: int, *, active_high: bool) -> None:
        self._led = LED(pin, active_high=active_high)

    def draw(self, pixels: Sequence[Color]) -> None:
        self._led.value = max(pixels[0]) >= 0.5

    def close(self) -> None:
        self._led.close()


class PwmLed:
    """Can be dimmed."""

    n_pixels = 1
    colored = False
    frame_s = FRAME_S

    def __init__(self, pin: int, *, active_high: bool, brightness: float) -> None:
        self._led = PWMLED(pin, active_high=active_high)
        self._brightness = brightness

    def draw(self, pixels: Sequence[Color]) -> None:
        _dim(self._led, max(pixels[0]) * self._brightness)

    def close(self) -> None:
        self._led.close()


class RgbLed:
    """Has a red, a green and a blue part."""

    n_pixels = 1
    colored = True
    frame_s = FRAME_S

    def __init__(self, pins: Sequence[int], *, active_high: bool, brightness: float) -> None:
        """Takes the pins of red, green and blue."""
        self._parts = [PWMLED(pin, active_high=active_high) for pin in pins]
        self._brightness = brightness

    def draw(self, pixels: Sequence[Color]) -> None:
        for part, level in zip(self._parts, pixels[0], strict=True):
            _dim(part, level * self._brightness)

    def close(self) -> None:
        for part in self._parts:
            part.close()


def _dim(led: PWMLED, level: float) -> None:
    # A thread of lgpio makes the pulses: where none are needed, none are made.
    led.frequency = None if level in (0.0, 1.0) else PULSES_HZ
    led.value = level
