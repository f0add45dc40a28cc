"""Turns a written sentence into what an English voice should read. Pure logic, any thread.

A language model writes for the eye: markup, symbols, abbreviations. Tables and rules say what becomes of them; to teach
the voice something is to add a line. What espeak, the reader inside of Piper, gets right by itself is left to it.
"""

import re
import unicodedata
from re import Match

from assistant.speaking import amounts, dates
from assistant.speaking.abbreviations import abbreviations
from assistant.speaking.rewriting import NUMBER_STARTS, Rules, any_of

_SYMBOLS = {
    "&": " and ",
    "+": " plus ",
    "=": " equals ",
    "@": " at ",
    "%": " percent",
    "°": " degrees",
    "$": " dollars",
    "€": " euros",
    "£": " pounds",
    "¥": " yen",
    "₹": " rupees",
    "¢": " cents",
    "§": " section ",
    "±": " plus or minus ",
    "≈": " about ",
    "≠": " is not equal to ",
    "≤": " less than or equal to ",
    "≥": " greater than or equal to ",
    "→": " to ",
    "√": " square root of ",
    "∞": " infinity ",
}
_MARKS = r"""-–—/\()[]{}<>*_`#|~^"'•×÷.,;:!?…"""  # that rules look at; every other symbol is dropped at once
_MAX_PASSES = 4  # where one rule uncovers work for an earlier one; nearly always the first pass does it all


def _plain(match: Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0]).replace("⁄", "/")


def _address(match: Match[str]) -> str:
    return match[1].replace(".", " dot ").replace("@", " at ")


def _pause(match: Match[str]) -> str:
    return next(mark for mark in "?!.:;," if mark in match[0]) + " "


_FORMS = Rules(  # that NFKC would make plain digits of
    ("[⁻⁰¹²³⁴-⁹]+", lambda match: f"^{_plain(match)}"),
    ("[¼½¾⅐-⅞]", lambda match: f" {_plain(match)}"),
    ("№", " number "),
    ("º", "°"),
    ("™", ""),
)
_CHARACTERS = Rules(
    ("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]", ""),  # of no width
    ("[‘’ʼ′]", "'"),
    ("[“”„«»]", '"'),
    ("[‐−]", "-"),
    ("-{1,2}>|=>|⇒", "→"),
    ("---*|―", "—"),
    ("<=", "≤"),
    (">=", "≥"),
    ("!=", "≠"),
    ("==+", "="),
    ("[•·●▪]", "•"),
    ("。", ". "),
    ("、", ", "),
    (r"\.{2,}", "…"),
    (r"(?<![\w.])\.(?=\d)", "0."),
    (rf"[^\w\s{re.escape(_MARKS + ''.join(_SYMBOLS))}]", " "),
    (r"[^\S\n]+", " "),
)
_MARKUP = Rules(
    (r"!?\[([^\[\]]*)\]\([^()\s]*(?: \"[^\"()]*\")?\)", r"\1"),  # a link or an image
    (r"\[\^?\d{1,3}\]", ""),  # a footnote
    (r"<(https?://[^<>\s]*)>", r" \1 "),
    (r"</?[A-Za-z][^<>\n]{0,200}>", " "),
    (r"(?<!\S)(?:[:;]-?[()DPpO/|]|<3)(?!\S)", " "),  # a smiley
    (r"(?<=\d)\*\*(?=\d)", "^"),
    (r"(?<=\w) \* (?=\w)|(?<=\d)\*(?=\d)", " × "),
    (r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|`+|~~+|(?<![^\W_])_+|_+(?![^\W_])", ""),
    (r"(?m)^ ?(?:(?:[-–—*+•]|#{1,6}|\[[ xX]\]) |> ?)+", ""),  # a bullet, a heading, a quotation
    (r"(?m)^ ?(\d{1,3})[.)] (?=\S)", r"\1, "),
    (r"\((\d{3})\) ?(?=\d{3}[-. ]\d{4})", r"\1-"),  # an area code
    (r"(\d)'(\d{1,2})\"", r"\1 foot \2"),
    (r"\(s\)", "s"),
    (r"(?<!\S)\(|\)(?!\S)|[|•]", ", "),
    (r"[\"()\[\]{}\\_]|(?<!\w)'|'(?!\w)", " "),
    (r"(?<=[^\s.,;:!?…]) ?\n", ", "),
    (r"\s+", " "),
)
_ADDRESSES = Rules(
    (r"(?<![\w.+-])([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)", _address),
    (r"(?:https?://(?:www\.)?|\bwww\.)([\w-]+(?:\.[\w-]+)*)(?:[:/?#](?:\S*[\w/])?)?", _address),
    (r"(?<![\w.@/-])([\w-]+(?:\.[\w-]+)*\.(?:com|edu|gov|io|net|org))/(?:\S*[\w/])?", _address),
    (rf"{NUMBER_STARTS}(\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?!\w|\.\d)", _address),
)
_WORDED = Rules(
    (any_of(_SYMBOLS), lambda match: _SYMBOLS[match[0]]),
    (r"~ ?(?=\d)", " about "),
    (r"# ?(?=\d)", " number "),
    (r"< ?(?=\d)", " less than "),
    (r"> ?(?=\d)", " greater than "),
)
_PUNCTUATION = Rules(
    (r" - | ?[–—] ?", ", "),
    (r"…(?= ?[a-z])", ", "),
    (r"…", ". "),
    (r"(?<=\d)-(?=\d)|(?<!\w)-|-(?!\w)|(?<!\w)'|'(?!\w)|[^\w\s.,;:!?'-]", " "),
    (r"\s+", " "),
    (r" ?(?!(?<=\d)[.,]\d)[.,;:!?][ .,;:!?]*", _pause),
    (r"^[ .,;:!?]+|[ ,;]+$", ""),
)


def _normalized(text: str) -> str:
    return unicodedata.normalize("NFKC", _FORMS(text))


_STEPS = (
    _normalized,
    _CHARACTERS,
    _MARKUP,
    _ADDRESSES,
    abbreviations,
    amounts.phone_numbers,
    dates.iso_dates,
    dates.half_days,
    amounts.ranges,
    dates.times,
    amounts.money,
    amounts.measures,
    amounts.sums,
    dates.dates,
    dates.years,
    _WORDED,
    _PUNCTUATION,
)


def speakable(text: str) -> str:
    """What a voice should read for `text`; "" if nothing in it can be read.

    Never fails, takes linear time, and leaves alone what is speakable already.
    """
    for _ in range(_MAX_PASSES):
        before, text = text, _pass(text)
        if text == before:
            break
    return text


def _pass(text: str) -> str:
    for step in _STEPS:
        text = step(text)
    return text if any(map(str.isalnum, text)) else ""
