"""Cuts the stream of a language model into parts of sentences, each as soon as its end is certain. Pure, any thread.

A small computer takes seconds to write a sentence, so its first clause is given while the rest is being written. A
part ends where a speaker would breathe: at a comma, or where a long part has none, before a word that joins. The reply
tells nobody its language, so the words are those of English, German and Spanish together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.thinking.sentences import STOP, SentenceCutter

LEAST_CHARACTERS, LEAST_WORDS = 12, 3  # of a part after which the sentence goes on
WANTED_CHARACTERS = 60  # a part without a clause mark is cut before the last joining word up to here
MOST_CHARACTERS = 72  # one without any such word is cut between two others

_CLOSING = r"""["'”“’»)\]}*_`」』）]"""
_MARK = re.compile(rf"[,;:–—]{_CLOSING}*(?=\s)|[，、；：]{_CLOSING}*")
_GAP = re.compile(r"(?<=\S)[^\S\u00a0\u202f]+(?=(\S+))")  # a no-break space stays within its part
_BEFORE_WORD, _AFTER_WORD = " \t*_`\"'“„«([{", " \t*_`\"'”“»)]},;:–—，、；："
_AROUND_WORD = _BEFORE_WORD + _AFTER_WORD
_ABBREVIATED = re.compile(r"(?<!\w)(?:e\.g|i\.e|viz|cf|z\.\s?b|d\.\s?h|p\.\s?ej)\.?,$", re.IGNORECASE)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # Chinese and its like: a letter is a word

_JOINS = frozenset(
    "and or but nor because although though while whereas when where if whether unless that which who whose whom "
    "und oder aber denn sondern sowie "
    "y o pero sino porque aunque mientras cuando donde que si quien".split()
)
_PREPOSITIONS = frozenset(
    "in on at by for with from into through between about against across among around within without during before "
    "after since until under over as than "
    "mit nach bei seit aus auf für durch gegen ohne um über unter vor zwischen während wegen trotz "
    "en con por para desde hasta sobre entre sin según durante contra hacia".split()
)
_WANTS_MORE = frozenset(
    "a an the my your his her its our their of to no not very more most such so both either "
    "am is are was were be been has have had will would can could should may might must do does did "
    "ein eine einen einem einer eines der die das den dem des mein dein sein ihr unser von vom zu zum zur im beim ins "
    "ist sind war waren wird werden hat haben kann können nicht sehr "
    "el la los las un una unos unas mi mis tu tus su sus de del al lo se es son era fue está están ha han hay "
    "tiene tienen muy más".split()
)
_NEVER_LAST = _WANTS_MORE | _JOINS | _PREPOSITIONS

_QUOTES = ('"', "„“”", "«»", "`")
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("（", "）"), ("「", "」"), ("『", "』"))
_EMPHASIS = re.compile(r"(?<=\S)\*+|\*+(?=\S)|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)")


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence or a part of one, as written, without the white space around it."""

    text: str
    part: bool  # the sentence goes on


class ClauseCutter:
    """Takes the text of a reply in pieces of any size and gives it back in parts of sentences.

    What a sentence is, and what of the text is left out, `SentenceCutter` says. The parts make up the whole sentence,
    and only the last of them may be shorter than three words.
    """

    def __init__(self, *, whole_sentences: bool = False) -> None:
        """With `whole_sentences` it gives nothing else."""
        self._whole_sentences = whole_sentences
        self._sentences = SentenceCutter()
        self._n_given = 0  # characters of the sentence under way

    def feed(self, piece: str) -> list[Part]:
        """The parts that are certain to have ended now that `piece` has come."""
        return [part for character in piece if (part := self._take(character))]

    def finish(self) -> Part | None:
        """What is left when the reply is over. The next reply may begin."""
        rest = self._sentences.finish()[self._n_given :]
        self._n_given = 0
        return Part(rest, part=False) if rest else None

    def _take(self, character: str) -> Part | None:
        begin = self._n_given
        for sentence in self._sentences.feed(character, past=begin):
            self._n_given = 0
            return Part(sentence[begin:], part=False)
        text = self._sentences.under_way
        # The end of a sentence must not turn out later to have been where a part ended: a word has to follow it.
        begins_word = character.isalnum() and not text[-2:-1].isalnum()
        end = _end(text, begin) if begins_word and not self._whole_sentences else 0
        if not end:
            return None
        self._n_given = len(text) - len(text[end:].lstrip())
        return Part(text[begin:end], part=True)


def _end(text: str, begin: int) -> int:
    """Where in `text` the part ends that begins at `begin`; 0 if nowhere yet. The last letter begins a word."""
    marks = [mark.end() for mark in _MARK.finditer(text, begin) if _is_enough(text[begin : mark.end()])]
    marks = [end for end in marks if not _ABBREVIATED.search(text, begin, end)]
    for end in marks:
        if not (_joins_numbers(text, end) or _is_open(text[:end])):
            return end
    return _end_of_long(text, begin, marks) if len(text) - begin > WANTED_CHARACTERS else 0


def _end_of_long(text: str, begin: int, marks: list[int]) -> int:
    """Where a part is best cut that has grown too long without the end of a clause; 0 if it may yet grow."""
    wanted, most = begin + WANTED_CHARACTERS, begin + MOST_CHARACTERS
    gaps = list(_gaps(text, begin))
    good = [gap for gap in gaps if _last_word(text, gap) not in _NEVER_LAST]
    joins = [*marks, *(gap.start() for gap in good if _joins(text, gap))]
    links = [*joins, *(gap.start() for gap in good if gap[1] in _PREPOSITIONS and _is_link(text, gap))]
    outside = [end for end in links if not _is_open(text[:end])]
    near = [end for end in outside if end <= wanted]
    far_joins = [end for end in near if end in joins and end >= begin + WANTED_CHARACTERS // 2]
    if best := far_joins or near or [end for end in marks if end <= wanted]:
        return max(best)
    if later := [end for end in outside if end <= most]:
        return min(later)
    if len(text) <= most:
        return 0
    spaces = [gap.start() for gap in good if not (text[gap.start() - 1].isdigit() or gap[1][0].isdigit())]
    outside = [end for end in spaces if not _is_open(text[:end])]
    for ends in (outside, links, spaces, [gap.start() for gap in gaps]):
        if within := [end for end in ends if end <= most]:
            return max(within)
    return min((gap.start() for gap in gaps), default=0)


def _gaps(text: str, begin: int) -> Iterator[re.Match[str]]:
    """The white space where a part may end, each with the word after it; none after what may yet end the sentence."""
    for gap in _GAP.finditer(text, begin):
        before = text[begin : gap.start()]
        if _is_enough(before) and not STOP.search(before):
            yield gap


def _last_word(text: str, gap: re.Match[str]) -> str:
    return text[: gap.start()].rsplit(maxsplit=1)[-1].strip(_AROUND_WORD).casefold()


def _joins(text: str, gap: re.Match[str]) -> bool:
    """Whether a clause, or what stands in brackets, ends or begins at the gap."""
    return (gap[1] in _JOINS or gap[1][0] in "(（" or text[gap.start() - 1] in ")）") and _is_link(text, gap)


def _is_link(text: str, gap: re.Match[str]) -> bool:
    """Whether the word after the gap is whole and joins more than two numbers."""
    return gap.end(1) < len(text) and not (
        text[gap.start() - 1].isdigit() and text[gap.end(1) :].lstrip(_BEFORE_WORD)[:1].isdigit()
    )


def _joins_numbers(text: str, end: int) -> bool:
    """Whether the mark before `end` stands between two numbers: March 5, 2020."""
    return text[:end].rstrip(_AFTER_WORD)[-1:].isdigit() and text[end:].lstrip(_BEFORE_WORD)[:1].isdigit()


def _is_enough(part: str) -> bool:
    """Whether a part is long enough to be spoken by itself."""
    n_words = max(sum(any(map(str.isalnum, word)) for word in part.split()), len(_WIDE.findall(part)))
    return len(part) >= LEAST_CHARACTERS and n_words >= LEAST_WORDS


def _is_open(before: str) -> bool:
    """Whether a quote, bracket or emphasis of the sentence is still open after these words."""
    n_marks = [sum(map(before.count, marks)) for marks in _QUOTES] + [len(_EMPHASIS.findall(before))]
    return any(n % 2 for n in n_marks) or any(before.count(left) > before.count(right) for left, right in _BRACKETS)
