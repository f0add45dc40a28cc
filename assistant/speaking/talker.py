"""The stage that speaks: sentences in, sound out. Runs on the thread `talker`.

Synthesis runs ahead of playback, so that one sentence follows the other without a gap but the one that is meant.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from assistant.audio.chunk import Samples
from assistant.orders import Finish, Say, SetPace
from assistant.speaking.rendered import Rendered
from assistant.speaking.speakable import speakable
from assistant.speaking.unmarked import unmarked
from assistant.turn import Turn
from assistant.worker import BEAT_S, Worker

log = logging.getLogger(__name__)

PAUSE_S = 0.5  # between two common sentences that are synthesized for later: others need the processor too


class Voice(Protocol):
    """What `voice` offers."""

    @property
    def rate_hz(self) -> int: ...
    def synthesize(self, text: str) -> Samples: ...
    def set_pace(self, times: float) -> None: ...


class Sound(Protocol):
    """Where the sound goes; it plays in order, drops what is cancelled, and tells what happened."""

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None: ...
    def finish(self, turn: Turn) -> None: ...


class Talker:
    """Speaks the sentences of a turn as they come."""

    def __init__(
        self, voice: Voice, sound: Sound, sentence_gap_s: float, common: Sequence[str] = (), language: str = "en"
    ) -> None:
        """What is `common` is synthesized while there is nothing else to do, so that it is there when it is needed."""
        self._speakable = speakable if language == "en" else unmarked
        self._voice = voice
        self._rendered = Rendered()
        self._always_common = [self._speakable(text) for text in common]
        self._common = list(self._always_common)  # that is yet to be synthesized
        self._sound = sound
        self._gap = np.zeros(round(sentence_gap_s * voice.rate_hz), np.int16)
        self._begun: Turn | None = None
        self.worker = Worker[Say | Finish | SetPace]("talker", self._receive, failed=self._failed, idle=self._idle)

    def warm(self) -> None:
        """Speaks a word to nobody: the first synthesis is slower than those that follow."""
        self._voice.synthesize("Yes.")

    def _receive(self, command: Say | Finish | SetPace) -> None:
        if isinstance(command, Finish):
            self._sound.finish(command.turn)
            return
        if isinstance(command, SetPace):
            self._voice.set_pace(command.times)
            self._rendered.clear()
            self._common = list(self._always_common)
            return
        text = self._speakable(command.text)
        if not text or command.turn.cancelled:
            return
        samples = self._sound_of(text)
        if self._begun is command.turn:
            samples = np.concatenate([self._gap, samples])
        self._begun = command.turn
        self._sound.play(command.turn, command.text, samples, self._voice.rate_hz)

    def _sound_of(self, text: str) -> Samples:
        samples = self._rendered.get(text)
        if samples is None:
            samples = self._voice.synthesize(text)
            self._rendered.keep(text, samples)
        return samples

    def _idle(self) -> float:
        while self._common:
            text = self._common.pop(0)
            if text not in self._rendered:
                self._sound_of(text)
                return PAUSE_S
        return BEAT_S

    def _failed(self, _part: str, error: Exception, _command: Say | Finish | SetPace | None) -> None:
        log.error("a sentence could not be spoken: %s", error)
