"""A room in which the daemon's own stages run, in simulated time: what is said there reaches the microphone, and what
the assistant plays does so too. Bench commands only; everything runs in the calling thread.

The stages are those that `assistant run` builds. Only what lies around the hearing is made up: the sound card's two
streams, the language model (replies are given), and the voice's synthesis (its sentences were rendered before).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.playback import Playback
from assistant.bench.air import SimulatedSpeaker, Way
from assistant.bench.clips import to_int16
from assistant.bench.rooms import Room
from assistant.config import Settings
from assistant.daemon import Daemon
from assistant.events import ButtonPressed, Event, Ready, Replied, Sentence, Stopped, Typed
from assistant.orders import Anticipate, Cancel, Earcon, Forget, Think
from assistant.parts import build_commands, build_echo, build_listener
from assistant.speaking.talker import Talker
from assistant.turn import Turn

CHUNK_S = CHUNK_SAMPLES / RATE_HZ
START_S = 1000.0  # any time that is not 0


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, and when the daemon knew of it: simulated seconds, and with them what computing took."""

    event: Event
    at_s: float
    acted: bool  # whether it had a consequence


class RenderedVoice:
    """Speaks what was rendered before."""

    rate_hz = RATE_HZ

    def __init__(self, clips: Mapping[str, Samples]) -> None:
        self._clips = clips

    def synthesize(self, text: str, turn: Turn) -> Samples:
        return self._clips[text]

    def set_pace(self, times: float) -> None:
        """What was rendered has its pace."""


class Script:
    """Gives the reply that is set, whatever is asked."""

    def __init__(self, post: Callable[[Event], None]) -> None:
        self._post = post
        self.sentences: tuple[str, ...] = ()
        self.asked: list[str] = []
        self.cut: list[Cancel] = []

    def post(self, message: Think | Anticipate | Cancel | Forget) -> None:
        if isinstance(message, Cancel):
            self.cut.append(message)
        if not isinstance(message, Think):
            return
        self.asked.append(message.text)
        for sentence in self.sentences:
            self._post(Sentence(message.turn, sentence))
        self._post(Replied(message.turn, None))


class Sound:
    """The sound card, of which only the playback is real."""

    def __init__(self, playback: Playback, now_s: Callable[[], float]) -> None:
        self._playback = playback
        self._now_s = now_s

    def start(self) -> None: ...
    def stop(self) -> None: ...

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        self._playback.play(turn, text, samples, rate_hz)

    def finish(self, turn: Turn) -> None:
        self._playback.finish(turn, self._now_s())

    def chime(self, earcon: Earcon) -> None:
        self._playback.chime(earcon)

    def mute(self, *, on: bool) -> None:
        """The kitchen's microphone stays open."""

    def set_volume(self, level: float) -> None:
        self._playback.set_volume(level)

    def ring(self, *, on: bool, low: bool) -> None:
        self._playback.ring(on=on, low=low)


class Kitchen:
    """The room, with the assistant in it."""

    def __init__(self, settings: Settings, voice: Mapping[str, Samples] | None = None) -> None:
        """`voice` are the sentences that it can say, int16 `(n,)` at `RATE_HZ`, by their text.

        Raises:
            ModelError: the recognizer is missing or damaged.
        """
        self._settings = settings
        self.n_heard = 0  # samples
        self.happened: list[Happened] = []
        self._began_s = time.perf_counter()  # of what is being computed
        self.cpu_s = 0.0  # what hearing took, of all that was heard
        self.powers: list[tuple[float, float]] = []  # of what was heard while it played, before and after cleaning
        self.daemon = Daemon(settings.dialogue, self._observe)
        self._state = self.daemon.state
        self.script = Script(self.daemon.post)
        self.listener = build_listener(settings, build_commands(settings), self.daemon.post)
        self.daemon.listener = self.listener.worker
        self.daemon.doer = self.daemon.thinker = self.script
        self._voice = RenderedVoice(voice or {})
        self.enter(None)
        self.daemon.post(Ready())
        self._settle()

    def enter(self, room: Room | None, *, echo_gain: float = 0.0, drift_ppm: float = 0.0, late_s: float = 0.0) -> None:
        """Puts the assistant into another room, where its echo is as loud as that of what it plays times the gain."""
        self._room = room
        self._gain = echo_gain
        self._way = Way(room.speaker if room else np.zeros(1, np.float32))
        self.speaker = SimulatedSpeaker(self.now_s, drift_ppm, late_s)
        self.echo = build_echo(self._settings.audio, self.daemon.post)
        self.playback = Playback(self._settings.audio, self.speaker, self.echo, self.daemon.post)
        self.playback.opened()
        sound = Sound(self.playback, self.now_s)
        self.daemon.sound = sound
        self.talker = Talker(self._voice, sound, self._settings.voice.sentence_gap_s)
        self.daemon.talker = self.talker.worker

    def now_s(self) -> float:
        return START_S + self.n_heard / RATE_HZ

    def hear(self, samples: Samples) -> "list[Happened]":
        """Lets the microphone hear these, and the echo of what is played meanwhile; returns what happened."""
        n_before = len(self.happened)
        n_rest = -len(samples) % CHUNK_SAMPLES
        padded = np.concatenate([samples, np.zeros(n_rest, np.int16)])
        for start in range(0, len(padded), CHUNK_SAMPLES):
            self._step(padded[start : start + CHUNK_SAMPLES])
        return self.happened[n_before:]

    def quiet(self, duration_s: float) -> "list[Happened]":
        return self.hear(np.zeros(round(duration_s * RATE_HZ), np.int16))

    def say(self, *sentences: str) -> None:
        """Has the assistant begin to say these."""
        self.script.sentences = sentences
        self.daemon.post(Typed("?", self.now_s()))
        self._settle()

    def press(self) -> None:
        """The button."""
        self.daemon.post(ButtonPressed(self.now_s()))
        self._settle()

    def rest(self) -> None:
        """Whatever is under way is over."""
        self.daemon.post(Stopped(self.now_s()))
        self._settle()
        self.quiet(2.5)  # until the wake word engine may fire again

    def _step(self, near: Samples) -> None:
        self._play()
        begin_s = self.now_s()
        far = self.speaker.sounds(begin_s)
        heard = near.astype(np.float32)
        if self._gain and self._room:
            loud = self._room.loudspeaker(far / 32768) * 32768 if far.any() else far
            heard = heard + self._gain * self._way.pass_on(loud)
        start, self.n_heard = self.n_heard, self.n_heard + CHUNK_SAMPLES
        chunk = Chunk(to_int16(heard), start, self.now_s())
        self._began_s, began_cpu_s = time.perf_counter(), time.thread_time()
        cleaned = self.echo.clean(chunk)
        self.listener.worker.post(cleaned)
        self.listener.worker.work_off()
        self.cpu_s += time.thread_time() - began_cpu_s
        if cleaned.playing:
            self.powers.append((_power(chunk.samples), _power(cleaned.samples)))
        self._settle()

    def _play(self) -> None:
        while not self.speaker.runs or self.speaker.has_room:
            if not self.playback.feed(self.now_s()):
                break
        self._settle()

    def _settle(self) -> None:
        """Until nobody has anything to do."""
        while any([self.daemon.work_off(), self.listener.worker.work_off(), self.talker.worker.work_off()]):
            pass

    def _observe(self, event: Event) -> None:
        acted, self._state = self.daemon.state is not self._state, self.daemon.state
        self.happened.append(Happened(event, self.now_s() + time.perf_counter() - self._began_s, acted))


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))
