"""The stage that speaks: sentences in, sound out. Runs on the thread `talker`.

Synthesis runs ahead of playback, so that one sentence follows the other without a gap but the one that is meant.
"""

import logging
from typing import Protocol

import numpy as np

from assistant.audio.chunk import Samples
from assistant.events import Finish, Say, Turn
from assistant.speaking.speakable import speakable
from assistant.worker import Worker

log = logging.getLogger(__name__)


class Voice(Protocol):
    """What `voice` offers."""

    @property
    def rate_hz(self) -> int: ...
    def synthesize(self, text: str) -> Samples: ...


class Sound(Protocol):
    """Where the sound goes; it plays in order, drops what is cancelled, and tells what happened."""

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None: ...
    def finish(self, turn: Turn) -> None: ...


class Talker:
    """Speaks the sentences of a turn as they come."""

    def __init__(self, voice: Voice, sound: Sound, sentence_gap_s: float) -> None:
        self._voice = voice
        self._sound = sound
        self._gap = np.zeros(round(sentence_gap_s * voice.rate_hz), np.int16)
        self._begun: Turn | None = None
        self.worker = Worker[Say | Finish]("talker", self._receive, failed=self._failed)

    def warm(self) -> None:
        """Speaks a word to nobody: the first synthesis is slower than those that follow."""
        self._voice.synthesize("Yes.")

    def _receive(self, command: Say | Finish) -> None:
        if isinstance(command, Finish):
            self._sound.finish(command.turn)
            return
        text = speakable(command.text)
        if not text or command.turn.cancelled:
            return
        samples = self._voice.synthesize(text)
        if self._begun is command.turn:
            samples = np.concatenate([self._gap, samples])
        self._begun = command.turn
        self._sound.play(command.turn, command.text, samples, self._voice.rate_hz)

    def _failed(self, _part: str, error: Exception, _command: Say | Finish | None) -> None:
        log.error("a sentence could not be spoken: %s", error)
