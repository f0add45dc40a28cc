from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from mock_pins import Recorder, mock_pins

from assistant.panel.apa102 import Strip, frame, open_pins, open_spi
from assistant.panel.lights import Lights
from assistant.panel.patterns import BLUE, GREEN, RED, WHITE
from assistant.states import Phase

DARK = "ea000000"
ON_THE_WIRE = {  # three LEDs at a brightness of 0.3, 0.35 s after the phase began
    Phase.STARTING: ["ea595959"] * 3,
    Phase.IDLE: [DARK] * 3,
    Phase.LISTENING: ["eaff3300"] * 3,
    Phase.THINKING: ["ead42b00", "ea2b0900", "ea801a00"],
    Phase.SPEAKING: ["ea008800"] * 3,
    Phase.RINGING: [DARK] * 3,
    Phase.MUTED: ["ea00004c"] * 3,
    Phase.ERROR: ["ea004cff"] * 3,
}


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_pins(monkeypatch) as pins:
        yield pins


def test_a_frame_is_zeros_then_each_led_then_zeros_again() -> None:
    assert bytes(frame([RED, GREEN, WHITE], 1.0)).hex() == "00000000 ff0000ff ff00ff00 ffffffff 0000000000".replace(
        " ", ""
    )


def test_a_long_strip_needs_more_zeros_at_the_end() -> None:
    assert len(frame([WHITE] * 17, 1.0)) == 4 + 4 * 17 + 4 + 2


@pytest.mark.parametrize(("brightness", "shared"), [(0.0, 0xE0), (0.01, 0xE1), (0.3, 0xEA), (1.0, 0xFF)])
def test_the_brightness_is_that_which_the_colors_share(brightness: float, shared: int) -> None:
    assert frame([BLUE], brightness)[4:8] == [shared, 255, 51, 0]


@pytest.mark.parametrize("phase", Phase)
def test_a_strip_on_spi_shows_the_phase(pins: Any, phase: Phase) -> None:
    recorder = Recorder(clock_pin=11, mosi_pin=10, miso_pin=9, select_pin=8)
    with closing(Strip(open_spi(), 3, brightness=0.3)) as strip:
        Lights(strip).draw(phase, 0.35)
    assert recorder.sent().hex() == "00000000" + "".join(ON_THE_WIRE[phase]) + "0000000000"


def test_a_strip_on_other_pins_gets_the_same_bytes(pins: Any) -> None:
    recorder = Recorder(clock_pin=6, mosi_pin=5, miso_pin=13, select_pin=26)
    with closing(Strip(open_pins(5, 6), 3, brightness=0.3)) as strip:
        for phase in (Phase.LISTENING, Phase.MUTED):
            Lights(strip).draw(phase, 0.35)
            assert recorder.sent().hex() == "00000000" + "".join(ON_THE_WIRE[phase]) + "0000000000"


def test_a_strip_may_have_a_pin_that_gives_it_power(pins: Any) -> None:
    strip = Strip(open_pins(5, 6), 12, brightness=0.3, power_pin=4)
    assert pins.pin(4).state is True
    strip.close()
    assert {pins.pin(pin).function for pin in (4, 5, 6)} == {"input"}


def test_a_strip_that_is_closed_gives_spi_back(pins: Any) -> None:
    for _ in range(2):
        with closing(Strip(open_spi(), 3, brightness=0.3)) as strip:
            strip.draw([RED] * 3)


class NoSpi(MockFactory):  # type: ignore[misc]
    """Pins of a Pi whose SPI is switched off: gpiozero would go on bit by bit."""

    def _get_spi_class(self, shared: bool, hardware: bool) -> Any:
        if hardware:
            raise FileNotFoundError("/dev/spidev0.0")
        return super()._get_spi_class(shared, hardware)


def test_spi_that_is_switched_off_is_not_made_up_for_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "pin_factory", NoSpi())
    with pytest.raises(OSError, match=r"^there is no SPI; put dtparam=spi=on into "):
        open_spi()
