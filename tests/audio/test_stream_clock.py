import random

import pytest

from assistant.audio.stream_clock import StreamClock

RATE_HZ = 16_000


def test_what_comes_late_does_not_set_the_clock() -> None:
    clock, chance = StreamClock(RATE_HZ), random.Random(1)
    for n in range(0, 60 * RATE_HZ, 512):
        clock.seen(n, 100.0 + n / RATE_HZ + chance.choice([0.0, 0.005, 0.03]))
        assert clock.time_of(n) == pytest.approx(100.0 + n / RATE_HZ, abs=0.031)
    assert clock.time_of(60 * RATE_HZ) == pytest.approx(160.0, abs=0.001)


@pytest.mark.parametrize("drift", [-300e-6, 300e-6])
def test_it_follows_a_stream_whose_own_clock_is_wrong(drift: float) -> None:
    clock = StreamClock(RATE_HZ)
    for n in range(0, 600 * RATE_HZ, 512):
        clock.seen(n, n / RATE_HZ * (1 + drift))
    assert clock.time_of(n) == pytest.approx(n / RATE_HZ * (1 + drift), abs=0.001)


def test_after_a_standstill_it_is_set_anew() -> None:
    clock = StreamClock(RATE_HZ)
    clock.seen(0, 10.0)
    clock.seen(RATE_HZ, 11.0)
    clock.seen(2 * RATE_HZ, 12.5)
    assert clock.time_of(2 * RATE_HZ) == pytest.approx(12.5)
