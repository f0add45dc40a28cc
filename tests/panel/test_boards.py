import pytest

from assistant import config
from assistant.config import Panel
from assistant.panel.boards import BOARDS, LED_PINS, wiring
from assistant.panel.check import faults_of


def test_each_board_of_the_settings_is_known() -> None:
    assert tuple(BOARDS) == config.BOARDS


@pytest.mark.parametrize("board", config.BOARDS)
def test_a_board_is_wired_without_a_fault(board: str) -> None:
    assert faults_of(Panel(board=board), ()) == []


@pytest.mark.parametrize(
    ("board", "led", "pins"),
    [
        ("none", "none", {}),
        ("plain", "single", {"talk_pin": 17, "led_pin": 25}),
        ("respeaker-2mic", "apa102", {"talk_pin": 17}),
        ("respeaker-4mic", "apa102", {}),
        ("aiy-voice-hat", "pwm", {"talk_pin": 23, "led_pin": 25}),
        ("voice-bonnet", "apa102", {"talk_pin": 17, "data_pin": 5, "clock_pin": 6}),
        ("codec-zero", "single", {"talk_pin": 27, "led_pin": 23}),
    ],
)
def test_a_board_says_what_is_where(board: str, led: str, pins: dict[str, int]) -> None:
    wired = wiring(Panel(board=board))
    assert (wired.led, wired.pins) == (led, pins)
    assert wired.on_spi is board.startswith("respeaker")


def test_the_settings_take_the_place_of_what_the_board_says() -> None:
    settings = Panel(board="aiy-voice-hat", talk_pin=5, stop_pin=6, led="rgb", red_pin=12, green_pin=13, blue_pin=26)
    wired = wiring(settings)
    assert wired.led == "rgb"
    assert wired.pins == {"talk_pin": 5, "stop_pin": 6, "red_pin": 12, "green_pin": 13, "blue_pin": 26}


def test_a_board_may_be_used_without_its_light() -> None:
    assert wiring(Panel(board="aiy-voice-hat", led="none")).pins == {"talk_pin": 23}


def test_a_strip_may_be_longer_or_on_other_pins() -> None:
    wired = wiring(Panel(board="respeaker-2mic", n_leds=8, data_pin=12, clock_pin=13))
    assert (wired.n_leds, wired.on_spi) == (8, False)
    assert wiring(Panel(board="respeaker-2mic")).n_leds == 3


def test_a_pin_that_comes_as_a_float_from_the_file_is_a_whole_number() -> None:
    wired = wiring(Panel(board="plain", talk_pin=5.0, n_leds=2.0))  # type: ignore[arg-type]
    assert str(wired.pins["talk_pin"]) == "5"
    assert str(wired.n_leds) == "2"


def test_the_pins_of_each_kind_of_light_are_settings() -> None:
    assert {name for pins in LED_PINS.values() for name in pins} <= set(Panel.__dataclass_fields__)
