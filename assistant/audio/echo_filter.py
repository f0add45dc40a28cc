"""The adaptive filter as the echo canceller uses it: for speakers that distort, and quick at the first reply.

Runs on the microphone's thread.
"""

import numpy as np

from assistant.audio.chunk import Samples
from assistant.audio.speexdsp import AdaptiveFilter

N_FRAME, N_TAIL = 256, 2560  # a frame of 128 cancels 0.5 dB more and takes half as much time again
REHEARSALS = 3
SILENCE = np.zeros(N_TAIL, np.int16)

# Of speech at unit power, measured on 11 minutes of Piper: the mean fourth power, and the root mean square of what the
# cube is more than that multiple of the speech.
KURTOSIS, CUBE_RMS = 11.3, 14.3
CUBE_GAIN = 0.6  # how much weaker than the speech it is made, since it is less of the echo
FLOOR = 30.0  # root mean square below which nobody speaks
FIRST_CHUNKS, LAST_CHUNKS = 30, 1000  # over which the loudness is averaged, at first and in the end


class EchoFilter:
    """Learns the echo of a far signal, and of its cube, and subtracts both.

    A speaker that clips or saturates adds, first of all, the cube of what it gets. Two signals that are alike are
    learned slowly, and a weak one beside a strong one too, so the part that is like the far signal is taken out of the
    cube, and it is made as loud.
    """

    def __init__(self) -> None:
        """Raises DeviceError when the library is not installed."""
        self._power, self._n_chunks = 0.0, 0
        self.reset()

    def reset(self) -> None:
        """Forgets all it learned of the room."""
        self._filter = AdaptiveFilter(N_FRAME, N_TAIL, 2)

    def cancel(self, near: Samples, far: Samples) -> Samples:
        """A chunk of the microphone without the echo of `far`; all int16 `(CHUNK_SAMPLES,)`."""
        power = float(np.mean(np.square(far, dtype=np.float64)))
        if power > FLOOR**2:
            self._n_chunks = min(self._n_chunks + 1, LAST_CHUNKS)
            self._power += (power - self._power) / self._n_chunks
        return self._filter.cancel(near, self._with_cube(far))

    def rehearse(self, pairs: list[tuple[Samples, Samples]]) -> None:
        """Learns again from near and far that followed silence, which takes it to where it would be much later.

        What lies in the filter from before is flushed out with silence.
        """
        near = np.concatenate([SILENCE, *(near for near, _ in pairs)])
        far = self._with_cube(np.concatenate([SILENCE, *(far for _, far in pairs)]))
        for _ in range(REHEARSALS):
            self._filter.cancel(near, far)

    def _with_cube(self, far: Samples) -> Samples:
        rms = max(FLOOR, self._power**0.5)
        unit = far / rms
        cube = CUBE_GAIN * rms / CUBE_RMS * (unit**3 - KURTOSIS * unit)
        return np.stack([far, np.rint(cube).clip(-32768, 32767).astype(np.int16)], axis=1)
