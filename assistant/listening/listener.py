"""The stage that hears: chunks of sound in, what was said out. Runs on the thread `listener`.

While nobody speaks to it, only the wake word engine works. Recent sound is kept, so that a question that follows
the wake word in the same breath is heard from its first word on.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from assistant import config, phrases
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.events import Event, Failed, Heard, HeardNothing, Ignore, Listen, Partial, Turn, Woken
from assistant.listening.endpoint import Ending, Endpoint
from assistant.listening.transcript import Word, phrase_length, says_something, spoken, text_of, without_phrase
from assistant.worker import Worker

log = logging.getLogger(__name__)

KEPT_CHUNKS = 15 * RATE_HZ // CHUNK_SAMPLES
PHRASE_SAMPLES = round(1.5 * RATE_HZ)  # as long as a wake phrase may take; the recognizer hears it whole
LATE_SAMPLES = RATE_HZ // 2  # a wake word may fire so late that a short command after it is over
QUEUED_CHUNKS = 10 * RATE_HZ // CHUNK_SAMPLES


class WakeWord(Protocol):
    """What `wake` offers."""

    @property
    def phrase(self) -> str: ...
    def hear(self, samples: Samples) -> float | None: ...


class VoiceActivity(Protocol):
    """What `voice_activity` offers."""

    def reset(self) -> None: ...
    def is_speech(self, samples: Samples) -> bool: ...


class Recognizer(Protocol):
    """What `recognizer` offers."""

    def start(self) -> None: ...
    def hear(self, samples: Samples) -> None: ...
    def partial(self) -> list[str]: ...
    def finish(self) -> list[Word]: ...


@dataclass(slots=True)
class _Utterance:
    """What is being listened to."""

    turn: Turn
    since: int | None  # where the wake word fired
    hold_until: int
    endpoint: Endpoint
    begin: int | None = None  # the first sample that the recognizer heard
    voice_s: list[float] = field(default_factory=list)  # when there was a voice, counted from `begin`
    partial: tuple[str, ...] = ()


class Listener:
    """Waits for the wake word; told to listen, finds out what is said."""

    def __init__(
        self,
        wake: WakeWord,
        voice_activity: VoiceActivity,
        recognizer: Recognizer,
        settings: config.Endpoint,
        post: Callable[[Event], None],
        n_queued: int = QUEUED_CHUNKS,
    ) -> None:
        """At most `n_queued` chunks wait for it; the worker's `offer` tells how more are met."""
        self._wake = wake
        self._voice_activity = voice_activity
        self._recognizer = recognizer
        self._settings = settings
        self._post = post
        self._recent: deque[Chunk] = deque(maxlen=KEPT_CHUNKS)
        self._utterance: _Utterance | None = None
        self.worker = Worker[Chunk | Listen | Ignore]("listener", self._receive, failed=self._failed, limit=n_queued)

    def _receive(self, message: Chunk | Listen | Ignore) -> None:
        match message:
            case Chunk():
                self._hear(message)
            case Listen():
                self._begin(message)
            case Ignore():
                self._utterance = None

    def _failed(self, part: str, error: Exception, _message: object) -> None:
        log.error("%s: %s", part, error)
        utterance, self._utterance = self._utterance, None
        if utterance:
            self._post(Failed(utterance.turn, phrases.LISTENING_FAILED))

    def _hear(self, chunk: Chunk) -> None:
        self._recent.append(chunk)
        score = self._wake.hear(chunk.samples)
        if score is not None:
            self._post(Woken(self._wake.phrase, score, chunk.end))
        if self._utterance:
            self._follow(self._utterance, chunk)

    def _begin(self, command: Listen) -> None:
        if command.turn.cancelled:
            return
        endpoint = Endpoint(
            silence_s=self._settings.silence_s,
            no_speech_s=self._settings.no_speech_s,
            max_speech_s=self._settings.max_speech_s,
        )
        self._utterance = _Utterance(command.turn, command.since, command.hold_until, endpoint)
        self._voice_activity.reset()
        self._recognizer.start()
        if command.since is None:
            return
        for chunk in [c for c in self._recent if c.end > command.since - PHRASE_SAMPLES]:
            if self._utterance:
                self._follow(self._utterance, chunk)

    def _follow(self, utterance: _Utterance, chunk: Chunk) -> None:
        if utterance.begin is None:
            utterance.begin = chunk.start
        self._recognizer.hear(chunk.samples)
        speech = self._voice_activity.is_speech(chunk.samples)
        if speech:
            utterance.voice_s.append((chunk.end - utterance.begin) / RATE_HZ)
        since = utterance.since or 0
        if chunk.end <= since - LATE_SAMPLES:
            return  # still the wake phrase
        ending = utterance.endpoint.hear(len(chunk.samples), speech, hold=chunk.end < utterance.hold_until)
        if utterance.endpoint.speaking and chunk.end > since:
            self._tell_partial(utterance, chunk)
        if ending:
            self._end(utterance, chunk, ending)

    def _tell_partial(self, utterance: _Utterance, chunk: Chunk) -> None:
        words = self._recognizer.partial()
        if utterance.since is not None:
            words = words[phrase_length(words, self._wake.phrase) :]
        partial = tuple(words)
        if partial and partial != utterance.partial:
            pairs = zip(partial, utterance.partial, strict=False)
            n_stable = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(partial), len(utterance.partial)))
            self._post(Partial(utterance.turn, " ".join(partial), n_stable, chunk.end / RATE_HZ))
        utterance.partial = partial

    def _end(self, utterance: _Utterance, chunk: Chunk, ending: Ending) -> None:
        endpoint_s = time.monotonic()
        words = spoken(self._recognizer.finish(), utterance.voice_s)
        if utterance.since is not None:
            words = without_phrase(words, self._wake.phrase, (utterance.since - (utterance.begin or 0)) / RATE_HZ)
        if ending is not Ending.NOTHING and says_something(words):
            self._utterance = None
            speech_end_s = chunk.captured_s - utterance.endpoint.n_silence / RATE_HZ
            self._post(Heard(utterance.turn, text_of(words), speech_end_s, endpoint_s, time.monotonic()))
        elif ending is Ending.SILENCE:
            # The rest of the wake phrase, a cough, a door: the question may still come.
            utterance.endpoint.go_on()
            utterance.since, utterance.begin, utterance.voice_s, utterance.partial = None, None, [], ()
            self._recognizer.start()
        else:
            self._utterance = None
            self._post(HeardNothing(utterance.turn))
