"""Wake word engines: sound in, a score out when the phrase was said. Run on the listener's thread.

Both engines bring their models with them, trained on one phrase each.
"""

import statistics
from collections import deque
from typing import Protocol

from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures
from pymicro_wakeword import Model as MicroModel
from pyopen_wakeword import Model as OpenModel
from pyopen_wakeword import OpenWakeWord, OpenWakeWordFeatures

from assistant.audio.chunk import RATE_HZ, Samples

REST_SAMPLES = 2 * RATE_HZ  # after it fired: the same phrase still lies in the engine's window
OPEN_THRESHOLD = 0.5
OPEN_SAMPLES = 1280  # 80 ms, the engine's own step


class WakeWord(Protocol):
    """A wake word engine that listens for one phrase."""

    @property
    def phrase(self) -> str: ...

    def hear(self, samples: Samples) -> float | None:
        """The score, 0 to 1, when the phrase ended about here; None otherwise.

        Micro fires 0.15 s before to 0.3 s after the end of the phrase, open up to 0.55 s after it (measured with
        the starter voice at 0.85 to 1.3 times its pace).
        """
        ...


class _Rest:
    """Keeps an engine quiet for a while after it fired."""

    def __init__(self) -> None:
        self._n_left = 0

    def passes(self, fired: bool, n_samples: int) -> bool:
        self._n_left = max(0, self._n_left - n_samples)
        if not fired or self._n_left:
            return False
        self._n_left = REST_SAMPLES
        return True


class MicroWake:
    """microWakeWord: 0.002 of a core a phrase."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase
        self._features = MicroWakeWordFeatures()
        self._model = MicroWakeWord.from_builtin(MicroModel(phrase))
        self._rest = _Rest()

    def hear(self, samples: Samples) -> float | None:
        scores = [
            score
            for features in self._features.process_streaming(samples.tobytes())
            if (score := self._model.process_streaming_prob(features)) is not None
        ]
        best = max(scores, default=0.0)
        return best if self._rest.passes(best > self._model.probability_cutoff, len(samples)) else None


class OpenWake:
    """openWakeWord: 0.09 of a core a phrase, from other training."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase
        self._features = OpenWakeWordFeatures.from_builtin()
        self._model = OpenWakeWord.from_builtin(OpenModel(phrase))
        self._waiting = bytearray()
        self._recent: deque[float] = deque([0.0, 0.0], maxlen=2)
        self._rest = _Rest()

    def hear(self, samples: Samples) -> float | None:
        self._waiting += samples.tobytes()
        best = 0.0
        while len(self._waiting) >= 2 * OPEN_SAMPLES:
            step = bytes(self._waiting[: 2 * OPEN_SAMPLES])
            del self._waiting[: 2 * OPEN_SAMPLES]
            for embeddings in self._features.process_streaming(step):
                for score in self._model.process_streaming(embeddings):
                    self._recent.append(float(score))
                    best = max(best, statistics.mean(self._recent))
        return best if self._rest.passes(best > OPEN_THRESHOLD, len(samples)) else None
