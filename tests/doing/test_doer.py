from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant.doing.answer import Answer, Asked, Slots
from assistant.doing.commands import Commands
from assistant.doing.doer import Doer
from assistant.doing.says import Says
from assistant.events import Event, Sentence
from assistant.orders import Anticipate, Think
from assistant.turn import Turn


class Desk:
    """A doer that knows of timers, what it posts, and what it hands on to the thinker."""

    def __init__(self, commands: Commands) -> None:
        self.events: list[Event] = []
        self.handed_on: list[object] = []
        self.done: list[Slots] = []
        self.doer = Doer(commands, {"set_timer": self._set_timer}, Says({}), self.events.append, lambda: None)
        self.doer.thinker = self

    def post(self, message: object) -> None:
        self.handed_on.append(message)

    def _set_timer(self, slots: Slots) -> Answer:
        self.done.append(slots)
        if "minutes" in slots:
            return Answer("Timer set.")
        return Answer("For how long?", done=False, asked=Asked("set_timer", frozenset({"answer_duration"})))

    def tell(self, request: Think | Anticipate) -> None:
        self.doer.worker.post(request)
        self.doer.worker.work_off()


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands("en")


@pytest.fixture
def desk(commands: Commands) -> Desk:
    return Desk(commands)


@pytest.mark.parametrize("text", ["why is the sky blue", "set a timer for the moon landing"])
@pytest.mark.parametrize("whole", [True, False])
def test_the_model_may_think_ahead_of_what_is_no_command(desk: Desk, text: str, whole: bool) -> None:
    request = Anticipate(Turn(1), text, whole)
    desk.tell(request)
    assert desk.handed_on == [request]


def test_a_command_is_only_read_ahead_and_not_carried_out(desk: Desk) -> None:
    request = Anticipate(Turn(1), "set a timer for ten minutes", whole=True)
    desk.tell(request)
    assert desk.handed_on == [replace(request, whole=False)]
    assert desk.done == []
    assert desk.events == []


def test_what_may_answer_a_question_of_ours_is_only_read_ahead_and_still_answers_it(desk: Desk) -> None:
    desk.tell(Think(Turn(1), "set a timer"))
    turn = Turn(2)
    for text in ("why is the sky blue", "ten minutes"):
        desk.tell(Anticipate(turn, text, whole=True))
    assert desk.handed_on == [Anticipate(turn, "why is the sky blue"), Anticipate(turn, "ten minutes")]
    assert len(desk.done) == 1
    desk.tell(Think(turn, "ten minutes"))
    assert desk.done[-1]["minutes"] == 10
    assert Sentence(turn, "Timer set.") in desk.events


def test_after_its_question_was_passed_over_the_model_may_think_ahead_again(desk: Desk) -> None:
    desk.tell(Think(Turn(1), "set a timer"))
    desk.tell(Think(Turn(2), "why is the sky blue"))
    request = Anticipate(Turn(3), "why is that", whole=True)
    desk.tell(request)
    assert desk.handed_on[-1] == request


@pytest.mark.parametrize("kind", [Anticipate, Think])
def test_what_belongs_to_a_cancelled_turn_is_dropped(desk: Desk, kind: Callable[..., Anticipate | Think]) -> None:
    turn = Turn(1)
    turn.cancel()
    desk.tell(kind(turn, "why is the sky blue"))
    assert desk.handed_on == []
