"""Tells the voice that asks from one farther away, such as a television's, by its loudness. Pure."""

from collections import deque

import numpy as np

from assistant.audio.chunk import Samples

WINDOW_CHUNKS = 8  # 0.26 s: a syllable or two, so that a soft consonant is not taken for another voice
RANGE_DB = 9.0  # how far most syllables of a sentence lie below the loudest, at most
SOFT_CHUNKS = 8  # the others are no longer than this together, until a louder one comes


class Nearness:
    """Follows the loudness of one utterance; the wake word before it already tells how loud that person is."""

    def __init__(self) -> None:
        self._powers: deque[float] = deque(maxlen=WINDOW_CHUNKS)
        self._loudest = 0.0
        self._n_soft = 0

    def is_near(self, samples: Samples, voice: bool) -> bool:
        """Whether the voice in these samples, if there is one, is as near as the loudest so far."""
        if not voice:
            self._powers.clear()
            return False
        self._powers.append(float(np.mean(np.square(samples, dtype=np.float64))))
        power = sum(self._powers) / len(self._powers)
        if len(self._powers) == WINDOW_CHUNKS:
            self._loudest = max(self._loudest, power)
        self._n_soft = 0 if power >= self._loudest * 10 ** (-RANGE_DB / 10) else self._n_soft + 1
        return self._n_soft <= SOFT_CHUNKS
