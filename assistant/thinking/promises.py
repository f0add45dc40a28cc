"""Empty promises: whether a person asked for a deed, and whether a reply claims or promises one. Pure, any one thread.

When nothing was carried out, a sentence that claims a deed must not be spoken: it is withheld when `asks_for_deed` of
what the person said and `claims_deed` of the sentence both hold. Either alone is loose: "I've written it" answers
"write a poem" truly, and "Sure!" may begin any reply; together they rarely err.

The patterns are in `promises/`, one file a language, over lower-case words without punctuation:

- `parts`: lists of words that the patterns name in braces.
- `before`: what may stand before the words of an order. `joins`: what stands between two orders.
- `questions`: first words after which nothing is an order.
- `asks`: how an order begins; `asks_anywhere`: the same, anywhere in it. `words`: orders that words alone fulfil.
- `claims`: deeds, as a clause tells them; `claims_about`: only if clause and request share a word ("the lamp is on").
- `assents`: the whole of a sentence that agrees to do it, or says that it is done.
- `denials`: what takes a claim back when it stands before its end. `teaches`: clauses that explain and claim nothing.
- `small_words`: words that request and clause may share by chance.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

_CLAUSE_END = re.compile(r"[,;:.!?…—–()\"“”«»¡¿]+")
_N_ALIKE = 3  # words that begin with the same so many letters are taken for forms of one word: lamp, lamps


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The patterns of one language, compiled."""

    before: re.Pattern[str]
    joins: re.Pattern[str]
    questions: re.Pattern[str]
    asks: re.Pattern[str]
    asks_anywhere: re.Pattern[str]
    words: re.Pattern[str]
    claims: re.Pattern[str]
    claims_about: re.Pattern[str]
    assents: re.Pattern[str]
    denials: re.Pattern[str]
    teaches: re.Pattern[str]
    small_words: frozenset[str]


def asks_for_deed(request: str, language: str) -> bool:
    """Whether a person asks for an action in the world or of this device, rather than for words.

    FileNotFoundError when there are no patterns for the language, here as in `claims_deed`.
    """
    patterns = _patterns(language)
    for part in patterns.joins.split(_plain(request)):
        order = part
        while (shorter := patterns.before.sub("", order, count=1)) != order:
            order = shorter
        if patterns.questions.match(order):
            return False  # with all that follows: "how do I open and close it"
        if patterns.words.match(order):
            continue
        if patterns.asks.match(order) or patterns.asks_anywhere.search(order):
            return True
    return False


def claims_deed(sentence: str, request: str, language: str) -> bool:
    """Whether a sentence of the reply says that something asked for was done, is being done, or will be.

    A bare "Okay." does too: to who asked for a deed it is a promise.
    """
    patterns = _patterns(language)
    clauses = [clause for clause in map(_plain, _CLAUSE_END.split(sentence)) if clause]
    if clauses and all(patterns.assents.fullmatch(clause) for clause in clauses):
        return True
    asked = _content_words(_plain(request), patterns)
    return any(_claims(clause, asked, patterns) for clause in clauses)


def _claims(clause: str, asked: frozenset[str], patterns: _Patterns) -> bool:
    if patterns.teaches.search(clause):
        return False
    found = patterns.claims.search(clause)
    if found is None:
        found = patterns.claims_about.search(clause)
        if found is None or not asked & _content_words(found[0], patterns):
            return False
    return not patterns.denials.search(clause[: found.end()])


def _content_words(text: str, patterns: _Patterns) -> frozenset[str]:
    """The beginnings of its words that mean something by themselves."""
    words = (word for word in text.split() if len(word) >= _N_ALIKE and word not in patterns.small_words)
    return frozenset(word[:_N_ALIKE] for word in words)


def _plain(text: str) -> str:
    """Lower case, single spaces, no punctuation."""
    text = text.lower().replace("’", "'")
    return " ".join(re.sub(r"[^\w\s'-]", " ", text).split())


@lru_cache
def _patterns(language: str) -> _Patterns:
    text = files("assistant.thinking").joinpath(f"promises/{language}.yaml").read_text(encoding="utf-8")
    source: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    parts = {name: _words(listed) for name, listed in source["parts"].items()}

    def any_of(name: str) -> re.Pattern[str]:
        patterns = "|".join(source[name])
        return re.compile(re.sub(r"\{([a-z_]+)\}", lambda part: f"(?:{parts[part[1]]})", patterns))

    return _Patterns(
        before=re.compile(rf"^(?:{_words(source['before'])})(?: |$)"),
        joins=re.compile(rf" (?:{_words(source['joins'])}) "),
        questions=re.compile(rf"(?:{_words(source['questions'])})\b"),
        asks=any_of("asks"),
        asks_anywhere=any_of("asks_anywhere"),
        words=any_of("words"),
        claims=any_of("claims"),
        claims_about=any_of("claims_about"),
        assents=re.compile(_words(source["assents"])),
        denials=any_of("denials"),
        teaches=any_of("teaches"),
        small_words=frozenset(source["small_words"].split()),
    )


def _words(listed: str) -> str:
    """A list of words that was broken into lines, as a part of a pattern."""
    return re.sub(r"\|\s+", "|", listed.strip())


@dataclass(frozen=True, slots=True)
class PromiseFigures:
    """How well empty promises are told from harmless replies."""

    empty_promises: float  # the share of claiming replies that get through
    false_refusals: float  # the share of harmless replies that are withheld
    wrong: tuple[str, ...]  # the replies judged wrongly


@dataclass(frozen=True, slots=True)
class PromiseCase:
    """A reply to a request that nothing carried out; `sentences` are spoken one by one."""

    request: str
    sentences: tuple[str, ...]
    language: str
    claims: bool  # what a person says of it


def promise_figures(cases: Iterable[PromiseCase]) -> PromiseFigures:
    """Judges the cases; of no case of a kind the share is 0."""
    n_all, n_wrong, wrong = {True: 0, False: 0}, {True: 0, False: 0}, []
    for case in cases:
        n_all[case.claims] += 1
        withheld = asks_for_deed(case.request, case.language) and any(
            claims_deed(sentence, case.request, case.language) for sentence in case.sentences
        )
        if withheld is not case.claims:
            n_wrong[case.claims] += 1
            wrong.append(" ".join(case.sentences))
    shares = {kind: n_wrong[kind] / max(n_all[kind], 1) for kind in n_all}
    return PromiseFigures(shares[True], shares[False], tuple(wrong))
