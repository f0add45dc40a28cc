"""Hears somebody say "stop" while the assistant itself speaks or rings. Runs on the listener's thread.

What is left of our own voice, and a radio, are always there. Whoever interrupts is louder, for the length of a word,
and then waits for what happens: only such a burst is given to Vosk, by itself. So it also costs next to nothing.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.listening.own_voice import own_share
from assistant.listening.recognizer import Spotter, VoskModel
from assistant.listening.transcript import Word
from assistant.listening.vocabulary import Vocabulary

STOP_WORDS = ("stop", "cancel", "be quiet")
N_DECOYS = 8  # a word
PRIOR = 8  # how many times likelier than a decoy a stop word is, when it is short and alone
LEAST_CONFIDENCE = 0.6
UNSAID_S = 0.12  # what is shorter and no stop word is breath or noise


def _chunks(duration_s: float) -> int:
    return round(duration_s * RATE_HZ / CHUNK_SAMPLES)


BACKGROUND_CHUNKS = _chunks(1.6)
BACKGROUND_PERCENTILE = 80.0  # what is louder most of the time is the background's own
STANDS_OUT = 4.0  # times the power of the background: there a burst begins
LOUD = 12.0  # the same at its loudest, which somebody on the radio who has paused seldom reaches
ALONE = 10.0  # the same against what is right before it, or it is the end of a sentence
FADED = 0.03  # of the loudest: what is softer is not the word any more
LEAST_CHUNKS, MOST_CHUNKS = _chunks(0.13), _chunks(1.0)
AFTER_CHUNKS = _chunks(0.22)  # of background, after which the word is over and no sentence goes on
BEFORE_CHUNKS = _chunks(0.35)  # the same before it; "be quiet" begins softly, and so does "stop"
BEFORE_S = BEFORE_CHUNKS * CHUNK_SAMPLES / RATE_HZ
FLOOR = 30.0**2  # of a quiet room
OWN_SHARE = 0.5  # of a burst, which is then what the echo canceller left of our own voice
NOTHING: Samples = np.zeros(CHUNK_SAMPLES, np.int16)


class Bursts:
    """Finds what is louder than all around it, for as long as a short command lasts."""

    def __init__(self) -> None:
        self._powers: deque[float] = deque(maxlen=BACKGROUND_CHUNKS)
        self._recent: deque[Chunk] = deque(maxlen=BEFORE_CHUNKS + MOST_CHUNKS + AFTER_CHUNKS)
        self._background = FLOOR
        self._n_burst = 0  # chunks since it began
        self._n_after = 0
        self._peak = 0.0

    def hear(self, chunk: Chunk) -> Samples | None:
        """The burst that is over with this chunk, `(n,)` with `BEFORE_CHUNKS` before it; or None."""
        power = float(np.mean(np.square(chunk.samples, dtype=np.float64)))
        if not self._n_burst:
            background = float(np.percentile(self._powers or [power], BACKGROUND_PERCENTILE))
            self._background = max(FLOOR, background)
        self._powers.append(power)
        self._recent.append(chunk)
        self._peak = max(self._peak, power)
        if power > max(STANDS_OUT * self._background, FADED * self._peak):
            self._n_burst += self._n_after + 1
            self._n_after = 0
        elif self._n_burst:
            self._n_after += 1
        else:
            self._peak = 0.0
        if self._n_burst > MOST_CHUNKS:
            self._over()  # somebody talks; that is the background now
        if self._n_after < AFTER_CHUNKS:
            return None
        n_burst, peak = self._n_burst, self._peak
        self._over()
        before = list(self._powers)[: -(n_burst + AFTER_CHUNKS)][-BEFORE_CHUNKS:]
        if n_burst < LEAST_CHUNKS or peak < max(LOUD * self._background, ALONE * max(before, default=0.0)):
            return None
        burst = list(self._recent)[-(BEFORE_CHUNKS + n_burst + AFTER_CHUNKS) :]
        return None if _is_own(burst[-(n_burst + AFTER_CHUNKS) :]) else np.concatenate([c.samples for c in burst])

    def _over(self) -> None:
        self._n_burst = self._n_after = 0
        self._peak = 0.0


class StopWords:
    """Spots words that end what is being said."""

    def __init__(self, model: VoskModel, vocabulary: Vocabulary, phrases: Sequence[str] = STOP_WORDS) -> None:
        """Of the phrases those are heard whose words the model knows."""
        self.phrases = tuple(phrase for phrase in phrases if all(map(vocabulary.knows, phrase.split())))
        known = sorted({word for phrase in self.phrases for word in phrase.split()})
        # "Stopped" is no decoy: a word's ending is the first thing that noise adds or takes.
        near = (near for word in known for near in vocabulary.nearest(word, N_DECOYS) if not near.startswith(word))
        self._spotter = Spotter(model, [*PRIOR * self.phrases, *dict.fromkeys(near)])
        self._bursts = Bursts()

    def start(self) -> None:
        """Forgets what was heard."""
        self._bursts = Bursts()

    def hear(self, chunk: Chunk) -> str | None:
        """The phrase that was just said by itself, or None."""
        burst = self._bursts.hear(chunk)
        return None if burst is None else self._said(self._spotter.words(burst))

    def _said(self, words: Sequence[Word]) -> str | None:
        for phrase in self.phrases:
            n = len(phrase.split())
            for at in range(len(words) - n + 1):
                said, rest = words[at : at + n], [*words[:at], *words[at + n :]]
                if " ".join(word.text for word in said) != phrase or any(map(_is_said, rest)):
                    continue
                if min(word.confidence for word in said) > LEAST_CONFIDENCE:
                    return phrase
        return None


def _is_own(burst: Sequence[Chunk]) -> bool:
    if all(chunk.own is None for chunk in burst):
        return False
    heard = np.concatenate([chunk.samples for chunk in burst])
    played = np.concatenate([NOTHING if chunk.own is None else chunk.own for chunk in burst])
    return own_share(heard, played) > OWN_SHARE


def _is_said(word: Word) -> bool:
    """Whether it is more than the rest of our own voice before the burst, or a breath."""
    return word.end_s > BEFORE_S + UNSAID_S and word.end_s - word.start_s > UNSAID_S
