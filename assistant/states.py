"""The state machine: an event in, the next state and the commands that follow out. Pure; the main thread calls it.

Events of a turn that is over are ignored, so a late thread can do no harm.
"""

from dataclasses import dataclass, replace
from enum import Enum

from assistant.events import (
    ButtonPressed,
    Cancel,
    Command,
    Event,
    Failed,
    Finish,
    FirstAudio,
    Heard,
    HeardNothing,
    Ignore,
    Listen,
    PartFound,
    PartLost,
    Ready,
    Replied,
    Say,
    Sentence,
    Spoken,
    Stopped,
    Think,
    Turn,
    Typed,
    Woken,
)


class Phase(Enum):
    """What a person sees it doing."""

    STARTING = "starting"
    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    ERROR = "error"  # idle, with a part missing: it does what it can without that part


MICROPHONE, SPEAKER = "microphone", "speaker"  # the parts without which a turn cannot go on


@dataclass(frozen=True, slots=True)
class State:
    """All that the main thread remembers between two events."""

    phase: Phase = Phase.STARTING
    turn: Turn | None = None  # the one under way
    n_turns: int = 0
    lost: frozenset[str] = frozenset()  # parts that do not work now
    unsaid: str = ""  # what the person is to be told when the turn is over


Reaction = tuple[State, tuple[Command, ...]]


def react(state: State, event: Event) -> Reaction:
    """What `event` makes of `state`, and what is to be done, in that order."""
    turn = getattr(event, "turn", None)
    if turn is not None and turn is not state.turn:
        return state, ()
    match event:
        case Ready() if state.phase is Phase.STARTING:
            return _rest(state)
        case Woken():
            return _listen(state, since=event.end)
        case ButtonPressed():
            return _listen(state, hold_until=event.hold_until)
        case Typed():
            after, turn = _begin(state, Phase.THINKING)
            return after, (*_cancelled(state), Think(turn, event.text))
        case Stopped():
            return _stop(state)
        case Heard():
            return replace(state, phase=Phase.THINKING), (Think(event.turn, event.text),)
        case HeardNothing() | Spoken():
            return _rest(state)
        case Sentence():
            return state, (Say(event.turn, event.text),)
        case Replied():
            return state, (Finish(event.turn),)
        case Failed():
            return state, (Say(event.turn, event.said), Finish(event.turn))
        case FirstAudio():
            return replace(state, phase=Phase.SPEAKING), ()
        case PartLost():
            return _lose(state, event)
        case PartFound():
            return _find(state, event)
        case _:
            return state, ()


def _rest(state: State, *commands: Command) -> Reaction:
    """The turn is over; what could not be said during it is said now, as a turn that the next wake word ends."""
    if state.unsaid and SPEAKER not in state.lost:
        after, turn = _begin(replace(state, unsaid=""), Phase.SPEAKING)
        return after, (*commands, Say(turn, state.unsaid), Finish(turn))
    return replace(state, phase=Phase.ERROR if state.lost else Phase.IDLE, turn=None), commands


def _begin(state: State, phase: Phase) -> tuple[State, Turn]:
    turn = Turn(state.n_turns + 1)
    return replace(state, phase=phase, turn=turn, n_turns=turn.number), turn


def _cancelled(state: State) -> tuple[Command, ...]:
    return (Cancel(state.turn),) if state.turn else ()


def _listen(state: State, *, since: int | None = None, hold_until: int = 0) -> Reaction:
    if state.phase is Phase.STARTING or MICROPHONE in state.lost:
        return state, ()
    after, turn = _begin(state, Phase.LISTENING)
    return after, (*_cancelled(state), Listen(turn, since, hold_until))


def _stop(state: State) -> Reaction:
    if state.turn is None:
        return state, ()
    return _rest(state, *_cancelled(state), *([Ignore()] if state.phase is Phase.LISTENING else []))


def _lose(state: State, event: PartLost) -> Reaction:
    news = event.said if event.part not in state.lost else ""
    after = replace(state, lost=state.lost | {event.part}, unsaid=news or state.unsaid)
    needed = {Phase.LISTENING: MICROPHONE, Phase.SPEAKING: SPEAKER}.get(state.phase)
    if event.part == needed:
        return _stop(after)
    return _between_turns(after)


def _find(state: State, event: PartFound) -> Reaction:
    return _between_turns(replace(state, lost=state.lost - {event.part}, unsaid=event.said or state.unsaid))


def _between_turns(state: State) -> Reaction:
    return (state, ()) if state.turn or state.phase is Phase.STARTING else _rest(state)
