"""Builds the parts and wires them; the main loop, which alone owns the state, runs on the main thread."""

import logging
import os
import queue
import signal
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from assistant.audio.chunk import Samples
from assistant.audio.sound_card import SoundCard
from assistant.config import Settings, models_folder
from assistant.events import Cancel, Command, Event, Finish, Heard, Ignore, Listen, Ready, Say, Sentence, Think, Turn
from assistant.listening.listener import QUEUED_CHUNKS, Listener, WakeWord
from assistant.listening.recognizer import VoskRecognizer
from assistant.listening.voice_activity import SileroActivity
from assistant.listening.wake import MicroWake, OpenWake
from assistant.models import Chosen, ModelFolder, choose, memory_bytes
from assistant.record import Record
from assistant.speaking.talker import Talker
from assistant.speaking.voice import Piper
from assistant.states import State, react
from assistant.thinking.messages import Load
from assistant.thinking.model_process import ModelProcess
from assistant.thinking.thinker import Thinker

log = logging.getLogger(__name__)

WAKE_ENGINES: dict[str, Callable[[str], WakeWord]] = {"micro": MicroWake, "open": OpenWake}
OTHER_TEMPERATURE = 0.7  # for a model that the catalogue does not know

Post = Callable[[Event], None]
Message_contra = TypeVar("Message_contra", contravariant=True)


class Sound(Protocol):
    """A room: what is heard there goes to the listener, what is played is heard there."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def play(self, turn: Turn, samples: Samples, rate_hz: int) -> None: ...
    def finish(self, turn: Turn) -> None: ...


class Inbox(Protocol[Message_contra]):
    """Takes commands; a worker is one."""

    def post(self, message: Message_contra, /) -> None: ...


def choose_model(settings: Settings, purpose: Literal["llm", "recognizer", "voice"]) -> Chosen:
    """The installed model that the settings mean.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    words = {"llm": settings.llm.model, "recognizer": settings.recognizer.model, "voice": settings.voice.model}
    folder = ModelFolder(models_folder(settings))
    chosen = choose(folder, purpose, words[purpose], settings.language, memory_bytes())
    log.info("%s: %s", purpose, chosen.path.name)
    if chosen.better:
        log.warning("%s", chosen.better)
    return chosen


def build_listener(settings: Settings, post: Post, n_queued: int = QUEUED_CHUNKS) -> Listener:
    """The ears: wake word, voice activity and recognizer, as the settings choose them. Raises ModelError."""
    recognizer = VoskRecognizer(choose_model(settings, "recognizer").path)
    wake = WAKE_ENGINES[settings.wake.engine](settings.wake.phrase)
    return Listener(wake, SileroActivity(), recognizer, settings.endpoint, post, n_queued)


def build_thinker(settings: Settings, post: Post) -> tuple[Thinker, Chosen]:
    """The thinker, not started yet, and the model it thinks with. Raises ModelError."""
    chosen, llm = choose_model(settings, "llm"), settings.llm
    recommended = chosen.model.temperature if chosen.model else None
    temperatures = (llm.temperature, recommended, OTHER_TEMPERATURE)
    load = Load(
        path=chosen.path,
        system_prompt=llm.system_prompt,
        n_ctx=llm.n_ctx,
        n_threads=llm.threads or max(1, (os.cpu_count() or 2) - 1),
        max_tokens=llm.max_tokens,
        temperature=next(temperature for temperature in temperatures if temperature is not None),
        top_k=llm.top_k,
        top_p=llm.top_p,
    )
    process = ModelProcess(load)
    thinker = Thinker(process, llm.max_tokens, post)
    process.died = thinker.model_died
    return thinker, chosen


def build_voice(settings: Settings) -> Piper:
    """The voice that the settings choose. Raises ModelError."""
    return Piper(choose_model(settings, "voice").path, settings.voice.rate)


class Daemon:
    """The main loop: an event comes, the state changes, commands go to the parts."""

    def __init__(self, observe: Callable[[Event], None] = lambda event: None, *, log_speech: bool = False) -> None:
        """`observe` is shown each event, in the main thread, after it took effect."""
        self._observe = observe
        self._log_speech = log_speech
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.state = State()
        self.record = Record()  # of the turn under way, or of the last one
        self.listener: Inbox[Listen | Ignore]
        self.thinker: Inbox[Think]
        self.talker: Inbox[Say | Finish]

    def post(self, event: Event) -> None:
        """From any thread: something happened."""
        self._events.put(event)

    def quit(self) -> None:
        """From any thread, or a signal: the main loop ends."""
        self._events.put(None)

    def run(self) -> None:
        """The main loop, until `quit`."""
        while event := self._events.get():
            self._handle(event)
            self._observe(event)
        if self.state.turn:
            self.state.turn.cancel()

    def _handle(self, event: Event) -> None:
        before = self.state
        self.state, commands = react(before, event)
        turn = getattr(event, "turn", None)
        if turn and turn is self.record.turn:
            self.record.note(event)
        if self.state.turn is not before.turn:
            if before.turn:
                log.info("%s", self.record.line())
            if self.state.turn:
                self.record = Record(self.state.turn)
                self.record.note(event)
        if self.state.phase is not before.phase:
            log.debug("%s", self.state.phase.value)
        if self._log_speech and isinstance(event, Heard | Sentence):
            log.info("%s: %s", type(event).__name__.lower(), event.text)
        for command in commands:
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Cancel():
                command.turn.cancel()
            case Listen() | Ignore():
                self.listener.post(command)
            case Think():
                self.thinker.post(command)
            case Say() | Finish():
                self.talker.post(command)


def run(settings: Settings) -> None:
    """The daemon, in the foreground, until it is told to end by SIGTERM or SIGINT.

    Raises:
        ModelError: a model that it cannot do without is missing or damaged.
    """
    daemon = Daemon(log_speech=settings.privacy.log_speech)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.quit())
    thinker, _ = build_thinker(settings, daemon.post)
    thinker.start()  # first, since it takes longest, and in a process of its own
    try:
        listener = build_listener(settings, daemon.post)
        sound = SoundCard(settings.audio, listener.worker.offer, daemon.post)
        talker = Talker(build_voice(settings), sound, settings.voice.sentence_gap_s)
        talker.warm()
        daemon.listener, daemon.thinker, daemon.talker = listener.worker, thinker.worker, talker.worker
        listener.worker.start()
        talker.worker.start()
        sound.start()
        daemon.post(Ready())
        log.info('ready: say "%s"', settings.wake.phrase.replace("_", " "))
        daemon.run()
        sound.stop()
    finally:
        thinker.stop()
