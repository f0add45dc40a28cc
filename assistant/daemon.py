"""The main loop, which alone owns the state: what happens changes it, what follows goes to the parts. Main thread."""

import logging
import queue
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from assistant.config import Dialogue
from assistant.events import Event, Heard, Sentence
from assistant.orders import (
    Anticipate,
    Cancel,
    Chime,
    Earcon,
    Enough,
    Finish,
    Forget,
    Heed,
    Ignore,
    Listen,
    Mute,
    Order,
    Render,
    Ring,
    Say,
    SetPace,
    SetVolume,
    Silence,
    Think,
)
from assistant.record import Calls, Record
from assistant.states import Phase, State, react
from assistant.worker import BEAT_S

log = logging.getLogger(__name__)

Message_contra = TypeVar("Message_contra", contravariant=True)


class Sound(Protocol):
    """What the main loop has done in the room."""

    def chime(self, earcon: Earcon) -> None: ...
    def ring(self, *, on: bool, low: bool) -> None: ...
    def set_volume(self, level: float) -> None: ...
    def mute(self, *, on: bool) -> None: ...


class Inbox(Protocol[Message_contra]):
    """Takes commands; a worker is one."""

    def post(self, message: Message_contra, /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Job:
    """Done between two turns."""

    do: Callable[[], None]


class Daemon:
    """The main loop: an event comes, the state changes, commands go to the parts."""

    def __init__(
        self,
        dialogue: Dialogue,
        observe: Callable[[Event], None] = lambda event: None,
        *,
        log_speech: bool = False,
        past: Callable[[str, str], None] = lambda question, reply: None,
        muted: Callable[[bool], None] = lambda on: None,
        chores: Callable[[], None] = lambda: None,
    ) -> None:
        """`observe` is shown each event, in the main thread, after it took effect; `past` gets question and reply.

        `muted` is told when the microphone is closed, or open again; `chores` are done after each event, and each beat.
        """
        self.dialogue = dialogue
        self.log_speech = log_speech
        self._observe = observe
        self._past = past
        self._muted = muted
        self._chores = chores
        self._events: queue.SimpleQueue[Event | _Job | None] = queue.SimpleQueue()
        self._jobs: deque[_Job] = deque()
        self.last_beat_s = time.monotonic()
        self.state = State()
        self.record = Record()  # of the turn under way, or of the last one
        self.calls = Calls()
        self.listener: Inbox[Listen | Enough | Heed | Ignore]
        self.doer: Inbox[Think | Anticipate]
        self.thinker: Inbox[Cancel | Forget]
        self.ringer: Inbox[Silence]
        self.talker: Inbox[Say | Render | Finish | SetPace]
        self.sound: Sound

    def post(self, event: Event) -> None:
        """From any thread: something happened."""
        self._events.put(event)

    def between_turns(self, do: Callable[[], None]) -> None:
        """From any thread: has the main thread do this when nobody is spoken to and nothing rings."""
        self._events.put(_Job(do))

    def quit(self) -> None:
        """From any thread, or a signal: the main loop ends."""
        self._events.put(None)

    def run(self) -> None:
        """The main loop, until `quit`."""
        while True:
            self.last_beat_s = time.monotonic()
            self._chores()
            try:
                entry = self._events.get(timeout=BEAT_S)
            except queue.Empty:
                continue
            if entry is None:
                break
            self._take(entry)
        if self.state.turn:
            self.state.turn.cancel()

    def work_off(self) -> bool:
        """Handles what has happened, where it does not run; False if nothing had."""
        worked = False
        while not self._events.empty():
            if entry := self._events.get_nowait():
                self._take(entry)
                worked = True
        return worked

    @property
    def rests(self) -> bool:
        """Nobody is spoken to, and nothing rings."""
        return self.state.phase in (Phase.IDLE, Phase.MUTED, Phase.ERROR)

    def _take(self, entry: Event | _Job) -> None:
        if isinstance(entry, _Job):
            self._jobs.append(entry)
        else:
            self._handle(entry)
        while self._jobs and self.rests:
            self._jobs.popleft().do()

    def _handle(self, event: Event) -> None:
        before = self.state
        self.state, orders = react(before, event, self.dialogue)
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
        if self.log_speech and isinstance(event, Heard | Sentence):
            log.info("%s: %s", type(event).__name__.lower(), event.text)
        for order in orders:
            self._carry_out(order)
        self._observe(event)

    def _carry_out(self, order: Order) -> None:
        match order:
            case Cancel():
                order.turn.cancel()
                self.thinker.post(order)
            case Listen() | Enough() | Heed() | Ignore():
                self.listener.post(order)
            case Think() | Anticipate():
                self.doer.post(order)
            case Silence():
                self.ringer.post(order)
            case Say() | Render() | Finish() | SetPace():
                self.talker.post(order)
            case SetVolume():
                self.sound.set_volume(order.level)
            case Mute():
                self.sound.mute(on=order.on)
                self._muted(order.on)
            case Chime():
                self.sound.chime(order.earcon)
            case Ring():
                self.sound.ring(on=order.on, low=order.low)
