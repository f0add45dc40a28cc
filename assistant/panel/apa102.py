"""A strip of APA102 LEDs (or SK9822): on SPI, or on any two pins, bit by bit."""

import warnings
from collections.abc import Sequence
from math import ceil
from typing import Protocol

from gpiozero import Device, DigitalOutputDevice
from gpiozero.exc import SPISoftwareFallback
from gpiozero.pins.spi import SPISoftwareBus

from assistant.panel.leds import FRAME_S
from assistant.panel.patterns import Color

BITWISE_FRAME_S = 0.2  # a frame of three LEDs takes milliseconds, bit by bit
FULL = 31  # brightness that all three colors of an LED share


class Wire(Protocol):
    """Takes bytes; what comes back means nothing."""

    def transfer(self, bytes_: list[int], /) -> object: ...
    def close(self) -> None: ...


def frame(pixels: Sequence[Color], brightness: float) -> list[int]:
    """The bytes that set all LEDs: 4 of zero; per LED 0b111 and 5 bits of brightness, blue, green, red; and zeros.

    An SK9822 shows its color only after another 32 zero bits, and two LEDs delay the clock by a bit, which further ones
    make up for. Not ones, as in the data sheet: they would be white to an LED beyond the last.
    """
    shared = 0b11100000 | ceil(brightness * FULL)
    leds = [value for red, green, blue in pixels for value in (shared, *(round(255 * c) for c in (blue, green, red)))]
    return [0] * 4 + leds + [0] * (4 + ceil(len(pixels) / 16))


def open_spi() -> Wire:
    """The SPI bus 0, as the kernel drives it. Raises one of `pin_errors`."""
    with warnings.catch_warnings():
        # What gpiozero falls back to does bit by bit what the kernel would do, for a good part of a core.
        warnings.simplefilter("error", SPISoftwareFallback)
        try:
            spi: Wire = Device.pin_factory.spi(port=0, device=0)
        except SPISoftwareFallback as error:
            cure = "put dtparam=spi=on into /boot/firmware/config.txt, and join the group spi"
            raise OSError(f"there is no SPI; {cure}") from error
    return spi


def open_pins(data_pin: int, clock_pin: int) -> Wire:
    """Any two pins. Raises one of `pin_errors`."""
    bus: Wire = SPISoftwareBus(clock_pin, data_pin, None, pin_factory=Device.pin_factory)
    return bus


class Strip:
    """The LEDs of a strip, the first being that next to the wires."""

    colored = True

    def __init__(
        self, wire: Wire, n_leds: int, *, brightness: float, frame_s: float = FRAME_S, power_pin: int | None = None
    ) -> None:
        """The strip has no power while `power_pin` is low."""
        self.n_pixels = n_leds
        self.frame_s = frame_s
        self._wire = wire
        self._brightness = brightness
        self._power = None if power_pin is None else DigitalOutputDevice(power_pin, initial_value=True)

    def draw(self, pixels: Sequence[Color]) -> None:
        self._wire.transfer(frame(pixels, self._brightness))

    def close(self) -> None:
        self._wire.close()
        if self._power:
            self._power.close()
