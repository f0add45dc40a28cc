"""A sound card in a time of its own, which passes as fast as the ears can hear while somebody speaks, something sounds
or is waited for. Its time stamps are monotonic seconds of that time, which begins as ours and runs ahead.

On a thread of its own.
"""

import queue
import threading
import time
from collections.abc import Callable

import numpy as np

from assistant import config, phrases
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.playback import Playback
from assistant.audio.sound_card import MICROPHONE, SPEAKER, Echo
from assistant.bench.air import SimulatedSpeaker
from assistant.bench.clips import to_int16
from assistant.events import Event, PartFound, PartLost
from assistant.orders import Earcon
from assistant.turn import Turn

CHUNK_S = CHUNK_SAMPLES / RATE_HZ
ECHO_GAIN = 0.1
MOST_WAITING = 3  # chunks that the ears have yet to hear: else a reply would be over before they hear who interrupts it
LAG_S = 0.0005  # between two looks at that
SILENCE = np.zeros(CHUNK_SAMPLES, np.int16)

Post = Callable[[Event], None]


class FastRoom:
    """Where one daemon hears and is heard."""

    def __init__(
        self,
        settings: config.Audio,
        echo: Echo,
        deliver: Callable[[Chunk], bool],
        post: Post,
        house: "House",
        begin_s: float,
    ) -> None:
        """Its time begins at `begin_s`."""
        self._house = house
        self._now_s = begin_s
        self._deliver = deliver
        self._echo = echo
        self.post = post
        self._speaker = SimulatedSpeaker(self.now_s)
        self._playback = Playback(settings, self._speaker, echo, post)
        self._playback.opened()
        self._lost: set[str] = set()
        self._muted = False
        self._n_heard = 0  # samples, since the microphone was opened
        self._to_say = SILENCE[:0]
        self._n_to_pass = 0  # chunks
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._over = threading.Event()
        self._stepped_s = time.monotonic()  # in our time
        self._thread = threading.Thread(target=self._run, name="room", daemon=True)

    def now_s(self) -> float:
        return self._now_s

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._todo.put(lambda: None)
        self._thread.join()
        self._playback.close()

    def say(self, samples: Samples) -> None:
        """A person says this, after what is being said."""

        def begin() -> None:
            self._to_say = np.concatenate([self._to_say, samples])

        self._todo.put(begin)

    def pass_time(self, duration_s: float) -> None:
        """Returns when so much of its time has passed and nobody speaks any more."""
        over = threading.Event()

        def begin() -> None:
            self._n_to_pass = len(self._to_say) // CHUNK_SAMPLES + 1 + round(duration_s / CHUNK_S)
            self._passed = over.set

        self._todo.put(begin)
        if not over.wait(60.0):
            raise TimeoutError("the room stands still")

    def lose(self, part: str) -> None:
        """As when it is unplugged."""

        def lose() -> None:
            self._lost.add(part)
            if part == SPEAKER:
                self._speaker.is_open = False
                self._playback.lost(self._now_s)
            self.post(PartLost(part, "it was unplugged", phrases.MICROPHONE_LOST if part == MICROPHONE else ""))

        self._todo.put(lose)

    def find(self, part: str) -> None:
        """As when it is plugged in again: a microphone counts from 0."""

        def find() -> None:
            self._lost.discard(part)
            if part == SPEAKER:
                self._speaker.is_open = True
                self._playback.opened()
            else:
                self._n_heard = 0
            self.post(PartFound(part, phrases.MICROPHONE_BACK if part == MICROPHONE else ""))

        self._todo.put(find)

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        self._todo.put(lambda: self._playback.play(turn, text, samples, rate_hz))

    def finish(self, turn: Turn) -> None:
        self._todo.put(lambda: self._playback.finish(turn, self._now_s))

    def chime(self, earcon: Earcon) -> None:
        self._todo.put(lambda: self._playback.chime(earcon))

    def ring(self, *, on: bool, low: bool) -> None:
        self._todo.put(lambda: self._playback.ring(on=on, low=low))

    def set_volume(self, level: float) -> None:
        self._todo.put(lambda: self._playback.set_volume(level))

    def mute(self, *, on: bool) -> None:
        def change() -> None:
            self._muted, self._n_heard = on, 0

        self._todo.put(change)

    def devices(self) -> dict[str, str]:
        return {part: "" if part in self._lost else "the room" for part in (MICROPHONE, SPEAKER)}

    def stuck_s(self) -> float:
        return time.monotonic() - self._stepped_s

    def _run(self) -> None:
        while not self._over.is_set():
            self._wait()
            while not self._speaker.runs or self._speaker.has_room:
                if not self._playback.feed(self._now_s):
                    break
            self._hear()

    def _wait(self) -> None:
        """Until the chunk is due, in our time; what is to be done is done meanwhile."""
        while True:
            is_busy = self._house.hurries() or self._n_to_pass > 0 or len(self._to_say) > 0 or self._playback.busy
            due_s = 0.0 if is_busy else self._stepped_s + CHUNK_S
            try:
                self._todo.get(timeout=max(0.0, due_s - time.monotonic()))()
            except queue.Empty:
                break
        self._stepped_s = time.monotonic()

    def _hear(self) -> None:
        echo = self._speaker.sounds(self._now_s)
        said, self._to_say = self._to_say[:CHUNK_SAMPLES], self._to_say[CHUNK_SAMPLES:]
        heard = ECHO_GAIN * echo
        heard[: len(said)] += said
        self._now_s += CHUNK_S
        if not (self._muted or MICROPHONE in self._lost):
            chunk = self._echo.clean(Chunk(to_int16(heard), self._n_heard, self._now_s))
            self._n_heard += CHUNK_SAMPLES
            self._deliver(chunk)
            while self._house.n_waiting() > MOST_WAITING and not self._over.wait(LAG_S):
                pass
        if self._n_to_pass:
            self._n_to_pass -= 1
            if not self._n_to_pass:
                self._passed()


class House:
    """The rooms of a daemon, one after the other: other settings may ask for another sound card."""

    def __init__(self, hurries: Callable[[], bool]) -> None:
        """`hurries` tells whether somebody waits for time to pass."""
        self.hurries = hurries
        self.n_waiting: Callable[[], int] = int  # how many chunks the ears have yet to hear
        self.room: FastRoom

    def room_of(self, settings: config.Audio, echo: Echo, deliver: Callable[[Chunk], bool], post: Post) -> FastRoom:
        """Its time goes on where that of the room before ended."""
        now_s = self.room.now_s() if hasattr(self, "room") else 0.0
        self.room = FastRoom(settings, echo, deliver, post, self, max(now_s, time.monotonic()))
        return self.room
