"""How the thinker works before an utterance is over; its fakes are those of test_thinker."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from test_thinker import ROOMY, Box, FakeModel, Reply, loaded_with, soon, tokens_of

from assistant import phrases
from assistant.events import Did, Draft, Event, Failed, GuessDropped, PartFound, Replied, Sentence
from assistant.orders import Anticipate, Cancel, Forget, Note, Think
from assistant.thinking.messages import Ending, Exchange, Loaded
from assistant.thinking.thinker import Thinker
from assistant.thinking.tool_calls import Call
from assistant.turn import Turn


class Room:
    """A thinker with a model, in a turn in which somebody speaks."""

    def __init__(self, *replies: Reply, loaded: Loaded = ROOMY, remember_s: float = 60.0) -> None:
        self.model = FakeModel(*replies, loaded=loaded)
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.box = Box()
        self.thinker = Thinker(self.model, 60, self.events.put, toolbox=self.box, remember_s=remember_s)
        self.thinker.start()
        assert isinstance(self.events.get(timeout=10), PartFound)
        self.turn = Turn(1)

    def hear(self, text: str, *, whole: bool = False) -> None:
        self.thinker.post(Anticipate(self.turn, text, whole))

    def end(self, text: str) -> list[Event]:
        """The utterance is over: what is told until the reply is."""
        self.thinker.post(Think(self.turn, text))
        return self.until(Replied, Failed)

    def until(self, *last: type[Event]) -> list[Event]:
        events = [self.events.get(timeout=10)]
        while not isinstance(events[-1], last):
            events.append(self.events.get(timeout=10))
        return events


@pytest.fixture
def room_with() -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(*replies: Reply, **how: Any) -> Room:
        rooms.append(Room(*replies, **how))
        return rooms[-1]

    yield make
    for room in rooms:
        room.turn.cancel()
        room.thinker.stop()


RoomOf = Callable[..., Room]


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Sentence)]


def test_the_words_that_are_certain_are_read_as_they_come(room_with: RoomOf) -> None:
    room = room_with()
    room.hear("why is")
    assert soon(lambda: room.model.prepared[-1:] == [((), "why is")])
    assert room.model.asked == []


def test_a_guess_that_was_right_is_not_asked_again(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue. So it is."))
    room.hear("why", whole=True)
    drafts = [room.events.get(timeout=10) for _ in range(2)]
    assert [event.text for event in drafts if isinstance(event, Draft)] == ["It is blue.", "So it is."]
    events = room.end("why")
    assert texts(events) == ["It is blue.", "So it is."]
    assert isinstance(events[-1], Replied)
    assert events[-1].tokens is not None
    assert events[-1].tokens.ahead
    assert len(room.model.asked) == 1
    assert soon(lambda: len(room.model.prepared[-1][0]) == 1)  # the exchange is kept, once


def test_a_guess_that_was_wrong_leaves_no_trace(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue."), Reply("It is red."))
    room.hear("why", whole=True)
    room.until(Draft)
    events = room.end("why not")
    assert [event.n_generated for event in events if isinstance(event, GuessDropped)] == [3]
    assert texts(events) == ["It is red."]
    assert [question for _, question in room.model.asked] == ["why", "why not"]
    assert soon(lambda: [len(history) for history, _ in room.model.prepared[-1:]] == [1])


def test_other_words_end_the_guess_at_once(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue."), Reply("It is red."))
    room.hear("why", whole=True)
    room.until(Draft)
    room.hear("why not")
    room.until(GuessDropped)
    assert soon(lambda: ((), "why not") in room.model.prepared)
    assert texts(room.end("why not me")) == ["It is red."]


def test_nothing_is_carried_out_before_the_end_is_certain(room_with: RoomOf) -> None:
    call = {0: Call("ring_bell", {})}
    room = room_with(Reply("It rang.", calls=call))
    room.hear("ring", whole=True)
    assert soon(lambda: len(room.model.asked) == 1)
    assert room.box.n_used == 0
    events = room.end("ring")
    assert room.box.n_used == 1
    assert any(isinstance(event, Did) for event in events)


def test_what_a_wrong_guess_called_for_is_never_carried_out(room_with: RoomOf) -> None:
    call = {0: Call("ring_bell", {})}
    room = room_with(Reply("It rang.", calls=call), Reply("No."))
    room.hear("ring", whole=True)
    assert soon(lambda: len(room.model.asked) == 1)
    room.end("do not ring")
    assert room.box.n_used == 0


def test_a_death_while_it_guesses_costs_only_time(room_with: RoomOf) -> None:
    room = room_with(Reply("It is", dies=True), Reply("It is red."))
    room.hear("why", whole=True)
    room.until(PartFound)
    events = room.end("why")
    assert texts(events) == ["It is red."]
    assert not any(isinstance(event, Failed) for event in events)


def test_after_a_cut_and_after_forgetting_the_next_prompt_is_prepared(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue. So it is."))
    room.end("why")
    assert soon(lambda: len(room.model.prepared[-1][0]) == 1)
    whole = room.model.prepared[-1][0][0].reply
    room.thinker.post(Cancel(room.turn, ("It is blue.",)))
    assert soon(lambda: len(room.model.prepared[-1][0][0].reply) < len(whole))
    room.thinker.post(Forget(everything=True))
    assert soon(lambda: room.model.prepared[-1] == ((), ""))


def test_a_guess_that_does_not_fit_is_asked_as_a_question(room_with: RoomOf) -> None:
    room = room_with(Reply(ending=Ending.TOO_LONG), Reply("It is red."))
    room.hear("why", whole=True)
    room.until(GuessDropped)
    assert texts(room.end("why")) == ["It is red."]


def test_words_are_read_ahead_with_what_was_said_before_and_what_the_model_is_to_know(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue."), Reply("So."))
    room.end("why")
    room.thinker.post(Note("(Bin day is Tuesday.)"))
    before = (Exchange(tokens_of("why"), tokens_of("It is blue.")),)
    room.hear("when is")
    assert soon(lambda: room.model.prepared[-1] == (before, "(Bin day is Tuesday.)\nwhen is"))
    room.hear("when is it", whole=True)
    room.until(Draft)
    assert room.model.asked[-1] == (before, "(Bin day is Tuesday.)\nwhen is it")


def test_of_a_wrong_guess_the_model_is_told_to_stop(room_with: RoomOf) -> None:
    heard = threading.Event()
    room = room_with(Reply("It is blue. So it is. And so on.", before={4: heard.wait}), Reply("It is red."))
    room.hear("why", whole=True)
    room.until(Draft)
    room.hear("why not")
    assert soon(lambda: room.model.cancelled == {1})
    heard.set()
    assert not any(isinstance(event, Draft) for event in room.until(GuessDropped))


def test_a_question_does_not_wait_for_a_guess_that_was_not_begun(room_with: RoomOf) -> None:
    freed = threading.Event()
    room = room_with(Reply("Yes.", before={0: freed.wait}), Reply("It is red."))
    room.thinker.post(Think(room.turn, "really"))  # keeps it busy
    assert soon(lambda: len(room.model.asked) == 1)
    room.hear("why", whole=True)
    room.thinker.post(Think(room.turn, "why"))
    freed.set()
    room.until(Replied)
    events = room.until(Replied)
    assert texts(events) == ["It is red."]
    assert isinstance(events[-1], Replied)
    assert events[-1].tokens is not None
    assert not events[-1].tokens.ahead
    assert [question for _, question in room.model.asked] == ["really", "why"]


def test_a_guess_that_is_kept_while_it_is_made_is_told_as_it_comes(room_with: RoomOf) -> None:
    freed = threading.Event()
    room = room_with(Reply("It is blue. So it is.", before={4: freed.wait}))
    room.hear("why", whole=True)
    room.until(Draft)
    room.thinker.post(Think(room.turn, "why"))
    assert texts(room.until(Sentence)) == ["It is blue."]
    freed.set()
    events = room.until(Replied)
    assert texts(events) == ["So it is."]
    assert not any(isinstance(event, Draft) for event in events)
    assert len(room.model.asked) == 1


def test_a_guess_ends_with_its_turn_and_nobody_is_told(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue."), Reply("It is red."))
    room.hear("why", whole=True)
    room.until(Draft)
    room.turn.cancel()
    room.thinker.post(Cancel(room.turn))
    room.turn = Turn(2)
    events = room.end("why")
    assert [type(event) for event in events if event.turn is not room.turn] == [GuessDropped]  # type: ignore[union-attr]
    assert room.model.asked[-1] == ((), "why")
    assert texts(events) == ["It is red."]


def test_a_death_in_a_guess_that_was_kept_is_told(room_with: RoomOf) -> None:
    freed = threading.Event()
    room = room_with(Reply("It is blue. So", before={4: freed.wait}, dies=True))
    room.hear("why", whole=True)
    room.until(Draft)
    room.thinker.post(Think(room.turn, "why"))
    freed.set()
    assert room.until(Failed)[-1] == Failed(room.turn, phrases.THINKING_FAILED)


def stumble() -> None:
    raise ZeroDivisionError("of our own")


def test_a_fault_of_our_own_in_a_guess_costs_only_time(room_with: RoomOf, caplog: pytest.LogCaptureFixture) -> None:
    room = room_with(Reply("It is", before={1: stumble}), Reply("It is red."))
    room.hear("why", whole=True)
    assert soon(lambda: "of our own" in caplog.text)
    assert texts(room.end("why")) == ["It is red."]


def test_a_fault_of_our_own_in_a_guess_that_was_kept_is_told(room_with: RoomOf) -> None:
    def wait_and_stumble() -> None:
        freed.wait()
        stumble()

    freed = threading.Event()
    room = room_with(Reply("It is blue. So", before={4: wait_and_stumble}))
    room.hear("why", whole=True)
    room.until(Draft)
    room.thinker.post(Think(room.turn, "why"))
    freed.set()
    assert room.until(Failed)[-1] == Failed(room.turn, phrases.THINKING_FAILED)


def test_after_the_oldest_of_the_history_left_what_remains_is_prepared(room_with: RoomOf) -> None:
    room = room_with(*(Reply("word " * 20 + ".") for _ in range(6)), loaded=loaded_with(n_ctx=512, n_prefix=40))
    lengths = []
    for n in range(6):
        room.end("why")
        assert soon(lambda n=n: len(room.model.prepared) == n + 1)  # type: ignore[misc]
        lengths.append(len(room.model.prepared[-1][0]))
    assert lengths == [1, 2, 3, 4, 2, 3]
    assert [history for history, _ in room.model.asked[1:]] == [history for history, _ in room.model.prepared[:-1]]


def test_after_a_conversation_is_over_an_empty_one_is_prepared(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue."), remember_s=0.05)
    room.end("why")
    assert soon(lambda: room.model.prepared[-1:] == [((), "")])


def test_stopping_does_not_wait_for_the_end_of_an_utterance(room_with: RoomOf) -> None:
    room = room_with(Reply("It is blue."))
    room.hear("why", whole=True)
    room.until(Draft)
    room.thinker.stop()
    assert not room.thinker.worker.alive
