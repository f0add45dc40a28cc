"""Hears "stop" while the assistant itself speaks or rings. Runs on the listener's thread.

A voice on the radio says "stop" as well, amid a sentence; who means the assistant says it alone. So a word counts that
stands out of what else sounds, with nothing as loud right before and after it. Only such moments are recognized,
each by itself, with a grammar of the stop words and of what resembles them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.listening.grammar import COMMON
from assistant.listening.phrase import normalized, words_of
from assistant.listening.recognizer import Spotter, VoskModel
from assistant.listening.vocabulary import Vocabulary

STOP_WORDS = ("stop", "cancel", "be quiet")
PRIOR = 3  # how much likelier than another they are
N_DECOYS = 20  # a word

FRAME = 256  # 16 ms
# How far a word stands out of all else: alone in the room, or over a radio and what is left of the own voice.
OUT_DB = (15.0, 10.0)
LEAST_LEVEL = 150.0  # of 32768, root mean square of its loudest frame
BEFORE = round(0.4 * RATE_HZ / FRAME)  # nothing as loud for so long
AFTER = round(0.24 * RATE_HZ / FRAME)
GAP = round(0.2 * RATE_HZ / FRAME)  # within a word: the closure of a "p" or a "k"
SHORTEST, LONGEST = round(0.08 * RATE_HZ / FRAME), round(0.95 * RATE_HZ / FRAME)
KEPT = BEFORE + LONGEST + AFTER
MARGIN = 6 * FRAME  # the soft begin and end of a word
FADE = 2 * FRAME
SILENCE = 12 * FRAME  # without any the recognizer takes the edges for words


class StopWords:
    """Spots stop words that stand alone."""

    def __init__(self, model: VoskModel, vocabulary: Vocabulary, words: Sequence[str] = STOP_WORDS) -> None:
        """Words that the model does not know are never heard."""
        self.words = tuple(word for word in map(normalized, words) if all(map(vocabulary.knows, words_of(word))))
        said = {word for phrase in self.words for word in words_of(phrase)}
        decoys = [other for word in sorted(said) for other in vocabulary.nearest(word, N_DECOYS)]
        decoys += filter(vocabulary.knows, COMMON)
        others = [word for word in dict.fromkeys(decoys) if word not in said]
        self._spotter = Spotter(model, [*PRIOR * self.words, *others])
        self.start()

    def start(self) -> None:
        """Forgets what was heard."""
        self._samples: Samples = np.zeros(0, np.int16)
        self._n_judged = 0  # of the samples: they are in a word that was looked at

    def hear(self, samples: Samples) -> str | None:
        """The stop word that has just been said, alone."""
        self._samples = np.concatenate([self._samples, samples])
        surplus = max(0, len(self._samples) // FRAME - KEPT) * FRAME
        self._samples = self._samples[surplus:]
        self._n_judged = max(0, self._n_judged - surplus)
        span = self._alone()
        if span is None:
            return None
        self._n_judged = span[1]
        text = " ".join(word.text for word in self._spotter.words(_apart(self._samples, *span)))
        if text not in self.words:
            return None
        self._n_judged = len(self._samples)
        return text

    def _alone(self) -> tuple[int, int] | None:
        """The first and last sample of a sound that stood out and is over, if it was not yet looked at."""
        power = _power(self._samples)
        if len(power) < AFTER + SHORTEST or power.max() < LEAST_LEVEL**2:
            return None
        for out_db in OUT_DB:
            (loud,) = np.nonzero(power > power.max() * 10 ** (-out_db / 10))
            if len(power) - 1 - loud[-1] < AFTER:
                continue
            breaks = np.flatnonzero(np.diff(loud) > GAP)
            begin, end = int(loud[breaks[-1] + 1] if len(breaks) else loud[0]), int(loud[-1]) + 1
            before = int(loud[breaks[-1]]) if len(breaks) else -len(power)
            if begin - before > BEFORE and SHORTEST <= end - begin <= LONGEST:
                return (begin * FRAME, end * FRAME) if end * FRAME > self._n_judged else None
        return None


def _apart(samples: Samples, begin: int, end: int) -> Samples:
    """What lies between, with its soft begin and end, and silence around it."""
    piece = samples[max(0, begin - MARGIN) : end + MARGIN].astype(np.float32)
    fade = np.linspace(0.0, 1.0, FADE, dtype=np.float32)
    piece[:FADE] *= fade
    piece[-FADE:] *= fade[::-1]
    silence = np.zeros(SILENCE, np.float32)
    return np.concatenate([silence, piece, silence]).astype(np.int16)


def _power(samples: Samples) -> npt.NDArray[np.float32]:
    """Mean square of each whole frame."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
    power: npt.NDArray[np.float32] = np.mean(np.square(frames), axis=1)
    return power
