"""Owns both streams: opens them, watches them, and opens them again when a device was lost. Thread `sound card`.

One owner, because PortAudio learns of new devices only when it is started anew, which kills every open stream.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant import config, phrases
from assistant.audio import devices
from assistant.audio.chunk import Chunk, Samples
from assistant.audio.microphone import Microphone
from assistant.audio.speaker import Speaker
from assistant.errors import DeviceError
from assistant.events import Event, FirstAudio, PartFound, PartLost, Spoken, Turn
from assistant.worker import Worker

log = logging.getLogger(__name__)

MICROPHONE, SPEAKER = "microphone", "speaker"
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 5.0
WATCH_S = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Play:
    turn: Turn
    samples: Samples
    rate_hz: int


@dataclass(frozen=True, slots=True)
class _Finish:
    turn: Turn


@dataclass(frozen=True, slots=True)
class _Look:
    """Something happened to a stream: look at once."""


class SoundCard:
    """Microphone and speaker of the device."""

    def __init__(
        self, settings: config.Audio, deliver: Callable[[Chunk], object], post: Callable[[Event], None]
    ) -> None:
        self._post = post
        self._speaker = Speaker(settings.output, settings.latency_s)
        self._microphone = Microphone(settings.input, settings.latency_s, deliver, self._stream_ended)
        self._lost: set[str] = set()
        self._playing: Turn | None = None
        self._retry_s = FIRST_RETRY_S
        self._retry_at_s = 0.0
        self.worker = Worker[_Play | _Finish | _Look]("sound card", self._receive, failed=self._failed, idle=self._idle)

    def start(self) -> None:
        """Opens both streams, or begins to look for them."""
        self._microphone.worker.start()
        self._open()
        self.worker.start()

    def stop(self) -> None:
        self.worker.stop()
        self._microphone.stop()
        self._speaker.close()

    def play(self, turn: Turn, samples: Samples, rate_hz: int) -> None:
        self.worker.post(_Play(turn, samples, rate_hz))

    def finish(self, turn: Turn) -> None:
        self.worker.post(_Finish(turn))

    def _stream_ended(self) -> None:
        self.worker.post(_Look())

    def _failed(self, part: str, error: Exception, message: object) -> None:
        log.error("%s: %s", part, error)
        if isinstance(message, _Play | _Finish):
            self._post(Spoken(message.turn, time.monotonic()))

    def _receive(self, message: _Play | _Finish | _Look) -> None:
        match message:
            case _Play() if self._speaker.is_open:
                self._guard(lambda: self._play(message))
            case _Finish():
                self._guard(lambda: self._finish(message.turn))
                self._post(Spoken(message.turn, time.monotonic()))
            case _Look():
                self._watch()

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except DeviceError as error:
            self._lose(SPEAKER, str(error), "")

    def _play(self, message: _Play) -> None:
        if message.turn.cancelled:
            return
        if self._playing is not message.turn:
            self._playing = message.turn
            self._post(FirstAudio(message.turn, time.monotonic()))
        self._speaker.play(message.turn, message.samples, message.rate_hz)

    def _finish(self, turn: Turn) -> None:
        if self._playing is turn and self._speaker.is_open:
            self._playing = None
            if turn.cancelled:
                self._speaker.abort()
            else:
                self._speaker.finish()

    def _idle(self) -> float:
        if self._playing and self._speaker.is_open:
            self._guard(self._between_sentences)
            return 0.0
        self._watch()
        return WATCH_S

    def _between_sentences(self) -> None:
        assert self._playing
        if self._playing.cancelled:
            self._playing = None
            self._speaker.abort()
        else:
            self._speaker.keep_alive()

    def _watch(self) -> None:
        if self._microphone.is_open:
            if fault := self._microphone.fault():
                self._lose(MICROPHONE, fault, phrases.MICROPHONE_LOST)
            elif self._microphone.hears:
                self._found(MICROPHONE, phrases.MICROPHONE_BACK)
        if self._lost and not self._playing and time.monotonic() >= self._retry_at_s:
            self._open()

    def _lose(self, part: str, reason: str, said: str) -> None:
        if part == SPEAKER:
            self._speaker.close()
            self._playing = None
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
        devices.restart()
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
        self._retry_at_s = time.monotonic() + self._retry_s
        try:
            self._speaker.open()
            self._found(SPEAKER, "")
        except DeviceError as error:
            self._report_lost(SPEAKER, str(error), "")
        try:
            self._microphone.open()  # found when it hears something
        except DeviceError as error:
            self._report_lost(MICROPHONE, str(error), phrases.MICROPHONE_LOST)
