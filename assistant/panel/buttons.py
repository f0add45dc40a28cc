"""Buttons. Their callbacks run on gpiozero's thread and only post; a long press is noticed by a timer's thread."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from gpiozero import DigitalInputDevice

from assistant import config
from assistant.events import ButtonPressed, ButtonReleased, Event, MuteWanted, Stopped
from assistant.panel.boards import Wiring
from assistant.panel.gpio import opened

DEBOUNCE_S = 0.03
LONG_S = 1.0
DOUBLE_S = 0.4  # from one press to the next


class Timer(Protocol):
    """Something that will be done."""

    def cancel(self) -> None: ...


Deed = Callable[[], None]
Later = Callable[[float, Deed], Timer]
Post = Callable[[Event], None]


def later(wait_s: float, do: Deed) -> Timer:
    """Has it done after so long, unless it is cancelled."""
    timer = threading.Timer(wait_s, do)
    timer.daemon = True
    timer.start()
    return timer


class TalkButton:
    """A press is acted on at once, for it may be to interrupt; what it turns out to be besides comes after."""

    def __init__(self, post: Post, clock: Callable[[], float] = time.monotonic, later: Later = later) -> None:
        self._post = post
        self._clock = clock
        self._later = later
        self._first_s = float("-inf")  # the last press that was not the second of two
        self._long: Timer | None = None

    def pressed(self) -> None:
        now_s = self._clock()
        if now_s - self._first_s <= DOUBLE_S:
            self._first_s = float("-inf")
            self._post(MuteWanted(on=None))
            return
        self._first_s = now_s
        self._post(ButtonPressed(now_s))
        self._long = self._later(LONG_S, lambda: self._post(Stopped(self._clock())))

    def released(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Nothing more comes of the last press."""
        if self._long:
            self._long.cancel()


class HoldButton:
    """It is listened for as long as the button is held."""

    def __init__(self, post: Post, clock: Callable[[], float] = time.monotonic) -> None:
        self._post = post
        self._clock = clock

    def pressed(self) -> None:
        self._post(ButtonPressed(self._clock(), held=True))

    def released(self) -> None:
        self._post(ButtonReleased(self._clock()))

    def forget(self) -> None:
        """Nothing is to come."""


class Buttons:
    """All buttons that the settings name; one that cannot be used is told of and left out."""

    def __init__(
        self,
        settings: config.Panel,
        wired: Wiring,
        post: Post,
        clock: Callable[[], float] = time.monotonic,
        later: Later = later,
    ) -> None:
        self._active_high = settings.buttons_active_high
        self._talk = HoldButton(post, clock) if settings.talk == "hold" else TalkButton(post, clock, later)
        deeds: dict[str, tuple[Deed, Deed | None]] = {
            "talk_pin": (self._talk.pressed, self._talk.released),
            "stop_pin": (lambda: post(Stopped(clock())), None),
            "mute_pin": (lambda: post(MuteWanted(on=None)), None),
        }
        buttons = [
            opened(f"panel.{name}", partial(self._open, wired.pins[name], *both))
            for name, both in deeds.items()
            if name in wired.pins
        ]
        self._devices = [button for button in buttons if button]

    def close(self) -> None:
        self._talk.forget()
        for device in self._devices:
            opened("a button, which could not be let go,", device.close)

    def _open(self, pin: int, press: Deed, release: Deed | None) -> Any:
        # Not gpiozero's Button, whose thread wakes ten times a second to see whether it is held.
        device = DigitalInputDevice(pin, pull_up=not self._active_high, bounce_time=DEBOUNCE_S)
        device.when_activated = press
        if release:
            device.when_deactivated = release
        return device
