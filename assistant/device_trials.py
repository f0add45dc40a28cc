"""Tries of the sound card by itself: a tone, a level meter, a round trip. Called from the CLI, main thread."""

import math
import queue
from collections.abc import Callable

import numpy as np

from assistant.audio.chunk import RATE_HZ, Chunk, Samples
from assistant.audio.echo import NoEcho
from assistant.audio.round_trip import LOUDNESS, next_chunk
from assistant.audio.sound_card import SPEAKER, SoundCard
from assistant.config import Audio
from assistant.errors import DeviceError
from assistant.events import Event, PartLost, Spoken
from assistant.turn import Turn

TONE_HZ, TONE_S, FADE_S = 440.0, 1.0, 0.05
METER_CHUNKS = 2  # that a line of the meter tells of
QUIETEST_DB, WIDTH = -60.0, 40


def play_tone(settings: Audio) -> None:
    """Plays a tone to its end. Raises DeviceError: there is no speaker."""
    t = np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ
    fade = np.minimum(1.0, np.minimum(t, TONE_S - t) / FADE_S)
    tone = np.rint(32767 * LOUDNESS * fade * np.sin(2 * math.pi * TONE_HZ * t)).astype(np.int16)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    card = SoundCard(settings, NoEcho(lambda reason: None), lambda chunk: None, events.put)
    card.start()
    turn = Turn(1)
    try:
        card.play(turn, "", tone, RATE_HZ)
        card.finish(turn)
        while not isinstance(event := events.get(), Spoken):
            if isinstance(event, PartLost) and event.part == SPEAKER:
                raise DeviceError(event.reason)
    finally:
        turn.cancel()
        card.stop()


def meter(settings: Audio, show: Callable[[str], None]) -> None:
    """Shows how loud it is, several times a second, until interrupted. Raises DeviceError: there is no microphone."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    chunks: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    card = SoundCard(settings, NoEcho(lambda reason: None), chunks.put, events.put)
    card.start()
    try:
        while True:
            heard = [next_chunk(chunks, events) for _ in range(METER_CHUNKS)]
            show(level_line(np.concatenate([chunk.samples for chunk in heard])))
    except KeyboardInterrupt:
        return
    finally:
        card.stop()


def level_line(samples: Samples) -> str:
    """A bar and the level of `(n,)` int16 samples in dB below full scale; CLIPS where they reach it."""
    loudness = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    level_db = 20 * math.log10(max(loudness, 1.0) / 32768)
    n = round(WIDTH * max(0.0, 1 - level_db / QUIETEST_DB))
    clips = "  CLIPS: turn the microphone down" if np.abs(samples.astype(np.int32)).max(initial=0) >= 32767 else ""
    return f"{'█' * n}{'·' * (WIDTH - n)} {level_db:4.0f} dB{clips}"
