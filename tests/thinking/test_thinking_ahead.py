"""How the thinker works before an utterance is over; its fakes are those of test_thinker."""

import queue
from collections.abc import Callable, Iterator

import pytest
from test_thinker import Box, FakeModel, Reply, soon

from assistant.events import Did, Draft, Event, Failed, GuessDropped, PartFound, Replied, Sentence
from assistant.orders import Anticipate, Cancel, Forget, Think
from assistant.thinking.messages import Ending
from assistant.thinking.thinker import Thinker
from assistant.thinking.tool_calls import Call
from assistant.turn import Turn


class Room:
    """A thinker with a model, in a turn in which somebody speaks."""

    def __init__(self, *replies: Reply) -> None:
        self.model = FakeModel(*replies)
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.box = Box()
        self.thinker = Thinker(self.model, 60, self.events.put, toolbox=self.box)
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

    def make(*replies: Reply) -> Room:
        rooms.append(Room(*replies))
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
