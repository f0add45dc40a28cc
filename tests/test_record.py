from assistant.events import Heard, Mistaken, Partial, Replied, Sentence, Spoken, TokenCounts, Typed, Woken
from assistant.record import Calls, Record
from assistant.turn import Turn

TURN = Turn(3)


def spoken_turn() -> Record:
    record = Record(TURN)
    for event in (
        Woken("hey_jarvis", 0.9, 16_000, 9.0),
        Partial(TURN, "who", 0, 1.5),
        Heard(TURN, "who is there", 10.0, 10.7, 10.75),
        Sentence(TURN, "Nobody."),
        Sentence(TURN, "It is the wind."),
        Replied(TURN, TokenCounts(prompt=60, evaluated=12, generated=7, per_second=20.0)),
        Spoken(TURN, 13.0),
    ):
        record.note(event)
    return record


def test_timings_count_from_the_end_of_speech() -> None:
    assert spoken_turn().timings() == {
        "endpoint_s": 0.7,
        "transcript_s": 0.75,
        "first_token_s": None,
        "first_audio_s": None,
        "done_s": 3.0,
    }


def test_the_line_for_the_log_has_figures_and_not_a_word_of_what_was_said() -> None:
    line = spoken_turn().line()
    assert line == "turn 3: endpoint 0.70 s, transcript 0.75 s, done 3.00 s, 12 tokens read, 7 written at 20.0/s"


def test_a_turn_in_which_nobody_spoke_says_so() -> None:
    assert Record(TURN).line() == "turn 3: nothing was asked"


def test_a_typed_question_counts_from_when_it_was_typed() -> None:
    record = Record(TURN)
    record.note(Typed("who is there", 5.0))
    record.note(Spoken(TURN, 6.5))
    assert record.timings()["done_s"] == 1.5


def test_calls_are_counted_and_told_only_where_one_was_not_meant() -> None:
    calls, woken = Calls(), Woken("hey_jarvis", 0.9, 16_000, 9.0)
    calls.note(woken, acted=True)
    assert calls.line() == ""
    calls.note(woken, acted=False)
    calls.note(Mistaken("hey_jarvis", 0.6), acted=False)
    calls.note(Spoken(TURN, 13.0), acted=True)
    assert calls.line() == "; woken 3x: 1 meant, 1 refused, 1 its own words"
