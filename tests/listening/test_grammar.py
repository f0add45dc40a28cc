from assistant.listening.grammar import said_in, sensitive, spellings, strict
from assistant.listening.vocabulary import Vocabulary

KITCHEN = Vocabulary("hello hell yellow fellow kitchen chicken kitten the and".split())


def test_a_phrase_is_spelled_with_its_own_words_first() -> None:
    assert spellings("okay nabu", Vocabulary(["okay", "nabu", "ok"])) == [("okay", "nabu"), ("ok", "nabu")]


def test_a_word_that_the_model_lacks_is_spelled_by_what_sounds_alike() -> None:
    assert spellings("okay nabu", Vocabulary("okay nab you boo".split())) == [("okay", "nab", "you")]


def test_without_such_words_there_is_no_spelling() -> None:
    assert spellings("okay nabu", Vocabulary(["okay"])) == []
    assert spellings("hello kitchen", Vocabulary(["hello"])) == []


def test_a_bundled_phrase_is_told_from_what_is_known_to_resemble_it() -> None:
    vocabulary = Vocabulary("hey jarvis travis harvest".split())
    lines = strict("hey jarvis", [("hey", "jarvis")], vocabulary, 7)
    assert lines.count("hey jarvis") == 7
    assert {"hey travis", "hey harvest"} <= set(lines)
    assert all(vocabulary.knows(word) for line in lines for word in line.split())


def test_a_typed_phrase_is_told_from_words_that_sound_alike_and_from_frequent_ones() -> None:
    lines = strict("hello kitchen", [("hello", "kitchen")], KITCHEN, 1)
    assert {"hello chicken", "hello kitten", "yellow kitchen", "hello the", "the", "hello"} <= set(lines)
    assert "kitchen" not in lines


def test_a_first_look_has_as_many_decoys_as_asked_for() -> None:
    assert sensitive([("hello", "kitchen")], KITCHEN, 0) == ["hello kitchen", "hello"]
    assert len(sensitive([("hello", "kitchen")], KITCHEN, 2)) == 6


def test_a_phrase_is_found_in_any_spelling_but_only_whole() -> None:
    said = [("okay", "nabu"), ("okay", "nab", "you")]
    assert said_in("well okay nab you now".split(), said)
    assert said_in(["okay", "nabu"], said)
    assert not said_in("okay well nabu".split(), said)
    assert not said_in([], said)
