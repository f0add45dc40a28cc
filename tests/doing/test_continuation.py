from collections.abc import Callable

import pytest
from hassil import Intents
from hassil.parse_expression import parse_sentence

from assistant.doing.continuation import Branches, Reach, Walk, number_words

LISTS = {
    "minutes": {"range": {"from": 1, "to": 100}},
    "name": {"wildcard": True},
    "color": {"values": ["red", {"in": "dark blue", "out": "navy"}]},
}
GRAMMAR = Intents.from_dict(
    {"language": "en", "intents": {}, "lists": LISTS, "expansion_rules": {"length": "{minutes} minute[s]"}}
)
NUMBERS = {"minutes": number_words("en", tuple(range(1, 101)))}

ACCEPTED, BROKEN_OFF, NOTHING = Reach(True, False, False), Reach(False, True, False), Reach(False, False, False)

Come = Callable[[str, str], Reach]


@pytest.fixture
def come() -> Come:
    """How far a template comes on a text."""
    return lambda template, text: Walk(text, GRAMMAR, NUMBERS).reach(parse_sentence(template).expression)


def test_a_sentence_is_accepted_begun_or_neither(come: Come) -> None:
    assert come("turn it (up|down)", "turn it up") == ACCEPTED
    assert come("turn it (up|down)", "turn it") == BROKEN_OFF
    assert come("turn it (up|down)", "turn me up") == NOTHING
    assert come("turn it (up|down)", "turn it up again") == NOTHING


def test_words_count_only_whole(come: Come) -> None:
    assert come("turn it upside", "turn it up") == NOTHING
    assert come("alarm[s]", "alarm") == ACCEPTED
    assert come("alarm[s]", "alarms") == ACCEPTED


def test_what_may_follow_is_wanted_and_accepted(come: Come) -> None:
    assert come("stop [the music]", "stop") == Reach(True, True, False)
    assert come("stop [the] music", "stop music") == ACCEPTED


@pytest.mark.parametrize("number", ["five", "twenty five", "one hundred", "45"])
def test_numbers_are_understood_in_words_and_digits(come: Come, number: str) -> None:
    assert come("wait <length>", f"wait {number} minutes") == ACCEPTED
    assert come("wait <length>", f"wait {number}") == BROKEN_OFF


def test_numbers_outside_the_range_are_not(come: Come) -> None:
    assert come("wait <length>", "wait zero minutes") == NOTHING
    assert come("wait <length>", "wait 101 minutes") == NOTHING


def test_a_number_may_be_the_beginning_of_another(come: Come) -> None:
    assert come("volume {minutes}", "volume twenty") == Reach(True, True, False)
    assert come("volume {minutes}", "volume one") == Reach(True, True, False)  # hundred
    assert come("volume {minutes}", "volume two") == ACCEPTED


def test_a_list_value_may_have_several_words(come: Come) -> None:
    assert come("paint it {color}", "paint it dark") == BROKEN_OFF
    assert come("paint it {color}", "paint it dark blue") == ACCEPTED


def test_a_wildcard_takes_one_word_or_more(come: Come) -> None:
    assert come("call {name}", "call") == BROKEN_OFF
    assert come("call {name}", "call aunt") == Reach(True, False, True)
    assert come("call {name}", "call aunt mary") == Reach(True, False, True)


def test_a_wildcard_in_the_middle_is_told_from_certain_words(come: Come) -> None:
    assert come("call {name} at home", "call aunt mary") == Reach(False, False, True)
    assert come("call {name} at home", "call aunt mary at") == Reach(False, True, True)
    assert come("call {name} at home", "call aunt mary at home") == ACCEPTED


def test_permutations_come_in_any_order(come: Come) -> None:
    assert come("(the light;on)", "on the light") == ACCEPTED
    assert come("(the light;on)", "the light") == BROKEN_OFF
    assert come("(the light;on)", "light on") == NOTHING


def test_the_words_that_may_come_next_are_told() -> None:
    walk = Walk("wait", GRAMMAR, NUMBERS)
    walk.reach(parse_sentence("wait (here|for {color})").expression)
    assert walk.next_words == {"here", "for"}


@pytest.mark.parametrize(
    "template",
    [
        "(turn|make) it (up|down|(dark|light) {color}) [now]",
        "[(set|start)] [a] <length> (timer|[hour]glass)",
        "{name} timer",
    ],
)
@pytest.mark.parametrize("text", ["", "turn", "make it down", "make it dark dark blue now", "turn it left", "start"])
@pytest.mark.parametrize("text_after", ["", "ten minutes timer", "a ten minute hourglass", "a glass", "pasta timer"])
def test_trying_only_the_items_that_fit_changes_nothing(come: Come, template: str, text: str, text_after: str) -> None:
    said = f"{text} {text_after}".strip()
    branches = Branches(GRAMMAR, NUMBERS, {})
    reach = Walk(said, GRAMMAR, NUMBERS, branches=branches).reach(parse_sentence(template).expression)
    assert reach == come(template, said)
