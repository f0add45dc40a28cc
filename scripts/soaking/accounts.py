"""Which turns began and how each ended, told by the events and the record. `observe` is on the main thread."""

import threading
from collections import Counter
from collections.abc import Callable

from assistant.daemon import Daemon
from assistant.events import Event, Failed, HeardNothing, Replied, Spoken
from assistant.record import Record
from assistant.states import Phase, State
from assistant.turn import Turn


class Accounts:
    """The turns of a daemon, each of which is to end once, in one of the ways that there are."""

    daemon: Daemon  # to be given before its main loop runs

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.came: Counter[str] = Counter()  # kinds of events
        self.faults: list[str] = []
        self.happened: list[Event] = []  # since whoever reads it has emptied it
        self.phase = Phase.STARTING
        self.to_log: set[int] = set()  # numbers of the turns that ended and are worth a line in the log
        self._before = State()
        self._record = Record()  # of the turn under way
        self._changed = threading.Condition()

    @property
    def n_ended(self) -> int:
        return self.ends.total()

    @property
    def n_under_way(self) -> int:
        return self._before.n_turns - self.n_ended

    def observe(self, event: Event) -> None:
        """After the event took effect."""
        state, before = self.daemon.state, self._before
        with self._changed:
            if state.turn is not before.turn:
                if before.turn:
                    self._end(before.turn, event)
                n_begun = 1 if state.turn else 0
                if state.n_turns != before.n_turns + n_begun or (state.turn and state.turn.number != state.n_turns):
                    self.faults.append(f"after turn {before.n_turns} came {state.turn} with {event}")
                self._record = self.daemon.record
            self._before, self.phase = state, state.phase
            self.happened.append(event)
            self.came[type(event).__name__] += 1
            self._changed.notify_all()

    def wait_until(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """On another thread: whether it came to be so in time."""
        with self._changed:
            return self._changed.wait_for(is_so, timeout_s)

    @property
    def rests(self) -> bool:
        return self.phase in (Phase.IDLE, Phase.MUTED, Phase.ERROR)

    def _end(self, turn: Turn, event: Event) -> None:
        end = how_it_ended(turn, self._record, event)
        if end:
            self.ends[end] += 1
        else:
            self.ends["unknown"] += 1
            self.faults.append(f"{turn} ended by {event}")
        if self._record.turn is not turn:
            self.faults.append(f"the record of {turn} is that of {self._record.turn}")
        if self._record.transcript is not None or not self._before.follows_up:
            self.to_log.add(turn.number)


def how_it_ended(turn: Turn, record: Record, event: Event) -> str:
    """In a word or two; "" if what ended it should not have."""
    if getattr(event, "turn", None) is turn:
        match event:
            case HeardNothing():
                return "heard nothing"
            case Spoken() | Failed() if record.failed is not None:
                return "failed"
            case Spoken():
                return "spoken"
            case Replied():
                return "written"
    return "cancelled" if turn.cancelled else ""
