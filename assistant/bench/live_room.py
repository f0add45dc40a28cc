"""A sound card in real time, whose microphone hears what is put before it. For `live`; on a thread of its own."""

import queue
import threading
import time
from collections.abc import Callable

import numpy as np

from assistant import config
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.playback import Playback
from assistant.audio.sound_card import Echo
from assistant.bench.air import SimulatedSpeaker
from assistant.events import Event
from assistant.orders import Earcon
from assistant.turn import Turn


class Room:
    """What is played there is heard by nobody."""

    def __init__(
        self, settings: config.Audio, echo: Echo, deliver: Callable[[Chunk], bool], post: Callable[[Event], None]
    ) -> None:
        self._deliver = deliver
        self.post = post
        self.speaker = SimulatedSpeaker(time.monotonic)
        self._playback = Playback(settings, self.speaker, echo, post)
        self._playback.opened()
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._said: queue.SimpleQueue[Samples] = queue.SimpleQueue()
        self._begun_s: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="room", daemon=True)
        self.given_s: list[float] = []  # when something was given to be played

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self._playback.close()

    def say(self, samples: Samples) -> float:
        """Puts a person before the microphone; the monotonic time at which the samples begin."""
        self._said.put(samples)
        return self._begun_s.get()

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        self.given_s.append(time.monotonic())
        self._todo.put(lambda: self._playback.play(turn, text, samples, rate_hz))

    def finish(self, turn: Turn) -> None:
        self._todo.put(lambda: self._playback.finish(turn, time.monotonic()))

    def chime(self, earcon: Earcon) -> None:
        self._todo.put(lambda: self._playback.chime(earcon))

    def set_volume(self, level: float) -> None:
        self._todo.put(lambda: self._playback.set_volume(level))

    def ring(self, *, on: bool, low: bool) -> None:
        """Nothing rings in the script."""

    def mute(self, *, on: bool) -> None:
        """Nobody mutes it in the script."""

    def devices(self) -> dict[str, str]:
        return {}

    def stuck_s(self) -> float:
        return 0.0

    def _run(self) -> None:
        began_s, n_heard, left = time.monotonic(), 0, np.zeros(0, np.int16)
        while not self._over.wait(max(0.0, began_s + (n_heard + CHUNK_SAMPLES) / RATE_HZ - time.monotonic())):
            while not self._todo.empty():
                self._todo.get()()
            while not self.speaker.runs or self.speaker.has_room:
                if not self._playback.feed(time.monotonic()):
                    break
            if not len(left) and not self._said.empty():
                left = self._said.get()
                self._begun_s.put(began_s + n_heard / RATE_HZ)
            chunk, left = left[:CHUNK_SAMPLES], left[CHUNK_SAMPLES:]
            padded = np.concatenate([chunk, np.zeros(CHUNK_SAMPLES - len(chunk), np.int16)])
            self._deliver(Chunk(padded, n_heard, time.monotonic()))
            n_heard += CHUNK_SAMPLES
