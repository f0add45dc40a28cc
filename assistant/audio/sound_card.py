"""Owns both streams: opens them, feeds and watches them, and opens them again when one was lost. Thread `sound card`.

One owner, because PortAudio learns of new devices only when it is started anew, which kills every open stream.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sounddevice

from assistant import config, phrases
from assistant.audio import devices, playback
from assistant.audio.chunk import Chunk, Samples
from assistant.audio.microphone import Microphone
from assistant.audio.playback import Playback
from assistant.audio.speaker import Speaker
from assistant.errors import DeviceError
from assistant.events import Event, PartFound, PartLost, Spoken
from assistant.orders import Earcon
from assistant.turn import Turn
from assistant.worker import Worker

log = logging.getLogger(__name__)

MICROPHONE, SPEAKER = "microphone", "speaker"
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 5.0
WATCH_S = 0.5


class Echo(playback.Echo, Protocol):
    """What `echo` offers: told what is played, it takes that out of what is heard."""

    def clean(self, chunk: Chunk) -> Chunk: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Play:
    turn: Turn
    text: str
    samples: Samples
    rate_hz: int


@dataclass(frozen=True, slots=True)
class _Finish:
    turn: Turn


@dataclass(frozen=True, slots=True)
class _Chime:
    earcon: Earcon


@dataclass(frozen=True, slots=True)
class _Ring:
    on: bool
    low: bool


@dataclass(frozen=True, slots=True)
class _Volume:
    level: float


@dataclass(frozen=True, slots=True)
class _Mute:
    on: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """Something happened to a stream: look at once."""


_Message = _Play | _Finish | _Chime | _Ring | _Volume | _Mute | _Look


class SoundCard:
    """Microphone and speaker of the device."""

    def __init__(
        self,
        settings: config.Audio,
        echo: Echo,
        deliver: Callable[[Chunk], object],
        post: Callable[[Event], None],
    ) -> None:
        """`deliver` gets what the microphone hears, without the `echo` of what is played."""
        self._post = post
        self._speaker = Speaker(settings.output, settings.latency_s)
        self._playback = Playback(settings, self._speaker, echo, post)
        self._microphone = Microphone(
            settings.input, settings.latency_s, lambda chunk: deliver(echo.clean(chunk)), self._stream_ended
        )
        self._muted = False
        self._lost: set[str] = set()
        self._watch_at_s = 0.0
        self._retry_s = FIRST_RETRY_S
        self._retry_at_s = 0.0
        self.worker = Worker[_Message]("sound card", self._receive, failed=self._failed, idle=self._idle)

    def start(self) -> None:
        """Opens both streams, or begins to look for them."""
        self._microphone.worker.start()
        self._open()
        self.worker.start()

    def stop(self) -> None:
        self.worker.stop()
        self._microphone.stop()
        self._speaker.close()
        self._playback.close()

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        """Plays a sentence of a reply, int16 `(n,)` at `rate_hz`, after those before it."""
        self.worker.post(_Play(turn, text, samples, rate_hz))

    def finish(self, turn: Turn) -> None:
        """Tells with `Spoken` when all that was given for this turn was heard."""
        self.worker.post(_Finish(turn))

    def chime(self, earcon: Earcon) -> None:
        self.worker.post(_Chime(earcon))

    def ring(self, *, on: bool, low: bool) -> None:
        self.worker.post(_Ring(on, low))

    def set_volume(self, level: float) -> None:
        self.worker.post(_Volume(level))

    def mute(self, *, on: bool) -> None:
        """Closes the microphone's stream, or opens it again."""
        self._muted = on  # at once, lest it be opened meanwhile
        self.worker.post(_Mute(on))

    def devices(self) -> dict[str, str]:
        """The names of the devices that are open."""
        return {MICROPHONE: self._microphone.device, SPEAKER: self._speaker.device}

    def stuck_s(self) -> float:
        """For how long one of its threads has not moved, or the open microphone was not heard."""
        moved_s = min(self.worker.last_beat_s, self._microphone.worker.last_beat_s)
        return max(time.monotonic() - moved_s, self._microphone.silent_s)

    def _stream_ended(self) -> None:
        self.worker.post(_Look())

    def _failed(self, part: str, error: Exception, message: object) -> None:
        log.error("%s: %s", part, error)
        if isinstance(message, _Play | _Finish):
            self._post(Spoken(message.turn, time.monotonic()))

    def _receive(self, message: _Message) -> None:
        match message:
            case _Play():
                self._playback.play(message.turn, message.text, message.samples, message.rate_hz)
            case _Finish():
                self._playback.finish(message.turn, time.monotonic())
            case _Chime():
                self._playback.chime(message.earcon)
            case _Ring():
                self._playback.ring(on=message.on, low=message.low)
            case _Volume():
                self._playback.set_volume(message.level)
            case _Mute():
                self._mute(message.on)
            case _Look():
                self._watch()

    def _mute(self, on: bool) -> None:
        self._microphone.close()
        if on:
            self._found(MICROPHONE, "")  # while nobody is to hear, it is not missed
        else:
            self._open_microphone()

    def _idle(self) -> float:
        now_s = time.monotonic()
        if now_s >= self._watch_at_s:
            self._watch_at_s = now_s + WATCH_S
            self._watch()
        try:
            if self._speaker.is_open and self._playback.feed(now_s):
                return 0.0
        except DeviceError as error:
            self._lose(SPEAKER, str(error), "")
        return WATCH_S

    def _watch(self) -> None:
        if self._microphone.is_open:
            if fault := self._microphone.fault():
                self._lose(MICROPHONE, fault, phrases.MICROPHONE_LOST)
            elif self._microphone.hears:
                self._found(MICROPHONE, phrases.MICROPHONE_BACK)
        if self._lost and not self._playback.busy and time.monotonic() >= self._retry_at_s:
            self._open()

    def _lose(self, part: str, reason: str, said: str) -> None:
        if part == SPEAKER:
            self._speaker.close()
            self._playback.lost(time.monotonic())
        else:
            self._microphone.close()
        self._retry_at_s = time.monotonic() + self._retry_s
        self._report_lost(part, reason, said)

    def _report_lost(self, part: str, reason: str, said: str) -> None:
        if part not in self._lost:
            self._lost.add(part)
            log.warning("%s lost: %s", part, reason)
            self._post(PartLost(part, reason, said))

    def _found(self, part: str, said: str) -> None:
        if part in self._lost:
            self._lost.remove(part)
            log.info("%s found again", part)
            self._post(PartFound(part, said))
        if not self._lost:
            self._retry_s = FIRST_RETRY_S

    def _open(self) -> None:
        """Opens both, the one that works as well: only then does PortAudio see what was plugged in."""
        self._microphone.close()
        self._speaker.close()
        with contextlib.suppress(sounddevice.PortAudioError):  # then there are no devices, as opening them tells
            devices.restart()
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
        self._retry_at_s = time.monotonic() + self._retry_s
        try:
            self._speaker.open()
            self._playback.opened()
            self._found(SPEAKER, "")
        except DeviceError as error:
            self._report_lost(SPEAKER, str(error), "")
        if not self._muted:
            self._open_microphone()

    def _open_microphone(self) -> None:
        try:
            self._microphone.open()  # found when it hears something
        except DeviceError as error:
            self._report_lost(MICROPHONE, str(error), phrases.MICROPHONE_LOST)
