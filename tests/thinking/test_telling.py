from assistant.thinking.messages import Piece
from assistant.thinking.telling import Telling


def told(text: str, withheld: str = "never", *, whole: bool = True) -> tuple[list[str], int, Telling]:
    """The sentences that were said, and of how many pieces the tokens are kept; a piece a word."""
    said: list[str] = []
    telling = Telling(lambda sentence: withheld in sentence, said.append)
    for number, word in enumerate(text.split(" ")):
        telling.feed(Piece(1, number, f" {word}" if number else word))
    return said, len(telling.end(whole=whole)), telling


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


def test_a_call_and_its_result_are_kept_whatever_is_said_after_them() -> None:
    telling = Telling(lambda sentence: "done" in sentence, lambda sentence: None)
    for token, text in enumerate(["", "", ""]):
        telling.feed(Piece(1, token, text))
    telling.called()
    for token, text in enumerate(["", "", "It is done."], 3):
        telling.feed(Piece(1, token, text))
    assert telling.end(whole=True) == (0, 1, 2, 3, 4)
    assert telling.tokens_until([]) == (0, 1, 2, 3, 4)
