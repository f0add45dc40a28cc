"""The state machine: an event in, the next state and the orders that follow out. Pure; the main thread calls it.

Events of a turn that is over are ignored, so a late thread can do no harm.
"""

from dataclasses import dataclass, replace
from enum import Enum

from assistant.config import Dialogue
from assistant.events import (
    Announced,
    ButtonPressed,
    ButtonReleased,
    Draft,
    EndLikely,
    Event,
    Failed,
    FirstAudio,
    Heard,
    HeardNothing,
    MuteWanted,
    PartFound,
    Partial,
    PartLost,
    Quieted,
    Rang,
    Ready,
    Replied,
    Saying,
    Sentence,
    Spoken,
    Stopped,
    Typed,
    Wanted,
    Woken,
)
from assistant.orders import (
    Anticipate,
    Cancel,
    Chime,
    Earcon,
    Enough,
    Finish,
    Heed,
    Ignore,
    Listen,
    Mute,
    Order,
    Render,
    Ring,
    Say,
    Silence,
    Think,
)
from assistant.said import is_own, said_until
from assistant.turn import Turn


class Phase(Enum):
    """What a person sees it doing."""

    STARTING = "starting"
    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    RINGING = "ringing"
    MUTED = "muted"  # idle, with the microphone closed
    ERROR = "error"  # idle, with a part missing: it does what it can without that part


MICROPHONE, SPEAKER = "microphone", "speaker"  # the parts without which a turn cannot go on


@dataclass(frozen=True, slots=True)
class State:
    """All that the main thread remembers between two events."""

    phase: Phase = Phase.STARTING
    turn: Turn | None = None  # the one under way
    n_turns: int = 0
    muted: bool = False  # the microphone is closed
    spoken_to: bool = False  # the turn is a person's, who asked aloud and may go on
    silent: bool = False  # the turn's reply is read, not heard
    follows_up: bool = False  # it listens without having been called
    sayings: tuple[Saying, ...] = ()  # of this turn's reply, or the last one's
    ringing: bool = False
    sounded: bool = False  # what rings has been heard
    rings: str = ""  # what rings, where that is yet to be said
    n_rang: int = 0
    lost: frozenset[str] = frozenset()  # parts that do not work now
    unsaid: str = ""  # what the person is to be told when the turn is over


Reaction = tuple[State, tuple[Order, ...]]


def react(state: State, event: Event, dialogue: Dialogue) -> Reaction:
    """What `event` makes of `state`, and what is to be done, in that order."""
    turn = getattr(event, "turn", None)
    if turn is not None and turn is not state.turn:
        return state, ()
    match event:
        case Ready() if state.phase is Phase.STARTING:
            return _rest(state)
        case Woken() | Stopped() if is_own(state.sayings, _words(event), event.at_s):
            return state, ()
        case Woken() if state.muted:  # heard just before the microphone was closed
            return state, ()
        case Woken():
            return _listen(state, event.at_s, since=event.end)
        case ButtonPressed() if state.phase is Phase.RINGING:
            return _stop(state, event.at_s)
        case ButtonPressed():
            return _listen(state, event.at_s, hold_until=event.hold_until, held=event.held)
        case ButtonReleased() if state.turn and state.phase is Phase.LISTENING:
            return state, (Enough(state.turn),)
        case MuteWanted():
            return _mute(state, not state.muted if event.on is None else event.on)
        case Typed():
            after, turn = _begin(state, Phase.THINKING)
            think = Think(turn, event.text, _said(state))
            return replace(after, silent=event.silent), (*_cancelled(state, event.at_s), think)
        case Announced():
            return _between_turns(replace(state, unsaid=_joined(state.unsaid, event.text)))
        case Stopped():
            return _stop(state, event.at_s)
        case Partial():
            stable = " ".join(event.text.split()[: event.n_stable])
            ahead = (Anticipate(event.turn, stable),) if state.phase is Phase.LISTENING else ()
            return replace(state, follows_up=False) if state.follows_up else state, ahead
        case EndLikely() if state.phase is Phase.LISTENING:
            return state, (Anticipate(event.turn, event.text, whole=True),)
        case Rang():
            after = replace(state, ringing=True, rings=event.said, n_rang=event.number)
            # Who may go on, and has not, does not keep it from ringing.
            return _rest(after, *_cancelled(state, 0.0), Ignore()) if state.follows_up else _between_turns(after)
        case Quieted() if state.ringing:
            after = replace(state, ringing=False, sounded=False, rings="")
            return _between_turns(after, Ring(on=False))
        case Wanted():
            return state, (event.order,)
        case Heard():
            after = replace(state, phase=Phase.THINKING, spoken_to=True)
            return after, (Chime(Earcon.END), Think(event.turn, event.text, _said(state)))
        case HeardNothing():
            return _rest(state, Cancel(event.turn), *(() if state.follows_up else (Chime(Earcon.END),)))
        case Spoken():
            return _follow_up(state, dialogue)
        case Draft():
            return state, (Render(event.guess, event.text),)
        case Sentence() if state.silent:
            return state, ()
        case Replied() | Failed() if state.silent:
            return _rest(state)
        case Sentence():
            return state, (Say(event.turn, event.text, event.part, event.written_per_s),)
        case Replied():
            return state, (Finish(event.turn),)
        case Failed():
            after = replace(state, spoken_to=False)
            return after, (Chime(Earcon.ERROR), Say(event.turn, event.said), Finish(event.turn))
        case FirstAudio():
            return replace(state, phase=Phase.SPEAKING, sayings=()), (Heed(),)
        case Saying():
            return replace(state, sayings=(*state.sayings, event)), ()
        case PartLost():
            return _lose(state, event)
        case PartFound():
            return _find(state, event)
        case _:
            return state, ()


def _words(event: Woken | Stopped) -> str:
    return event.phrase if isinstance(event, Woken) else event.word or "\0"


def _said(state: State) -> tuple[str, ...]:
    return tuple(saying.text for saying in state.sayings)


def _joined(unsaid: str, said: str) -> str:
    return unsaid if said in unsaid else f"{unsaid} {said}".strip()


def _rest(state: State, *orders: Order) -> Reaction:
    """The turn is over; what could not be said during it is said now, as a turn that the next wake word ends."""
    said = _joined(state.unsaid, state.rings)
    if said and SPEAKER not in state.lost:
        after, turn = _begin(replace(state, unsaid="", rings="", sounded=state.ringing), Phase.SPEAKING)
        ring: tuple[Order, ...] = (Ring(on=True, low=True),) if state.ringing else ()
        return after, (*orders, *ring, Say(turn, said), Finish(turn))
    if state.ringing:
        after = replace(state, phase=Phase.RINGING, turn=None, sounded=True)
        return after, (*orders, Ring(on=True), Heed())
    if state.phase in {Phase.LISTENING, Phase.SPEAKING, Phase.RINGING}:
        orders = (*orders, Ignore())
    phase = Phase.MUTED if state.muted else Phase.ERROR if state.lost else Phase.IDLE
    return replace(state, phase=phase, turn=None), orders


def _begin(state: State, phase: Phase) -> tuple[State, Turn]:
    turn = Turn(state.n_turns + 1)
    fresh = replace(state, spoken_to=False, silent=False, follows_up=False)
    return replace(fresh, phase=phase, turn=turn, n_turns=turn.number), turn


def _cancelled(state: State, at_s: float) -> tuple[Order, ...]:
    if state.turn is None:
        return ()
    sayings = [saying for saying in state.sayings if saying.turn is state.turn]
    return (Cancel(state.turn, said_until(sayings, at_s)),)


def _listen(
    state: State, at_s: float, *, since: int | None = None, hold_until: int = 0, held: bool = False
) -> Reaction:
    if state.phase is Phase.STARTING:
        return state, ()
    if MICROPHONE in state.lost:
        return state, (Chime(Earcon.ERROR),)
    after, turn = _begin(replace(state, muted=False), Phase.LISTENING)
    first: list[Order] = [Mute(on=False)] if state.muted else []
    if state.ringing:
        first.append(Ring(on=True, low=True))
    return after, (*_cancelled(state, at_s), *first, Listen(turn, since, hold_until, held), Chime(Earcon.WAKE))


def _mute(state: State, on: bool) -> Reaction:
    if on is state.muted:
        return state, ()
    after = replace(state, muted=on)
    if state.phase is Phase.STARTING:
        return after, (Mute(on),)
    told = (Mute(on), Chime(Earcon.END if on else Earcon.WAKE))
    if on and state.phase is Phase.LISTENING:
        return _rest(after, *_cancelled(state, 0.0), *told)
    return _between_turns(after, *told)


def _follow_up(state: State, dialogue: Dialogue) -> Reaction:
    """After a reply the person may go on without calling it, and is expected to when it was a question."""
    asked_back = bool(state.sayings) and state.sayings[-1].text.rstrip("\"'”’)*_ ").endswith("?")
    wait_s = max(dialogue.follow_up_s, dialogue.answer_s if asked_back else 0.0)
    busy = state.unsaid or state.ringing or state.muted or state.lost & {MICROPHONE, SPEAKER}
    if busy or not (state.spoken_to and wait_s):
        return _rest(state)
    after, turn = _begin(state, Phase.LISTENING)
    return replace(after, follows_up=True), (Listen(turn, wait_s=wait_s),)


def _stop(state: State, at_s: float) -> Reaction:
    if state.turn is None and not state.ringing:
        return state, ()
    if not state.sounded:  # who stops a reply does not mean a timer that nobody has heard yet
        return _rest(state, *_cancelled(state, at_s))
    after = replace(state, ringing=False, sounded=False, rings="")
    return _rest(after, *_cancelled(state, at_s), Ring(on=False), Silence(state.n_rang))


def _lose(state: State, event: PartLost) -> Reaction:
    news = event.said if event.part not in state.lost else ""
    after = replace(state, lost=state.lost | {event.part}, unsaid=_joined(state.unsaid, news))
    needed = {Phase.LISTENING: MICROPHONE, Phase.SPEAKING: SPEAKER}.get(state.phase)
    if event.part == needed:
        begun_s = state.sayings[-1].at_s if state.sayings else 0.0
        return _rest(after, *_cancelled(state, begun_s))
    return _between_turns(after)


def _find(state: State, event: PartFound) -> Reaction:
    return _between_turns(replace(state, lost=state.lost - {event.part}, unsaid=_joined(state.unsaid, event.said)))


def _between_turns(state: State, *orders: Order) -> Reaction:
    return (state, orders) if state.turn or state.phase is Phase.STARTING else _rest(state, *orders)
