import numpy as np
import pytest

from assistant.audio.chunk import Samples
from assistant.listening.own_voice import own_share


def noise(seed: int, n: int = 6000) -> Samples:
    return np.asarray(np.random.default_rng(seed).normal(0.0, 1000.0, n), np.int16)


def test_what_is_a_filtered_copy_is_all_our_own() -> None:
    played = noise(1)
    assert own_share((0.3 * np.roll(played, 80) - 0.2 * np.roll(played, 95)).astype(np.int16), played) > 0.97


def test_what_has_nothing_to_do_with_it_is_not() -> None:
    assert own_share(noise(2), noise(1)) < 0.1


def test_half_of_each_is_half() -> None:
    played = noise(1)
    both = (np.roll(played, 80) // 2 + noise(2) // 2).astype(np.int16)
    assert own_share(both, played) == pytest.approx(0.5, abs=0.06)


def test_silence_is_nobodys() -> None:
    silence = np.zeros(6000, np.int16)
    assert own_share(silence, noise(1)) == 0.0
    assert own_share(noise(1), silence) == pytest.approx(0.0, abs=1e-3)
