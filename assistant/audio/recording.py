"""A sound file in place of the microphone, and one in place of the speaker. Delivers on the thread `recording`."""

import contextlib
import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.errors import AudioFileError
from assistant.events import Event, FirstAudio, Saying, Spoken
from assistant.orders import Earcon
from assistant.turn import Turn


def read_sound(path: Path) -> Samples:
    """The sound of a file of any rate, width and number of channels, as int16 `(n,)` at `RATE_HZ`.

    Raises:
        AudioFileError: the file cannot be read, or is not audio.
    """
    try:
        with path.open("rb") as file:
            samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    except OSError as error:
        raise AudioFileError(f"{path}: {error.strerror}") from error
    except (soundfile.LibsndfileError, TypeError) as error:
        raise AudioFileError(f"{path} is not audio that can be read: give it a WAV or FLAC file") from error
    mono = np.nan_to_num(samples.mean(axis=1), posinf=1.0, neginf=-1.0)
    resampled: npt.NDArray[np.float32] = soxr.resample(mono, rate_hz, RATE_HZ)
    return np.clip(np.rint(resampled * 32768), -32768, 32767).astype(np.int16)


def write_sound(path: Path, samples: Samples, rate_hz: int) -> None:
    """Writes a WAV file of 16 bits, whole or not at all.

    Raises:
        AudioFileError: it cannot be written there.
    """
    wav = io.BytesIO()  # since libsndfile does not tell what went wrong with a file
    soundfile.write(wav, samples, rate_hz, format="WAV", subtype="PCM_16")
    part = path.parent / f".{path.name}.part"
    try:
        part.write_bytes(wav.getbuffer())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise AudioFileError(f"{path} cannot be written: {error.strerror}") from error


class Recording:
    """Delivers recorded sound as a microphone would, and keeps what is played."""

    def __init__(
        self,
        samples: Samples,
        *,
        silence_s: float,
        realtime: bool,
        deliver: Callable[[Chunk], object],
        post: Callable[[Event], None],
    ) -> None:
        """`silence_s` of silence follow the samples, as in a room; `deliver` gets the chunks and may take its time.

        With `realtime` a chunk comes when a microphone would give it, else as soon as the one before is taken.
        """
        n_silence = round(silence_s * RATE_HZ)
        n_padding = -(len(samples) + n_silence) % CHUNK_SAMPLES
        self._samples = np.concatenate([samples, np.zeros(n_silence + n_padding, np.int16)])
        self._realtime = realtime
        self._deliver = deliver
        self._post = post
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._played: list[Samples] = []
        self.rate_hz = RATE_HZ  # of what was played

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        started_s = time.monotonic()
        for start in range(0, len(self._samples), CHUNK_SAMPLES):
            due_s = started_s + (start + CHUNK_SAMPLES) / RATE_HZ
            if self._over.wait(max(0.0, due_s - time.monotonic()) if self._realtime else 0.0):
                return
            chunk = Chunk(self._samples[start : start + CHUNK_SAMPLES], start, time.monotonic())
            self._deliver(chunk)

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        if turn.cancelled:
            return
        if not self._played:
            self._post(FirstAudio(turn, time.monotonic()))
        self._post(Saying(turn, text, time.monotonic(), len(samples) / rate_hz))
        self.rate_hz = rate_hz
        self._played.append(samples)

    def finish(self, turn: Turn) -> None:
        self._post(Spoken(turn, time.monotonic()))

    def chime(self, earcon: Earcon) -> None:
        """Nothing: it is the reply that is kept."""

    def mute(self, *, on: bool) -> None:
        """A recording is heard to its end."""

    def set_volume(self, level: float) -> None:
        """A recording is as loud as it is."""

    def ring(self, *, on: bool, low: bool) -> None:
        """Nothing, as with earcons."""

    @property
    def played(self) -> Samples:
        return np.concatenate(self._played) if self._played else np.zeros(0, np.int16)
