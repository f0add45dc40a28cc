import re

import pytest

from assistant.bench import takes
from assistant.bench.other_sound import readable, wakes
from assistant.bench.rendering import SPOKEN, holds_stop_word, recipe, takes_of
from assistant.bench.takes import STOCK_FIRES, near_takes, reading_takes, reply_takes, texts


@pytest.mark.parametrize("quick", [False, True])
def test_each_clip_has_a_name_of_its_own(quick: bool) -> None:
    names = [take.name for group in SPOKEN for take in takes_of(group, quick=quick)]
    assert len(set(names)) == len(names)


def test_quick_is_a_small_part_of_all() -> None:
    n_all, n_quick = (sum(len(takes_of(group, quick=quick)) for group in SPOKEN) for quick in (False, True))
    assert n_quick < n_all / 5
    assert recipe("human", quick=True) is not None


def test_every_phrase_is_called_by_joe_at_all_paces() -> None:
    for phrase in takes.all_phrases():
        rates = {line.rate for take in takes.wake_takes() for line in take.lines if line.text == phrase}
        assert rates >= set(takes.WAKE_RATES)


def test_the_stock_engine_hears_as_many_pairs_as_were_listed() -> None:
    assert sum(len(rates) for voices in STOCK_FIRES.values() for rates in voices.values()) == 73


def test_there_are_100_near_phrases_and_none_is_one() -> None:
    near = near_takes()
    assert len(near) == 100
    assert not {take.lines[0].text for take in near} & set(takes.all_phrases())


def test_pauses_are_of_all_lengths_up_to_600_ms() -> None:
    for group in ("paused", "continued"):
        assert {take.pause_s for take in takes_of(group, quick=False)} == set(takes.PAUSES_S)
    assert len(takes_of("paused", quick=False)) == 50


def test_a_wake_phrase_or_stop_word_is_only_in_replies_that_say_so() -> None:
    for kind, replies in texts("replies").items():
        for reply in map(" ".join, replies):
            assert wakes(reply) == (kind == "with_wake_phrase"), reply
            if kind == "plain":
                assert not re.search(r"\b(stop|cancel|quiet)\b", reply.lower()), reply


def test_replies_are_of_two_to_four_sentences() -> None:
    for replies in texts("replies").values():
        assert all(2 <= len(reply) <= 4 for reply in replies)
    assert len(reply_takes(1)) < len(reply_takes(2))


def test_a_passage_with_a_wake_phrase_is_known() -> None:
    assert wakes("And then he said: Hey, Jarvis!")
    assert wakes("my name is Alexa.")
    assert not wakes("hello, Alexander is in the kitchen")


def test_what_is_read_aloud_has_no_author_and_no_signs() -> None:
    assert readable('Q:\tWhy <not>?\nA:\tWell\n\t\t-- Nobody, "Works"') == "Why not ? Well."


def test_the_radio_says_stop_inside_of_a_sentence_only() -> None:
    assert holds_stop_word("The bus will stop here.")
    assert not holds_stop_word("He shouted. Stop! The bus will stop here.")
    assert not holds_stop_word("It stopped.")


def test_readers_take_turns() -> None:
    speakers = [take.lines[0].speaker for take in reading_takes(["one", "two"] * len(takes.READERS))]
    assert speakers == [*takes.READERS, *takes.READERS]
