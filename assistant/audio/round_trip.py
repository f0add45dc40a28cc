"""Plays a chirp and listens for it: whether speaker and microphone work, and how they hear one another. Main thread."""

import math
import queue
from dataclasses import dataclass

import numpy as np

from assistant.audio.chunk import RATE_HZ, Chunk, Samples
from assistant.audio.echo import NoEcho
from assistant.audio.sound_card import SoundCard
from assistant.config import Audio
from assistant.errors import DeviceError
from assistant.events import Event, PartLost, Saying
from assistant.turn import Turn

CHIRP_S, LOWEST_HZ, HIGHEST_HZ = 0.4, 400.0, 4000.0
LOUDNESS = 0.3  # of full scale
LISTEN_S = 1.5  # after the chirp began
OPEN_S = 5.0  # within which a sound card gives its first sound
CLEAR = 8.0  # times the usual correlation, that of the chirp is when it was heard


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What came back of the chirp; levels in dB below full scale."""

    heard: bool
    latency_s: float  # from when it is said to sound to when it was captured
    level_db: float  # of the loudest that was heard
    noise_db: float  # before it
    clipped: bool


def chirp(rate_hz: int = RATE_HZ) -> Samples:
    """A tone that rises evenly from LOWEST_HZ to HIGHEST_HZ, with soft ends; int16 `(n,)`."""
    t = np.arange(round(CHIRP_S * rate_hz)) / rate_hz
    phase = 2 * math.pi * (LOWEST_HZ * t + (HIGHEST_HZ - LOWEST_HZ) * t**2 / (2 * CHIRP_S))
    fade = np.minimum(1.0, np.minimum(t, CHIRP_S - t) / 0.02)
    return np.rint(32767 * LOUDNESS * fade * np.sin(phase)).astype(np.int16)


def find_chirp(heard: Samples) -> int | None:
    """At which sample of `(n,)` at RATE_HZ the chirp begins; None where it is not in it."""
    pattern = chirp().astype(np.float64)
    if len(heard) <= len(pattern):
        return None
    n = 1 << (len(heard) + len(pattern)).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), n) * np.conj(np.fft.rfft(pattern, n))
    matches = np.abs(np.fft.irfft(spectrum, n)[: len(heard) - len(pattern) + 1])
    best = int(np.argmax(matches))
    return best if matches[best] > CLEAR * max(float(np.mean(matches)), 1.0) else None


def try_round_trip(settings: Audio) -> RoundTrip:
    """Plays the chirp and hears it. Raises DeviceError: speaker or microphone is missing, or gives no sound."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    chunks: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    card = SoundCard(settings, NoEcho(lambda reason: None), chunks.put, events.put)
    card.start()
    turn = Turn(1)
    try:
        before = [next_chunk(chunks, events) for _ in range(5)]
        card.play(turn, "", chirp(), RATE_HZ)
        card.finish(turn)
        heard = [next_chunk(chunks, events)]
        while not (sounds_s := _begun(events)) and len(heard) < RATE_HZ * OPEN_S / len(heard[0].samples):
            heard.append(next_chunk(chunks, events))
        if not sounds_s:
            raise DeviceError("the speaker takes no sound")
        while heard[-1].captured_s < sounds_s + LISTEN_S:
            heard.append(next_chunk(chunks, events))
    finally:
        turn.cancel()
        card.stop()
    return _judged(before, heard, sounds_s)


def _judged(before: list[Chunk], heard: list[Chunk], sounds_s: float) -> RoundTrip:
    samples = np.concatenate([chunk.samples for chunk in heard])
    start = find_chirp(samples)
    begin_s = heard[0].captured_s - len(heard[0].samples) / RATE_HZ
    latency_s = 0.0 if start is None else begin_s + start / RATE_HZ - sounds_s
    noise = np.concatenate([chunk.samples for chunk in before])
    loudest = int(np.abs(samples.astype(np.int32)).max())
    return RoundTrip(start is not None, latency_s, _db(loudest), _db(float(np.std(noise))), loudest >= 32767)


def next_chunk(chunks: "queue.SimpleQueue[Chunk]", events: "queue.SimpleQueue[Event]") -> Chunk:
    """What the microphone heard next. Raises DeviceError: it gives nothing, and why."""
    try:
        return chunks.get(timeout=OPEN_S)
    except queue.Empty:
        reasons = [event.reason for event in _all(events) if isinstance(event, PartLost)]
        raise DeviceError(reasons[-1] if reasons else "the microphone gives no sound") from None


def _begun(events: "queue.SimpleQueue[Event]") -> float:
    """When the chirp begins to sound, in monotonic seconds; 0 while that is not known."""
    for event in _all(events):
        if isinstance(event, PartLost):
            raise DeviceError(event.reason)
        if isinstance(event, Saying):
            return event.at_s
    return 0.0


def _all(events: "queue.SimpleQueue[Event]") -> list[Event]:
    found = []
    while not events.empty():
        found.append(events.get())
    return found


def _db(amplitude: float) -> float:
    return 20 * math.log10(max(amplitude, 1.0) / 32768)
