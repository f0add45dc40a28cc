"""Wake word engines, the first stage: sound in, a hit out when a phrase may have been said. On the listener's thread.

They are set to miss little; a second look (`verifier`) sorts out what only resembles the phrase. Both engines bring
their models with them, trained on one phrase each.
"""

import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures
from pymicro_wakeword import Model as MicroModel
from pyopen_wakeword import Model as OpenModel
from pyopen_wakeword import OpenWakeWord, OpenWakeWordFeatures

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.listening.phrase import normalized

REST_SAMPLES = round(0.7 * RATE_HZ)  # below the cutoff before the same phrase may fire again
OPEN_SAMPLES = 1280  # 80 ms, the engine's own step
SENSITIVITIES = (0.0, 0.5, 1.0)
# Measured: at 0.7 micro finds 181 of 191 phrases at 10 dB of pink noise that the voice joe and those espeak voices
# speak which it knows, against 169 with the cutoffs of its package, and fires once in 25 min of an announcer.
MICRO_CUTOFFS = (0.99, 0.7, 0.2)
OPEN_CUTOFFS = (0.9, 0.4, 0.1)


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that may have been said."""

    phrase: str  # in words: "hey jarvis"
    score: float  # 0 to 1


class WakeWord(Protocol):
    """A first stage that listens for some phrases."""

    @property
    def phrases(self) -> tuple[str, ...]: ...

    @property
    def score(self) -> float:
        """How much the last sound was like a phrase, 0 to 1; 0 where the engine does not tell."""

    def hear(self, samples: Samples) -> Hit | None:
        """The likeliest phrase that ended about here, once each time that it is said.

        Micro fires 0.15 s before to 0.35 s after the end of the phrase, open up to 0.55 s after it (measured with
        the starter voice at 0.85 to 1.3 times its pace).
        """
        ...


class FirstStages:
    """Several first stages as one: trained phrases and typed ones."""

    def __init__(self, *stages: WakeWord) -> None:
        self._stages = stages
        self.phrases = tuple(phrase for stage in stages for phrase in stage.phrases)

    @property
    def score(self) -> float:
        return max((stage.score for stage in self._stages), default=0.0)

    def hear(self, samples: Samples) -> Hit | None:
        hits = [hit for stage in self._stages if (hit := stage.hear(samples))]
        return max(hits, key=lambda hit: hit.score, default=None)


class _Scores:
    """Scores against a cutoff: makes one hit of the many scores that a phrase has around its end."""

    def __init__(self, phrases: Sequence[str], cutoff: float) -> None:
        self._cutoff = cutoff
        self._n_rest = dict.fromkeys(phrases, 0)
        self.last = 0.0  # the highest, 0 to 1

    def hit(self, scores: dict[str, float], n_samples: int) -> Hit | None:
        fired = []
        self.last = min(1.0, max(scores.values(), default=0.0))
        for phrase, score in scores.items():
            resting = self._n_rest[phrase] > 0
            above = score > self._cutoff
            self._n_rest[phrase] = REST_SAMPLES if above else max(0, self._n_rest[phrase] - n_samples)
            if above and not resting:
                fired.append(Hit(phrase, min(score, 1.0)))
        return max(fired, key=lambda hit: hit.score, default=None)


class MicroWake:
    """microWakeWord: 0.002 of a core a phrase."""

    def __init__(self, phrases: Sequence[str], sensitivity: float = 0.5) -> None:
        """Loads the model of each phrase, which must be one of `phrase.BUNDLED`; `sensitivity` is 0 to 1."""
        self.phrases = tuple(map(normalized, phrases))
        self._features = MicroWakeWordFeatures()
        self._models = {
            phrase: MicroWakeWord.from_builtin(MicroModel(phrase.replace(" ", "_"))) for phrase in self.phrases
        }
        self._scores = _Scores(self.phrases, float(np.interp(sensitivity, SENSITIVITIES, MICRO_CUTOFFS)))

    @property
    def score(self) -> float:
        return self._scores.last

    def hear(self, samples: Samples) -> Hit | None:
        best = dict.fromkeys(self.phrases, 0.0)
        for features in self._features.process_streaming(samples.tobytes()):
            for phrase, model in self._models.items():
                best[phrase] = max(best[phrase], model.process_streaming_prob(features) or 0.0)
        return self._scores.hit(best, len(samples))


class OpenWake:
    """openWakeWord: 0.09 of a core for the first phrase, 0.01 for each further one; from other training."""

    def __init__(self, phrases: Sequence[str], sensitivity: float = 0.5) -> None:
        """Loads the model of each phrase, which must be one of `phrase.BUNDLED`; `sensitivity` is 0 to 1."""
        self.phrases = tuple(map(normalized, phrases))
        self._features = OpenWakeWordFeatures.from_builtin()
        self._models = {
            phrase: OpenWakeWord.from_builtin(OpenModel(phrase.replace(" ", "_"))) for phrase in self.phrases
        }
        self._waiting = bytearray()
        self._recent = {phrase: deque([0.0, 0.0], maxlen=2) for phrase in self.phrases}
        self._scores = _Scores(self.phrases, float(np.interp(sensitivity, SENSITIVITIES, OPEN_CUTOFFS)))

    @property
    def score(self) -> float:
        return self._scores.last

    def hear(self, samples: Samples) -> Hit | None:
        self._waiting += samples.tobytes()
        # Between its steps nothing has changed.
        best = {phrase: statistics.mean(recent) for phrase, recent in self._recent.items()}
        while len(self._waiting) >= 2 * OPEN_SAMPLES:
            step = bytes(self._waiting[: 2 * OPEN_SAMPLES])
            del self._waiting[: 2 * OPEN_SAMPLES]
            for embeddings in self._features.process_streaming(step):
                for phrase, model in self._models.items():
                    for score in model.process_streaming(embeddings):
                        self._recent[phrase].append(float(score))
                        best[phrase] = max(best[phrase], statistics.mean(self._recent[phrase]))
        return self._scores.hit(best, len(samples))
