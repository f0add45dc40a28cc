"""When the samples of a stream pass, from observations that come late more or less. Pure."""

import math

STANDSTILL_S = 0.1  # so much later than counted: the stream has stood still meanwhile
LEAK = 1e-3  # what an early estimate loses a second: more than any two clocks differ


class StreamClock:
    """Counts time in samples, and sets itself by the earliest observations: whatever holds them up makes them late."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._begun_s = math.inf  # when sample 0 passed
        self._n_seen = 0

    def seen(self, n: int, at_s: float) -> None:
        """Sample `n`, or one before it, was passing at that time, in monotonic seconds."""
        begun_s = at_s - n / self._rate_hz
        self._begun_s += LEAK * (n - self._n_seen) / self._rate_hz
        self._n_seen = n
        if begun_s > self._begun_s + STANDSTILL_S:
            self._begun_s = begun_s
        self._begun_s = min(self._begun_s, begun_s)

    def time_of(self, n: int) -> float:
        """When sample `n` passes, in monotonic seconds."""
        return self._begun_s + n / self._rate_hz
