import queue
import time
from collections.abc import Iterator

import numpy as np
import pytest

from assistant import config
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk
from assistant.audio.echo import NoEcho
from assistant.bench.live_room import Room
from assistant.events import Event, FirstAudio, Saying, Spoken
from assistant.turn import Turn

PATIENCE_S = 10.0


class Listening:
    """A room, and what comes of it."""

    def __init__(self) -> None:
        self.chunks: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.room = Room(config.Audio(), NoEcho(lambda reason: None), self._deliver, self.events.put)
        self.room.start()

    def _deliver(self, chunk: Chunk) -> bool:
        self.chunks.put(chunk)
        return True


@pytest.fixture
def listening() -> Iterator[Listening]:
    listening = Listening()
    yield listening
    listening.room.stop()


def test_what_is_said_is_heard_after_the_time_at_which_it_began(listening: Listening) -> None:
    said = np.arange(1, 2 * CHUNK_SAMPLES - 99, dtype=np.int16)
    begin_s = listening.room.say(said)
    while not (first := listening.chunks.get(timeout=PATIENCE_S)).samples.any():
        pass
    second, third = (listening.chunks.get(timeout=PATIENCE_S) for _ in range(2))
    heard = np.concatenate([first.samples, second.samples])
    assert (heard[: len(said)] == said).all()
    assert not heard[len(said) :].any()
    assert not third.samples.any()
    assert first.captured_s - begin_s >= CHUNK_SAMPLES / RATE_HZ - 1e-6  # a microphone gives a chunk when it is over


def test_what_is_played_is_told_and_when_it_was_given(listening: Listening) -> None:
    turn = Turn(1)
    listening.room.play(turn, "Yes.", np.ones(RATE_HZ // 10, np.int16), RATE_HZ)
    listening.room.finish(turn)
    first, saying, spoken = (listening.events.get(timeout=PATIENCE_S) for _ in range(3))
    assert isinstance(first, FirstAudio)
    assert isinstance(saying, Saying)
    assert isinstance(spoken, Spoken)
    assert saying.at_s == first.at_s
    assert saying.duration_s == pytest.approx(0.1)
    [given_s] = listening.room.given_s
    assert given_s < first.at_s < spoken.at_s


def test_a_turn_that_is_over_is_silenced(listening: Listening) -> None:
    turn = Turn(1)
    listening.room.play(turn, "Yes.", np.ones(5 * RATE_HZ, np.int16), RATE_HZ)
    while not isinstance(saying := listening.events.get(timeout=PATIENCE_S), Saying):
        pass
    assert listening.room.speaker.aborted_s == 0.0
    turn.cancel()
    cancelled_s = time.monotonic()
    while listening.chunks.get(timeout=PATIENCE_S).captured_s < cancelled_s + 0.2:
        pass
    assert saying.at_s - 1.0 < listening.room.speaker.aborted_s < saying.at_s + saying.duration_s
