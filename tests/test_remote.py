"""What comes of a request, with the main loop as it is and nobody behind it."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Dialogue, Privacy, Settings
from assistant.control.protocol import ControlError
from assistant.control.server import Reply
from assistant.daemon import Daemon
from assistant.doing.answer import Answer, Slots
from assistant.doing.device_actions import Sound
from assistant.doing.history import exchange_now
from assistant.events import Event, Failed, Rang, Ready, Replied, Sentence, Woken
from assistant.kept import Kept
from assistant.orders import Earcon, Forget
from assistant.remote import Remote
from assistant.states import Phase


class Nobody:
    """Takes every order and does nothing."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def post(self, message: object) -> None:
        self.told.append(message)

    def ring(self, *, on: bool, low: bool) -> None: ...
    def mute(self, *, on: bool) -> None: ...
    def set_volume(self, level: float) -> None: ...
    def chime(self, earcon: Earcon) -> None: ...


class Asked:
    """The main loop and who asks it."""

    def __init__(self) -> None:
        self.daemon = Daemon(Dialogue(), self._observe)
        self.kept = Kept(Settings(privacy=Privacy(history=5)))
        self.remote = Remote(self.daemon, self)
        self.acted: list[tuple[str, Slots]] = []
        self.nobody = nobody = Nobody()
        self.daemon.listener = self.daemon.doer = self.daemon.thinker = self.daemon.ringer = nobody
        self.daemon.talker = self.daemon.sound = nobody
        self.happens(Ready())

    def _observe(self, event: Event) -> None:
        self.remote.observe(event)

    def status(self) -> dict[str, Any]:
        return {"state": "idle"}

    def reload(self, reply: Reply) -> None:
        reply.end({"changed": []})

    def watch(self, reply: Reply) -> None:
        reply.send({"state": "idle"})

    def act(self, intent: str, slots: Slots) -> Answer:
        self.acted.append((intent, slots))
        self.kept.keep_sound(Sound(volume=int(slots["volume"])))
        return Answer("Done.")

    def with_kept(self, do: Callable[[Kept], dict[str, Any]], reply: Reply) -> None:
        reply.end(do(self.kept))

    def is_in(self, phase: Phase) -> bool:
        return self.daemon.state.phase is phase

    def happens(self, *events: Any) -> None:
        for event in events:
            self.daemon.post(event)
        self.daemon.work_off()

    def ask(self, do: str, **members: object) -> Reply:
        reply = Reply()
        self.remote.answer({"do": do, **members}, reply)
        self.daemon.work_off()
        return reply


def lines(reply: Reply) -> list[dict[str, Any]]:
    """What was answered so far."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reply.hand_over(ours)
        ours.shutdown(socket.SHUT_WR)
        return [json.loads(line) for line in theirs.makefile("rb")]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Asked()


def test_what_it_does_not_know_is_refused_with_what_there_is(asked: Asked) -> None:
    with pytest.raises(ControlError, match=r'"dance" is no request; there are ask, .*listen, mute, .*unmute'):
        asked.ask("dance")


@pytest.mark.parametrize(
    ("text", "fault"), [(None, "some words"), (7, "some words"), ("  ", "some words"), ("x" * 2001, "at most 2000")]
)
def test_a_text_must_be_one(asked: Asked, text: object, fault: str) -> None:
    for do in ("say", "ask"):
        with pytest.raises(ControlError, match=fault):
            asked.ask(do, text=text)


def test_mute_and_unmute_change_the_state(asked: Asked) -> None:
    asked.ask("mute")
    assert asked.is_in(Phase.MUTED)
    asked.ask("unmute")
    assert asked.is_in(Phase.IDLE)


def test_to_listen_is_as_the_button(asked: Asked) -> None:
    asked.ask("listen")
    assert asked.is_in(Phase.LISTENING)
    asked.ask("stop")
    assert asked.is_in(Phase.IDLE)


def test_a_question_is_answered_sentence_by_sentence(asked: Asked) -> None:
    reply = asked.ask("ask", text="why   not")
    turn = asked.daemon.state.turn
    assert turn
    asked.happens(Sentence(turn, "Because."), Sentence(turn, "So it is."))
    assert [line["sentence"] for line in lines(reply)] == ["Because.", "So it is."]
    asked.happens(Replied(turn, None))
    (last,) = lines(reply)
    assert (last["done"], last["reply"]) == (True, "Because. So it is.")


def test_a_question_that_fails_or_is_interrupted_says_so(asked: Asked) -> None:
    reply = asked.ask("ask", text="why")
    turn = asked.daemon.state.turn
    assert turn
    asked.happens(Failed(turn, "I cannot think now."))
    assert lines(reply)[0]["error"] == "I cannot think now."
    reply = asked.ask("ask", text="why")
    asked.happens(Woken("hey_jarvis", 0.9, 16_000, 10.0))
    assert "interrupted" in lines(reply)[0]["error"]


def test_nobody_is_interrupted_by_a_typed_question(asked: Asked) -> None:
    asked.ask("listen")
    with pytest.raises(ControlError, match="it is listening now; try again when it is idle"):
        asked.ask("ask", text="why")


def test_what_is_kept_is_shown_and_forgotten_and_the_model_forgets_it_too(asked: Asked) -> None:
    asked.kept.memory.remember("bin day is tuesday")
    asked.kept.history.add(exchange_now("what is love", "a word"))
    (fact,) = lines(asked.ask("kept", view="memory"))[0]["rows"]
    assert fact["text"] == "bin day is tuesday"
    assert lines(asked.ask("kept", view="history"))[0]["rows"][0]["question"] == "what is love"
    assert lines(asked.ask("forget", what="memory", number=fact["id"]))[0]["forgotten"] == 1
    assert lines(asked.ask("forget", what="history"))[0]["forgotten"] == 1
    assert lines(asked.ask("kept", view="memory"))[0]["rows"] == []
    assert asked.nobody.told.count(Forget(everything=True)) == 2


@pytest.mark.parametrize(
    ("do", "members"),
    [
        ("kept", {"view": "secrets"}),
        ("kept", {}),
        ("forget", {"what": "timers"}),
        ("forget", {"what": "memory", "number": "all"}),
    ],
)
def test_what_is_not_kept_is_refused(asked: Asked, do: str, members: dict[str, object]) -> None:
    with pytest.raises(ControlError, match="must be"):
        asked.ask(do, **members)


def test_the_volume_is_told_and_set(asked: Asked) -> None:
    assert lines(asked.ask("volume"))[0]["percent"] == 100
    assert lines(asked.ask("volume", percent=40))[0]["percent"] == 40
    assert asked.acted == [("set_volume", {"volume": 40})]
    for wrong in ("loud", True, 1.5):
        with pytest.raises(ControlError, match="whole number"):
            asked.ask("volume", percent=wrong)


def test_an_answer_is_of_its_own_turn_though_something_rings_at_its_end(asked: Asked) -> None:
    reply = asked.ask("ask", text="what time is it")
    turn = asked.daemon.state.turn
    assert turn
    asked.happens(Rang("Your tea timer is done.", 1), Sentence(turn, "Noon."), Replied(turn, None))
    assert asked.is_in(Phase.SPEAKING)
    assert lines(reply)[-1]["sentences"] == ["Noon."]
