import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.thinking.repetition import MAX_PERIOD, MIN_TIMES, MIN_TOKENS, SaidBefore, repeats

tokens = st.lists(st.integers(0, 50_000), min_size=1, max_size=MAX_PERIOD)


@settings(deadline=None)
@given(tokens, st.lists(st.integers(0, 50_000), max_size=50))
def test_a_loop_is_noticed_whatever_came_before(loop: list[int], before: list[int]) -> None:
    times = max(MIN_TIMES, -(-MIN_TOKENS // len(loop)))
    assert repeats(before + loop * times)


@pytest.mark.parametrize("n_extra", range(7))
def test_a_loop_is_noticed_in_the_middle_of_a_round(n_extra: int) -> None:
    loop = [3, 1, 4, 1, 5, 9, 2]
    assert repeats(loop * 5 + loop[:n_extra])


def test_three_rounds_are_not_yet_a_loop() -> None:
    assert not repeats(list(range(20)) * 3)
    assert not repeats(list(range(60)) * 3)


def test_a_stressed_word_is_not_a_loop() -> None:
    very, good = 10, 11
    assert not repeats([1, 2, 3] + [very] * 8)
    assert not repeats([1, 2, 3] + [very] * 40 + [good])


def test_counting_is_not_a_loop() -> None:
    comma, space = 5, 6
    assert not repeats(list(itertools.chain.from_iterable((100 + n, comma, space) for n in range(200))))


def test_the_zeros_of_a_large_number_are_not_a_loop() -> None:
    comma, zero = 5, 6
    assert not repeats([1, *[comma, zero, zero, zero] * 6])


def test_a_new_token_ends_a_loop() -> None:
    assert not repeats([*[1, 2, 3] * 20, 4])


def test_little_text_is_no_loop() -> None:
    assert not repeats([])
    assert not repeats([7])
    assert not repeats((7,) * (MIN_TOKENS - 1))
    assert repeats((7,) * MIN_TOKENS)


def test_a_sentence_that_comes_again_was_said_before() -> None:
    said_before = SaidBefore()
    assert not said_before("The sky is blue.")
    assert not said_before("The sky is green.")
    assert said_before("The sky is blue.")


@pytest.mark.parametrize(
    "again", ["the sky is blue", "**The sky** is blue!", "- 2. The sky is blue.", '"The sky  is blue."']
)
def test_case_punctuation_and_numbering_make_no_difference(again: str) -> None:
    said_before = SaidBefore()
    said_before("1. The sky is blue.")
    assert said_before(again)


def test_a_different_number_makes_a_difference() -> None:
    said_before = SaidBefore()
    assert not said_before("It is 5 °C.")
    assert not said_before("It is -5 °C.")
    assert not said_before("It is 5.5 °C.")


@pytest.mark.parametrize("short", ["Yes.", "Of course!", "3. Of course!", "", "---"])
def test_a_short_sentence_may_come_again(short: str) -> None:
    said_before = SaidBefore()
    assert not said_before(short)
    assert not said_before(short)


def test_another_reply_may_say_the_same() -> None:
    assert not SaidBefore()("The sky is blue.")
    assert not SaidBefore()("The sky is blue.")


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("The sky is", True),
        ("**the** sky", True),
        ("The sky is blue.", True),
        ("The sky was", False),
        ("The sky is blue today", False),
        ("sky is", False),
        ("Of course", False),
    ],
)
def test_the_beginning_of_a_sentence_is_known_too(text: str, begins: bool) -> None:
    said_before = SaidBefore()
    assert not said_before.begins(text)
    said_before("1. The sky is blue.")
    said_before("Of course!")
    assert said_before.begins(text) is begins
