import threading
from collections.abc import Callable

import pytest

from assistant.thinking.language_model import AbortedError
from assistant.thinking.messages import ToolResult
from assistant.thinking.turns import Turns


class FakeAbort:
    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    def allow(self) -> None:
        self.aborted = False


def test_a_cancellation_ends_its_turn_and_those_before_it() -> None:
    model, turns = FakeAbort(), Turns()
    turns.cancel(2)
    assert not model.aborted
    aborted = []
    for number in (1, 2, 3):
        turns.begin(number, model)
        aborted.append(model.aborted)
    assert aborted == [True, True, False]
    turns.cancel(2)
    assert not model.aborted
    turns.cancel(3)
    assert model.aborted
    turns.begin(4, model)
    assert not model.aborted


def test_another_question_does_not_abort_the_reply_under_way() -> None:
    model, turns = FakeAbort(), Turns()
    turns.begin(1, model)
    turns.ask(2)
    assert not model.aborted


def outcome_of_waiting(turns: Turns, number: int, then: Callable[[], None]) -> str:
    """What a thread gets that waits for a result while `then` happens."""
    outcomes: list[str] = []

    def wait() -> None:
        try:
            outcomes.append(turns.wait_for_result(number))
        except AbortedError:
            outcomes.append("aborted")

    waiting = threading.Thread(target=wait)
    waiting.start()
    then()
    waiting.join(10)
    (outcome,) = outcomes
    return outcome


def test_a_result_comes_to_the_turn_that_waits_for_it() -> None:
    turns = Turns()
    turns.ask(1)
    turns.begin(1, FakeAbort())
    assert outcome_of_waiting(turns, 1, lambda: turns.give(ToolResult(1, "a result"))) == "a result"


@pytest.mark.parametrize(
    "happens",
    [lambda turns: turns.cancel(3), lambda turns: turns.cancel(4), lambda turns: turns.ask(4)],
    ids=["cancelled", "a later one cancelled", "another asked for"],
)
def test_waiting_ends_when_the_turn_is_over(happens: Callable[[Turns], None]) -> None:
    turns = Turns()
    turns.ask(3)
    assert outcome_of_waiting(turns, 3, lambda: happens(turns)) == "aborted"
    turns = Turns()
    turns.ask(3)
    happens(turns)
    assert outcome_of_waiting(turns, 3, lambda: None) == "aborted"


def test_a_cancelled_turn_does_not_take_its_result_anymore() -> None:
    turns = Turns()
    turns.cancel(1)
    turns.give(ToolResult(1, "a result"))
    assert outcome_of_waiting(turns, 1, lambda: None) == "aborted"


def test_results_and_cancels_of_other_turns_are_not_for_the_one_that_waits() -> None:
    turns = Turns()

    def happen() -> None:
        turns.cancel(1)
        turns.give(ToolResult(1, "late"))
        turns.give(ToolResult(2, "right"))

    assert outcome_of_waiting(turns, 2, happen) == "right"


def test_each_call_waits_for_a_result_of_its_own() -> None:
    turns = Turns()
    turns.give(ToolResult(1, "first"))
    assert turns.wait_for_result(1) == "first"
    assert outcome_of_waiting(turns, 1, lambda: turns.give(ToolResult(1, "second"))) == "second"


def test_what_is_done_between_turns_gives_way_to_one_that_is_asked_for() -> None:
    model, turns = FakeAbort(), Turns()
    turns.begin_between(model, lambda: False, gives_way=True)
    assert not model.aborted
    turns.ask(1)
    assert model.aborted
    turns.begin(1, model)
    assert not model.aborted


def test_what_a_turn_will_need_does_not_give_way() -> None:
    model, turns = FakeAbort(), Turns()
    turns.begin_between(model, lambda: False, gives_way=False)
    turns.ask(1)
    assert not model.aborted


@pytest.mark.parametrize("gives_way", [True, False])
def test_a_late_cancel_does_not_end_what_is_done_between_turns(gives_way: bool) -> None:
    model, turns = FakeAbort(), Turns()
    turns.begin(1, model)
    turns.begin_between(model, lambda: False, gives_way=gives_way)
    turns.cancel(1)
    assert not model.aborted


def test_what_is_out_of_date_already_is_not_begun() -> None:
    model, turns = FakeAbort(), Turns()
    turns.begin_between(model, lambda: True, gives_way=False)
    assert model.aborted


def test_a_reply_does_not_give_way_as_what_was_done_before_it() -> None:
    model, turns = FakeAbort(), Turns()
    turns.begin_between(model, lambda: False, gives_way=True)
    turns.begin(1, model)
    turns.ask(2)
    assert not model.aborted
