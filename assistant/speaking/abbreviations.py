"""Abbreviations as an English voice should say them. Pure logic, any thread.

A table tells what becomes of each. espeak knows most of them, but takes a dot before a space for the end of a sentence,
so none may keep its dot.
"""

from re import Match

from assistant.speaking.dates import MONTHS
from assistant.speaking.rewriting import Rules, any_of

_ABBREVIATIONS = {
    **MONTHS,
    "Dr": "Doctor",
    "Mr": "Mr",
    "Mrs": "Mrs",
    "Ms": "Miz",
    "Prof": "Professor",
    "Gen": "General",
    "Col": "Colonel",
    "Capt": "Captain",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Rev": "Reverend",
    "Sen": "Senator",
    "Rep": "Representative",
    "Gov": "Governor",
    "Jr": "Junior",
    "Sr": "Senior",
    "Mt": "Mount",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Co": "Company",
    "Corp": "Corporation",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Ph.D": "PhD",
    "a.k.a": "also known as",
    "approx": "approximately",
    "ca": "around",
    "cf": "compare",
    "e.g": "for example",
    "E.g": "for example",
    "et al": "and others",
    "etc": "et cetera",
    "i.e": "that is",
    "I.e": "that is",
    "vs": "versus",
}
_BEFORE_NUMBER = {
    "No": "number",
    "Nos": "numbers",
    "p": "page",
    "pp": "pages",
    "Ch": "chapter",
    "Eq": "equation",
    "Fig": "figure",
    "Sec": "section",
    "Vol": "volume",
}
_WORDS = {
    "24/7": "24 7",
    "9/11": "9 11",
    "CO2": "C O 2",
    "C#": "C sharp",
    "F#": "F sharp",
    "vs": "versus",
    "w/": "with",
    "w/o": "without",
}

_WORD_STARTS = r"(?<![\w.])"
_DOT = r"(?:\.(?![ ,]*$)|(?=\.))"  # the dot of an abbreviation; one that ends the text as well is left in place


def _acronym(match: Match[str]) -> str:
    return match[0].replace(".", "").upper()


abbreviations = Rules(
    (rf"{_WORD_STARTS}({any_of(_BEFORE_NUMBER)})\. ?(?=\d)", lambda match: f"{_BEFORE_NUMBER[match[1]]} "),
    (rf"{_WORD_STARTS}({any_of(_ABBREVIATIONS)}){_DOT}", lambda match: _ABBREVIATIONS[match[1]]),
    (rf"{_WORD_STARTS}St\.(?= [A-Z])", "Saint"),
    (rf"{_WORD_STARTS}St{_DOT}", "Street"),
    (rf"{_WORD_STARTS}(?:[^\W\d_]\.)+[^\W\d_](?!\.?\w){_DOT}?", _acronym),
    (rf"{_WORD_STARTS}([A-HJ-Z])\.(?= [A-Z])", r"\1"),  # an initial
    (rf"(?<![\w./])({any_of(_WORDS)})(?![\w/])", lambda match: _WORDS[match[1]]),
    (r"(?<=\w)\.(?=[a-z])", " dot "),  # main.py
    (r"(?<![\w.,;:!?])\.(?=[A-Za-z])", "dot "),  # .NET
)
