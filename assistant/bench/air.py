"""The air of a simulated room, and the loudspeaker in it, whose sound reaches the microphone. Bench commands only."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.bench.clips import Floats

BUFFER_S = 0.1  # as `audio.latency_s` asks for
TAPS = 16  # of the interpolation that makes another clock's samples out of ours


@dataclass(slots=True, eq=False)
class _Run:
    """What was sent between two starts of the stream; of what has sounded only the last second is kept."""

    begins_s: float  # when its first sample sounds
    kept: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    first: int = 0  # index of the first that is kept
    blocks: list[Samples] = field(default_factory=list)
    n_written: int = 0
    n_most: float = np.inf  # so many sound: the stream was aborted

    def between(self, start: int, end: int) -> Floats:
        """Samples by their index; silence where there are none."""
        if self.blocks:
            n_old = min(max(0, start - RATE_HZ - self.first), len(self.kept))
            self.kept, self.blocks = np.concatenate([self.kept[n_old:], *self.blocks]), []
            self.first += n_old
        sound = np.zeros(end - start, np.float32)
        first, last = max(self.first, start), int(min(end, self.n_written, self.n_most))
        if last > first:
            sound[first - start : last - start] = self.kept[first - self.first : last - self.first]
        return sound


class SimulatedSpeaker:
    """An output stream in simulated time: it takes blocks while its buffer has room, and they sound after it.

    Its clock is faster than the microphone's by `drift_ppm`, and what it plays is heard `late_s` later than it tells.
    """

    rate_hz, n_block, is_open = RATE_HZ, RATE_HZ // 50, True

    def __init__(self, now_s: Callable[[], float], drift_ppm: float = 0.0, late_s: float = 0.0) -> None:
        self._now_s = now_s
        self._rate_hz = RATE_HZ * (1 + drift_ppm * 1e-6)
        self._late_s = late_s
        self._runs: list[_Run] = []
        self.runs = False
        self.aborted_s = 0.0  # when it was last silenced

    @property
    def has_room(self) -> bool:
        run = self._runs[-1]
        return run.n_written / self._rate_hz < self._now_s() - run.begins_s + BUFFER_S + self._late_s

    def start(self) -> None:
        self.runs = True
        begins = round((self._now_s() + BUFFER_S + self._late_s) * RATE_HZ)
        self._runs = [*self._runs[-1:], _Run(begins / RATE_HZ)]

    def write(self, block: Samples) -> float:
        run = self._runs[-1]
        heard_s = run.begins_s - self._late_s + run.n_written / self._rate_hz
        run.blocks.append(block)
        run.n_written += len(block)
        return heard_s

    def stop(self) -> None:
        self.runs = False

    def abort(self) -> None:
        run = self._runs[-1]
        self.aborted_s = self._now_s()
        run.n_most = max(0.0, (self._now_s() - run.begins_s) * self._rate_hz)
        self.runs = False

    def sounds(self, begin_s: float) -> Floats:
        """What leaves it during the chunk of the microphone that begins then, float32 `(CHUNK_SAMPLES,)`."""
        return sum((self._of_run(run, begin_s) for run in self._runs), np.zeros(CHUNK_SAMPLES, np.float32))

    def _of_run(self, run: _Run, begin_s: float) -> Floats:
        if self._rate_hz == RATE_HZ:
            start = round((begin_s - run.begins_s) * RATE_HZ)
            return run.between(start, start + CHUNK_SAMPLES)
        places = (begin_s - run.begins_s + np.arange(CHUNK_SAMPLES) / RATE_HZ) * self._rate_hz
        whole = np.floor(places).astype(int)
        start = int(whole[0]) - TAPS // 2 + 1
        sound = run.between(start, int(whole[-1]) + TAPS // 2 + 1)
        offsets = np.arange(TAPS) - TAPS // 2 + 1
        away = (places - whole)[:, None] - offsets
        weights = np.sinc(away) * np.cos(np.pi * away / (TAPS + 2)) ** 2
        interpolated: Floats = (sound[(whole - start)[:, None] + offsets] * weights).sum(axis=1).astype(np.float32)
        return interpolated


class Way:
    """The way through the air from one place to another: a convolution, chunk by chunk (overlap-add)."""

    def __init__(self, response: Floats) -> None:
        self._n_fft = 1 << (CHUNK_SAMPLES + len(response) - 2).bit_length()
        self._spectrum = np.fft.rfft(response, self._n_fft)
        self._rest = np.zeros(self._n_fft, np.float32)
        self._n_sounding = 0  # samples until all of it has died away

    def pass_on(self, sound: Floats) -> Floats:
        """What arrives during the same chunk."""
        if sound.any():
            self._rest += np.fft.irfft(np.fft.rfft(sound, self._n_fft) * self._spectrum, self._n_fft).astype(np.float32)
            self._n_sounding = self._n_fft
        elif self._n_sounding <= 0:
            return np.zeros(CHUNK_SAMPLES, np.float32)
        self._n_sounding -= CHUNK_SAMPLES
        arrived = self._rest[:CHUNK_SAMPLES].copy()
        self._rest = np.concatenate([self._rest[CHUNK_SAMPLES:], np.zeros(CHUNK_SAMPLES, np.float32)])
        return arrived
