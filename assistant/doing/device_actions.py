"""The device itself: its loudness and pace, how it is, and what it cannot do.

On the doer's thread, and the thinker's for tools.
"""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant import __version__
from assistant.doing import device
from assistant.doing.answer import Action, Answer, Asked, Effect, Slots
from assistant.doing.says import Says
from assistant.orders import SetPace, SetVolume

VOLUME_STEP, LEAST_VOLUME, FULL_VOLUME = 15, 5, 100  # percent
PACE_STEP, SLOWEST, FASTEST = 1.2, 0.5, 2.0
HOT_C = 80.0  # where a Raspberry Pi begins to slow down
POWER_DELAY_S = 5.0
LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
SCHEDULE_SHUTDOWN = ("busctl", "call", *LOGIND, "ScheduleShutdown", "st")


@dataclass(frozen=True, slots=True)
class Sound:
    """How it speaks now."""

    volume: int = 100  # percent
    muted: bool = False
    pace: float = 1.0  # times the voice's own


class DeviceActions:
    """Turns it up and down, and answers for it."""

    def __init__(
        self, says: Says, sound: Sound, change: Callable[[SetVolume | SetPace, Sound], None], model: str
    ) -> None:
        """`change` has the sound take effect and keeps it; `model` names the language model."""
        self._says = says
        self._sound = sound
        self._change = change
        self._model = model

    def actions(self) -> dict[str, Action]:
        """By intent."""
        return {
            "volume_up": lambda slots: self._turn(slots, 1),
            "volume_down": lambda slots: self._turn(slots, -1),
            "set_volume": lambda slots: self._set_volume(int(float(slots["volume"]))),
            "tell_volume": lambda slots: Answer(
                self._says("volume_is", percent=0 if self._sound.muted else self._sound.volume)
            ),
            "mute": lambda slots: self._mute(muted=True),
            "unmute": lambda slots: self._mute(muted=False),
            "slower": lambda slots: self._pace(1 / PACE_STEP),
            "faster": lambda slots: self._pace(PACE_STEP),
            "stop": lambda slots: Answer("", effect=Effect.STOP),
            "cancel": lambda slots: Answer("", effect=Effect.STOP),
            "repeat": lambda slots: Answer("", effect=Effect.REPEAT),
            "new_conversation": lambda slots: Answer(self._says("new_conversation"), effect=Effect.NEW_CONVERSATION),
            "tell_abilities": self._tells("abilities"),
            "privacy": self._tells("privacy"),
            "tell_weather": self._tells("no_weather", done=False),
            "tell_news": self._tells("no_news", done=False),
            "device_temperature": self._temperature,
            "device_load": self._load,
            "device_address": self._address,
            "device_model": lambda slots: Answer(self._says("model_is", model=self._model, version=__version__)),
            "shut_down": lambda slots: self._power("shut_down", "poweroff", slots),
            "restart": lambda slots: self._power("restart", "reboot", slots),
        }

    def _tells(self, key: str, *, done: bool = True) -> Action:
        return lambda slots: Answer(self._says(key), done)

    def _turn(self, slots: Slots, sign: int) -> Answer:
        step = int(float(slots.get("by", VOLUME_STEP)))
        return self._set_volume(self._sound.volume + sign * step)

    def _set_volume(self, wanted: int) -> Answer:
        volume = max(LEAST_VOLUME, min(FULL_VOLUME, wanted))
        limit = {LEAST_VOLUME: "volume_least", FULL_VOLUME: "volume_most"}.get(volume, "volume_set")
        self._set(SetVolume(volume / 100), Sound(volume, False, self._sound.pace))
        return Answer(self._says(limit, percent=volume))

    def _set(self, order: SetVolume | SetPace, sound: Sound) -> None:
        self._sound = sound
        self._change(order, sound)

    def _mute(self, *, muted: bool) -> Answer:
        volume = 0.0 if muted else self._sound.volume / 100
        self._set(SetVolume(volume), Sound(self._sound.volume, muted, self._sound.pace))
        return Answer("" if muted else self._says("unmuted"))

    def _pace(self, times: float) -> Answer:
        pace = round(min(FASTEST, max(SLOWEST, self._sound.pace * times)), 2)
        if pace == self._sound.pace:
            return Answer(self._says("pace_limit"), done=False)
        self._set(SetPace(pace), Sound(self._sound.volume, self._sound.muted, pace))
        return Answer(self._says("slower" if times < 1 else "faster"))

    def _temperature(self, _slots: Slots) -> Answer:
        degrees = device.temperature_c()
        if degrees is None:
            return Answer(self._says("temperature_unknown"), done=False)
        return Answer(self._says("too_warm" if degrees >= HOT_C else "temperature", degrees=round(degrees)))

    def _load(self, _slots: Slots) -> Answer:
        load = device.load()
        free = f"{load.memory_free_gib:.1f}".replace(".", self._says("decimal_point"))
        up = self._says.about(load.up_s)
        return Answer(self._says("load", percent=round(load.cpu_percent), free=free, up=up))

    def _address(self, _slots: Slots) -> Answer:
        found = device.addresses()
        if not found:
            return Answer(self._says("no_address", name=device.host_name()))
        return Answer(self._says("address", address=self._says.all_of(found), name=device.host_name()))

    def _power(self, intent: str, verb: str, slots: Slots) -> Answer:
        if "sure" not in slots:
            asked = Asked(intent, frozenset({"yes", "no"}), {"sure": 1})
            return Answer(self._says(f"{intent}_sure"), done=False, asked=asked)
        # logind's own delay, so that the words are heard to their end.
        at_us = round((time.time() + POWER_DELAY_S) * 1e6)
        try:
            subprocess.run([*SCHEDULE_SHUTDOWN, verb, str(at_us)], check=True, capture_output=True, timeout=10)
        except (OSError, subprocess.SubprocessError):
            return Answer(self._says("no_power_over"), done=False)
        return Answer(self._says(f"{intent}_now"))
