"""Decides when an utterance is over. Pure; time is counted in samples, so it needs no clock."""

from enum import Enum

from assistant.audio.chunk import RATE_HZ

LEAST_SPEECH_S = 0.15  # shorter sounds are clicks and notes; the shortest words ("up", "eight") last longer


class Ending(Enum):
    """Why it is over."""

    SILENCE = "silence"
    NOTHING = "nobody spoke"
    TOO_LONG = "too long"


class Endpoint:
    """Counts speech and silence of one utterance, chunk by chunk."""

    def __init__(self, *, silence_s: float, no_speech_s: float, max_speech_s: float) -> None:
        self._n_silence_most = round(silence_s * RATE_HZ)
        self._n_wait_most = round(no_speech_s * RATE_HZ)
        self._n_most = round(max_speech_s * RATE_HZ)
        self._n_least = round(LEAST_SPEECH_S * RATE_HZ)
        self._n_heard = 0
        self._n_waited = 0
        self._start()

    def _start(self) -> None:
        self._n_speech = 0  # without a break, until it counts as speech
        self.speaking = False  # somebody spoke, now or before
        self.n_silence = 0  # since the last speech

    def hear(self, n_samples: int, speech: bool, *, hold: bool = False) -> Ending | None:
        """Counts the next `n_samples`; with `hold` no pause ends the utterance yet."""
        self._n_heard += n_samples
        if speech:
            self._n_speech += n_samples
            self.speaking = self.speaking or self._n_speech >= self._n_least
            self.n_silence = 0
        else:
            self._n_speech = 0
            self.n_silence += n_samples
        self._n_waited = 0 if self.speaking else self._n_waited + n_samples
        if hold:
            return None
        if self._n_waited >= self._n_wait_most and not speech:
            return Ending.NOTHING
        if self.speaking and self.n_silence >= self._n_silence_most:
            return Ending.SILENCE
        return Ending.TOO_LONG if self._n_heard >= self._n_most else None

    def go_on(self) -> None:
        """What ended was no utterance after all: wait for another, no longer than for the first."""
        self._n_waited = self._n_heard
        self._start()
