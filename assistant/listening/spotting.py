"""The first stage for a phrase of the owner's, which no engine was trained on. Runs on the listener's thread.

Vosk listens for the phrase among words that sound like it. That costs ten times what a trained engine does, so it
works only while somebody speaks, and whether somebody speaks is asked only while something is louder than the room.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.listening.grammar import said_in, sensitive, spellings
from assistant.listening.phrase import normalized
from assistant.listening.recognizer import Spotter, VoskModel
from assistant.listening.vocabulary import Vocabulary
from assistant.listening.wake import Hit

PREROLL_CHUNKS = round(0.5 * RATE_HZ / CHUNK_SAMPLES)  # the voice activity detector is late by a syllable
HANGOVER_CHUNKS = round(0.6 * RATE_HZ / CHUNK_SAMPLES)  # Vosk's words come that late after the speech
LOUD = 2.0  # times the floor
LEAST_FLOOR = 10.0  # of 32768, root mean square: digital silence and the noise of a converter
FLOOR_RISE = 1.003  # a chunk: a room that became louder is learned in 7 s
SENSITIVITIES = (0.0, 0.5, 1.0)
N_DECOYS = (12, 2, 0)  # a word of the phrase


class VoiceActivity(Protocol):
    """What `voice_activity` offers."""

    def reset(self) -> None: ...
    def is_speech(self, samples: Samples) -> bool: ...


class Loudness:
    """Tells sound from the noise of the room, whose level it learns."""

    def __init__(self) -> None:
        self._floor: float | None = None

    def is_loud(self, samples: Samples) -> bool:
        level = max(LEAST_FLOOR, float(np.sqrt(np.mean(np.square(samples, dtype=np.float32)))))
        floor = level if self._floor is None else min(level, self._floor * FLOOR_RISE)
        self._floor = floor
        return level > LOUD * floor


class SpottedWake:
    """Vosk as a wake word engine for typed phrases."""

    score = 0.0  # Vosk tells none

    def __init__(
        self,
        phrases: Sequence[str],
        model: VoskModel,
        vocabulary: Vocabulary,
        voice_activity: VoiceActivity,
        sensitivity: float = 0.5,
    ) -> None:
        """The model must know the words (see `check_phrase`); `voice_activity` is for this alone."""
        self.phrases = tuple(map(normalized, phrases))
        self._said = {phrase: spellings(phrase, vocabulary) for phrase in self.phrases}
        n = round(float(np.interp(sensitivity, SENSITIVITIES, N_DECOYS)))
        lines = [line for said in self._said.values() for line in sensitive(said, vocabulary, n)]
        self._spotter = Spotter(model, lines)
        self._voice_activity = voice_activity
        self._loudness = Loudness()
        self._waiting: Samples = np.zeros(0, np.int16)
        self._recent: deque[Samples] = deque(maxlen=PREROLL_CHUNKS)
        self._n_loud = self._n_speech = 0  # chunks for which it still counts as that

    def hear(self, samples: Samples) -> Hit | None:
        self._waiting = np.concatenate([self._waiting, samples])
        hit = None
        while len(self._waiting) >= CHUNK_SAMPLES:
            chunk, self._waiting = self._waiting[:CHUNK_SAMPLES], self._waiting[CHUNK_SAMPLES:]
            hit = self._follow(chunk) or hit
        return hit

    def _follow(self, chunk: Samples) -> Hit | None:
        self._recent.append(chunk)
        self._n_loud = HANGOVER_CHUNKS if self._loudness.is_loud(chunk) else max(0, self._n_loud - 1)
        silent = not self._n_speech
        self._n_speech = HANGOVER_CHUNKS if self._is_speech(chunk) else max(0, self._n_speech - 1)
        if not self._n_speech:
            return None
        if silent:
            self._spotter.start()
            chunk = np.concatenate(self._recent)
        words = self._spotter.hear(chunk)
        for phrase, said in self._said.items():
            if said_in(words, said):
                self._spotter.start()
                return Hit(phrase, 1.0)
        return None

    def _is_speech(self, chunk: Samples) -> bool:
        if not self._n_loud:
            return False
        # What is left in the detector from before a silence does no harm.
        return self._voice_activity.is_speech(chunk)
