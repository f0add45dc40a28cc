import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, Samples
from assistant.listening.nearness import Nearness


def chunk(level_db: float) -> Samples:
    """Noise of that level under full scale."""
    noise = np.random.default_rng(1).standard_normal(CHUNK_SAMPLES)
    return np.asarray(noise * 32_767 * 10 ** (level_db / 20), np.int16)


def follow(nearness: Nearness, n_chunks: int, level_db: float, voice: bool = True) -> list[bool]:
    return [nearness.is_near(chunk(level_db), voice) for _ in range(n_chunks)]


def test_the_only_voice_is_near_however_soft() -> None:
    assert all(follow(Nearness(), 50, -60.0))


@pytest.mark.parametrize(("below_db", "near"), [(3.0, True), (8.0, True), (16.0, False), (30.0, False)])
def test_a_voice_much_softer_than_the_first_is_another(below_db: float, near: bool) -> None:
    nearness = Nearness()
    assert all(follow(nearness, 30, -20.0))
    assert follow(nearness, 40, -20.0 - below_db)[-1] is near
    assert all(follow(nearness, 10, -20.0)[3:])


def test_a_soft_syllable_does_not_end_a_voice() -> None:
    nearness = Nearness()
    assert all(follow(nearness, 30, -20.0) + follow(nearness, 5, -40.0) + follow(nearness, 10, -20.0))


def test_what_is_no_voice_is_not_near_and_does_not_count() -> None:
    nearness = Nearness()
    assert not any(follow(nearness, 30, -10.0, voice=False))
    assert all(follow(nearness, 30, -35.0)[8:])
