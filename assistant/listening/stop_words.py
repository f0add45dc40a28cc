"""Hears somebody say "stop" while the assistant itself speaks or rings. Runs on the listener's thread.

Two looks, as with a wake phrase: Vosk spots the word in all that is heard; then the moment is looked at again, and it
counts only if the word stands alone. In a sentence on the radio others precede it, as loud; of our own reply only a
soft rest is left in the background, above which a person stands out.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.listening.phrase import find
from assistant.listening.recognizer import Spotter, VoskModel
from assistant.listening.transcript import Word
from assistant.listening.vocabulary import Vocabulary

STOP_WORDS = ("stop", "cancel", "be quiet")
LOOKED_AT_CHUNKS = round(1.6 * RATE_HZ / CHUNK_SAMPLES)
LOOKS = 6  # chunks in a row, since the word may not be over when it is spotted
BEFORE_S, MARGIN_S = 0.4, 0.06
STANDS_OUT = 4.0  # times the power of what precedes it
LEAST_CONFIDENCE = 0.7


class StopWords:
    """Spots words that end what is being said."""

    def __init__(self, model: VoskModel, vocabulary: Vocabulary, phrases: Sequence[str] = STOP_WORDS) -> None:
        """Of the phrases those are heard whose words the model knows."""
        self._phrases = [tuple(phrase.split()) for phrase in phrases if all(map(vocabulary.knows, phrase.split()))]
        self._spotter = Spotter(model, [*map(" ".join, self._phrases), *_decoys(self._phrases, vocabulary)])
        self._recent: deque[Samples] = deque(maxlen=LOOKED_AT_CHUNKS)
        self._n_looks = 0

    def start(self) -> None:
        """Forgets what was heard."""
        self._spotter.start()
        self._recent.clear()
        self._n_looks = 0

    def hear(self, samples: Samples) -> str | None:
        """The phrase that was just said by itself, or None."""
        self._recent.append(samples)
        spotted = self._spotter.hear(samples)
        if not self._n_looks and any(find(phrase, spotted) is not None for phrase in self._phrases):
            self._n_looks = LOOKS
        if not self._n_looks:
            return None
        self._n_looks -= 1
        said = self._look()
        if said or not self._n_looks:
            self._spotter.start()
            self._n_looks = 0
        return said

    def _look(self) -> str | None:
        recent = np.concatenate(self._recent)
        words = self._spotter.words(recent)
        for phrase in self._phrases:
            at = find(phrase, [word.text for word in words])
            if at is not None and _stands_alone(words[at : at + len(phrase)], recent):
                return " ".join(phrase)
        return None


def _decoys(phrases: Sequence[tuple[str, ...]], vocabulary: Vocabulary) -> list[str]:
    known = {word for phrase in phrases for word in phrase}
    return [near for word in sorted(known) for near in vocabulary.nearest(word, 8) if near not in known]


def _stands_alone(words: Sequence[Word], recent: Samples) -> bool:
    if min(word.confidence for word in words) < LEAST_CONFIDENCE:
        return False
    begin, end = words[0].start_s, words[-1].end_s
    before = _power(recent, begin - MARGIN_S - BEFORE_S, begin - MARGIN_S)
    return _power(recent, begin, end) > STANDS_OUT * before


def _power(samples: Samples, begin_s: float, end_s: float) -> float:
    part = samples[max(0, round(begin_s * RATE_HZ)) : max(0, round(end_s * RATE_HZ))]
    return float(np.mean(np.square(part, dtype=np.float64))) if len(part) else 0.0
