"""Where in the far signal the microphone is: by time stamps first, then by the sound. On the microphone's thread.

The lag is measured by generalized cross-correlation with phase transform (Knapp and Carter 1976); it and the drift
between the clocks of the two devices are followed by a Kalman filter of two states.
"""

import statistics
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.audio.chunk import RATE_HZ, Chunk, Samples

REACH = 4096  # samples either way (256 ms) within which a lag is found
N_FFT = 16_384
N_NEAR = N_FFT - 2 * REACH  # the longest stretch of microphone that can be measured
LOWEST_HZ, HIGHEST_HZ = 150, 7000
QUIET_BIN = 1e-3  # of the strongest: bins below it are noise, whose phase says nothing
CLOSE = 8
CLEAR_OF_PEAK = 0.5

AVERAGED_STAMPS = 64
JUMP_S = 0.05
JUMP_CHUNKS = 8  # in a row, since one may come late without anything lost

LAG_SD = 0.5  # samples: of a measured lag
ACQUIRED_SD = 1.0  # samples: after a jump, from less sound
FIRST_DRIFT_SD = 150e-6
DRIFT_SD_PER_SAMPLE = 2e-9  # random walk: 0.25 ppm a second
MAX_DRIFT = 500e-6


class MicrophoneClock:
    """When a chunk was captured, from stamps that jitter."""

    def __init__(self) -> None:
        self.n_jumps = 0  # rises when samples were lost, or the stream was opened anew
        self._offset_s = 0.0
        self._n_stamps = 0
        self._late_s: deque[float] = deque(maxlen=JUMP_CHUNKS)

    def began_s(self, chunk: Chunk) -> float:
        """Monotonic time of the chunk's first sample."""
        late_s = chunk.captured_s - chunk.end / RATE_HZ - self._offset_s
        self._late_s.append(late_s)
        if self._n_stamps == 0 or self._jumped():
            self._offset_s += late_s if self._n_stamps == 0 else statistics.median(self._late_s)
            self._n_stamps = 0
            self.n_jumps += 1
            self._late_s.clear()
        elif abs(late_s) < JUMP_S:
            self._offset_s += late_s / min(self._n_stamps + 1, AVERAGED_STAMPS)
        self._n_stamps += 1
        return self._offset_s + chunk.start / RATE_HZ

    def _jumped(self) -> bool:
        late_s = self._late_s
        return len(late_s) == JUMP_CHUNKS and (min(late_s) > JUMP_S or max(late_s) < -JUMP_S)


@dataclass(frozen=True, slots=True)
class Lag:
    """By how much an echo is later than expected."""

    n_samples: float
    clearness: float  # the peak over the root mean square of all lags; noise reaches 5


def measure_lag(near: Samples, far: Samples) -> Lag:
    """The lag of the echo of `far` `(n + 2 REACH,)` in `near` `(n,)`, n <= N_NEAR; without lag near[0] is far[REACH].

    A clear enough peak close to where it was expected is preferred, or a room would lead from reflection to reflection.
    """
    far_spectrum = np.fft.rfft(far, N_FFT)
    cross: npt.NDArray[np.complex128] = np.fft.rfft(near, N_FFT) * np.conj(far_spectrum)
    strength = np.abs(cross)
    cross /= strength + (QUIET_BIN * strength.max() + 1e-9)
    cross[: LOWEST_HZ * N_FFT // RATE_HZ] = 0.0
    cross[HIGHEST_HZ * N_FFT // RATE_HZ :] = 0.0
    correlation = np.abs(np.roll(np.fft.irfft(cross, N_FFT), 2 * REACH)[: 2 * REACH + 1])
    peak = int(correlation[1:-1].argmax()) + 1
    close = REACH - CLOSE + int(correlation[REACH - CLOSE : REACH + CLOSE + 1].argmax())
    if correlation[close] > CLEAR_OF_PEAK * correlation[peak]:
        peak = close
    before, at, after = correlation[peak - 1 : peak + 2]
    curvature = 2 * at - before - after
    vertex = (after - before) / (2 * curvature) if curvature > 0 else 0.0
    return Lag(peak + float(vertex) - REACH, float(at / (np.sqrt(np.mean(correlation**2)) + 1e-9)))


class Track:
    """The position in the far signal of what the microphone hears, as a line: a position and a step a sample."""

    def __init__(self) -> None:
        self.position = 0.0  # of the next sample of the microphone
        self.drift = 0.0  # positions a sample, beyond 1
        self._variance = np.diag([ACQUIRED_SD**2, FIRST_DRIFT_SD**2])

    def advance(self, n_samples: int) -> None:
        self.position += n_samples * (1.0 + self.drift)
        motion = np.array([[1.0, float(n_samples)], [0.0, 1.0]])
        self._variance = motion @ self._variance @ motion.T
        self._variance[1, 1] += n_samples * DRIFT_SD_PER_SAMPLE**2

    def jump(self, position: float) -> None:
        """Begins a new line of the same drift."""
        self.position = position
        self._variance[0, :] = self._variance[:, 0] = 0.0
        self._variance[0, 0] = ACQUIRED_SD**2

    def correct(self, late: float, n_ago: int) -> None:
        """The echo was `late` positions later than this line, `n_ago` samples ago."""
        view = np.array([1.0, -float(n_ago)])
        gain = self._variance @ view / (view @ self._variance @ view + LAG_SD**2)
        self._variance -= np.outer(gain, view @ self._variance)
        self.position -= float(gain[0]) * late
        self.drift = float(np.clip(self.drift - gain[1] * late, -MAX_DRIFT, MAX_DRIFT))
