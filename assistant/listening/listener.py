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

import numpy as np

from assistant import config, phrases
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.events import EndLikely, Event, Failed, Heard, HeardNothing, Mistaken, Partial, Stopped, Woken
from assistant.listening.endpoint import Ending, Endpoint, Pause
from assistant.listening.nearness import Nearness
from assistant.listening.transcript import Word, phrase_length, says_something, spoken, text_of, without_phrase
from assistant.listening.wake import Hit
from assistant.orders import Enough, Heed, Ignore, Listen
from assistant.turn import Turn
from assistant.worker import Worker

log = logging.getLogger(__name__)

KEPT_CHUNKS = 15 * RATE_HZ // CHUNK_SAMPLES
LOOKED_AT_SAMPLES = round(2.5 * RATE_HZ)  # the second look hears so much, phrase and noise
PHRASE_SAMPLES = round(1.5 * RATE_HZ)  # as long as a wake phrase may take; the recognizer hears it whole
LATE_SAMPLES = RATE_HZ // 2  # a wake word may fire so late that a short command after it is over
LIKELY_SAMPLES = round(0.18 * RATE_HZ)  # of silence: the utterance may be over; before the shortest pause can end it
TAIL_SAMPLES = round(0.4 * RATE_HZ)  # after the wake word fired the phrase may go on for so long
LONGEST_HOLD_S = 60.0  # a button that is held for longer is stuck
RELEASE_SAMPLES = round(0.25 * RATE_HZ)  # who lets the button go with the last word has sound under way still
QUEUED_CHUNKS = 10 * RATE_HZ // CHUNK_SAMPLES


class WakeWord(Protocol):
    """What `wake` offers: the first look, which may be mistaken."""

    @property
    def score(self) -> float: ...
    def hear(self, samples: Samples) -> Hit | None: ...


class Verifier(Protocol):
    """What `verifier` offers: the second look, at the sound before the hit and a little after it."""

    def start(self, phrase: str, recent: Samples) -> bool | None: ...
    def hear(self, samples: Samples) -> bool | None: ...


class StopWords(Protocol):
    """What `stop_words` offers."""

    def start(self) -> None: ...
    def hear(self, chunk: Chunk) -> str | None: ...


class VoiceActivity(Protocol):
    """What `voice_activity` offers."""

    def reset(self) -> None: ...
    def is_speech(self, samples: Samples) -> bool: ...


class Recognizer(Protocol):
    """What `recognizer` offers."""

    def start(self) -> None: ...
    def hear(self, samples: Samples) -> None: ...
    def partial(self) -> list[str]: ...
    def settle(self) -> list[Word]: ...
    def finish(self) -> list[Word]: ...


@dataclass(frozen=True, slots=True)
class Ears:
    """The engines of a listener, and what it knows of commands."""

    wake: WakeWord
    verifier: Verifier
    stop_words: StopWords
    voice_activity: VoiceActivity
    recognizer: Recognizer
    pause_after: Callable[[str], Pause]  # what the words so far say of the silence after them


@dataclass(frozen=True, slots=True)
class _Call:
    """A hit of the wake word that is being looked at again."""

    hit: Hit
    end: int  # sample index


@dataclass(slots=True)
class _Utterance:
    """What is being listened to."""

    turn: Turn
    since: int | None  # where the wake word fired
    hold_until: int
    endpoint: Endpoint
    waits_for_silence: bool  # of our own: the last words of the reply are not an utterance
    nearness: Nearness = field(default_factory=Nearness)
    begin: int | None = None  # the first sample that the recognizer heard
    voice_s: list[float] = field(default_factory=list)  # when there was a voice, counted from `begin`
    partial: tuple[str, ...] = ()
    near_until: int = 0  # sample index, of the voice of who asks
    until: int | None = None  # sample index at which it is over, as the button was let go
    settled: bool = False  # there was a pause, and no voice since: the words are certain


class Listener:
    """Waits for the wake word; told to listen, finds out what is said."""

    def __init__(
        self, ears: Ears, settings: config.Endpoint, post: Callable[[Event], None], n_queued: int = QUEUED_CHUNKS
    ) -> None:
        """At most `n_queued` chunks wait for it; the worker's `offer` tells how more are met."""
        self._ears = ears
        self._settings = settings
        self._post = post
        self._recent: deque[Chunk] = deque(maxlen=KEPT_CHUNKS)
        self._call: _Call | None = None
        self._phrase = ""  # the last that called
        self._heeding = False
        self._utterance: _Utterance | None = None
        self.worker = Worker[Chunk | Listen | Enough | Heed | Ignore](
            "listener", self._receive, failed=self._failed, limit=n_queued
        )

    @property
    def wake_score(self) -> float:
        """How much the last sound was like the wake word, 0 to 1."""
        return self._ears.wake.score

    def _receive(self, message: Chunk | Listen | Enough | Heed | Ignore) -> None:
        match message:
            case Chunk():
                self._hear(message)
            case Listen():
                self._begin(message)
            case Enough():
                if self._utterance and self._utterance.turn is message.turn:
                    self._utterance.until = self._n_heard() + RELEASE_SAMPLES
            case Heed():
                self._ears.stop_words.start()
                self._heeding = True
            case Ignore():
                self._utterance, self._heeding = None, False

    def _failed(self, part: str, error: Exception, _message: object) -> None:
        log.error("%s: %s", part, error)
        self._call = None
        utterance, self._utterance = self._utterance, None
        if utterance:
            self._post(Failed(utterance.turn, phrases.LISTENING_FAILED))

    def _hear(self, chunk: Chunk) -> None:
        if chunk.end <= self._n_heard():
            self._recent.clear()  # another microphone, which counts anew
        self._recent.append(chunk)
        self._await_call(chunk)
        if self._utterance:
            self._follow(self._utterance, chunk)
        elif self._heeding and (word := self._ears.stop_words.hear(chunk)):
            self._post(Stopped(chunk.captured_s, word))

    def _await_call(self, chunk: Chunk) -> None:
        hit = self._ears.wake.hear(chunk.samples)
        verdict: bool | None = None
        if self._call:
            verdict = self._ears.verifier.hear(chunk.samples)
        elif hit:
            self._call = _Call(hit, chunk.end)
            verdict = self._ears.verifier.start(hit.phrase, self._since(chunk.end - LOOKED_AT_SAMPLES))
        if self._call is None or verdict is None:
            return
        call, self._call = self._call, None
        if verdict:
            self._phrase = call.hit.phrase
            self._post(Woken(call.hit.phrase, call.hit.score, call.end, chunk.captured_s))
        else:
            self._post(Mistaken(call.hit.phrase, call.hit.score))

    def _n_heard(self) -> int:
        return self._recent[-1].end if self._recent else 0

    def _since(self, start: int) -> Samples:
        return np.concatenate([chunk.samples for chunk in self._recent if chunk.end > start])

    def _begin(self, command: Listen) -> None:
        self._heeding = False
        if command.turn.cancelled:
            return
        endpoint = Endpoint(
            patience=self._settings.patience,
            no_speech_s=self._settings.no_speech_s if command.wait_s is None else command.wait_s,
            max_speech_s=self._settings.max_speech_s,
        )
        follows_reply = command.wait_s is not None
        hold_until = command.hold_until
        if command.held:
            hold_until = self._n_heard() + round(LONGEST_HOLD_S * RATE_HZ)
        self._utterance = _Utterance(command.turn, command.since, hold_until, endpoint, follows_reply)
        self._ears.voice_activity.reset()
        self._ears.recognizer.start()
        if command.since is None:
            return
        for chunk in [c for c in self._recent if c.end > command.since - PHRASE_SAMPLES]:
            if self._utterance:
                self._follow(self._utterance, chunk)

    def _follow(self, utterance: _Utterance, chunk: Chunk) -> None:
        if utterance.waits_for_silence and chunk.playing:
            return
        utterance.waits_for_silence = False
        if utterance.begin is None:
            utterance.begin = chunk.start
        self._ears.recognizer.hear(chunk.samples)
        voice = self._ears.voice_activity.is_speech(chunk.samples)
        near = utterance.nearness.is_near(chunk.samples, voice)
        if near:
            utterance.voice_s.append((chunk.end - utterance.begin) / RATE_HZ)
            utterance.settled = False
            utterance.near_until = chunk.end
        since = utterance.since or 0
        if chunk.end <= since - LATE_SAMPLES:
            return  # still the wake phrase
        grew = False
        hold = chunk.end < utterance.hold_until
        if utterance.endpoint.speaking and chunk.end > since and not utterance.settled:
            grew = self._tell_partial(utterance, chunk)
            # A pause after the wake phrase alone is none after a question, and its rest is easily taken for words.
            asked = utterance.near_until > since + TAIL_SAMPLES or utterance.since is None
            if asked and not (near or hold) and utterance.endpoint.n_silence >= LIKELY_SAMPLES:
                self._settle(utterance, chunk)
        pause = self._ears.pause_after(" ".join(utterance.partial)) if utterance.partial and not near else Pause.USUAL
        ending = utterance.endpoint.hear(len(chunk.samples), near, pause=pause, grew=grew, hold=hold)
        if utterance.until is not None and chunk.end >= utterance.until:
            ending = Ending.TOLD
        if ending:
            self._end(utterance, chunk, ending)

    def _tell_partial(self, utterance: _Utterance, chunk: Chunk) -> bool:
        """Posts the words so far where they are others than before; True if they are."""
        words = self._ears.recognizer.partial()
        if utterance.since is not None:
            words = words[phrase_length(words, self._phrase) :]
        partial = tuple(words)
        grew = bool(partial) and partial != utterance.partial
        if grew:
            pairs = zip(partial, utterance.partial, strict=False)
            n_stable = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(partial), len(utterance.partial)))
            self._post(Partial(utterance.turn, " ".join(partial), n_stable, chunk.end / RATE_HZ))
        utterance.partial = partial
        return grew

    def _settle(self, utterance: _Utterance, chunk: Chunk) -> None:
        """A pause: the words before it are made certain, as they may be all."""
        utterance.settled = True
        words = self._meant(utterance, self._ears.recognizer.settle())
        if not (words and says_something(words)):
            return
        settled = tuple(word.text for word in words)
        if settled != utterance.partial:
            self._post(Partial(utterance.turn, " ".join(settled), len(settled), chunk.end / RATE_HZ))
            utterance.partial = settled
        self._post(EndLikely(utterance.turn, " ".join(settled)))

    def _meant(self, utterance: _Utterance, words: list[Word]) -> list[Word]:
        """Those that somebody spoke, after the wake phrase."""
        words = spoken(words, utterance.voice_s)
        if utterance.since is not None:
            words = without_phrase(words, self._phrase, (utterance.since - (utterance.begin or 0)) / RATE_HZ)
        return words

    def _end(self, utterance: _Utterance, chunk: Chunk, ending: Ending) -> None:
        endpoint_s = time.monotonic()
        words = self._meant(utterance, self._ears.recognizer.finish())
        if ending is not Ending.NOTHING and says_something(words):
            self._utterance = None
            speech_end_s = chunk.captured_s - utterance.endpoint.n_silence / RATE_HZ
            self._post(Heard(utterance.turn, text_of(words), speech_end_s, endpoint_s, time.monotonic()))
        elif ending is Ending.SILENCE:
            # The rest of the wake phrase, a cough, a door: the question may still come.
            utterance.endpoint.go_on()
            utterance.since, utterance.begin, utterance.voice_s, utterance.partial = None, None, [], ()
            utterance.settled = False
            self._ears.recognizer.start()
        else:
            self._utterance = None
            self._post(HeardNothing(utterance.turn))
