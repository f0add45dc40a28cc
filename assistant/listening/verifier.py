"""The second look at a wake word: was the phrase really said? Runs on the listener's thread.

A first stage that misses little lets through what only resembles the phrase. So Vosk listens to the same moment
again, without its noise and with a grammar of what resembles the phrase: who said "hey travis" is understood as just
that. In a quiet room it has to hear the phrase among all words that it knows as well; in noise, where it is less sure
of any word, the first stage counts for more. Each look begins anew, since Vosk settles on words where the sound ends.
"""

from collections.abc import Sequence

import numpy as np

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.listening.grammar import said_in, spellings, strict
from assistant.listening.noise import without_noise
from assistant.listening.phrase import BUNDLED, normalized
from assistant.listening.recognizer import Spotter, VoskModel, VoskRecognizer
from assistant.listening.vocabulary import Vocabulary

LOOKED_AT_S = 1.5  # before the first stage fired
RECENT_S = 2.5  # before it fired, of which the noise is learned
# Since it fired. It may fire 0.3 s before the end of the phrase, and a second look must not keep anybody waiting.
LOOKS_S = (0.1, 0.2, 0.3)
FRAME = 400
QUIET_DB = 25.0  # from the softest to the loudest moments
# How much likelier than what resembles it the phrase is, since something has heard it already.
QUIET_PRIOR, NOISE_PRIOR = 1, 150


class Verifier:
    """Confirms wake phrases."""

    def __init__(self, model: VoskModel, vocabulary: Vocabulary, phrases: Sequence[str]) -> None:
        self._said = {phrase: spellings(phrase, vocabulary) for phrase in map(normalized, phrases)}
        self._spotters = {
            (phrase, prior): Spotter(model, strict(phrase, said, vocabulary, prior))
            for phrase, said in self._said.items()
            for prior in (QUIET_PRIOR, NOISE_PRIOR)
            if said
        }
        self._all_words = VoskRecognizer(model)
        self._phrase = ""
        self._heard: Samples = np.zeros(0, np.int16)
        self._n_since = 0
        self._n_needed = 1
        self._looks: list[int] = []

    @property
    def unverified(self) -> tuple[str, ...]:
        """Phrases that are taken on trust, as the model knows neither their words nor others that sound alike."""
        return tuple(phrase for phrase, said in self._said.items() if not said)

    def start(self, phrase: str, recent: Samples) -> bool | None:
        """The first stage fired for `phrase` at the end of `recent`, `(n,)`, best `RECENT_S` of it; then as `hear`."""
        self._phrase, self._heard, self._n_since = phrase, recent[-round(RECENT_S * RATE_HZ) :], 0
        # No model was trained on a typed phrase, and its first stage fires before the end: two looks have to agree.
        self._n_needed = 1 if phrase in BUNDLED else 2
        self._looks = [round(look_s * RATE_HZ) for look_s in LOOKS_S]
        return self.hear(recent[:0])

    def hear(self, samples: Samples) -> bool | None:
        """Whether the phrase was said; None while it takes more sound to tell, which is at most 0.35 s."""
        if not self._said[self._phrase]:
            return True
        self._heard = np.concatenate([self._heard, samples])
        self._n_since += len(samples)
        if self._looks and self._n_since >= self._looks[0]:
            self._looks = [look for look in self._looks if look > self._n_since]
            self._n_needed -= self._is_said()
        if self._n_needed <= 0:
            return True
        return None if len(self._looks) >= self._n_needed else False

    def _is_said(self) -> bool:
        clean = without_noise(self._heard, round(LOOKED_AT_S * RATE_HZ) + self._n_since)
        quiet = _range_db(self._heard) >= QUIET_DB
        spotter = self._spotters[self._phrase, QUIET_PRIOR if quiet else NOISE_PRIOR]
        if not said_in([word.text for word in spotter.words(clean)], self._said[self._phrase]):
            return False
        if not quiet:
            return True
        self._all_words.start()
        self._all_words.hear(clean)
        return said_in([word.text for word in self._all_words.finish()], self._said[self._phrase])


def _range_db(samples: Samples) -> float:
    """From the softest to the loudest moments."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    softest, loudest = np.percentile(np.mean(frames**2, axis=1) + 1.0, [20, 95])
    return float(10 * np.log10(loudest / softest))
