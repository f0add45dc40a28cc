"""Builds the parts and wires them; the main loop, which alone owns the state, runs on the main thread."""

import logging
import os
import queue
import signal
from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeVar

from assistant import config
from assistant.audio.chunk import Samples
from assistant.audio.echo import EchoCanceller, Gate, NoEcho
from assistant.audio.sound_card import Echo, SoundCard
from assistant.config import Dialogue, Settings, models_folder
from assistant.doing.commands import Commands, Completeness
from assistant.events import (
    Cancel,
    Chime,
    Command,
    Earcon,
    Event,
    Finish,
    Heard,
    Heed,
    Ignore,
    Listen,
    PartFound,
    PartLost,
    Ready,
    Ring,
    Say,
    Sentence,
    Think,
    Turn,
)
from assistant.listening.endpoint import Pause
from assistant.listening.listener import Ears, Listener
from assistant.listening.phrase import BUNDLED, normalized
from assistant.listening.recognizer import VoskModel, VoskRecognizer
from assistant.listening.spotting import SpottedWake
from assistant.listening.stop_words import StopWords
from assistant.listening.verifier import Verifier
from assistant.listening.vocabulary import Vocabulary, check_phrase
from assistant.listening.voice_activity import SileroActivity
from assistant.listening.wake import FirstStages, MicroWake, OpenWake, WakeWord
from assistant.models import Chosen, ModelFolder, choose, memory_bytes
from assistant.record import Calls, Record
from assistant.speaking.talker import Talker
from assistant.speaking.voice import Piper
from assistant.states import State, react
from assistant.thinking.messages import Load
from assistant.thinking.model_process import ModelProcess
from assistant.thinking.thinker import Thinker

log = logging.getLogger(__name__)

WAKE_ENGINES: dict[str, Callable[[Sequence[str], float], WakeWord]] = {"micro": MicroWake, "open": OpenWake}
ECHOES: dict[str, Callable[[Callable[[str], None]], Echo]] = {"cancel": EchoCanceller, "gate": Gate, "none": NoEcho}
ECHO = "echo canceller"
PAUSES = {
    Completeness.COMPLETE: Pause.SHORT,
    Completeness.MAY_GO_ON: Pause.USUAL,
    Completeness.WANTS_MORE: Pause.LONG,
    Completeness.UNKNOWN: Pause.USUAL,
}
STOPS = {"stop", "cancel"}  # the commands that end a turn
OTHER_TEMPERATURE = 0.7  # for a model that the catalogue does not know

Post = Callable[[Event], None]
Message_contra = TypeVar("Message_contra", contravariant=True)


class Sound(Protocol):
    """A room: what is heard there goes to the listener, what is played is heard there."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None: ...
    def finish(self, turn: Turn) -> None: ...
    def chime(self, earcon: Earcon) -> None: ...
    def ring(self, *, on: bool, low: bool) -> None: ...


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


def build_echo(settings: config.Audio, post: Post) -> Echo:
    """What takes its own voice out of what it hears, as the settings choose it. Raises DeviceError."""

    def changed(reason: str) -> None:
        if reason:
            log.warning("%s", reason)
        post(PartLost(ECHO, reason, "") if reason else PartFound(ECHO))

    return ECHOES[settings.echo](changed)


def build_wake(settings: config.Wake, model: VoskModel, vocabulary: Vocabulary) -> WakeWord:
    """What listens for the wake phrases: an engine for those that it was trained on, Vosk for those of the owner's.

    Raises:
        ConfigError: a typed phrase has a word that the recognizer does not know.
    """
    phrases = [normalized(phrase) for phrase in settings.phrase]
    typed = [phrase for phrase in phrases if phrase not in BUNDLED]
    stages: list[WakeWord] = []
    if trained := [phrase for phrase in phrases if phrase in BUNDLED]:
        stages.append(WAKE_ENGINES[settings.engine](trained, settings.sensitivity))
    if typed:
        for phrase in typed:
            check_phrase(phrase, vocabulary)
        stages.append(SpottedWake(typed, model, vocabulary, SileroActivity(), settings.sensitivity))
    return FirstStages(*stages)


def build_ears(settings: Settings) -> Ears:
    """The engines that hear, as the settings choose them.

    Raises:
        ModelError: the recognizer is missing or damaged.
        ConfigError: a typed wake phrase has a word that it does not know.
    """
    folder = choose_model(settings, "recognizer").path
    model, vocabulary = VoskModel(folder), Vocabulary.of(folder)
    verifier = Verifier(model, vocabulary, [normalized(phrase) for phrase in settings.wake.phrase])
    for phrase in verifier.unverified:
        log.warning('"%s" has no second look: the recognizer knows no words that sound like it', phrase)
    commands = Commands(settings.language)
    return Ears(
        wake=build_wake(settings.wake, model, vocabulary),
        verifier=verifier,
        stop_words=StopWords(model, vocabulary),
        voice_activity=SileroActivity(),
        recognizer=VoskRecognizer(model),
        pause_after=lambda text: PAUSES[commands.completeness(text)],
    )


def build_listener(settings: Settings, post: Post) -> Listener:
    """The ears at work. Raises as `build_ears`."""
    return Listener(build_ears(settings), settings.endpoint, post)


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
    process, commands = ModelProcess(load), Commands(settings.language)

    def stops(text: str) -> bool:
        command = commands.parse(text)
        return command is not None and command.intent in STOPS

    thinker = Thinker(process, stops, llm.max_tokens, post)
    process.died = thinker.model_died
    return thinker, chosen


def build_voice(settings: Settings) -> Piper:
    """The voice that the settings choose. Raises ModelError."""
    return Piper(choose_model(settings, "voice").path, settings.voice.rate)


class Daemon:
    """The main loop: an event comes, the state changes, commands go to the parts."""

    def __init__(
        self,
        dialogue: Dialogue,
        observe: Callable[[Event], None] = lambda event: None,
        *,
        log_speech: bool = False,
    ) -> None:
        """`observe` is shown each event, in the main thread, after it took effect."""
        self._dialogue = dialogue
        self._observe = observe
        self._log_speech = log_speech
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.state = State()
        self.record = Record()  # of the turn under way, or of the last one
        self.calls = Calls()
        self.listener: Inbox[Listen | Heed | Ignore]
        self.thinker: Inbox[Think | Cancel]
        self.talker: Inbox[Say | Finish]
        self.sound: Sound

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
        if self.state.turn:
            self.state.turn.cancel()

    def work_off(self) -> bool:
        """Handles what has happened, where it does not run; False if nothing had."""
        worked = False
        while not self._events.empty():
            if event := self._events.get_nowait():
                self._handle(event)
                worked = True
        return worked

    def _handle(self, event: Event) -> None:
        before = self.state
        self.state, commands = react(before, event, self._dialogue)
        self.calls.note(event, acted=self.state is not before)
        turn = getattr(event, "turn", None)
        if turn and turn is self.record.turn:
            self.record.note(event)
        if self.state.turn is not before.turn:
            if before.turn and not (before.follows_up and self.record.transcript is None):
                log.info("%s%s", self.record.line(), self.calls.line())
                self.calls = Calls()
            if self.state.turn:
                self.record = Record(self.state.turn)
                self.record.note(event)
        if self.state.phase is not before.phase:
            log.debug("%s", self.state.phase.value)
        if self._log_speech and isinstance(event, Heard | Sentence):
            log.info("%s: %s", type(event).__name__.lower(), event.text)
        for command in commands:
            self._carry_out(command)
        self._observe(event)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Cancel():
                command.turn.cancel()
                self.thinker.post(command)
            case Listen() | Heed() | Ignore():
                self.listener.post(command)
            case Think():
                self.thinker.post(command)
            case Say() | Finish():
                self.talker.post(command)
            case Chime():
                self.sound.chime(command.earcon)
            case Ring():
                self.sound.ring(on=command.on, low=command.low)


def run(settings: Settings) -> None:
    """The daemon, in the foreground, until it is told to end by SIGTERM or SIGINT.

    Raises:
        ModelError: a model that it cannot do without is missing or damaged.
    """
    daemon = Daemon(settings.dialogue, log_speech=settings.privacy.log_speech)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.quit())
    thinker, _ = build_thinker(settings, daemon.post)
    thinker.start()  # first, since it takes longest, and in a process of its own
    try:
        listener = build_listener(settings, daemon.post)
        sound = SoundCard(settings.audio, build_echo(settings.audio, daemon.post), listener.worker.offer, daemon.post)
        talker = Talker(build_voice(settings), sound, settings.voice.sentence_gap_s)
        talker.warm()
        daemon.listener, daemon.thinker, daemon.talker = listener.worker, thinker.worker, talker.worker
        daemon.sound = sound
        listener.worker.start()
        talker.worker.start()
        sound.start()
        daemon.post(Ready())
        log.info('ready: say "%s"', '" or "'.join(settings.wake.phrase).replace("_", " "))
        daemon.run()
        sound.stop()
    finally:
        thinker.stop()
