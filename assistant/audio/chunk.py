"""The block of sound that the parts exchange."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000
CHUNK_SAMPLES = 512  # 32 ms: one step of the voice activity detector

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """`CHUNK_SAMPLES` of mono sound from the microphone, int16 `(512,)` at `RATE_HZ`."""

    samples: Samples
    start: int  # index of the first sample, counted from when the microphone was first opened
    captured_s: float  # monotonic time at which the last sample was there
    playing: bool = False  # something of our own was sounding in the room meanwhile
    own: Samples | None = None  # what that was, as it was played, where the echo canceller knows

    @property
    def end(self) -> int:
        return self.start + len(self.samples)
