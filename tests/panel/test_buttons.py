from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero import DigitalInputDevice
from mock_pins import Timers, mock_pins

from assistant.config import Panel
from assistant.events import ButtonPressed, ButtonReleased, Event, MuteWanted, Stopped
from assistant.panel.boards import wiring
from assistant.panel.buttons import Buttons


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_pins(monkeypatch) as pins:
        yield pins


class Hand:
    """Presses the buttons of a panel, and sees what that becomes."""

    def __init__(self, pins: Any, settings: Panel) -> None:
        self.pins = pins
        self.events: list[Event] = []
        self.timers = Timers()
        self.buttons = Buttons(settings, wiring(settings), self.events.append, self.timers.clock, self.timers.later)

    def press(self, pin: int = 17) -> list[Event]:
        self.pins.pin(pin).drive_low()
        return self._new()

    def release(self, pin: int = 17) -> list[Event]:
        self.pins.pin(pin).drive_high()
        return self._new()

    def wait(self, duration_s: float) -> list[Event]:
        self.timers.advance(duration_s)
        return self._new()

    def _new(self) -> list[Event]:
        new = self.events[:]
        self.events.clear()
        return new


@pytest.fixture
def hand(pins: Any) -> Iterator[Hand]:
    hand = Hand(pins, Panel(board="plain", stop_pin=5, mute_pin=6))
    yield hand
    hand.buttons.close()


def test_a_press_is_acted_on_before_the_button_is_released(hand: Hand) -> None:
    assert hand.press() == [ButtonPressed(100.0)]
    assert hand.wait(0.2) == hand.release() == hand.wait(5.0) == []


def test_a_long_press_stops_once(hand: Hand) -> None:
    hand.press()
    assert hand.wait(0.99) == []
    assert hand.wait(0.01) == [Stopped(101.0)]
    assert hand.wait(5.0) == hand.release() == hand.wait(5.0) == []


def test_a_second_press_soon_after_the_first_mutes(hand: Hand) -> None:
    hand.press()
    hand.wait(0.1)
    hand.release()
    hand.wait(0.3)
    assert hand.press() == [MuteWanted(on=None)]
    assert hand.wait(5.0) == hand.release() == []


def test_a_second_press_later_is_another_first(hand: Hand) -> None:
    hand.press()
    hand.release()
    hand.wait(0.41)
    assert hand.press() == [ButtonPressed(100.41)]


def test_a_third_press_is_a_first(hand: Hand) -> None:
    for _ in range(2):
        hand.press()
        hand.release()
    assert hand.press() == [ButtonPressed(100.0)]
    assert hand.wait(1.0) == [Stopped(101.0)]


def test_a_button_to_be_held_tells_of_its_release(pins: Any) -> None:
    hand = Hand(pins, Panel(board="plain", talk="hold"))
    for _ in range(2):
        assert hand.press() == [ButtonPressed(hand.timers.now_s, held=True)]
        assert hand.wait(0.2) == []
        assert hand.release() == [ButtonReleased(hand.timers.now_s)]
    hand.press()
    assert hand.wait(5.0) == []
    hand.buttons.close()
    assert hand.events == []


def test_the_stop_button_stops(hand: Hand) -> None:
    assert hand.press(5) == [Stopped(100.0)]
    assert hand.release(5) == []


def test_the_mute_button_mutes_and_unmutes(hand: Hand) -> None:
    assert hand.press(6) == [MuteWanted(on=None)]
    assert hand.release(6) == []


def test_the_buttons_do_not_mix(hand: Hand) -> None:
    hand.press(5)
    assert hand.press() == [ButtonPressed(100.0)]
    hand.release(5)
    assert hand.wait(1.0) == [Stopped(101.0)]


def test_contacts_may_bounce(hand: Hand) -> None:
    assert {hand.pins.pin(pin).bounce for pin in (5, 6, 17)} == {0.03}


def test_a_button_may_join_its_pin_to_the_supply(pins: Any) -> None:
    hand = Hand(pins, Panel(board="plain", buttons_active_high=True))
    assert pins.pin(17).pull == "down"
    assert hand.release() == [ButtonPressed(100.0)]  # which drives the pin high
    hand.buttons.close()


def test_a_button_that_is_held_down_at_the_start_is_no_press(pins: Any) -> None:
    pins.pin(17).drive_low()
    hand = Hand(pins, Panel(board="plain", buttons_active_high=True))
    assert hand.events == []
    hand.buttons.close()


def test_after_the_end_nothing_is_told(hand: Hand) -> None:
    hand.press()
    hand.buttons.close()
    assert hand.wait(5.0) == hand.release() == hand.press() == []


def test_a_pin_that_is_taken_is_left_out_and_the_others_work(pins: Any, caplog: pytest.LogCaptureFixture) -> None:
    first = Hand(pins, Panel(board="plain"))
    second = Hand(pins, Panel(board="plain", stop_pin=5))
    (line,) = caplog.messages
    assert line.startswith("panel.talk_pin cannot be used: pin GPIO17 is already in use by ")
    assert second.press(5) == [Stopped(100.0)]
    assert second.press(17) == []
    first.buttons.close()
    second.buttons.close()


def test_a_button_that_cannot_be_let_go_is_told_of_and_the_others_are(
    pins: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hand = Hand(pins, Panel(board="plain", stop_pin=5))
    close, closed = DigitalInputDevice.close, []

    def busy_at_first(device: Any) -> None:
        closed.append(device)
        if len(closed) == 1:
            raise OSError("GPIO busy")
        close(device)

    monkeypatch.setattr(DigitalInputDevice, "close", busy_at_first)
    hand.buttons.close()
    assert len(closed) == 2
    assert "GPIO busy" in caplog.text
