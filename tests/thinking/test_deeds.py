from collections.abc import Mapping
from dataclasses import dataclass

from assistant.thinking.deeds import Deeds
from assistant.thinking.tool_calls import Call, Parameter, Tool, Value


@dataclass(frozen=True)
class Result:
    text: str
    done: bool


class Box:
    """Sets timers, but none of more than an hour."""

    tools = (Tool("set_timer", "Start a timer.", (Parameter("minutes", "integer", "how long", low=1, high=600),)),)

    def __init__(self) -> None:
        self.used: list[Mapping[str, Value]] = []

    def use(self, name: str, arguments: Mapping[str, Value]) -> Result:
        self.used.append(arguments)
        done = int(arguments["minutes"] or 0) <= 60
        return Result("Timer set." if done else "That's too long.", done)


def deeds(question: str = "set a timer for the eggs") -> tuple[Deeds, Box, list[tuple[str, str, bool]]]:
    box = Box()
    said: list[tuple[str, str, bool]] = []
    return Deeds(box, question, "en", lambda *what: said.append(what)), box, said


def test_a_call_is_carried_out_and_said_in_our_words() -> None:
    turn, box, said = deeds()
    told = turn.carry_out(Call("set_timer", {"minutes": "10"}))
    assert box.used == [{"minutes": 10}]
    assert said == [("set_timer", "Timer set.", True)]
    assert told.startswith("<|tool_response>response:set_timer{")
    assert "Timer set." in told


def test_what_could_not_be_done_is_said_too() -> None:
    turn, _, said = deeds()
    turn.carry_out(Call("set_timer", {"minutes": 90}))
    assert said == [("set_timer", "That's too long.", False)]


def test_a_bad_call_is_handed_back_once_and_then_to_be_given_up() -> None:
    turn, box, said = deeds()
    first = turn.carry_out(Call("set_alarm", {"minutes": 10}))
    second = turn.carry_out(Call("set_timer", {"minutes": 1000}))
    assert "set_alarm" in first
    assert "cannot" not in first
    assert "say that you cannot do it" in second
    assert (box.used, said) == ([], [])


def test_at_most_three_calls_are_carried_out() -> None:
    turn, box, _ = deeds()
    told = [turn.carry_out(Call("set_timer", {"minutes": 10})) for _ in range(4)]
    assert len(box.used) == 3
    assert "too many calls" in told[3]


def test_a_claim_is_withheld_where_a_deed_was_asked_for() -> None:
    turn, _, _ = deeds("turn on the kitchen lights")
    assert turn.withholds("I've turned on the kitchen lights.")
    assert not turn.withholds("I can't turn on lights.")
    talk, _, _ = deeds("tell me about the moon")
    assert not talk.withholds("I've told you about it.")
