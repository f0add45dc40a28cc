import threading

from assistant.events import Draft, Event, FirstToken, Sentence
from assistant.orders import Anticipate, Think
from assistant.thinking.guess import Guess, Guessing
from assistant.turn import Turn


def guess_of(text: str) -> tuple[Turn, Guess, list[Event]]:
    turn, events = Turn(1), list[Event]()
    return turn, Guess(Anticipate(turn, text, whole=True), events.append), events


def test_of_a_guess_nothing_is_told_but_what_may_have_to_be_spoken() -> None:
    turn, guess, events = guess_of("why")
    guess.post(FirstToken(turn, 1.0))
    guess.post(Sentence(turn, "Because,", part=True))
    assert events == [Draft(turn, "Because,", guess.turn)]


def test_a_guess_that_is_kept_tells_all_in_order_and_goes_on_telling() -> None:
    turn, guess, events = guess_of("why")
    guess.post(FirstToken(turn, 1.0))
    guess.post(Sentence(turn, "Because."))
    assert guess.keep()
    guess.post(Sentence(turn, "So it is."))
    assert events[1:] == [FirstToken(turn, 1.0), Sentence(turn, "Because."), Sentence(turn, "So it is.")]
    guess.drop()
    assert guess.kept
    assert not guess.turn.cancelled


def test_a_guess_that_is_dropped_tells_nothing() -> None:
    turn, guess, events = guess_of("why")
    guess.drop()
    guess.post(Sentence(turn, "Because."))
    assert not guess.keep()
    assert events == []
    assert guess.turn.cancelled


def test_a_guess_ends_with_its_turn() -> None:
    turn, guess, _ = guess_of("why")
    turn.cancel()
    assert guess.turn.cancelled
    assert not guess.wait()


def test_who_waits_learns_what_became_of_it() -> None:
    for settle, outcome in ((Guess.keep, True), (Guess.drop, False)):
        _, guess, _ = guess_of("why")
        thread = threading.Thread(target=settle, args=(guess,))
        thread.start()
        assert guess.wait() is outcome
        thread.join()


def test_the_words_that_were_said_keep_the_guess_and_others_drop_it() -> None:
    for said, kept in (("why", True), ("why not", False)):
        turn, guessing, events = Turn(1), Guessing(), list[Event]()
        anticipated = Anticipate(turn, "why", whole=True)
        guessing.expect(anticipated)
        guess = guessing.begin(anticipated, events.append)
        assert guess is not None
        assert guessing.settle(Think(turn, said)) is kept
        assert (guess.kept, guess.turn.cancelled) == (kept, not kept)
        assert not guessing.settle(Think(turn, said))  # a second time it is another question


def test_other_words_drop_the_guess() -> None:
    turn, guessing = Turn(1), Guessing()
    first = Anticipate(turn, "why", whole=True)
    guessing.expect(first)
    guess = guessing.begin(first, lambda event: None)
    guessing.expect(Anticipate(turn, "why not"))
    assert guess is not None
    assert guess.turn.cancelled
    assert guessing.begin(first, lambda event: None) is None


def test_after_the_question_came_nothing_is_guessed_any_more() -> None:
    turn, guessing = Turn(1), Guessing()
    anticipated = Anticipate(turn, "why", whole=True)
    guessing.expect(anticipated)
    assert not guessing.settle(Think(turn, "why"))
    assert guessing.begin(anticipated, lambda event: None) is None
