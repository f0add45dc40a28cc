import numpy as np
import pytest

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.audio.far_signal import CAPACITY, FarSignal


def noise(n_samples: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).integers(-9000, 9000, n_samples, np.int16)


def test_sound_lies_where_it_was_said_to_sound() -> None:
    far, samples = FarSignal(), noise(1000)
    far.played(samples, 3.0)
    assert np.array_equal(far.read(3 * RATE_HZ - 10, 1020)[10:1010], samples)
    assert not far.read(3 * RATE_HZ - 10, 10).any()
    assert not far.read(3 * RATE_HZ + 1000, 10).any()


def test_jitter_does_not_tear_a_run() -> None:
    far, samples = FarSignal(), noise(3200)
    for i in range(0, 3200, 320):
        far.played(samples[i : i + 320], 3.0 + i / RATE_HZ + (0.004 if i % 640 else 0.0))
    assert np.array_equal(far.read(3 * RATE_HZ, 3200), samples)
    assert far.run
    assert far.run.late_s == pytest.approx(0.002, abs=0.0005)


def test_a_jump_begins_a_run_with_silence_before_it() -> None:
    far, samples = FarSignal(), noise(320)
    far.played(samples, 3.0)
    far.played(samples, 3.2)
    assert far.run
    assert far.run.start == round(3.2 * RATE_HZ)
    assert not far.read(3 * RATE_HZ + 320, 2880).any()
    assert np.array_equal(far.read(far.run.start, 320), samples)


def test_a_long_time_later_nothing_old_is_left() -> None:
    far = FarSignal()
    for at_s in (3.0, 5000.3):
        far.played(noise(CAPACITY), at_s)
    start = round(5000.3 * RATE_HZ)
    assert np.array_equal(far.read(start, CAPACITY), noise(CAPACITY))
    assert not far.read(start - 5000, 5000).any()


def test_after_silence_the_same_moment_may_be_sent_anew() -> None:
    far = FarSignal()
    far.played(noise(RATE_HZ), 3.0)
    far.silenced(3.5)
    far.played(noise(320, seed=2), 3.51)  # no jump, yet a new run
    assert np.array_equal(far.read(3 * RATE_HZ, 8000), noise(RATE_HZ)[:8000])
    assert np.array_equal(far.read(round(3.51 * RATE_HZ), 320), noise(320, seed=2))
    assert not far.sounds(round(3.54 * RATE_HZ), 5 * RATE_HZ)


def test_what_nobody_hears_is_no_sound() -> None:
    far = FarSignal()
    far.played(np.tile(np.array([8, -8], np.int16), 500), 3.0)
    assert not far.sounds(3 * RATE_HZ, 4 * RATE_HZ)
    far.played(np.array([9], np.int16), 3.0 + 1000 / RATE_HZ)
    assert far.sounds(3 * RATE_HZ, 4 * RATE_HZ)


@pytest.mark.parametrize("step", [1.0, 1.0002, 0.9998])
@pytest.mark.parametrize("fraction", [0.0, 0.31, 0.97])
def test_between_the_samples_it_is_a_smooth_curve(fraction: float, step: float) -> None:
    def tone(at: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return 10_000 * np.sin(2 * np.pi * 3000 / RATE_HZ * at)

    far = FarSignal()
    far.played(np.rint(tone(np.arange(2000.0))).astype(np.int16), 3.0)
    read = far.read_between(3 * RATE_HZ + 500 + fraction, step, 512)
    assert np.abs(read - tone(500 + fraction + step * np.arange(512.0))).max() < 30  # 50 dB below
