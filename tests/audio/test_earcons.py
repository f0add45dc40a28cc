import numpy as np
import pytest

from assistant.audio.earcons import RING_S, earcon, ring
from assistant.orders import Earcon

RATES_HZ = (16_000, 22_050, 48_000)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("kind", list(Earcon))
def test_an_earcon_is_short_and_as_loud_as_it_is_set(kind: Earcon, rate_hz: int) -> None:
    sound = earcon(kind, 0.5, rate_hz).astype(int)
    assert 0.1 <= len(sound) / rate_hz <= 0.2
    assert 0.4 < np.abs(sound).max() / 32_767 <= 0.5
    assert np.abs(earcon(kind, 0.1, rate_hz)).max() < np.abs(sound).max() / 4


@pytest.mark.parametrize("kind", list(Earcon))
def test_it_begins_and_ends_without_a_click(kind: Earcon) -> None:
    sound = earcon(kind, 1.0, 48_000).astype(int)
    assert np.abs(np.diff(sound, prepend=0, append=0)).max() < 6_000  # a full-scale sine of 988 Hz: 4,200 at most
    assert np.abs(sound[-20:]).max() < 100


def test_they_differ_from_one_another() -> None:
    pitches = {kind: np.abs(np.fft.rfft(earcon(kind, 1.0, 16_000)[:1100])).argmax() for kind in Earcon}
    assert len(set(pitches.values())) == len(Earcon)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_rings_with_a_pause(rate_hz: int) -> None:
    sound = ring(0.5, rate_hz)
    assert len(sound) == RING_S * rate_hz
    assert np.abs(sound[: rate_hz // 2]).max() > 10_000
    assert not sound[rate_hz:].any()


def test_without_volume_there_is_silence() -> None:
    assert not earcon(Earcon.WAKE, 0.0, 16_000).any()
