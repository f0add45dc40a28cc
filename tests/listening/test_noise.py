from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.listening.noise import without_noise


def level_db(samples: npt.NDArray[np.generic]) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-9))


def test_steady_noise_is_lowered_and_speech_stays(spoken: Callable[..., Samples]) -> None:
    speech = spoken("What time is it?", before_s=1.0, after_s=1.0)
    noise = np.random.default_rng(1).normal(0.0, 300.0, len(speech))
    clean = without_noise((speech + noise).astype(np.int16), len(speech))
    shift = len(speech) - len(clean)
    quiet = slice(RATE_HZ // 4, RATE_HZ * 3 // 4)
    loud = slice(RATE_HZ, len(speech) - RATE_HZ - shift)
    assert level_db(noise[quiet]) - level_db(clean[quiet]) > 8
    assert level_db(clean[loud]) == pytest.approx(level_db(speech[shift:][loud]), abs=2.0)


def test_what_is_clean_stays_as_it_is(spoken: Callable[..., Samples]) -> None:
    speech = spoken("What time is it?", before_s=1.0, after_s=1.0)
    clean = without_noise(speech, len(speech) - RATE_HZ // 2)
    wanted = speech[-len(clean) :].astype(float)
    assert level_db(clean - wanted) < level_db(wanted) - 20


def test_only_the_last_samples_come_back(spoken: Callable[..., Samples]) -> None:
    speech = spoken("What time is it?", before_s=1.0, after_s=1.0)
    clean = without_noise(speech, RATE_HZ)
    assert RATE_HZ - 160 < len(clean) <= RATE_HZ


@pytest.mark.parametrize("n", [0, 100, 1000])
def test_a_moment_too_short_to_tell_noise_is_left_alone(n: int) -> None:
    samples = np.arange(n, dtype=np.int16)
    assert np.array_equal(without_noise(samples, 1600), samples)
