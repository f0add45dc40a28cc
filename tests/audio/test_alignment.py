import numpy as np
import pytest

from assistant.audio.alignment import REACH, MicrophoneClock, Track, measure_lag
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples

SILENCE = np.zeros(CHUNK_SAMPLES, np.int16)


def noise(n_samples: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0, 2000, n_samples).astype(np.int16)


@pytest.mark.parametrize("lag", [0, 3, -700, 2500])
def test_a_lag_is_found_under_louder_noise(lag: int) -> None:
    far = noise(8192 + 2 * REACH)
    near = far[REACH - lag : REACH - lag + 8192] + noise(8192, seed=2) + noise(8192, seed=3)
    measured = measure_lag(near, far)
    assert measured.n_samples == pytest.approx(lag, abs=0.2)
    assert measured.clearness > 10


def test_half_a_sample_is_seen() -> None:
    far = noise(8192 + 2 * REACH)
    between = (np.convolve(far, np.sinc(np.arange(-20, 20) + 0.5), "same")).astype(np.int16)
    assert measure_lag(between[REACH : REACH + 8192], far).n_samples % 1 == pytest.approx(0.5, abs=0.15)


def test_what_is_no_echo_is_not_clear() -> None:
    assert measure_lag(noise(8192, seed=2), noise(8192 + 2 * REACH)).clearness < 6


@pytest.mark.parametrize("drift", [200e-6, -400e-6])
def test_a_drift_is_learned_and_kept(drift: float) -> None:
    track, random, n_step, n_ago = Track(), np.random.default_rng(1), 4096, 3584
    track.jump(1000.0)
    for i in range(1, 41):  # 10 s
        track.advance(n_step)
        true = 1000.0 + (i * n_step - n_ago) * (1 + drift)
        late = track.position - n_ago * (1 + track.drift) - true + random.normal(0, 0.3)
        track.correct(late, n_ago)
    assert track.drift == pytest.approx(drift, abs=8e-6)
    assert track.position == pytest.approx(1000.0 + 40 * n_step * (1 + drift), abs=0.6)
    track.jump(5.0)
    assert track.drift == pytest.approx(drift, abs=8e-6)


def stamps(clock: MicrophoneClock, first: int, n_chunks: int, late_s: float, jitter_s: float = 0.0) -> float:
    random = np.random.default_rng(1)
    began_s = 0.0
    for i in range(first, first + n_chunks):
        captured_s = (i + 1) * CHUNK_SAMPLES / RATE_HZ + late_s + random.uniform(-jitter_s, jitter_s)
        began_s = clock.began_s(Chunk(SILENCE, i * CHUNK_SAMPLES, captured_s))
    return began_s - (first + n_chunks - 1) * CHUNK_SAMPLES / RATE_HZ


def test_the_clock_of_the_microphone_averages_its_jitter() -> None:
    assert stamps(MicrophoneClock(), 0, 200, late_s=100.0, jitter_s=0.02) == pytest.approx(100.0, abs=0.003)


def test_one_late_chunk_does_not_move_the_clock_but_lost_sound_does() -> None:
    clock = MicrophoneClock()
    stamps(clock, 0, 100, late_s=100.0)
    assert stamps(clock, 100, 3, late_s=100.09) == pytest.approx(100.0, abs=0.003)
    jumps = clock.n_jumps
    assert stamps(clock, 103, 20, late_s=100.2) == pytest.approx(100.2, abs=0.003)
    assert clock.n_jumps == jumps + 1
