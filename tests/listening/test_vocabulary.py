import struct
from pathlib import Path

import pytest

from assistant.errors import ConfigError, ModelError
from assistant.listening.vocabulary import (
    FST_MAGIC,
    HAS_INPUT_SYMBOLS,
    HAS_OUTPUT_SYMBOLS,
    SYMBOLS_MAGIC,
    Vocabulary,
    check_phrase,
    sound_of,
)


@pytest.fixture(scope="module")
def vocabulary(starter: dict[str, Path]) -> Vocabulary:
    return Vocabulary.of(starter["recognizer"])


def text(value: str) -> bytes:
    return struct.pack("<i", len(value.encode())) + value.encode()


def table(*words: str) -> bytes:
    symbols = b"".join(text(word) + struct.pack("<q", key) for key, word in enumerate(words))
    return struct.pack("<i", SYMBOLS_MAGIC) + text("words.txt") + struct.pack("<qq", len(words), len(words)) + symbols


def fst(flags: int, *tables: bytes) -> bytes:
    header = struct.pack("<iiQqqq", 2, flags, 0, 0, 1, 1)
    return struct.pack("<i", FST_MAGIC) + text("ngram") + text("standard") + header + b"".join(tables) + bytes(100)


def model(folder: Path, name: str, content: bytes) -> Path:
    (folder / "graph").mkdir(exist_ok=True)
    (folder / "graph" / name).write_bytes(content)
    return folder


def test_the_words_of_the_starter_are_found_in_its_graph(vocabulary: Vocabulary) -> None:
    assert len(vocabulary) > 3000
    assert all(
        vocabulary.knows(word) for word in "hey jarvis okay nabu alexa mycroft hello kitchen stop o'clock".split()
    )
    assert not any(vocabulary.knows(word) for word in ("kichen", "Hey", "", "<eps>", "[unk]"))


def test_of_two_tables_that_of_the_output_counts(tmp_path: Path) -> None:
    both = fst(HAS_INPUT_SYMBOLS | HAS_OUTPUT_SYMBOLS, table("<eps>", "phone"), table("<eps>", "#0", "grün", "<s>"))
    vocabulary = Vocabulary.of(model(tmp_path, "Gr.fst", both))
    assert len(vocabulary) == 1
    assert vocabulary.knows("grün")


def test_a_list_of_words_is_read_where_there_is_one(tmp_path: Path) -> None:
    model(tmp_path, "Gr.fst", b"not looked at")
    vocabulary = Vocabulary.of(model(tmp_path, "words.txt", "<eps> 0\n!SIL 1\n[unk] 2\ngrün 3\nhello 4\n".encode()))
    assert len(vocabulary) == 2
    assert vocabulary.knows("grün")


@pytest.mark.parametrize("keep", [2, 30, 90])
def test_a_graph_that_is_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    content = fst(HAS_OUTPUT_SYMBOLS, table("<eps>", "hello", "world"))[:keep]
    with pytest.raises(ModelError, match="the words of this model are damaged"):
        Vocabulary.of(model(tmp_path, "Gr.fst", content))


@pytest.mark.parametrize("content", [fst(0), b"\x00" * 200, fst(HAS_OUTPUT_SYMBOLS, b"\x00" * 50)])
def test_a_graph_without_words_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelError, match="the words of this model are damaged"):
        Vocabulary.of(model(tmp_path, "Gr.fst", content))


def test_a_folder_without_a_graph_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=str(tmp_path)):
        Vocabulary.of(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("kichen", "kitchen"), ("computa", "computer"), ("jarviss", "jarvis"), ("helo", "hello"), ("mikroft", "mycroft")],
)
def test_a_misspelled_word_finds_the_right_one(vocabulary: Vocabulary, wrong: str, right: str) -> None:
    assert right in vocabulary.nearest(wrong, 3)


def test_a_word_finds_those_that_sound_like_it_but_not_itself(vocabulary: Vocabulary) -> None:
    assert {"travis", "harvest"} <= set(vocabulary.nearest("jarvis", 5))
    assert "jarvis" not in vocabulary.nearest("jarvis", 50)


@pytest.mark.parametrize(("word", "other"), [("night", "knight"), ("right", "write"), ("phone", "fone"), ("ck", "k")])
def test_spellings_of_one_sound_have_one_key(word: str, other: str) -> None:
    assert sound_of(word) == sound_of(other)


def test_a_phrase_of_known_words_passes(vocabulary: Vocabulary) -> None:
    check_phrase("Hello_Kitchen", vocabulary)


def test_an_unknown_word_is_named_with_the_nearest_that_are_known(vocabulary: Vocabulary) -> None:
    with pytest.raises(ConfigError) as caught:
        check_phrase("hello kichen", vocabulary)
    assert str(caught.value).startswith(
        "the recognizer does not know the word 'kichen' of 'hello kichen'; it knows kitch"
    )
    assert "\n" not in str(caught.value)


def test_a_phrase_without_words_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(ConfigError, match="'_' has no words"):
        check_phrase("_", vocabulary)
