from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.audio.chunk import RATE_HZ
from assistant.bench import noise
from assistant.bench.clips import NOMINAL_DBFS, active_rms, silence, to_level
from assistant.bench.rooms import PLANS, Room, load_rooms, mix, save_rooms, through
from assistant.errors import AssistantError

SPEED_OF_SOUND_M_S = 343.0


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Room, ...]:
    folder = tmp_path_factory.mktemp("rooms")
    assert save_rooms(folder)
    assert not save_rooms(folder)
    return load_rooms(folder)


def decay_s(response: npt.NDArray[np.float32]) -> float:
    """The reverberation time, from 5 to 25 dB below the start (Schroeder's backward integration, ISO 3382)."""
    energy = np.cumsum(response[::-1].astype(np.float64) ** 2)[::-1]
    level_db = 10 * np.log10(energy / energy[0] + 1e-12)
    return float(np.argmax(level_db < -25) - np.argmax(level_db < -5)) / RATE_HZ * 3


def test_half_of_the_rooms_have_a_speaker_that_clips(rooms: tuple[Room, ...]) -> None:
    assert [room.speaker_clips for room in rooms] == [False, True] * (len(PLANS) // 2)


def test_the_rooms_reverberate_as_planned(rooms: tuple[Room, ...]) -> None:
    for room in rooms:
        assert decay_s(room.radio) == pytest.approx(room.rt60_s, rel=0.25)


def test_sound_takes_its_time_and_keeps_its_energy(rooms: tuple[Room, ...]) -> None:
    for plan, room in zip(PLANS, rooms, strict=True):
        direct = int(np.flatnonzero(np.abs(room.speaker) > 0.3 * np.abs(room.speaker).max())[0])
        assert direct == pytest.approx(plan.speaker_m / SPEED_OF_SOUND_M_S * RATE_HZ, abs=3)
        for response in (room.person, room.speaker, room.radio):
            assert response.dtype == np.float32
            assert float(np.sum(response**2)) == pytest.approx(1.0, rel=1e-3)


def test_rooms_that_were_not_simulated_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="run: assistant bench"):
        load_rooms(tmp_path)


def test_a_cheap_speaker_leaves_soft_sound_alone_and_cuts_off_the_loud(rooms: tuple[Room, ...]) -> None:
    cheap, good = rooms[1], rooms[0]
    ramp = np.linspace(-0.5, 0.5, 1001).astype(np.float32)
    bent = cheap.loudspeaker(ramp)
    assert np.array_equal(good.loudspeaker(ramp), ramp)
    assert np.allclose(bent[np.abs(ramp) < 0.07], ramp[np.abs(ramp) < 0.07], atol=1e-6)
    assert np.all(np.diff(bent) >= 0)
    assert np.abs(bent).max() == pytest.approx(0.15, abs=0.005)


def test_convolving_in_blocks_is_convolving() -> None:
    random = np.random.default_rng(1)
    sound = random.normal(0, 1000, 70_000).astype(np.int16)
    response = (random.normal(0, 1, 700) * np.exp(-np.arange(700) / 100) / 10).astype(np.float32)
    expected = np.convolve(sound.astype(np.float64), response)
    assert np.abs(through(sound, response) - expected).max() < 1.0


def test_noise_lies_below_the_speech_by_the_ratio() -> None:
    speech = np.concatenate([silence(1.0), to_level(noise.pink(RATE_HZ)), silence(1.0)])
    hum = noise.fan(RATE_HZ // 2)
    mixed = mix(speech, hum, 10.0, offset=100)
    added = mixed.astype(float) - speech
    ratio_db = 20 * np.log10(active_rms(speech) / np.sqrt(np.mean(added**2)))
    assert ratio_db == pytest.approx(10.0, abs=0.1)


def test_a_sum_that_does_not_fit_is_lowered_as_a_whole() -> None:
    loud = to_level(noise.pink(RATE_HZ), -10.0)
    mixed = mix(loud, noise.fan(RATE_HZ), -20.0)
    assert np.abs(mixed.astype(int)).max() >= 32766
    assert np.mean(np.abs(mixed.astype(int)) >= 32766) < 1e-3


def test_noises_are_the_same_each_time_at_the_nominal_level() -> None:
    voice = noise.pink(3 * RATE_HZ, seed=5)
    made = {
        "fan": noise.fan(RATE_HZ),
        "pink": noise.pink(RATE_HZ),
        "kitchen": noise.kitchen(4 * RATE_HZ),
        "babble": noise.babble([voice], RATE_HZ),
        "radio": noise.radio([voice], [noise.fan(RATE_HZ * 2)], 9 * RATE_HZ),
    }
    for name, sound in made.items():
        level_dbfs = 20 * np.log10(active_rms(sound) / 32768)
        assert level_dbfs == pytest.approx(NOMINAL_DBFS, abs=1.5), name
    assert len(made["radio"]) == 9 * RATE_HZ
    assert np.array_equal(made["kitchen"], noise.kitchen(4 * RATE_HZ))


def test_brown_noise_falls_by_6_db_an_octave() -> None:
    power = np.abs(np.fft.rfft(noise.colored(1 << 18, -6.0, seed=1))) ** 2
    low, high = power[8000:16000].mean(), power[16000:32000].mean()
    assert 10 * np.log10(low / high) == pytest.approx(6.0, abs=0.3)
