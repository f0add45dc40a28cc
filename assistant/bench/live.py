"""The whole assistant, talking with a script in real time: `python -m assistant.bench.live SCENARIO` prints JSON.

It is `daemon.run` with all its engines and threads; only the sound card is the bench's own. A process of its own, since
a start is measured from the very first instruction, and memory from nothing.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant import config, service
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.playback import Playback
from assistant.audio.recording import read_sound
from assistant.audio.sound_card import Echo
from assistant.bench.air import SimulatedSpeaker
from assistant.bench.processes import Watcher, cpu_s, family, memory
from assistant.bench.scenario import Asked, Scenario
from assistant.events import (
    ButtonPressed,
    Event,
    FirstToken,
    GuessDropped,
    Heard,
    HeardNothing,
    PartFound,
    Partial,
    Ready,
    Replied,
    Saying,
    Sentence,
    Spoken,
    Stopped,
)
from assistant.orders import Earcon
from assistant.service import Surroundings
from assistant.thinking.loading import LANGUAGE_MODEL
from assistant.turn import Turn

PRESS_S = 0.3  # from the button to the first word
PAUSE_S = 1.5  # between two turns, in which the cache is rebuilt
PATIENCE_S = 120.0  # for one turn
CALM_S, CALM_SHARE = 0.03, 0.25  # the cores are idle once they work less than this share of one for so long
WATCH_S = 1.0


@dataclass
class Told:
    """What became of a turn; times are monotonic seconds."""

    speech_end_s: float = 0.0
    transcript: str | None = None
    endpoint_s: float | None = None
    transcript_s: float | None = None
    first_token_s: float | None = None
    first_sound_s: float | None = None  # when the first samples were given to the sound card
    last_sound_s: float | None = None
    replied_s: float | None = None
    n_prompt: int = 0
    n_evaluated: int = 0
    n_generated: int = 0
    tokens_per_s: float = 0.0
    ahead: bool = False
    n_guesses_dropped: int = 0
    n_tokens_dropped: int = 0
    partials: list[float] = field(default_factory=list)
    sentences: list[tuple[float, str]] = field(default_factory=list)
    sayings: list[tuple[float, float]] = field(default_factory=list)  # when one begins to be heard, and for how long
    silent_s: float | None = None  # from the interruption on
    idle_s: float | None = None
    busy: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # when each part worked

    def note(self, event: Event, now_s: float) -> None:
        match event:
            case Partial():
                self.partials.append(now_s)
            case Heard():
                self.transcript, self.endpoint_s, self.transcript_s = event.text, event.endpoint_s, event.at_s
            case FirstToken():
                self.first_token_s = event.at_s
            case GuessDropped():
                self.n_guesses_dropped += 1
                self.n_tokens_dropped += event.n_generated
            case Sentence():
                self.sentences.append((now_s, event.text))
            case Saying():
                self.sayings.append((event.at_s, event.duration_s))
            case Replied():
                self.replied_s = now_s
                if tokens := event.tokens:
                    self.n_prompt, self.n_evaluated = tokens.prompt, tokens.evaluated
                    self.n_generated, self.tokens_per_s = tokens.generated, tokens.per_second
                    self.ahead = tokens.ahead
            case _:
                pass


class Room:
    """A sound card in real time, whose microphone hears what is put before it."""

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
        return time.monotonic()

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
            chunk, left = left[:CHUNK_SAMPLES], left[CHUNK_SAMPLES:]
            padded = np.concatenate([chunk, np.zeros(CHUNK_SAMPLES - len(chunk), np.int16)])
            self._deliver(Chunk(padded, n_heard, time.monotonic()))
            n_heard += CHUNK_SAMPLES


class Conversation:
    """The script at work, on a thread of its own."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.listening_s: float | None = None
        self.ready_s: float | None = None
        self.told: list[Told] = []
        self.anonymous_mib = 0.0  # after the last turn
        self._room: Room | None = None
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="script", daemon=True)

    def room(self, *parts: Any) -> Room:
        """The sound card of the daemon."""
        self._room = Room(*parts)
        self._thread.start()
        return self._room

    def observe(self, event: Event) -> None:
        now_s = time.monotonic()
        if isinstance(event, Ready):
            self.listening_s = now_s
        if isinstance(event, PartFound) and event.part == LANGUAGE_MODEL:
            self.ready_s = now_s
        if self.told:
            self.told[-1].note(event, now_s)
        self._events.put(event)

    def _wait(self, *kinds: type[Event]) -> Event:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            event = self._events.get(timeout=max(0.1, deadline_s - time.monotonic()))
            if isinstance(event, kinds):
                return event

    def _run(self) -> None:
        try:
            while self.ready_s is None or self.listening_s is None:
                self._wait(Ready, PartFound)
            for asked in self._scenario.turns:
                time.sleep(PAUSE_S)
                self._ask(asked)
            time.sleep(PAUSE_S)
            self.anonymous_mib = memory(family(os.getpid())).anonymous_mib
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def _ask(self, asked: Asked) -> None:
        assert self._room
        told = Told()
        self.told.append(told)
        n_given = len(self._room.given_s)
        self._room.post(ButtonPressed(time.monotonic()))
        time.sleep(PRESS_S)
        told.speech_end_s = self._room.say(read_sound(Path(asked.audio))) + asked.end_s
        if asked.stop_s is not None:
            self._wait(Saying)
            time.sleep(asked.stop_s)
            self._interrupt(told)
            return
        watcher = Watcher(_parts()) if self._scenario.watch else None
        event = self._wait(Spoken, HeardNothing)
        if watcher:
            told.busy = watcher.stop()
        if isinstance(event, Spoken) and len(self._room.given_s) > n_given:
            told.first_sound_s, told.last_sound_s = self._room.given_s[n_given], self._room.given_s[-1]

    def _interrupt(self, told: Told) -> None:
        """Has the reply stopped, and watches how long speaker and cores go on."""
        assert self._room
        pids = family(os.getpid())
        begin_s = time.monotonic()
        self._room.post(Stopped(begin_s))
        worked = [(begin_s, cpu_s(pids))]
        while worked[-1][0] < begin_s + WATCH_S:
            time.sleep(0.005)
            worked.append((time.monotonic(), cpu_s(pids)))
        told.silent_s = self._room.speaker.aborted_s - begin_s
        told.idle_s = _calm_s(worked)


def _parts() -> dict[str, list[Path]]:
    """Where the kernel counts the work of the stages' threads, and of the model's process."""
    ids = {thread.name: thread.native_id for thread in threading.enumerate()}
    own = {name: [Path(f"/proc/self/task/{ids[name]}")] for name in ("listener", "talker")}
    model = [task for pid in family(os.getpid())[1:] for task in Path(f"/proc/{pid}/task").iterdir()]
    return own | {"model": model}


def _calm_s(worked: list[tuple[float, float]]) -> float | None:
    """After how many seconds the cores became idle, and stayed so for `CALM_S`."""
    for i, (at_s, used_s) in enumerate(worked):
        later = next(((t, u) for t, u in worked[i:] if t >= at_s + CALM_S), None)
        if later and later[1] - used_s < CALM_SHARE * (later[0] - at_s):
            return at_s - worked[0][0]
    return None


def main() -> None:
    """Runs the scenario and prints what became of it."""
    wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    scenario = Scenario(**(wanted | {"turns": [Asked(**asked) for asked in wanted["turns"]]}))
    settings = config.Settings(
        audio=config.Audio(echo="none", earcons=0.0),
        dialogue=config.Dialogue(follow_up_s=0.0, answer_s=0.0),
        recognizer=config.Recognizer(scenario.recognizer),
        llm=config.Llm(
            model=scenario.model,
            n_ctx=scenario.n_ctx,
            memory=scenario.memory,
            system_prompt=scenario.system_prompt,
        ),
        voice=config.Voice(scenario.voice),
    )
    conversation = Conversation(scenario)
    program = ("-m", "assistant.bench.forced_child", scenario.script)
    service.run(settings, surroundings=Surroundings(conversation.room, conversation.observe, program))
    found = {
        "listening_s": conversation.listening_s,
        "ready_s": conversation.ready_s,
        "anonymous_mib": conversation.anonymous_mib,
        "turns": [asdict(told) for told in conversation.told],
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
