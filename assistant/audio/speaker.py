"""The output stream: short blocks, so that a cancelled reply stops at once. Runs on the sound card's thread."""

import contextlib
from typing import Any

import numpy as np
import sounddevice
import soxr

from assistant.audio.chunk import Samples
from assistant.audio.devices import find_device, stream_format
from assistant.errors import DeviceError
from assistant.events import Turn

BLOCK_S = 0.02
TAIL_S = 0.15  # stopping a stream drops what the device has not played yet


class Speaker:
    """An output stream that runs only while something is said."""

    def __init__(self, name: str, latency_s: float) -> None:
        self._name = name
        self._latency_s = latency_s
        self._stream: Any = None
        self._channels = 1
        self._rate_hz = 0
        self._silence: Samples = np.zeros(0, np.int16)

    @property
    def is_open(self) -> bool:
        return self._stream is not None

    def open(self) -> None:
        """Opens the device.

        Raises:
            DeviceError: it is not there or cannot be opened.
        """
        device = find_device(self._name, "output")
        self._channels, self._rate_hz = stream_format(device, "output")
        try:
            self._stream = sounddevice.RawOutputStream(
                device=device.index,
                channels=self._channels,
                samplerate=self._rate_hz,
                dtype="int16",
                latency=self._latency_s,
            )
        except sounddevice.PortAudioError as error:
            raise DeviceError(f'the speaker "{device.name}" cannot be opened: {error}') from error
        self._silence = np.zeros(round(BLOCK_S * self._rate_hz), np.int16)

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream:
            with contextlib.suppress(sounddevice.PortAudioError):
                stream.close(ignore_errors=True)

    def play(self, turn: Turn, samples: Samples, rate_hz: int) -> None:
        """Plays to the end, or until the turn is cancelled, which silences it within a block.

        Raises:
            DeviceError: the device is gone.
        """
        if rate_hz != self._rate_hz:
            samples = soxr.resample(samples, rate_hz, self._rate_hz)
        n_block = len(self._silence)
        for start in range(0, len(samples), n_block):
            if turn.cancelled:
                self.abort()
                return
            self._write(samples[start : start + n_block])

    def keep_alive(self) -> None:
        """Plays one block of silence: a running stream that gets nothing would stutter. Raises as `play` does."""
        self._write(self._silence)

    def finish(self) -> None:
        """Lets the last samples be heard, and stops the stream. Raises as `play` does."""
        if self._stream.stopped:
            return
        for _ in range(round((TAIL_S + self._latency_s) / BLOCK_S)):
            self._write(self._silence)
        self._call(self._stream.stop)

    def abort(self) -> None:
        """Is silent now. Raises as `play` does."""
        if not self._stream.stopped:
            self._call(self._stream.abort)

    def _write(self, samples: Samples) -> None:
        if self._stream.stopped:
            self._call(self._stream.start)
        if self._channels > 1:
            samples = np.repeat(samples, self._channels)
        self._call(self._stream.write, samples.tobytes())

    def _call(self, method: Any, *arguments: Any) -> None:
        try:
            method(*arguments)
        except sounddevice.PortAudioError as error:
            raise DeviceError(f"the speaker does not play: {error}") from error
