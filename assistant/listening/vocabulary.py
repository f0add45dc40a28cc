"""The words a Vosk model knows: which phrases it can hear, and what sounds like them. Any thread.

Some models list their words in graph/words.txt. Others have them in graph/Gr.fst only, in the header that OpenFst
writes there (its src/lib/fst.cc and symbol-table.cc, little-endian): magic, kind of FST, kind of arc, version,
flags, properties, start, number of states, number of arcs; then the tables of input and of output symbols as the
flags promise them, each with magic, name, next key, size, and its symbols with their keys.
"""

import heapq
import re
import struct
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Self

from assistant.errors import ConfigError, ModelError
from assistant.listening.phrase import words_of

FST_MAGIC = 2_125_659_606
SYMBOLS_MAGIC = 2_125_658_996
HAS_INPUT_SYMBOLS, HAS_OUTPUT_SYMBOLS = 1, 2
MOST_BYTES = 10_000  # of a string; a longer one is damage
N_COMPARED = 300  # words that share most pairs of letters with the wanted one, which are then looked at closely
N_SPELLINGS = 3  # offered for an unknown word

# What English letters sound like, crudely: enough to find "travis" near "jarvis" and "knight" near "night".
SOUNDS = [
    (r"^(kn|gn)", "n"),
    (r"^wr", "r"),
    (r"tch|ch|sh", "x"),
    (r"igh|y$", "i"),
    (r"(?<=[a-z]{2})e$", ""),
    (r"ph|gh$|v", "f"),
    (r"dge|g(?=[eiy])", "j"),
    (r"c(?=[eiy])|z", "s"),
    (r"ck|q|c|g", "k"),
    (r"th|d", "t"),
    (r"b", "p"),
    (r"(?<=.)[hw]", ""),
    (r"[aeiouy]+", "a"),
    (r"(.)\1+", r"\1"),
]


class Vocabulary:
    """The words of one model."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word for word in words if not re.match(r"[<\[#!]", word))

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Reads the words of the model in `folder`.

        Raises:
            ModelError: they are not there, or damaged.
        """
        listed, graph = folder / "graph" / "words.txt", folder / "graph" / "Gr.fst"
        try:
            if listed.exists():
                return cls(line.split()[0] for line in listed.read_text(encoding="utf-8").splitlines() if line.strip())
            with graph.open("rb") as file:
                return cls(_fst_symbols(file))
        except OSError as error:
            raise ModelError(f"{folder}: the words of this model cannot be read: {error.strerror}") from error
        except (ValueError, struct.error) as error:
            raise ModelError(f"{folder}: the words of this model are damaged; fetch it anew") from error

    def __len__(self) -> int:
        return len(self._words)

    def knows(self, word: str) -> bool:
        return word in self._words

    def nearest(self, word: str, n: int) -> list[str]:
        """At most `n` other words that are spelled or sound most like `word`, the nearest first."""
        pairs = _pairs(word)

        def shared(other: str) -> float:
            others = _pairs(other)
            return len(pairs & others) / len(pairs | others)

        likely = heapq.nlargest(N_COMPARED, sorted(self._words - {word}), key=shared)
        return heapq.nlargest(n, likely, key=lambda other: likeness(word, other))


def check_phrase(phrase: str, vocabulary: Vocabulary) -> None:
    """Sees that a model can hear a phrase.

    Raises:
        ConfigError: it has no words, or one that the model does not know; with the nearest that it does.
    """
    words = words_of(phrase)
    if not words:
        raise ConfigError(f"the phrase {phrase!r} has no words")
    for word in words:
        if not vocabulary.knows(word):
            near = ", ".join(vocabulary.nearest(word, N_SPELLINGS))
            raise ConfigError(f"the recognizer does not know the word {word!r} of {phrase!r}; it knows {near}")


def likeness(word: str, other: str) -> float:
    """How much two words are alike, 0 to 1: the mean of their letters' and of their sounds' likeness."""
    letters = SequenceMatcher(None, word, other, autojunk=False).ratio()
    return (letters + SequenceMatcher(None, sound_of(word), sound_of(other), autojunk=False).ratio()) / 2


def sound_of(word: str) -> str:
    """A crude key to how an English word sounds."""
    for pattern, sound in SOUNDS:
        word = re.sub(pattern, sound, word)
    return word


def _pairs(word: str) -> set[str]:
    """Its letters, and each pair of neighbors, the ends included."""
    return {*word, *map("".join, pairwise(f"^{word}$"))}


def _fst_symbols(file: BinaryIO) -> list[str]:
    """The symbols in the header of an FST, those of its output where there are two tables."""
    _expect(file, FST_MAGIC)
    _string(file)
    _string(file)
    _version, flags, *_ = struct.unpack("<iiQqqq", file.read(40))
    symbols: list[str] = []
    for table in (HAS_INPUT_SYMBOLS, HAS_OUTPUT_SYMBOLS):
        if flags & table:
            symbols = _symbols(file)
    if not symbols:
        raise ValueError("no words")
    return symbols


def _symbols(file: BinaryIO) -> list[str]:
    _expect(file, SYMBOLS_MAGIC)
    _string(file)
    _next_key, n_symbols = struct.unpack("<qq", file.read(16))
    symbols = []
    for _ in range(n_symbols):
        symbols.append(_string(file))
        file.read(8)
    return symbols


def _expect(file: BinaryIO, magic: int) -> None:
    (found,) = struct.unpack("<i", file.read(4))
    if found != magic:
        raise ValueError("not what OpenFst writes")


def _string(file: BinaryIO) -> str:
    (n_bytes,) = struct.unpack("<i", file.read(4))
    if not 0 <= n_bytes <= MOST_BYTES:
        raise ValueError("no string is that long")
    return file.read(n_bytes).decode()
