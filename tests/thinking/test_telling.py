import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.thinking.messages import Piece
from assistant.thinking.telling import Telling


def told(
    text: str, withheld: str = "never", *, whole: bool = True, whole_sentences: bool = True
) -> tuple[list[str], int, Telling]:
    """What was said, with a slash where the sentence goes on, and how many tokens are kept; a piece a word."""
    said: list[str] = []

    def say(text: str, part: bool) -> None:
        said.append(f"{text} /" if part else text)

    telling = Telling(lambda sentence: withheld in sentence, say, whole_sentences=whole_sentences)
    for number, word in enumerate(text.split(" ")):
        telling.feed(Piece(1, number, f" {word}" if number else word))
    return said, len(telling.end(whole=whole)), telling


def told_in_parts(text: str, *, whole: bool = True) -> tuple[list[str], int, Telling]:
    return told(text, whole=whole, whole_sentences=False)


def test_a_reply_is_told_sentence_by_sentence_and_kept_whole() -> None:
    assert told("It is far. It is cold.")[:2] == (["It is far.", "It is cold."], 6)


def test_a_sentence_that_was_cut_off_is_left_out_unless_there_is_no_other() -> None:
    assert told("It is far. It is", whole=False)[:2] == (["It is far."], 3)
    assert told("It is", whole=False)[:2] == (["It is"], 2)


def test_what_goes_round_in_circles_ends() -> None:
    said, n_kept, telling = told("It is far. It is far. It is cold.")
    assert (said, n_kept, telling.repeats) == (["It is far."], 3, True)


def test_what_is_withheld_is_not_said_and_not_kept() -> None:
    said, n_kept, telling = told("Done it now. It is cold.", "Done")
    assert said == ["It is cold."]
    assert telling.withheld
    assert n_kept == 6  # up to the end of what was said, in the model's own words
    assert told("Done it now.", "Done")[:2] == ([], 0)


def test_a_sentence_that_may_be_withheld_is_judged_as_a_whole() -> None:
    said, _, telling = told("I am glad to help, it is done. It is cold.", "done")
    assert said == ["It is cold."]
    assert telling.withheld


def test_the_parts_of_a_sentence_are_told_as_they_come() -> None:
    said: list[tuple[str, bool]] = []
    telling = Telling(lambda sentence: False, lambda text, part: said.append((text, part)), whole_sentences=False)
    telling.feed(Piece(1, 0, "It is far away, so"))
    assert said == [("It is far away,", True)]
    telling.feed(Piece(1, 1, " take the bus.\n"))
    assert said == [("It is far away,", True), ("so take the bus.", False)]
    assert telling.said == ["It is far away,", "so take the bus."]


@pytest.mark.parametrize(
    ("text", "said", "n_kept"),
    [
        ("It is far away, so take the bus. It", ["It is far away, /", "so take the bus."], 8),
        ("It is far away, so take", ["It is far away, /"], 4),
        ("It is far. It is cold there, and so", ["It is far.", "It is cold there, /"], 7),
        ("It is", ["It is"], 2),
    ],
)
def test_the_rest_of_a_reply_that_was_cut_off_is_left_out_and_its_parts_are_kept(
    text: str, said: list[str], n_kept: int
) -> None:
    assert told_in_parts(text, whole=False)[:2] == (said, n_kept)


def test_a_sentence_that_comes_again_is_not_begun() -> None:
    said, n_kept, telling = told_in_parts("It is far away, so take the bus. " * 2 + "It is cold.")
    assert said == ["It is far away, /", "so take the bus."]
    assert (n_kept, telling.repeats) == (8, True)


def test_a_sentence_that_comes_again_at_the_end_is_not_told() -> None:
    said, n_kept, _ = told_in_parts("It is far away, so take the bus. It is far away, so take the bus.")
    assert (said, n_kept) == (["It is far away, /", "so take the bus."], 8)


def test_a_sentence_that_only_begins_like_another_is_told_when_that_is_certain() -> None:
    said: list[str] = []
    telling = Telling(lambda sentence: False, lambda text, part: said.append(text), whole_sentences=False)
    telling.feed(Piece(1, 0, "If it is cold out, stay at home. If it is cold out, take"))
    assert said == ["If it is cold out,", "stay at home."]
    telling.feed(Piece(1, 1, " a warm coat, please. I"))
    assert said[2:] == ["If it is cold out,", "take a warm coat,", "please."]
    assert not telling.repeats


def test_a_part_that_comes_again_waits_until_the_sentence_goes_elsewhere() -> None:
    loop = "and the cat sat, "
    assert told_in_parts(f"There it was, {loop * 4}", whole=False)[0] == ["There it was, /", "and the cat sat, /"]
    assert told_in_parts(f"There it was, {loop * 2}so there.")[0] == [
        *("There it was, /", "and the cat sat, /", "and the cat sat, /", "so there."),
    ]


SENTENCES = (
    "It is far away, so take the bus. ",
    "It is far away, so walk. ",
    "Yes. ",
    "Take the bus that stops here. ",
)


@given(st.lists(st.sampled_from(SENTENCES), max_size=6))
def test_told_in_parts_a_reply_says_the_same(sentences: list[str]) -> None:
    text = "".join(sentences).strip()
    whole_said, whole_n_kept, whole = told(text)
    said, n_kept, telling = told_in_parts(text)
    assert " ".join(said).replace(" /", "") == " ".join(whole_said)
    assert (n_kept, telling.repeats) == (whole_n_kept, whole.repeats)


def test_a_call_and_its_result_are_kept_whatever_is_said_after_them() -> None:
    telling = Telling(lambda sentence: "done" in sentence, lambda text, part: None, whole_sentences=True)
    for token, text in enumerate(["", "", ""]):
        telling.feed(Piece(1, token, text))
    telling.called()
    for token, text in enumerate(["", "", "It is done."], 3):
        telling.feed(Piece(1, token, text))
    assert telling.end(whole=True) == (0, 1, 2, 3, 4)
    assert telling.tokens_until([]) == (0, 1, 2, 3, 4)
