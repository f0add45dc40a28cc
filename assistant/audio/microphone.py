"""The input stream, and its way to chunks of 16 kHz. Conversion runs on the thread `microphone`."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sounddevice
import soxr

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.devices import find_device, stream_format
from assistant.audio.stream_clock import StreamClock
from assistant.errors import DeviceError
from assistant.worker import Worker

BLOCK_S = CHUNK_SAMPLES / RATE_HZ
SILENT_S = 2.0  # a stream that gives no block for so long is dead, whatever it says of itself


class Microphone:
    """An input stream whose callback only copies; what it heard is delivered in chunks.

    All but the callback and the conversion run on the sound card's thread.
    """

    def __init__(
        self, name: str, latency_s: float, deliver: Callable[[Chunk], object], ended: Callable[[], None]
    ) -> None:
        """`deliver` gets the chunks; `ended` is called from PortAudio's thread when the stream ends by itself."""
        self._name = name
        self.device = ""  # the name of the one that is open
        self._latency_s = latency_s
        self._deliver = deliver
        self._ended = ended
        self._stream: Any = None
        self._channels = 1
        self._stream_rate_hz = RATE_HZ
        self._resampler: Any = None
        self._waiting: Samples = np.zeros(0, np.int16)
        self._n_delivered = 0
        self._clock = StreamClock(RATE_HZ)
        self._opened_s = self._last_block_s = 0.0
        self.worker = Worker[tuple[bytes, float]]("microphone", self._convert, failed=self._failed)
        self._error: Exception | None = None

    @property
    def is_open(self) -> bool:
        return self._stream is not None

    def open(self) -> None:
        """Opens the device and lets the blocks come.

        Raises:
            DeviceError: it is not there or cannot be opened.
        """
        device = find_device(self._name, "input")
        self._channels, rate_hz = stream_format(device, "input")
        self._stream_rate_hz = rate_hz
        self._resampler = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="int16")
        try:
            stream = sounddevice.RawInputStream(
                device=device.index,
                channels=self._channels,
                samplerate=rate_hz,
                dtype="int16",
                blocksize=round(BLOCK_S * rate_hz),
                latency=self._latency_s,
                callback=self._hear,
                finished_callback=self._ended,
            )
            stream.start()
        except sounddevice.PortAudioError as error:
            raise DeviceError(f'the microphone "{device.name}" cannot be opened: {error}') from error
        self._opened_s = self._last_block_s = time.monotonic()
        self._error = None
        self._stream, self.device = stream, device.name

    def close(self) -> None:
        stream, self._stream, self.device = self._stream, None, ""
        if stream:
            with contextlib.suppress(sounddevice.PortAudioError):
                stream.close(ignore_errors=True)

    def stop(self) -> None:
        """Ends the conversion too; it cannot be opened again."""
        self.close()
        self.worker.stop()
        self._resampler = None  # sounddevice keeps the callback for ever, and soxr complains of what is left at exit

    @property
    def silent_s(self) -> float:
        """How long ago the open stream gave a block, or was opened; 0 where none is open."""
        return time.monotonic() - self._last_block_s if self.is_open else 0.0

    @property
    def hears(self) -> bool:
        """Whether a block came since it was opened: a suspended device opens too, and then gives none."""
        return self._last_block_s > self._opened_s

    def fault(self) -> str:
        """Why the open stream is dead; "" while it lives."""
        if self._error:
            return f"the sound of the microphone cannot be converted: {self._error}"
        if not self._stream.active:
            return "the microphone was unplugged, or its stream ended"
        age_s = time.monotonic() - self._last_block_s
        return f"the microphone has given no sound for {age_s:.0f} s" if age_s > SILENT_S else ""

    def _hear(self, block: Any, n_frames: int, times: Any, _status: Any) -> None:
        self._last_block_s = time.monotonic()
        age_s = times.currentTime - times.inputBufferAdcTime - n_frames / self._stream_rate_hz
        # Not every sound system knows when a sample was captured.
        self.worker.offer((bytes(block), self._last_block_s - (age_s if 0.0 < age_s < 1.0 else 0.0)))

    def _convert(self, heard: tuple[bytes, float]) -> None:
        block, captured_s = heard
        samples = np.frombuffer(block, np.int16)
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1).astype(np.int16)
        self._waiting = np.concatenate([self._waiting, self._resampler.resample_chunk(samples)])
        self._clock.seen(self._n_delivered + len(self._waiting), captured_s)
        while len(self._waiting) >= CHUNK_SAMPLES:
            chunk, self._waiting = self._waiting[:CHUNK_SAMPLES], self._waiting[CHUNK_SAMPLES:]
            end = self._n_delivered + CHUNK_SAMPLES
            self._deliver(Chunk(chunk, self._n_delivered, self._clock.time_of(end)))
            self._n_delivered = end
        self._error = None

    def _failed(self, _part: str, error: Exception, _heard: object) -> None:
        self._error = error
