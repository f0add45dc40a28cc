import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.bench.air import BUFFER_S, SimulatedSpeaker, Way
from assistant.bench.clips import Floats


class Clock:
    def __init__(self) -> None:
        self.n = 0

    def now_s(self) -> float:
        return 50.0 + self.n / RATE_HZ


def tone(duration_s: float, pitch_hz: float = 400.0) -> Samples:
    at_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return (10_000 * np.sin(2 * np.pi * pitch_hz * at_s)).astype(np.int16)


def play(speaker: SimulatedSpeaker, clock: Clock, sound: Samples, n_chunks: int) -> tuple[Floats, list[float]]:
    """Feeds it as a playback would; what it sounds like, and when it said that each block would be heard."""
    blocks = [sound[i : i + speaker.n_block] for i in range(0, len(sound) - speaker.n_block + 1, speaker.n_block)]
    heard, told_s = [], []
    speaker.start()
    for _ in range(n_chunks):
        while blocks and speaker.has_room:
            told_s.append(speaker.write(blocks.pop(0)))
        heard.append(speaker.sounds(clock.now_s()))
        clock.n += CHUNK_SAMPLES
    return np.concatenate(heard), told_s


def test_what_is_written_sounds_after_the_buffer_and_when_it_was_told() -> None:
    clock = Clock()
    speaker = SimulatedSpeaker(clock.now_s)
    sound = tone(1.0)
    heard, told_s = play(speaker, clock, sound, 60)
    begin = round(BUFFER_S * RATE_HZ)
    assert told_s[0] == pytest.approx(50.0 + BUFFER_S)
    assert np.array_equal(heard[begin : begin + len(sound)], sound)
    assert not heard[:begin].any()
    assert not heard[begin + len(sound) :].any()


@pytest.mark.parametrize("late_s", [-0.04, 0.04])
def test_it_may_sound_at_another_time_than_it_tells(late_s: float) -> None:
    clock = Clock()
    heard, told_s = play(SimulatedSpeaker(clock.now_s, late_s=late_s), clock, tone(1.0), 60)
    assert 50.0 + np.flatnonzero(heard)[0] / RATE_HZ == pytest.approx(told_s[0] + late_s, abs=0.001)


@pytest.mark.parametrize("drift_ppm", [-200.0, 200.0, 1000.0])
def test_another_clock_makes_the_same_sound_shorter_or_longer(drift_ppm: float) -> None:
    clock = Clock()
    heard, _ = play(SimulatedSpeaker(clock.now_s, drift_ppm=drift_ppm), clock, tone(10.0), 320)
    n_samples = np.flatnonzero(np.abs(heard) > 500)[-1] - np.flatnonzero(np.abs(heard) > 500)[0]
    assert n_samples == pytest.approx(10 * RATE_HZ * (1 - drift_ppm * 1e-6), abs=25)
    middle = heard[2 * RATE_HZ : 8 * RATE_HZ]
    wanted = 10_000 * np.sin(2 * np.pi * 400.0 * (1 + drift_ppm * 1e-6) * np.arange(len(middle)) / RATE_HZ)
    likeness = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).max()
    assert likeness == pytest.approx(np.abs(np.fft.rfft(wanted * np.hanning(len(middle)))).max(), rel=0.02)


def test_aborted_it_is_silent_at_once_and_can_start_again() -> None:
    clock = Clock()
    speaker = SimulatedSpeaker(clock.now_s)
    play(speaker, clock, tone(3.0), 30)
    speaker.abort()
    assert not speaker.runs
    assert speaker.aborted_s == clock.now_s()
    assert not speaker.sounds(clock.now_s()).any()
    heard, _ = play(speaker, clock, tone(0.5), 30)
    assert np.flatnonzero(heard)[0] / RATE_HZ == pytest.approx(BUFFER_S, abs=0.001)


def test_the_way_through_the_air_is_a_convolution() -> None:
    chance = np.random.default_rng(1)
    response = (chance.standard_normal(3000) * np.exp(-np.arange(3000) / 500)).astype(np.float32)
    sound = chance.standard_normal(20 * CHUNK_SAMPLES).astype(np.float32)
    sound[5 * CHUNK_SAMPLES : 14 * CHUNK_SAMPLES] = 0.0  # longer than it reverberates
    way = Way(response)
    arrived = [way.pass_on(sound[i : i + CHUNK_SAMPLES]) for i in range(0, len(sound), CHUNK_SAMPLES)]
    assert np.allclose(np.concatenate(arrived), np.convolve(sound, response)[: len(sound)], atol=1e-2)
