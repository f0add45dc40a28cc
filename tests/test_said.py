import pytest

from assistant.events import Saying
from assistant.said import is_own, said_until
from assistant.turn import Turn

TURN = Turn(1)
FIRST, SECOND = Saying(TURN, "One two three.", 10.0, 2.0), Saying(TURN, "Four five six seven eight.", 12.5, 5.0)


@pytest.mark.parametrize(
    ("at_s", "said"),
    [
        (9.0, ()),
        (10.1, ()),
        (11.0, ("One two",)),
        (12.0, ("One two three.",)),
        (12.6, ("One two three.",)),
        (15.5, ("One two three.", "Four five six")),
        (30.0, ("One two three.", "Four five six seven eight.")),
    ],
)
def test_a_sentence_counts_as_far_as_it_was_heard(at_s: float, said: tuple[str, ...]) -> None:
    assert said_until((FIRST, SECOND), at_s) == said


@pytest.mark.parametrize(
    ("phrase", "at_s", "own"),
    [
        ("two three", 11.0, True),
        ("two_three", 11.0, True),
        ("two three", 13.4, True),
        ("two three", 13.6, False),
        ("two three", 9.6, False),
        ("four five", 11.0, False),
        ("thre", 11.0, False),
        ("wo three", 11.0, False),
    ],
)
def test_a_phrase_is_its_own_while_a_sentence_with_it_is_heard(phrase: str, at_s: float, own: bool) -> None:
    assert is_own((FIRST, SECOND), phrase, at_s) is own
