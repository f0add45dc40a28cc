"""The output stream: short blocks, so that a cancelled reply stops at once. Runs on the sound card's thread."""

import contextlib
import time
from typing import Any

import numpy as np
import sounddevice

from assistant.audio.chunk import Samples
from assistant.audio.devices import find_device, stream_format
from assistant.audio.stream_clock import StreamClock
from assistant.errors import DeviceError

BLOCK_S = 0.02


class Speaker:
    """An output stream that runs only while something is said, or may be soon."""

    def __init__(self, name: str, latency_s: float) -> None:
        self._name = name
        self.device = ""  # the name of the one that is open
        self._latency_s = latency_s
        self._stream: Any = None
        self._channels = 1
        self.rate_hz = 0
        self._n_written = 0
        self._clock = StreamClock(1)

    @property
    def is_open(self) -> bool:
        return self._stream is not None

    @property
    def runs(self) -> bool:
        return self._stream is not None and not self._stream.stopped

    @property
    def n_block(self) -> int:
        return round(BLOCK_S * self.rate_hz)

    def open(self) -> None:
        """Opens the device.

        Raises:
            DeviceError: it is not there or cannot be opened.
        """
        device = find_device(self._name, "output")
        self._channels, self.rate_hz = stream_format(device, "output")
        try:
            self._stream = sounddevice.RawOutputStream(
                device=device.index,
                channels=self._channels,
                samplerate=self.rate_hz,
                dtype="int16",
                latency=self._latency_s,
            )
        except sounddevice.PortAudioError as error:
            raise DeviceError(f'the speaker "{device.name}" cannot be opened: {error}') from error
        self.device = device.name

    def close(self) -> None:
        stream, self._stream, self.device = self._stream, None, ""
        if stream:
            with contextlib.suppress(sounddevice.PortAudioError):
                stream.close(ignore_errors=True)

    def start(self) -> None:
        """Lets the stream run; it must be fed from now on. Raises DeviceError: the device is gone."""
        self._n_written, self._clock = 0, StreamClock(self.rate_hz)
        self._call(self._stream.start)

    def write(self, block: Samples) -> float:
        """Waits until the block has room, and tells when its first sample is heard, in monotonic seconds.

        Raises:
            DeviceError: the device is gone.
        """
        samples = np.repeat(block, self._channels) if self._channels > 1 else block
        self._call(self._stream.write, samples.tobytes())
        n_before, self._n_written = self._n_written, self._n_written + len(block)
        # Once the buffer is full, its last sample is heard after the stream's latency; while it fills, earlier.
        self._clock.seen(self._n_written, time.monotonic() + self._stream.latency)
        return self._clock.time_of(n_before)

    def stop(self) -> None:
        """Stops the stream, which has nothing to say any more. Raises as `write` does."""
        self._call(self._stream.stop)

    def abort(self) -> None:
        """Is silent now. Raises as `write` does."""
        self._call(self._stream.abort)

    def _call(self, method: Any, *arguments: Any) -> None:
        try:
            method(*arguments)
        except sounddevice.PortAudioError as error:
            raise DeviceError(f"the speaker does not play: {error}") from error
