"""Cuts the stream of a language model into sentences, each as soon as its end is certain. Pure logic, any thread.

Whether a dot ends a sentence can depend on what follows ("at 3 p.m. today", "at 3 p.m. Then"), so the text is read
character by character, and the first one that settles the question makes the cut. That also makes the result the same
however the model happens to split its text.
"""

import re
from enum import Enum

MAX_CHARACTERS = 300  # no sentence is held back for longer than this: some 20 s of speech

_FENCE = "```"
_CLOSING = r"""["'”’»)\]}*_`]"""
STOP = re.compile(rf"[.!?…]{_CLOSING}*$")
_CLAUSE_END = re.compile(r"[,;:—–](?=\s)|[，、；：]")
_WIDE_END = re.compile(r"[。！？][。！？…”’」』）]*$")
_WIDE_CLOSING = "。！？…”’」』）"


class _GoesOn(Enum):
    """What has to follow a stop for the sentence to go on."""

    WITH_ANYTHING = "the stop belongs to the word"
    UNLESS_OPENED = "anything but a word that often opens a sentence"
    WITH_NUMBER = "a number or a lower-case letter"
    WITH_LOWER_CASE = "a lower-case letter or a clause mark"
    WITH_NOTHING = "the stop is an end"


_ABBREVIATIONS = {
    "Dr Mr Mrs Ms Prof Gen Col Sgt Capt Lt Rev Hon Sen Rep Gov Mt": _GoesOn.WITH_ANYTHING,
    "e.g i.e E.g I.e vs cf approx ca viz": _GoesOn.WITH_ANYTHING,
    "No Nos p pp Fig Vol Ch Sec Eq Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec": _GoesOn.WITH_NUMBER,
    "etc al a.m p.m A.M P.M tsp tbsp oz lb lbs ft min hr hrs sec": _GoesOn.WITH_LOWER_CASE,
    "St Ave Blvd Rd Inc Ltd Co Corp Jr Sr Bros Ph.D": _GoesOn.UNLESS_OPENED,
}
_STOPS = {  # the first that fits the end of a text counts
    r"(?:^|[:;]\s)[-+#>*_\s]*\d{1,3}\.[*_]*": _GoesOn.WITH_ANYTHING,  # the "1." of a list
    **{
        rf"(?<![\w.])(?:{'|'.join(map(re.escape, words.split()))})\.": goes_on
        for words, goes_on in _ABBREVIATIONS.items()
    },
    r"(?<![\w.'’])(?:[^\W\d_]\.)+": _GoesOn.UNLESS_OPENED,  # J. R. R. Tolkien, the U.S.
    rf"(?:\.\.|…)[.!?…]*{_CLOSING}*": _GoesOn.WITH_LOWER_CASE,
    rf"[.!?]{_CLOSING}+": _GoesOn.WITH_LOWER_CASE,
    r"[.!?]": _GoesOn.WITH_NOTHING,
}
_STOPS_AT_END = tuple((re.compile(pattern + "$"), goes_on) for pattern, goes_on in _STOPS.items())

_OPENER = re.compile(
    r"(?:A|After|Also|Although|An|And|Are|As|At|Because|Before|But|By|Can|Could|Did|Do|Does|For|From|He|Her|Here|His"
    r"|How|However|I|If|In|Is|It|Its|Many|Most|My|No|Not|Now|On|Or|Our|Please|She|Since|So|Some|That|The|Their|Then"
    r"|There|These|They|This|Those|To|Today|Was|We|What|When|Where|Which|While|Who|Why|With|Would|Yes|You|Your)\b"
)


class SentenceCutter:
    """Takes the text of a reply in pieces of any size and gives it back in sentences.

    A line (list item, heading, paragraph) ends a sentence too. Code between ``` fences is not meant for the ear and
    left out. Every sentence is a part of the text as it was written, without the white space around it.
    """

    def __init__(self) -> None:
        self._text = ""  # of the sentence under way; inside of code its last characters
        self._in_code = False

    @property
    def under_way(self) -> str:
        """The sentence that has not ended yet, from its first letter on."""
        return "" if self._in_code else self._text

    def feed(self, piece: str, *, past: int = 0) -> list[str]:
        """The sentences that are certain to have ended now that `piece` has come.

        One that has grown too long is cut after its first `past` characters.
        """
        return [sentence for character in piece if (sentence := self._take(character, past))]

    def finish(self) -> str:
        """What is left when the reply is over; "" if nothing is. The next reply may begin."""
        rest = "" if self._in_code else self._text.strip()
        self._text, self._in_code = "", False
        return rest

    def _take(self, character: str, past: int) -> str:
        if self._in_code:
            self._text = (self._text + character)[-len(_FENCE) :]
            if self._text == _FENCE:
                self._text, self._in_code = "", False
            return ""
        if (self._text + character).endswith(_FENCE):
            sentence = (self._text + character).removesuffix(_FENCE)
            self._text, self._in_code = "", True
        else:
            end = _end(self._text, character, past)
            sentence, self._text = self._text[:end], (self._text[end:] + character).lstrip()
        return sentence.strip()


def _end(text: str, following: str, past: int) -> int:
    """Where in `text` a sentence is certain to end, now that the character `following` comes after it; 0 if nowhere."""
    if following == "\n" or (_WIDE_END.search(text) and following not in _WIDE_CLOSING):
        return len(text)
    between_words = text[-1:].isspace()
    if following.isspace() and not between_words:
        end = _end_at_space(text)
    elif between_words and not following.isspace():
        end = _end_at_word(text, following)
    else:
        end = 0
    return end or (_clause_end(text, past) if len(text) >= MAX_CHARACTERS else 0)


def _goes_on(text: str) -> _GoesOn | None:
    """How sure the stop at the end of `text` is; None if there is no stop."""
    if not STOP.search(text):
        return None
    return next(goes_on for pattern, goes_on in _STOPS_AT_END if pattern.search(text))


def _end_at_space(text: str) -> int:
    goes_on = _goes_on(text)
    if goes_on is _GoesOn.WITH_NOTHING:
        return len(text)
    before, _, word = text.rpartition(" ")
    opened = goes_on is None and _OPENER.match(word)
    return len(before) if opened and _goes_on(before.rstrip()) is _GoesOn.UNLESS_OPENED else 0


def _end_at_word(text: str, following: str) -> int:
    match _goes_on(text.rstrip()):
        case _GoesOn.WITH_LOWER_CASE if not (following.islower() or following in ",;:-–—"):
            return len(text)
        case _GoesOn.WITH_NUMBER if not (following.islower() or following.isdigit()):
            return len(text)
    return 0


def _clause_end(text: str, past: int) -> int:
    """Where a text that has grown too long is best cut: after a clause, a word, or anywhere."""
    clauses = [clause.end() for clause in _CLAUSE_END.finditer(text, max(past, MAX_CHARACTERS // 3))]
    return clauses[-1] if clauses else text.rfind(" ", past) + 1 or len(text)
