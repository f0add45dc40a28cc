"""What the owner asks of a running daemon over the control socket. On the threads `control` and main."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from assistant.control.protocol import ControlError
from assistant.control.server import Reply
from assistant.daemon import Daemon
from assistant.doing.answer import Answer, Slots
from assistant.events import Announced, ButtonPressed, Event, Failed, MuteWanted, Replied, Sentence, Stopped, Typed
from assistant.keepsakes import VIEWS, forget_history, forget_memory
from assistant.kept import Kept
from assistant.orders import Forget
from assistant.record import Record

MOST_CHARACTERS = 2000  # of a text

Request = Mapping[str, Any]


class Desk(Protocol):
    """What there is beside the main loop; the service has it."""

    def status(self) -> dict[str, Any]: ...
    def reload(self, reply: Reply) -> None:
        """Has the settings read again between two turns, and ends the reply then."""

    def watch(self, reply: Reply) -> None:
        """Tells it all that happens."""

    def act(self, intent: str, slots: Slots) -> Answer:
        """Carries out an action."""

    def with_kept(self, do: Callable[[Kept], dict[str, Any]], reply: Reply) -> None:
        """Has something done with what is kept, where that may take its time, and replies with what it gives."""


@dataclass(slots=True, eq=False)
class _Asking:
    """A typed question under way; the record of its turn is there once that has begun."""

    typed: Typed
    reply: Reply
    record: Record | None = None


class Remote:
    """Answers requests: what changes something is posted to the main loop as an event."""

    def __init__(self, daemon: Daemon, desk: Desk) -> None:
        self._desk = desk
        self._daemon = daemon
        self._asking: list[_Asking] = []  # appended to on one thread, taken from on the other
        self._requests: dict[str, Callable[[Request, Reply], None]] = {
            "status": lambda request, reply: reply.end(desk.status()),
            "stop": lambda request, reply: self._post(Stopped(time.monotonic()), reply),
            "listen": lambda request, reply: self._post(ButtonPressed(time.monotonic()), reply),
            "mute": lambda request, reply: self._post(MuteWanted(on=True), reply),
            "unmute": lambda request, reply: self._post(MuteWanted(on=False), reply),
            "say": lambda request, reply: self._post(Announced(_text(request)), reply),
            "ask": self._ask,
            "reload": lambda request, reply: desk.reload(reply),
            "watch": lambda request, reply: desk.watch(reply),
            "volume": self._volume,
            "kept": self._show_kept,
            "forget": self._forget,
        }

    def answer(self, request: Request, reply: Reply) -> None:
        """On the thread `control`. Raises ControlError where the request is none of these."""
        do = self._requests.get(request["do"])
        if do is None:
            raise ControlError(f'"{request["do"][:40]}" is no request; there are {", ".join(sorted(self._requests))}')
        do(request, reply)

    def observe(self, event: Event) -> None:
        """On the main thread, after the event took effect: tells those who asked what becomes of their question."""
        for asking in list(self._asking):
            self._tell(asking, event)

    def _post(self, event: Event, reply: Reply) -> None:
        self._daemon.post(event)
        reply.end()

    def _volume(self, request: Request, reply: Reply) -> None:
        percent = request.get("percent")
        if percent is not None and (isinstance(percent, bool) or not isinstance(percent, int)):
            raise ControlError('"percent" must be a whole number')

        def set_or_tell(kept: Kept) -> dict[str, Any]:
            if percent is not None:
                self._desk.act("set_volume", {"volume": percent})
            sound = kept.sound()
            return {"percent": 0 if sound.muted else sound.volume}

        self._desk.with_kept(set_or_tell, reply)

    def _show_kept(self, request: Request, reply: Reply) -> None:
        view = VIEWS.get(str(request.get("view")))
        if view is None:
            raise ControlError(f'"view" must be one of {", ".join(VIEWS)}')
        self._desk.with_kept(lambda kept: {"rows": view(kept)}, reply)

    def _forget(self, request: Request, reply: Reply) -> None:
        what, number = request.get("what"), request.get("number")
        if what not in ("memory", "history") or not isinstance(number, int | None):
            raise ControlError('"what" must be memory or history, "number" that of a fact, or nothing')

        def forget(kept: Kept) -> dict[str, Any]:
            n = forget_history(kept) if what == "history" else forget_memory(kept, number)
            # What was said of it goes too, with the KV cache in which it stands.
            self._daemon.thinker.post(Forget(everything=True))
            return {"forgotten": n}

        self._desk.with_kept(forget, reply)

    def _ask(self, request: Request, reply: Reply) -> None:
        if not self._daemon.rests:
            raise ControlError(f"it is {self._daemon.state.phase.value} now; try again when it is idle")
        typed = Typed(_text(request), time.monotonic(), silent=True)
        self._asking.append(_Asking(typed, reply))
        self._daemon.post(typed)

    def _tell(self, asking: _Asking, event: Event) -> None:
        if event is asking.typed:
            asking.record = self._daemon.record
        if asking.record is None:
            return
        turn = asking.record.turn
        mine = getattr(event, "turn", None) is turn
        match event:
            case Sentence(text=text) if mine:
                asking.reply.send({"sentence": text})
            case Replied() if mine:
                # The main loop may be a turn further on: it says what began to ring meanwhile.
                asking.reply.end(asking.record.as_json())
            case Failed(said=said) if mine:
                asking.reply.fail(said)
            case _ if self._daemon.state.turn is not turn:
                asking.reply.fail("it was interrupted")
            case _:
                if not asking.reply.gone:
                    return
        if not isinstance(event, Sentence):
            self._asking.remove(asking)


def _text(request: Request) -> str:
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ControlError('"text" must be some words')
    if len(text) > MOST_CHARACTERS:
        raise ControlError(f"the text has {len(text)} characters; at most {MOST_CHARACTERS} are taken")
    return " ".join(text.split())
