"""The daemon: the main loop, which alone owns the state, and the parts around it. Runs on the main thread."""

import logging
import queue
import signal
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from assistant import config
from assistant.abilities import Abilities
from assistant.audio.chunk import Chunk, Samples
from assistant.audio.sound_card import Echo, SoundCard
from assistant.config import Dialogue, Settings
from assistant.doing.history import PastExchange, exchange_now
from assistant.events import Event, Heard, Ready, Sentence
from assistant.kept import Kept
from assistant.orders import (
    Anticipate,
    Cancel,
    Chime,
    Earcon,
    Finish,
    Heed,
    Ignore,
    Listen,
    Order,
    Render,
    Ring,
    Say,
    SetPace,
    SetVolume,
    Silence,
    Think,
)
from assistant.parts import build_commands, build_echo, build_listener, build_talker, build_thinker, choose_model
from assistant.presence import announce
from assistant.record import Calls, Record
from assistant.states import State, react
from assistant.thinking.model_process import PROGRAM
from assistant.turn import Turn
from assistant.worker import Worker

log = logging.getLogger(__name__)

Message_contra = TypeVar("Message_contra", contravariant=True)


class Sound(Protocol):
    """A room: what is heard there goes to the listener, what is played is heard there."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None: ...
    def finish(self, turn: Turn) -> None: ...
    def chime(self, earcon: Earcon) -> None: ...
    def ring(self, *, on: bool, low: bool) -> None: ...
    def set_volume(self, level: float) -> None: ...


class Inbox(Protocol[Message_contra]):
    """Takes commands; a worker is one."""

    def post(self, message: Message_contra, /) -> None: ...


class Daemon:
    """The main loop: an event comes, the state changes, commands go to the parts."""

    def __init__(
        self,
        dialogue: Dialogue,
        observe: Callable[[Event], None] = lambda event: None,
        *,
        log_speech: bool = False,
        past: Callable[[str, str], None] = lambda question, reply: None,
    ) -> None:
        """`observe` is shown each event, in the main thread, after it took effect; `past` gets question and reply."""
        self._dialogue = dialogue
        self._observe = observe
        self._log_speech = log_speech
        self._past = past
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.state = State()
        self.record = Record()  # of the turn under way, or of the last one
        self.calls = Calls()
        self.listener: Inbox[Listen | Heed | Ignore]
        self.doer: Inbox[Think | Anticipate]
        self.thinker: Inbox[Cancel]
        self.ringer: Inbox[Silence]
        self.talker: Inbox[Say | Render | Finish | SetPace]
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
        self.state, orders = react(before, event, self._dialogue)
        self.calls.note(event, acted=self.state is not before)
        turn = getattr(event, "turn", None)
        if turn and turn is self.record.turn:
            self.record.note(event)
        if self.state.turn is not before.turn:
            if before.turn and not (before.follows_up and self.record.transcript is None):
                log.info("%s%s", self.record.line(), self.calls.line())
                self.calls = Calls()
                if self.record.transcript and self.record.sentences:
                    self._past(self.record.transcript, self.record.reply)
            if self.state.turn:
                self.record = Record(self.state.turn)
                self.record.note(event)
        if self.state.phase is not before.phase:
            log.debug("%s", self.state.phase.value)
        if self._log_speech and isinstance(event, Heard | Sentence):
            log.info("%s: %s", type(event).__name__.lower(), event.text)
        for order in orders:
            self._carry_out(order)
        self._observe(event)

    def _carry_out(self, order: Order) -> None:
        match order:
            case Cancel():
                order.turn.cancel()
                self.thinker.post(order)
            case Listen() | Heed() | Ignore():
                self.listener.post(order)
            case Think() | Anticipate():
                self.doer.post(order)
            case Silence():
                self.ringer.post(order)
            case Say() | Render() | Finish() | SetPace():
                self.talker.post(order)
            case SetVolume():
                self.sound.set_volume(order.level)
            case Chime():
                self.sound.chime(order.earcon)
            case Ring():
                self.sound.ring(on=order.on, low=order.low)


def run(
    settings: Settings,
    *,
    sound_of: Callable[[config.Audio, Echo, Callable[[Chunk], bool], Callable[[Event], None]], Sound] = SoundCard,
    observe: Callable[[Event], None] = lambda event: None,
    program: Sequence[str] = PROGRAM,
) -> None:
    """The daemon, in the foreground, until it is told to end by SIGTERM or SIGINT.

    A bench brings its own `sound_of` what is heard, and the `program` of the language model's process.

    Raises:
        ModelError: a model that it cannot do without is missing or damaged.
        StoreError: what is to be kept cannot be kept.
        AssistantError: another daemon runs already.
    """
    presence = announce()
    kept = Kept(settings)
    historian = Worker[PastExchange](
        "historian", kept.history.add, failed=lambda part, error, _: log.error("%s", error)
    )
    daemon = Daemon(
        settings.dialogue,
        observe,
        log_speech=settings.privacy.log_speech,
        past=lambda question, reply: historian.post(exchange_now(question, reply)),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.quit())
    chosen = choose_model(settings, "llm")
    commands = build_commands(settings)
    abilities = Abilities(settings, kept, commands, daemon.post, model=chosen.path.stem)
    thinker = build_thinker(settings, chosen, abilities.toolbox, kept.for_model, daemon.post, program)
    thinker.start()  # first, since it takes longest, and in a process of its own
    try:
        listener = build_listener(settings, commands, daemon.post)
        sound = sound_of(settings.audio, build_echo(settings.audio, daemon.post), listener.worker.offer, daemon.post)
        talker = build_talker(settings, sound, abilities.common())
        doer, ringer = abilities.doer, abilities.ringer
        doer.thinker = thinker
        daemon.listener, daemon.doer, daemon.thinker = listener.worker, doer.worker, thinker
        daemon.talker, daemon.ringer, daemon.sound = talker, ringer.worker, sound
        for worker in (listener.worker, talker.worker, doer.worker, historian):
            worker.start()
        sound.start()
        daemon.post(Ready())
        ringer.worker.start()
        log.info('ready: say "%s"', '" or "'.join(settings.wake.phrase).replace("_", " "))
        daemon.run()
        sound.stop()
        # Python must not end while C code works in another thread.
        for stop in (w.stop for w in (ringer.worker, doer.worker, talker.worker, listener.worker, historian)):
            stop()
    finally:
        thinker.stop()
        presence.close()
