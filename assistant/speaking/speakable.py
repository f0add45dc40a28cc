"""Turns a written sentence into what an English voice should read. Pure logic, any thread.

A language model writes for the eye: markup, symbols, abbreviations. Tables say what becomes of them, so to teach the
voice a new word is to add a line to one. What espeak, the reader inside of Piper, gets right by itself is left to it; it
also takes every dot before a space for the end of a sentence, so no abbreviation keeps its dot.
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
_KEPT = "-–—/\\()[]{}<>*_`#|~^\"'•×÷.,;:!?…"  # marks that rules below look at

_MAX_PASSES = 4  # one rule may uncover work for another; two is what it takes


def speakable(text: str) -> str:
    """What a voice should read for `text`; "" if nothing in it can be read.

    Never fails and takes linear time. What is speakable already stays as it is.
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


def _plain(match: Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


def _address(match: Match[str]) -> str:
    return match[0].replace(".", " dot ").replace("@", " at ")


def _pause(match: Match[str]) -> str:
    return next(mark for mark in "?!.:;," if mark in match[0]) + " "


_COMPATIBILITY = Rules(
    ("[⁻⁰¹²³⁴-⁹]+", lambda match: f"^{_plain(match)}"),
    ("[¼½¾⅐-⅞]", lambda match: f" {_plain(match)}".replace("⁄", "/")),
    ("№", " number "),
    ("º", "°"),
    ("™", ""),
)
_CHARACTERS = Rules(
    ("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]", ""),  # have no width
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
    (rf"[^\w\s{re.escape(_KEPT + ''.join(_SYMBOLS))}]", " "),
    (r"[^\S\n]+", " "),
)
_MARKUP = Rules(
    (r"!?\[([^\[\]]*)\]\([^()\s]*(?: \"[^\"()]*\")?\)", r"\1"),  # a link
    (r"\[\^?\d{1,3}\]", ""),  # a footnote
    (r"<(https?://[^<>\s]*)>", r" \1 "),
    (r"</?[A-Za-z][^<>\n]{0,200}>", " "),
    (r"(?<!\S)(?:[:;]-?[()DPpO/|]|<3)(?!\S)", " "),  # a smiley
    (r"(?<=\d)\*\*(?=\d)", "^"),
    (r"(?<=\w) \* (?=\w)|(?<=\d)\*(?=\d)", " × "),
    (r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|`+|~~+|(?<![^\W_])_+|_+(?![^\W_])", ""),
    (r"(?m)^ ?(?:(?:[-–—*+•]|#{1,6}|\[[ xX]\]) |> ?)+", ""),  # the bullet of a list, a heading, a quotation
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
    (r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", _address),
    (
        r"(?:https?://(?:www\.)?|\bwww\.)([\w-]+(?:\.[\w-]+)*)(?:[:/?#](?:\S*[\w/])?)?",
        lambda match: match[1].replace(".", " dot "),
    ),
    (
        r"(?<![\w.@/-])([\w-]+(?:\.[\w-]+)*\.(?:com|edu|gov|io|net|org))/(?:\S*[\w/])?",
        lambda match: match[1].replace(".", " dot "),
    ),
    (rf"{NUMBER_STARTS}(\d{{1,3}})\.(\d{{1,3}})\.(\d{{1,3}})\.(\d{{1,3}})(?!\w|\.\d)", r"\1 dot \2 dot \3 dot \4"),
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
_STEPS = (
    _COMPATIBILITY,
    lambda text: unicodedata.normalize("NFKC", text),
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
