from collections.abc import Callable

import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.config import Wake
from assistant.listening.wake import MicroWake, OpenWake, WakeWord

Spoken = Callable[..., Samples]

PHRASES: tuple[str, ...] = Wake.__dataclass_fields__["phrase"].metadata["choices"]
engines = pytest.mark.parametrize("engine", [MicroWake, OpenWake])


def fires(wake: WakeWord, samples: Samples, n_chunk: int = CHUNK_SAMPLES) -> list[tuple[float, float]]:
    """When it fired, in seconds, and how sure it was."""
    starts = range(0, len(samples) - n_chunk + 1, n_chunk)
    scores = [(start, wake.hear(samples[start : start + n_chunk])) for start in starts]
    return [((start + n_chunk) / RATE_HZ, score) for start, score in scores if score is not None]


def end_of_sound_s(samples: Samples) -> float:
    return float(np.flatnonzero(np.abs(samples.astype(int)) > 300)[-1]) / RATE_HZ


@engines
@pytest.mark.parametrize("rate", [0.85, 1.0, 1.15])
def test_it_fires_once_where_the_phrase_ends(engine: Callable[[str], WakeWord], rate: float, spoken: Spoken) -> None:
    samples = spoken("Hey Jarvis.", rate=rate, before_s=1.0, after_s=2.5)
    [(at_s, score)] = fires(engine("hey_jarvis"), samples)
    assert at_s == pytest.approx(end_of_sound_s(samples), abs=0.3)
    assert 0.5 < score <= 1.0


@engines
@pytest.mark.parametrize("phrase", PHRASES)
def test_every_phrase_is_told_from_the_others(engine: Callable[[str], WakeWord], phrase: str, spoken: Spoken) -> None:
    wake = engine(phrase)
    assert wake.phrase == phrase
    said = [spoken(f"{other.replace('_', ' ').title()}.", before_s=0.8, after_s=0.3) for other in PHRASES]
    mine = PHRASES.index(phrase)
    begin_s = sum(len(samples) for samples in said[:mine]) / RATE_HZ
    [(at_s, score)] = fires(wake, np.concatenate([*said, np.zeros(RATE_HZ, np.int16)]))
    assert at_s == pytest.approx(begin_s + end_of_sound_s(said[mine]), abs=0.6)
    assert 0.5 < score <= 1.0


@engines
def test_the_phrase_said_again_fires_again(engine: Callable[[str], WakeWord], spoken: Spoken) -> None:
    once = spoken("Hey Jarvis.", before_s=1.0, after_s=2.5)
    assert len(fires(engine("hey_jarvis"), np.concatenate([once, once]))) == 2


@engines
@pytest.mark.parametrize("n_chunk", [160, 1600])
def test_the_size_of_the_chunks_does_not_matter(
    engine: Callable[[str], WakeWord], n_chunk: int, spoken: Spoken
) -> None:
    samples = spoken("Hey Jarvis.", before_s=1.0, after_s=2.5)
    [(at_s, _)] = fires(engine("hey_jarvis"), samples)
    [(other_s, _)] = fires(engine("hey_jarvis"), samples, n_chunk)
    assert other_s == pytest.approx(at_s, abs=0.1)


@engines
def test_it_does_not_fire_on_other_speech(engine: Callable[[str], WakeWord], spoken: Spoken) -> None:
    other = spoken("What time is it? Please tell me about the weather in Paris.", after_s=1.5)
    assert fires(engine("hey_jarvis"), other) == []


@engines
@pytest.mark.parametrize("loudness", [0, 30, 5000])
def test_it_does_not_fire_on_silence_or_noise(engine: Callable[[str], WakeWord], loudness: int) -> None:
    noise = np.random.default_rng(1).normal(0.0, loudness, 4 * RATE_HZ)
    assert fires(engine("hey_jarvis"), noise.astype(np.int16)) == []
