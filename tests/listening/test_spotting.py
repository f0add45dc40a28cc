from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.listening.recognizer import VoskModel
from assistant.listening.spotting import Loudness, SpottedWake
from assistant.listening.vocabulary import Vocabulary
from assistant.listening.voice_activity import SileroActivity
from assistant.listening.wake import Hit

Spoken = Callable[..., Samples]


class Counting:
    """A detector that counts how often it is asked."""

    def __init__(self) -> None:
        self._real = SileroActivity()
        self.n_asked = 0

    def reset(self) -> None:
        self._real.reset()

    def is_speech(self, samples: Samples) -> bool:
        self.n_asked += 1
        return self._real.is_speech(samples)


@pytest.fixture(scope="module")
def model(starter: dict[str, Path]) -> VoskModel:
    return VoskModel(starter["recognizer"])


@pytest.fixture
def voice() -> Counting:
    return Counting()


@pytest.fixture
def wake(model: VoskModel, voice: Counting) -> SpottedWake:
    return SpottedWake(["hello_kitchen", "good morning house"], model, Vocabulary.of(model.folder), voice)


def fires(wake: SpottedWake, samples: Samples, n_chunk: int = CHUNK_SAMPLES) -> list[tuple[float, Hit]]:
    hits = [(at, wake.hear(samples[at : at + n_chunk])) for at in range(0, len(samples) - n_chunk + 1, n_chunk)]
    return [((at + n_chunk) / RATE_HZ, hit) for at, hit in hits if hit]


@pytest.mark.parametrize("rate", [0.85, 1.0, 1.3])
def test_a_typed_phrase_fires_once_about_where_it_ends(wake: SpottedWake, rate: float, spoken: Spoken) -> None:
    samples = spoken("Hello kitchen.", rate=rate, before_s=1.0, after_s=1.5)
    [(at_s, hit)] = fires(wake, samples)
    end_s = np.flatnonzero(np.abs(samples.astype(int)) > 300)[-1] / RATE_HZ
    assert hit.phrase == "hello kitchen"
    assert at_s == pytest.approx(end_s, abs=0.35)


def test_several_typed_phrases_are_told_apart(wake: SpottedWake, spoken: Spoken) -> None:
    said = [spoken(f"{text}.", before_s=0.8, after_s=1.0) for text in ("Good morning house", "Hello kitchen")]
    assert [hit.phrase for _, hit in fires(wake, np.concatenate(said))] == ["good morning house", "hello kitchen"]


def test_it_fires_in_the_midst_of_speech(wake: SpottedWake, spoken: Spoken) -> None:
    samples = spoken("The dinner was very good. Hello kitchen, what time is it?", before_s=0.5, after_s=1.0)
    assert [hit.phrase for _, hit in fires(wake, samples)] == ["hello kitchen"]


def test_the_size_of_the_chunks_does_not_matter(wake: SpottedWake, spoken: Spoken) -> None:
    assert len(fires(wake, spoken("Hello kitchen.", before_s=1.0, after_s=1.5), 1600)) == 1


def test_it_does_not_fire_on_quite_other_speech(wake: SpottedWake, spoken: Spoken) -> None:
    assert fires(wake, spoken("What is the weather tomorrow?", before_s=1.0, after_s=1.5)) == []


def test_the_voice_detector_rests_in_a_quiet_room(wake: SpottedWake, voice: Counting, spoken: Spoken) -> None:
    fan = np.random.default_rng(1).normal(0.0, 40.0, 10 * RATE_HZ).astype(np.int16)
    assert fires(wake, fan) == []
    assert voice.n_asked == 0
    fires(wake, fan[:RATE_HZ] + spoken("Hello kitchen.", before_s=0.3, after_s=0.3)[:RATE_HZ])
    assert 0 < voice.n_asked < 2 * RATE_HZ // CHUNK_SAMPLES


def test_a_room_that_became_louder_is_learned() -> None:
    loudness, rng = Loudness(), np.random.default_rng(1)
    heard = [
        loudness.is_loud(rng.normal(0.0, level, CHUNK_SAMPLES).astype(np.int16))
        for level in [20.0] * 100 + [400.0] * 1200
    ]
    assert not any(heard[:100])
    assert all(heard[100:150])
    assert not any(heard[-100:])
