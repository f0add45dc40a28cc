from collections.abc import Callable, Sequence

import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.listening.phrase import BUNDLED
from assistant.listening.wake import FirstStages, Hit, MicroWake, OpenWake, WakeWord

Spoken = Callable[..., Samples]
Engine = Callable[..., WakeWord]

engines = pytest.mark.parametrize("engine", [MicroWake, OpenWake])


def fires(wake: WakeWord, samples: Samples, n_chunk: int = CHUNK_SAMPLES) -> list[tuple[float, Hit]]:
    """When it fired, in seconds, and for what."""
    starts = range(0, len(samples) - n_chunk + 1, n_chunk)
    hits = [(start, wake.hear(samples[start : start + n_chunk])) for start in starts]
    return [((start + n_chunk) / RATE_HZ, hit) for start, hit in hits if hit is not None]


def end_of_sound_s(samples: Samples) -> float:
    return float(np.flatnonzero(np.abs(samples.astype(int)) > 300)[-1]) / RATE_HZ


def noisy(samples: Samples, below_db: float) -> Samples:
    """With white noise so far below the loudest tenth of the samples."""
    loud = float(np.quantile(np.abs(samples.astype(float)), 0.9))
    noise = np.random.default_rng(1).normal(0.0, loud * 10 ** (-below_db / 20), len(samples))
    return (samples + noise).clip(-32768, 32767).astype(np.int16)


@engines
@pytest.mark.parametrize("rate", [0.85, 1.0, 1.15])
def test_it_fires_once_where_the_phrase_ends(engine: Engine, rate: float, spoken: Spoken) -> None:
    samples = spoken("Hey Jarvis.", rate=rate, before_s=1.0, after_s=2.5)
    [(at_s, hit)] = fires(engine(["hey_jarvis"]), samples)
    assert at_s == pytest.approx(end_of_sound_s(samples), abs=0.35)
    assert hit.phrase == "hey jarvis"
    assert 0.3 < hit.score <= 1.0


@engines
def test_it_listens_for_several_phrases_at_once_and_tells_them_apart(engine: Engine, spoken: Spoken) -> None:
    wake = engine(BUNDLED)
    assert wake.phrases == BUNDLED
    said = [spoken(f"{phrase.title()}.", before_s=0.8, after_s=0.3) for phrase in BUNDLED]
    hits = fires(wake, np.concatenate([*said, np.zeros(RATE_HZ, np.int16)]))
    assert [hit.phrase for _, hit in hits] == list(BUNDLED)


@engines
@pytest.mark.parametrize("phrase", BUNDLED)
def test_one_phrase_hears_no_other(engine: Engine, phrase: str, spoken: Spoken) -> None:
    others = [spoken(f"{other.title()}.", before_s=0.8, after_s=0.3) for other in BUNDLED if other != phrase]
    assert fires(engine([phrase]), np.concatenate([*others, np.zeros(RATE_HZ, np.int16)])) == []


@engines
def test_the_phrase_said_again_fires_again(engine: Engine, spoken: Spoken) -> None:
    once = spoken("Hey Jarvis.", before_s=0.5, after_s=1.0)
    assert len(fires(engine(["hey jarvis"]), np.concatenate([once, once, once[: RATE_HZ // 2]]))) == 2


@engines
@pytest.mark.parametrize("n_chunk", [160, 1600])
def test_the_size_of_the_chunks_does_not_matter(engine: Engine, n_chunk: int, spoken: Spoken) -> None:
    samples = spoken("Hey Jarvis.", before_s=1.0, after_s=2.5)
    [(at_s, _)] = fires(engine(["hey jarvis"]), samples)
    [(other_s, _)] = fires(engine(["hey jarvis"]), samples, n_chunk)
    assert other_s == pytest.approx(at_s, abs=0.1)


@engines
def test_it_does_not_fire_on_other_speech(engine: Engine, spoken: Spoken) -> None:
    other = spoken("What time is it? Please tell me about the weather in Paris.", after_s=1.5)
    assert fires(engine(["hey jarvis"]), other) == []


@engines
@pytest.mark.parametrize("loudness", [0, 30, 5000])
def test_it_does_not_fire_on_silence_or_noise(engine: Engine, loudness: int) -> None:
    noise = np.random.default_rng(1).normal(0.0, loudness, 4 * RATE_HZ)
    assert fires(engine(["hey jarvis"]), noise.astype(np.int16)) == []


def test_a_sensitive_ear_fires_on_what_resembles_the_phrase_and_a_dull_one_does_not(spoken: Spoken) -> None:
    near = [spoken(f"{text}.", before_s=0.8, after_s=1.0) for text in ("Hey Travis", "Hey John", "Hey Harvest")]
    n = {s: len(fires(MicroWake(["hey jarvis"], s), np.concatenate(near))) for s in (0.0, 0.5, 1.0)}
    assert n[0.0] == 0
    assert n[0.0] <= n[0.5] <= n[1.0]
    assert n[1.0] > 0


def test_even_a_dull_ear_hears_the_phrase_itself(spoken: Spoken) -> None:
    assert len(fires(MicroWake(["hey jarvis"], 0.0), spoken("Hey Jarvis.", before_s=1.0, after_s=1.0))) == 1


@pytest.mark.parametrize("phrase", BUNDLED)
def test_noise_does_not_deafen_it(phrase: str, spoken: Spoken) -> None:
    samples = noisy(spoken(f"{phrase.title()}.", before_s=1.0, after_s=1.0), 15)
    assert len(fires(MicroWake([phrase]), samples)) == 1


class Scripted:
    """Fires once, as told."""

    def __init__(self, phrases: Sequence[str], hit: Hit | None) -> None:
        self.phrases = tuple(phrases)
        self.score = hit.score if hit else 0.0
        self._hit = hit
        self.n_heard = 0

    def hear(self, samples: Samples) -> Hit | None:
        self.n_heard += len(samples)
        return self._hit


def test_of_several_stages_all_hear_and_the_surest_counts() -> None:
    stages = [Scripted(["alexa"], Hit("alexa", 0.6)), Scripted(["hello kitchen"], Hit("hello kitchen", 0.9))]
    both = FirstStages(*stages, Scripted(["hey jarvis"], None))
    assert both.phrases == ("alexa", "hello kitchen", "hey jarvis")
    assert both.hear(np.zeros(CHUNK_SAMPLES, np.int16)) == Hit("hello kitchen", 0.9)
    assert [stage.n_heard for stage in stages] == [CHUNK_SAMPLES, CHUNK_SAMPLES]
    assert FirstStages(Scripted(["alexa"], None)).hear(np.zeros(CHUNK_SAMPLES, np.int16)) is None
