from collections.abc import Callable

import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.listening.voice_activity import SileroActivity

Spoken = Callable[..., Samples]

CHUNK_S = CHUNK_SAMPLES / RATE_HZ


@pytest.fixture(scope="module")
def activity() -> SileroActivity:
    return SileroActivity()


def voice_s(activity: SileroActivity, samples: Samples) -> list[float]:
    """The times at which there was a voice."""
    activity.reset()
    starts = range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)
    return [start / RATE_HZ + CHUNK_S for start in starts if activity.is_speech(samples[start : start + CHUNK_SAMPLES])]


@pytest.mark.parametrize("loudness", [1.0, 0.1, 0.03])
def test_speech_is_speech_from_its_begin_to_its_end(activity: SileroActivity, spoken: Spoken, loudness: float) -> None:
    speech = spoken("Turn on the light in the kitchen.", before_s=1.0, after_s=1.0)
    at = np.flatnonzero(np.abs(speech.astype(int)) > 1000) / RATE_HZ
    found = voice_s(activity, (speech * loudness).astype(np.int16))
    assert found[0] == pytest.approx(at[0], abs=0.2)
    assert found[-1] == pytest.approx(at[-1], abs=0.25)
    assert max(np.diff(found)) < 0.3  # shorter than the silence that ends an utterance


@pytest.mark.parametrize("word", ["Yes.", "No.", "Stop.", "Two.", "Up."])
def test_the_shortest_words_are_longer_than_a_click(activity: SileroActivity, spoken: Spoken, word: str) -> None:
    assert len(voice_s(activity, spoken(word, before_s=0.5, after_s=0.5))) >= 5


def test_silence_and_noise_are_not_speech(activity: SileroActivity) -> None:
    noise = np.random.default_rng(2).normal(0.0, 1.0, 3 * RATE_HZ)
    for loudness in (0, 100, 3000):
        assert voice_s(activity, (noise * loudness).astype(np.int16)) == []


def test_after_a_reset_what_was_heard_before_does_not_matter(activity: SileroActivity, spoken: Spoken) -> None:
    speech = spoken("What time is it?")
    assert voice_s(activity, speech) == voice_s(activity, speech)
