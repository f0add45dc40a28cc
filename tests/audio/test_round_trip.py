import numpy as np
import pytest
from conftest import SoundServer

from assistant.audio.chunk import RATE_HZ
from assistant.audio.round_trip import chirp, find_chirp, try_round_trip
from assistant.config import Audio
from assistant.errors import DeviceError


@pytest.fixture
def in_the_room(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> SoundServer:
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    return sound_server


@pytest.mark.parametrize("gain", [1.0, 0.05, -0.05])
def test_a_chirp_is_found_where_it_is_though_there_is_noise(gain: float) -> None:
    noise = np.random.default_rng(1).normal(0, 150, 2 * RATE_HZ)
    noise[5000 : 5000 + len(chirp())] += gain * chirp()
    assert find_chirp(noise.astype(np.int16)) == pytest.approx(5000, abs=3)


def test_where_there_is_none_none_is_found() -> None:
    noise = np.random.default_rng(2).normal(0, 3000, 2 * RATE_HZ).astype(np.int16)
    assert find_chirp(noise) is None
    assert find_chirp(np.zeros(2 * RATE_HZ, np.int16)) is None
    assert find_chirp(noise[:100]) is None


def test_a_speaker_is_heard_by_the_microphone_beside_it(in_the_room: SoundServer) -> None:
    in_the_room.loop_back()
    found = try_round_trip(Audio(input="pulse", output="pulse"))
    assert found.heard
    assert -0.2 < found.latency_s < 0.5
    assert found.level_db == pytest.approx(-10.5, abs=3.0)
    assert found.noise_db < -60
    assert not found.clipped


def test_a_microphone_that_hears_nothing_of_it_says_so(in_the_room: SoundServer) -> None:
    found = try_round_trip(Audio(input="pulse", output="pulse"))
    assert not found.heard


def test_without_a_device_that_is_the_fault(in_the_room: SoundServer) -> None:
    with pytest.raises(DeviceError, match="kazoo"):
        try_round_trip(Audio(input="kazoo", output="pulse"))
    with pytest.raises(DeviceError, match="gramophone"):
        try_round_trip(Audio(input="pulse", output="gramophone"))
