"""The stage that speaks: sentences and parts of sentences in, sound out. Runs on the thread `talker`.

Synthesis runs ahead of playback, so that one sentence follows the other without a gap but the one that is meant.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from assistant.audio.chunk import Samples
from assistant.orders import Finish, Render, Say, SetPace
from assistant.speaking.headway import Headway
from assistant.speaking.rendered import Rendered
from assistant.speaking.reply import Reply
from assistant.speaking.seam import ends_clause
from assistant.speaking.speakable import speakable
from assistant.speaking.unmarked import unmarked
from assistant.turn import Turn
from assistant.worker import BEAT_S, Worker

log = logging.getLogger(__name__)

PAUSE_S = 0.5  # between two common sentences that are synthesized for later: others need the processor too
NOTHING = np.zeros(0, np.int16)

Command = Say | Render | Finish | SetPace


class Voice(Protocol):
    """What `voice` offers, which says what the methods do."""

    @property
    def rate_hz(self) -> int: ...
    def synthesize(self, text: str, turn: Turn) -> Samples: ...
    def set_pace(self, times: float) -> None: ...


class Sound(Protocol):
    """Where the sound goes; it plays in order, drops what is cancelled, and tells what happened."""

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None: ...
    def finish(self, turn: Turn) -> None: ...


class Talker:
    """Speaks the sentences of a turn as they come."""

    def __init__(
        self,
        voice: Voice,
        sound: Sound,
        sentence_gap_s: float,
        common: Sequence[str] = (),
        language: str = "en",
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """What is `common` is synthesized while there is nothing else to do, so that it is there when it is needed."""
        self._speakable = speakable if language == "en" else unmarked
        self._voice = voice
        self._always_common = [self._speakable(text) for text in common]
        self._common = list(self._always_common)  # that is yet to be synthesized
        self._rendered = Rendered(common=self._always_common)
        self._headway = Headway()
        self._sound = sound
        self._gap = np.zeros(round(sentence_gap_s * voice.rate_hz), np.int16)
        self._now_s = now_s
        self._replying: tuple[Turn, Reply] | None = None
        self._for_later = Turn(0)  # what is synthesized while there is nothing else to do
        self.worker = Worker[Command]("talker", self._receive, failed=self._failed, idle=self._idle)

    def warm(self) -> None:
        """Speaks to nobody: the first synthesis is slower than those that follow, the second tells how fast it is."""
        self._voice.synthesize("Yes.", Turn(0))
        self._synthesize("Good morning, what can I do for you?", Turn(0))

    def post(self, command: Command) -> None:
        """From any thread. What is synthesized only for later makes way."""
        self.worker.post(command)
        self._for_later.cancel()

    def _receive(self, command: Command) -> None:
        match command:
            case Say():
                if not command.turn.cancelled:
                    self._reply_to(command.turn).add(command)
                    self._proceed()
            case Render():
                self._sound_of(command.text, command.turn)
            case Finish():
                self._finish(command.turn)
            case SetPace():
                self._voice.set_pace(command.times)
                self._headway.set_pace(command.times)
                self._rendered.clear()
                self._common = list(self._always_common)

    def _reply_to(self, turn: Turn) -> Reply:
        if self._replying:
            before, reply = self._replying
            if before is turn:
                return reply
            self._replying = None
            reply.finish()
        reply = Reply(
            self._headway,
            self._voice.rate_hz,
            self._gap,
            sound_of=lambda text: self._sound_of(text, turn),
            play=lambda text, samples: self._sound.play(turn, text, samples, self._voice.rate_hz),
            now_s=self._now_s,
        )
        self._replying = turn, reply
        return reply

    def _finish(self, turn: Turn) -> None:
        replying, self._replying = self._replying, None
        try:
            if replying and replying[0] is turn:
                replying[1].finish()
        finally:  # whoever waits for the end of the reply must hear of it
            self._sound.finish(turn)

    def _proceed(self) -> float:
        if self._replying and self._replying[0].cancelled:
            self._replying = None
        return self._replying[1].proceed() if self._replying else BEAT_S

    def _sound_of(self, written: str, turn: Turn) -> Samples:
        text = self._spoken(written)
        if not text or turn.cancelled:
            return NOTHING
        samples = self._rendered.get(text)
        if samples is None:
            samples = self._synthesize(text, turn)
            if turn.cancelled:  # perhaps before all of it was synthesized
                return NOTHING
            self._rendered.keep(text, samples)
        return samples

    def _spoken(self, written: str) -> str:
        """What the voice is to read; where a sentence goes on it shall not sound as if it were over."""
        text = self._speakable(written)
        return f"{text}," if text and text[-1].isalnum() and ends_clause(written) else text

    def _synthesize(self, text: str, turn: Turn) -> Samples:
        began_s = self._now_s()
        samples = self._voice.synthesize(text, turn)
        if not turn.cancelled:
            self._headway.measure(len(text), len(samples) / self._voice.rate_hz, self._now_s() - began_s)
        return samples

    def _idle(self) -> float:
        wait_s = self._proceed()
        if self._replying:
            return wait_s
        while self._common:
            text = self._common.pop(0)
            if text not in self._rendered:
                self._render_common(text)
                return PAUSE_S
        return BEAT_S

    def _render_common(self, text: str) -> None:
        self._for_later = turn = Turn(0)
        samples = self._voice.synthesize(text, turn)  # not measured: it is faster while nothing else is computed
        if turn.cancelled:
            self._common.insert(0, text)
        else:
            self._rendered.keep(text, samples)

    def _failed(self, _part: str, error: Exception, _command: Command | None) -> None:
        log.error("a sentence could not be spoken: %s", error)
