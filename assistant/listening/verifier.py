"""The second look at a wake word: was the phrase really said? Runs on the listener's thread.

A first stage that misses nothing lets through what only resembles the phrase. So Vosk listens to the same moment
again, with a grammar of the phrase and of words that sound like parts of it: who said "hey travis" is understood as
just that. The recognizer has to be new for each look, since Vosk settles on words only where sound ends.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.listening.noise import without_noise
from assistant.listening.phrase import ALIKE, RESEMBLING, find, normalized, words_of
from assistant.listening.recognizer import Spotter, VoskModel
from assistant.listening.vocabulary import Vocabulary, sound_of

N_DECOYS = 12  # a word of the phrase
PRIOR = 10  # how many times likelier than any other the phrase is, after the first stage fired; tells in noise
LOOKED_AT_S = 1.5  # before the first stage fired
NOISE_S = 2.5  # before it fired, of which the noise is learned
# Since it fired. It may fire 0.3 s before the end of the phrase, and a second look must not keep anybody waiting.
LOOKS_S = (0.0, 0.15, 0.3)


class Verifier:
    """Confirms wake phrases."""

    def __init__(self, model: VoskModel, vocabulary: Vocabulary, phrases: Sequence[str]) -> None:
        self._spellings = {phrase: spellings(phrase, vocabulary) for phrase in phrases}
        self._spotters = {
            phrase: Spotter(model, grammar(phrase, known, vocabulary, PRIOR, N_DECOYS))
            for phrase, known in self._spellings.items()
            if known
        }
        self._phrase = ""
        self._heard: Samples = np.zeros(0, np.int16)
        self._n_since = 0
        self._looks: list[int] = []

    @property
    def unverified(self) -> tuple[str, ...]:
        """Phrases that are taken on trust, as the model knows neither their words nor others that sound alike."""
        return tuple(phrase for phrase in self._spellings if phrase not in self._spotters)

    def start(self, phrase: str, recent: Samples) -> bool | None:
        """The first stage fired for `phrase` at the end of `recent`, `(n,)`, best 2.5 s; then as `hear`."""
        self._phrase, self._heard, self._n_since = phrase, recent[-round(NOISE_S * RATE_HZ) :], 0
        self._looks = [round(look_s * RATE_HZ) for look_s in LOOKS_S]
        return self.hear(recent[:0])

    def hear(self, samples: Samples) -> bool | None:
        """Whether the phrase was said; None while it takes more sound to tell, which is at most 0.35 s."""
        if self._phrase not in self._spotters:
            return True
        self._heard = np.concatenate([self._heard, samples])
        self._n_since += len(samples)
        if not self._looks or self._n_since < self._looks[0]:
            return None if self._looks else False
        self._looks = [look for look in self._looks if look > self._n_since]
        if self._is_said():
            self._looks = []
            return True
        return None if self._looks else False

    def _is_said(self) -> bool:
        clean = without_noise(self._heard, round(LOOKED_AT_S * RATE_HZ) + self._n_since)
        words = self._spotters[self._phrase].words(clean)
        return said_in([word.text for word in words], self._spellings[self._phrase])


def spellings(phrase: str, vocabulary: Vocabulary) -> list[tuple[str, ...]]:
    """The phrase in words that the model knows, itself or what sounds alike; the model's own words come first."""
    choices = [[(word,), *map(words_of, ALIKE.get(word, ()))] for word in words_of(phrase)]
    known = [[choice for choice in of_word if all(map(vocabulary.knows, choice))] for of_word in choices]
    return [tuple(word for choice in chosen for word in choice) for chosen in product(*known)]


def grammar(
    phrase: str, said: Sequence[tuple[str, ...]], vocabulary: Vocabulary, prior: int, n_decoys: int
) -> list[str]:
    """The phrase in all its spellings, `prior` times each, and what resembles it.

    That comes from the table, or else each word is replaced by `n_decoys` that are spelled or sound like it.
    """
    if phrase in RESEMBLING:
        others = map(normalized, RESEMBLING[phrase].split(","))
        decoys = [other for other in others if all(map(vocabulary.knows, other.split()))]
    else:
        decoys = list(_neighbors(said[0], vocabulary, n_decoys))
    return [*prior * list(map(" ".join, said)), *dict.fromkeys([*decoys, *said[0][:-1]])]


def _neighbors(words: tuple[str, ...], vocabulary: Vocabulary, n: int) -> Iterator[str]:
    for at, word in enumerate(words):
        for other in vocabulary.nearest(word, n):
            # What has the same sound is no decoy but the phrase in another spelling.
            if other not in ALIKE.get(word, ()) and sound_of(other) != sound_of(word):
                yield " ".join([*words[:at], other, *words[at + 1 :]])


def said_in(words: Sequence[str], said: Sequence[tuple[str, ...]]) -> bool:
    """Whether the words hold the phrase in one of its spellings."""
    return any(find(spelling, words) is not None for spelling in said)
