import pytest

from assistant.listening.transcript import Word, phrase_length, says_something, spoken, text_of, without_phrase

Timed = list[tuple[str, float]]  # words, and when each begins; they are 0.2 s long

JARVIS = [("hey", 0.4), ("jarvis", 0.6)]
QUESTION = [("what", 1.05), ("time", 1.3), ("is", 1.6), ("it", 1.8)]


def words(timed: Timed, confidence: float = 1.0) -> list[Word]:
    return [Word(text, at_s, at_s + 0.2, confidence) for text, at_s in timed]


@pytest.mark.parametrize(
    ("phrase", "said", "left"),
    [
        ("hey_jarvis", "hey jarvis what time is it", "what time is it"),
        ("hey_jarvis", "hey travis what time is it", "what time is it"),
        ("hey_jarvis", "hey jar this what time is it", "what time is it"),
        ("hey_jarvis", "a jarvis what time is it", "what time is it"),
        ("hey_jarvis", "jarvis what time is it", "what time is it"),
        ("hey_jarvis", "hey jarvis", ""),
        ("hey_jarvis", "hey", ""),
        ("hey_jarvis", "hey jar", ""),
        ("hey_jarvis", "hey jarvis hey jarvis", "hey jarvis"),
        ("okay_nabu", "okay nabu turn on the light", "turn on the light"),
        ("okay_nabu", "okay naboo turn on the light", "turn on the light"),
        ("alexa", "alexa play some music", "play some music"),
        ("alexa", "a lexus play some music", "play some music"),
        ("hey_mycroft", "hey my croft stop", "stop"),
        ("hey_jarvis", "what time is it hey jarvis", "what time is it hey jarvis"),
        ("hey_jarvis", "tell me about jarvis", "tell me about jarvis"),
        ("hey_jarvis", "what time is it", "what time is it"),
        ("hey_jarvis", "", ""),
    ],
)
def test_the_wake_phrase_is_told_from_what_follows(phrase: str, said: str, left: str) -> None:
    heard = said.split()
    assert " ".join(heard[phrase_length(heard, phrase) :]) == left


@pytest.mark.parametrize("fired_s", [0.6, 0.8, 1.0])
def test_a_phrase_that_was_recognized_is_cut_whenever_the_wake_word_fired(fired_s: float) -> None:
    assert text_of(without_phrase(words(JARVIS + QUESTION), "hey_jarvis", fired_s)) == "what time is it"


@pytest.mark.parametrize("fired_s", [0.9, 1.0, 1.2])  # the phrase ends at 1.0
@pytest.mark.parametrize("taken_for", [[], [("hey", 0.4), ("chart", 0.62)], [("big", 0.3), ("children", 0.5)]])
def test_a_phrase_that_was_not_recognized_is_told_by_the_time(taken_for: Timed, fired_s: float) -> None:
    assert text_of(without_phrase(words(taken_for + QUESTION), "hey_jarvis", fired_s)) == "what time is it"


def test_what_was_said_before_the_phrase_is_not_for_it() -> None:
    before = [("and", -1.2), ("then", -1.0), ("tomorrow", -0.8), ("morning", -0.4)]
    assert text_of(without_phrase(words(before + JARVIS + QUESTION), "hey_jarvis", 1.0)) == "what time is it"


def test_the_phrase_alone_leaves_nothing() -> None:
    assert without_phrase(words(JARVIS), "hey_jarvis", 1.0) == []


@pytest.mark.parametrize(
    ("said", "confidence", "something"),
    [
        ("what time is it", 1.0, True),
        ("yes", 0.9, True),
        ("the light", 0.9, True),
        ("stop", 0.4, True),
        ("", 1.0, False),
        ("the", 1.0, False),
        ("huh", 1.0, False),
        ("uh the hmm", 1.0, False),
        ("row row", 0.39, False),
        ("row", 0.0, False),
    ],
)
def test_fillers_and_guesses_say_nothing(said: str, confidence: float, something: bool) -> None:
    assert says_something(words([(text, 0.0) for text in said.split()], confidence)) is something


def test_one_unsure_word_does_not_spoil_the_others() -> None:
    assert says_something([*words(QUESTION), Word("please", 2.0, 2.3, 0.1)])


@pytest.mark.parametrize(
    ("voice_s", "said"),
    [
        ([1.1, 1.4, 1.7, 1.9], "what time is it"),
        ([1.33, 1.7, 1.9], "what time is it"),  # the voice was noticed late, still within reach of the first word
        ([1.55, 1.9], "time is it"),
        ([0.2, 2.9], ""),
        ([], ""),
    ],
)
def test_words_count_where_there_was_a_voice(voice_s: list[float], said: str) -> None:
    assert text_of(spoken(words(QUESTION), voice_s)) == said
