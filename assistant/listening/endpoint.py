"""Decides when an utterance is over. Pure; time is counted in samples, so it needs no clock."""

from enum import Enum

from assistant.audio.chunk import RATE_HZ

LEAST_SPEECH_S = 0.15  # shorter sounds are clicks and notes; the shortest words ("up", "eight") last longer
DETECTION_S = 0.03  # by so much, about, the voice activity detector is late to notice the end of a voice
STALL_S = 1.0  # beyond a pause: somebody speaks, but no word has come of it, so it is not the one who asked


class Pause(Enum):
    """What the words so far say of the silence after them; the value is how long it may be, in seconds."""

    SHORT = 0.25  # a complete command that nothing can follow
    USUAL = 0.7
    LONG = 1.3  # the last word wants another


class Ending(Enum):
    """Why it is over."""

    SILENCE = "silence"
    STALLED = "a voice, but no words"
    NOTHING = "nobody spoke"
    TOO_LONG = "too long"
    TOLD = "the button was let go"


class Endpoint:
    """Counts speech, silence and words of one utterance, chunk by chunk."""

    def __init__(self, *, patience: float, no_speech_s: float, max_speech_s: float) -> None:
        """`patience` stretches every pause; `no_speech_s` is for the first word, `max_speech_s` for all."""
        self._patience = patience
        self._n_wait_most = round(no_speech_s * RATE_HZ)
        self._n_most = round(max_speech_s * RATE_HZ)
        self._n_least = round(LEAST_SPEECH_S * RATE_HZ)
        self._n_heard = 0
        self._n_waited = 0
        self._start()

    def _start(self) -> None:
        self._n_speech = 0  # without a break, until it counts as speech
        self._n_stalled: int | None = None  # since the words last grew
        self.speaking = False  # somebody spoke, now or before
        self.n_silence = 0  # since the last speech

    def hear(
        self, n_samples: int, voice: bool, *, pause: Pause = Pause.USUAL, grew: bool = False, hold: bool = False
    ) -> Ending | None:
        """Counts the next `n_samples`, in which there was a `voice`, or not, and the words `grew`, or not.

        With `hold` no pause ends the utterance yet.
        """
        self._n_heard += n_samples
        if voice:
            self._n_speech += n_samples
            self.speaking = self.speaking or self._n_speech >= self._n_least
            self.n_silence = 0
        else:
            self._n_speech = 0
            self.n_silence += n_samples
        self._n_waited = 0 if self.speaking else self._n_waited + n_samples
        if grew:
            self._n_stalled = 0
        elif self._n_stalled is not None:
            self._n_stalled += n_samples
        if hold:
            return None
        if self._n_waited >= self._n_wait_most and not voice:
            return Ending.NOTHING
        if self.speaking and self.n_silence >= round((pause.value * self._patience - DETECTION_S) * RATE_HZ):
            return Ending.SILENCE
        if (self._n_stalled or 0) >= round((pause.value + STALL_S) * self._patience * RATE_HZ):
            return Ending.STALLED
        return Ending.TOO_LONG if self._n_heard >= self._n_most else None

    def go_on(self) -> None:
        """What ended was no utterance after all: wait for another, no longer than for the first."""
        self._n_waited = self._n_heard
        self._start()
