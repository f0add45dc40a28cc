"""What a person presses and sees in every phase, from the pin through the state machine to the lights."""

import threading
import warnings
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from mock_pins import Timers, Watched, mock_pins

from assistant.config import Dialogue, Output
from assistant.config import Panel as Settings
from assistant.errors import ConfigError, OutputError
from assistant.events import Event, PartFound, PartLost
from assistant.orders import Cancel, Enough, Listen, Mute, Order, Ring
from assistant.panel.boards import wiring
from assistant.panel.gpio import pin_errors
from assistant.panel.leds import PwmLed, RgbLed, SingleLed
from assistant.panel.panel import Panel, light_of
from assistant.states import Phase, State, react
from assistant.turn import Turn

TURN = Turn(7)
STATES = {
    Phase.STARTING: State(Phase.STARTING),
    Phase.IDLE: State(Phase.IDLE, n_turns=7),
    Phase.LISTENING: State(Phase.LISTENING, TURN, 7),
    Phase.THINKING: State(Phase.THINKING, TURN, 7),
    Phase.SPEAKING: State(Phase.SPEAKING, TURN, 7),
    Phase.RINGING: State(Phase.RINGING, n_turns=7, ringing=True, sounded=True),
    Phase.MUTED: State(Phase.MUTED, n_turns=7, muted=True),
    Phase.ERROR: State(Phase.ERROR, n_turns=7, lost=frozenset({"language model"})),
}
SETTINGS = Settings(board="plain", stop_pin=5, mute_pin=6)
FOLLOWS = {  # phase: after a short press, a long one, a double one, the stop button, the mute button
    Phase.STARTING: (Phase.STARTING, Phase.STARTING, Phase.STARTING, Phase.STARTING, Phase.STARTING),
    Phase.IDLE: (Phase.LISTENING, Phase.IDLE, Phase.MUTED, Phase.IDLE, Phase.MUTED),
    Phase.LISTENING: (Phase.LISTENING, Phase.IDLE, Phase.MUTED, Phase.IDLE, Phase.MUTED),
    Phase.THINKING: (Phase.LISTENING, Phase.IDLE, Phase.MUTED, Phase.IDLE, Phase.THINKING),
    Phase.SPEAKING: (Phase.LISTENING, Phase.IDLE, Phase.MUTED, Phase.IDLE, Phase.SPEAKING),
    Phase.RINGING: (Phase.IDLE, Phase.IDLE, Phase.MUTED, Phase.IDLE, Phase.RINGING),
    Phase.MUTED: (Phase.LISTENING, Phase.IDLE, Phase.MUTED, Phase.MUTED, Phase.IDLE),
    Phase.ERROR: (Phase.LISTENING, Phase.ERROR, Phase.MUTED, Phase.ERROR, Phase.MUTED),
}


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_pins(monkeypatch, "mockpwmpin") as pins:
        yield pins


class House:
    """A panel, the state machine, and nothing else."""

    def __init__(self, pins: Any, phase: Phase, settings: Settings = SETTINGS) -> None:
        self.pins = pins
        self.state = STATES[phase]
        self.orders: list[Order] = []
        self.timers = Timers()
        self._events: deque[Event] = deque()
        self.panel = Panel(settings, (), self._events.append, clock=self.timers.clock, later=self.timers.later)
        self.panel.start()

    def press(self, pin: int = 17) -> None:
        self.pins.pin(pin).drive_low()
        self._settle()

    def release(self, pin: int = 17) -> None:
        self.pins.pin(pin).drive_high()
        self._settle()

    def wait(self, duration_s: float) -> None:
        self.timers.advance(duration_s)
        self._settle()

    def _settle(self) -> None:
        while self._events:
            before = self.state
            self.state, orders = react(before, self._events.popleft(), Dialogue())
            self.orders += orders
            if self.state.phase is not before.phase:
                self.panel.show(self.state.phase)


@pytest.fixture
def house(pins: Any, phase: Phase) -> Iterator[House]:
    house = House(pins, phase)
    yield house
    house.panel.stop()


def kinds(orders: list[Order]) -> set[type[Order]]:
    return {type(order) for order in orders}


@pytest.mark.parametrize("phase", Phase)
def test_a_short_press(house: House, phase: Phase) -> None:
    house.press()
    assert house.state.phase is FOLLOWS[phase][0]  # at once
    house.wait(0.2)
    house.release()
    house.wait(5.0)
    assert house.state.phase is FOLLOWS[phase][0]
    assert (Listen in kinds(house.orders)) is (house.state.phase is Phase.LISTENING)
    assert (Cancel(TURN) in house.orders) is (STATES[phase].turn is TURN)
    assert (Mute(on=False) in house.orders) is (phase is Phase.MUTED)
    assert (Ring(on=False) in house.orders) is (phase is Phase.RINGING)


@pytest.mark.parametrize("phase", Phase)
def test_a_long_press(house: House, phase: Phase) -> None:
    house.press()
    house.wait(1.0)
    assert house.state.phase is FOLLOWS[phase][1]
    assert house.state.turn is None
    house.release()
    assert house.state.phase is FOLLOWS[phase][1]
    assert (Cancel(TURN) in house.orders) is (STATES[phase].turn is TURN)
    assert (Ring(on=False) in house.orders) is (phase is Phase.RINGING)


@pytest.mark.parametrize("phase", Phase)
def test_a_double_press(house: House, phase: Phase) -> None:
    for _ in range(2):
        house.press()
        house.wait(0.1)
        house.release()
        house.wait(0.1)
    assert house.state.phase is FOLLOWS[phase][2]
    assert Mute(on=True) in house.orders
    assert house.state.turn is None
    assert (Ring(on=False) in house.orders) is (phase is Phase.RINGING)


@pytest.mark.parametrize("phase", Phase)
def test_the_stop_button(house: House, phase: Phase) -> None:
    house.press(5)
    house.release(5)
    assert house.state.phase is FOLLOWS[phase][3]
    assert Listen not in kinds(house.orders)
    assert (Cancel(TURN) in house.orders) is (STATES[phase].turn is TURN)


@pytest.mark.parametrize("phase", Phase)
def test_the_mute_button(house: House, phase: Phase) -> None:
    house.press(6)
    house.release(6)
    assert house.state.phase is FOLLOWS[phase][4]
    assert house.state.muted is (phase is not Phase.MUTED)
    assert Mute(on=house.state.muted) in house.orders
    house.press(6)
    assert house.state.muted is (phase is Phase.MUTED)


@pytest.mark.parametrize("phase", Phase)
def test_a_button_to_be_held(pins: Any, phase: Phase) -> None:
    house = House(pins, phase, Settings(board="plain", talk="hold"))
    house.press()
    assert house.state.phase is FOLLOWS[phase][0]
    listens = [order for order in house.orders if isinstance(order, Listen)]
    assert all(order.held for order in listens)
    assert len(listens) == (house.state.phase is Phase.LISTENING)
    house.wait(5.0)
    house.release()
    assert [order for order in house.orders if isinstance(order, Enough)] == [Enough(order.turn) for order in listens]
    house.panel.stop()


@pytest.mark.parametrize("phase", [Phase.IDLE])
def test_what_follows_a_press_is_seen(pins: Any, house: House) -> None:
    pins.pin(25).states = led = Watched()
    house.press()
    assert led.next() == 1.0
    house.wait(1.0)
    assert led.next() == 0.0


@pytest.mark.parametrize("phase", [Phase.IDLE])
def test_at_the_end_all_is_dark_and_no_pin_is_held(pins: Any, house: House) -> None:
    house.press()
    house.panel.stop()
    assert [pins.pin(pin).function for pin in (5, 6, 17, 25)] == ["input"] * 4
    assert pins.pin(25).states[-1].state == 0.0
    assert not [thread for thread in threading.enumerate() if thread.name == "lights"]


def test_a_panel_can_be_started_again(pins: Any) -> None:
    for _ in range(2):
        house = House(pins, Phase.IDLE)
        house.press()
        assert house.state.phase is Phase.LISTENING
        house.release()
        house.panel.stop()


def test_outputs_work_without_a_board(pins: Any) -> None:
    panel = Panel(Settings(), [Output("heater", 5)], print)
    panel.start()
    panel.show(Phase.LISTENING)
    panel.outputs.switch("heater", "on")
    assert pins.pin(5).state == 1.0
    panel.stop()


def test_pins_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"^panel\.stop_pin is 17, which is taken by panel\.talk_pin; choose another$"
    ):
        Panel(Settings(board="plain", stop_pin=17), (), print)


@pytest.mark.parametrize(
    ("settings", "kind", "n_pixels"),
    [
        (Settings(board="plain"), SingleLed, 1),
        (Settings(board="aiy-voice-hat"), PwmLed, 1),
        (Settings(board="plain", led="rgb", red_pin=12, green_pin=13, blue_pin=16), RgbLed, 1),
    ],
)
def test_the_settings_choose_the_light(pins: Any, settings: Settings, kind: type, n_pixels: int) -> None:
    light = light_of(settings, wiring(settings))
    assert (type(light), light.n_pixels) == (kind, n_pixels)
    light.close()


@pytest.mark.parametrize(("board", "n_pixels"), [("respeaker-2mic", 3), ("respeaker-4mic", 12), ("voice-bonnet", 3)])
def test_a_strip_is_as_long_as_the_board_s(monkeypatch: pytest.MonkeyPatch, board: str, n_pixels: int) -> None:
    with mock_pins(monkeypatch) as pins:
        settings = Settings(board=board)
        light = light_of(settings, wiring(settings))
        assert light.n_pixels == n_pixels
        assert pins.pin(5).function == ("input" if board == "respeaker-2mic" else "output")
        light.close()


def no_gpio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr(Device, "pin_factory", None)


def test_without_gpio_it_says_so_in_one_line_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no_gpio(monkeypatch)
    events: list[Event] = []
    panel = Panel(SETTINGS, [Output("heater", 12)], events.append)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        panel.start()
    (line,) = caplog.messages
    assert line.startswith("there is no GPIO, so no panel and no outputs: ")
    assert [(type(event), event.part) for event in events if isinstance(event, PartLost)] == [(PartLost, "panel")]
    panel.show(Phase.LISTENING)
    with pytest.raises(OutputError, match=r"^the output heater cannot be switched: "):
        panel.outputs.switch("heater", "on")
    panel.stop()
    assert events[-1] == PartFound("panel")
    assert Device.pin_factory is None


def test_a_driver_that_does_not_exist_is_no_gpio_either(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no_gpio(monkeypatch)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "morse")
    Panel(SETTINGS, (), print).start()
    (line,) = caplog.messages
    assert "Unable to find pin factory 'morse'" in line


def test_where_nothing_is_set_up_nothing_is_opened(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no_gpio(monkeypatch)
    panel = Panel(Settings(), (), print)
    panel.start()
    panel.show(Phase.IDLE)
    panel.stop()
    assert caplog.messages == []
    assert Device.pin_factory is None


def test_opening_the_pins_leaves_nothing_in_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}:/elsewhere")
    with mock_pins(monkeypatch):
        assert Path.cwd() == tmp_path
        assert list(tmp_path.iterdir()) == []


def test_lights_that_cannot_be_opened_leave_the_buttons(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with mock_pins(monkeypatch) as pins:
        house = House(pins, Phase.IDLE, Settings(board="aiy-voice-hat"))  # whose LED these pins cannot dim
        (line,) = caplog.messages
        assert line.startswith("the lights cannot be used: ")
        house.press(23)
        assert house.state.phase is Phase.LISTENING
        house.panel.stop()


def test_the_errors_of_gpiozero_are_known() -> None:
    factory = MockFactory()
    with pytest.raises(pin_errors()):
        factory.pin(99)
