"""The linear echo canceller of Speex (Debian `libspeexdsp1`), bound by ctypes. Runs on the thread of its owner.

The prototypes are those of `speex/speex_echo.h` of speexdsp 1.2.1.
"""

import ctypes
import ctypes.util
import functools
from typing import Any

import numpy as np

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.errors import DeviceError

SET_SAMPLING_RATE = 24  # SPEEX_ECHO_SET_SAMPLING_RATE
FALLBACK_NAME = "libspeexdsp.so.1"  # where there is no ldconfig to ask


@functools.cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(ctypes.util.find_library("speexdsp") or FALLBACK_NAME)
    except OSError as error:
        raise DeviceError(
            f"audio.echo: cancel needs Speex's echo canceller: apt install libspeexdsp1, or set gate ({error})"
        ) from error
    state, samples = ctypes.c_void_p, ctypes.c_void_p
    prototypes: dict[str, tuple[Any, list[Any]]] = {
        "speex_echo_state_init_mc": (state, [ctypes.c_int] * 4),
        "speex_echo_state_destroy": (None, [state]),
        "speex_echo_cancellation": (None, [state, samples, samples, samples]),
        "speex_echo_ctl": (ctypes.c_int, [state, ctypes.c_int, ctypes.c_void_p]),
    }
    for name, (result, arguments) in prototypes.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class AdaptiveFilter:
    """A filter that learns how far signals sound in a microphone, and takes them out (a multidelay block filter).

    To forget, make a new one: `speex_echo_state_reset` clears the taps of the first far signal only.
    """

    def __init__(self, n_frame: int, n_tail: int, n_far: int) -> None:
        """Works in steps of `n_frame` samples, on echoes that end at most `n_tail` samples after the `n_far` signals.

        Raises:
            DeviceError: the library is not installed.
        """
        self._state = None
        self._library = _library()
        self._n_frame, self._n_far = n_frame, n_far
        self._state = self._library.speex_echo_state_init_mc(n_frame, n_tail, 1, n_far)
        rate_hz = ctypes.c_int32(RATE_HZ)
        self._library.speex_echo_ctl(self._state, SET_SAMPLING_RATE, ctypes.byref(rate_hz))

    def __del__(self) -> None:
        if self._state:
            self._library.speex_echo_state_destroy(self._state)

    def cancel(self, near: Samples, far: Samples) -> Samples:
        """The near signal `(n,)` without the far ones `(n, n_far)`; int16, n a multiple of the frame."""
        near, far = np.ascontiguousarray(near, np.int16), np.ascontiguousarray(far, np.int16)
        if len(near) % self._n_frame or far.shape != (len(near), self._n_far):
            raise ValueError(f"near {near.shape}, far {far.shape}: not {self._n_far} in frames of {self._n_frame}")
        out = np.empty_like(near)
        for at in range(0, near.nbytes, near.itemsize * self._n_frame):
            self._library.speex_echo_cancellation(
                self._state, near.ctypes.data + at, far.ctypes.data + at * self._n_far, out.ctypes.data + at
            )
        return out
