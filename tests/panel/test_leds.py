from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mock_pins import mock_pins

from assistant.panel.leds import PULSES_HZ, PwmLed, RgbLed, SingleLed
from assistant.panel.lights import Light, Lights
from assistant.states import Phase

ON_OR_OFF = {  # each tenth of a second for two seconds
    Phase.STARTING: ".....##########.....",
    Phase.IDLE: "....................",
    Phase.LISTENING: "####################",
    Phase.THINKING: "..###...###...###...",
    Phase.SPEAKING: "####.....#######....",
    Phase.RINGING: "#.#.....#.#.....#.#.",
    Phase.MUTED: "#...................",
    Phase.ERROR: "#..#................",
}
LEVELS = {  # at 0.05, 0.35, 0.65 and 0.95 s
    Phase.STARTING: (0.05, 0.35, 0.65, 0.95),
    Phase.IDLE: (0.0, 0.0, 0.0, 0.0),
    Phase.LISTENING: (1.0, 1.0, 1.0, 1.0),
    Phase.THINKING: (1 / 6, 5 / 6, 1 / 6, 5 / 6),
    Phase.SPEAKING: (14 / 15, 8 / 15, 4 / 15, 10 / 15),
    Phase.RINGING: (1.0, 0.0, 0.0, 0.0),
    Phase.MUTED: (1.0, 0.0, 0.0, 0.0),
    Phase.ERROR: (1.0, 1.0, 0.0, 0.0),
}
COLORS = {  # at 0.35 s: red, green, blue
    Phase.STARTING: (0.35, 0.35, 0.35),
    Phase.IDLE: (0.0, 0.0, 0.0),
    Phase.LISTENING: (0.0, 0.2, 1.0),
    Phase.THINKING: (0.0, 1 / 6, 5 / 6),
    Phase.SPEAKING: (0.0, 8 / 15, 0.0),
    Phase.RINGING: (0.0, 0.0, 0.0),
    Phase.MUTED: (0.3, 0.0, 0.0),
    Phase.ERROR: (1.0, 0.3, 0.0),
}


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_pins(monkeypatch, "mockpwmpin") as pins:
        yield pins


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("active_high", [True, False])
def test_a_single_led_blinks_as_the_phase_wants(pins: Any, phase: Phase, active_high: bool) -> None:
    lights = Lights(SingleLed(25, active_high=active_high))
    lit = ""
    for index in range(20):
        lights.draw(phase, 0.02 + index / 10)
        lit += "#" if bool(pins.pin(25).state) is active_high else "."
    assert lit == ON_OR_OFF[phase]


@pytest.mark.parametrize("phase", Phase)
def test_a_led_that_can_be_dimmed_fades_up_to_the_brightness_that_is_set(pins: Any, phase: Phase) -> None:
    lights = Lights(PwmLed(25, active_high=True, brightness=0.5))
    levels = []
    for t_s in (0.05, 0.35, 0.65, 0.95):
        lights.draw(phase, t_s)
        levels.append(pins.pin(25).state / 0.5)
    assert levels == pytest.approx(LEVELS[phase], abs=1e-9)


@pytest.mark.parametrize("phase", Phase)
def test_a_led_of_three_colors_has_one_for_the_phase(pins: Any, phase: Phase) -> None:
    lights = Lights(RgbLed((5, 6, 12), active_high=True, brightness=0.5))
    lights.draw(phase, 0.35)
    assert [pins.pin(pin).state / 0.5 for pin in (5, 6, 12)] == pytest.approx(COLORS[phase])


def test_a_led_of_three_colors_may_be_lit_by_ground(pins: Any) -> None:
    Lights(RgbLed((5, 6, 12), active_high=False, brightness=0.5)).draw(Phase.LISTENING, 0.0)
    assert [pins.pin(pin).state for pin in (5, 6, 12)] == pytest.approx([1.0, 0.9, 0.5])


@pytest.mark.parametrize("brightness", [0.5, 1.0])
def test_where_the_level_needs_no_pulses_none_are_made(pins: Any, brightness: float) -> None:
    lights = Lights(PwmLed(25, active_high=True, brightness=brightness))
    lights.draw(Phase.LISTENING, 0.0)
    assert pins.pin(25).frequency == (None if brightness == 1.0 else PULSES_HZ)
    assert pins.pin(25).state == brightness
    lights.draw(Phase.IDLE, 0.0)
    assert (pins.pin(25).frequency, pins.pin(25).state) == (None, 0.0)


def rgb() -> Light:
    return RgbLed((5, 6, 12), active_high=True, brightness=1.0)


def pwm() -> Light:
    return PwmLed(5, active_high=True, brightness=1.0)


def single() -> Light:
    return SingleLed(5, active_high=True)


@pytest.mark.parametrize("opened", [single, pwm, rgb])
def test_a_closed_led_lets_go_of_its_pins(pins: Any, opened: Callable[[], Light]) -> None:
    led = opened()
    assert pins.pin(5).function == "output"
    led.close()
    assert pins.pin(5).function == "input"
