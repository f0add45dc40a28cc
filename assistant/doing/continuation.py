"""How far a sentence template has come at the end of a text, and whether it would take more words. Pure, any thread.

hassil matches whole sentences only. This walks its parsed templates over a text that may break off, and tells at which
characters each part can end. A template accepts and wants words in many ways at once; sets of ends hold them all, and
each part is walked once from each place, so no text takes long.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from hassil import (
    Alternative,
    Expression,
    Intents,
    ListReference,
    Permutation,
    RangeSlotList,
    RuleReference,
    Sequence,
    TextChunk,
    TextSlotList,
    WildcardSlotList,
)
from hassil.numbers import get_rbnf_engine

MORE = -1  # an end beyond the text: the words ran out while the template wanted another, certain one
ANYTHING = -2  # the same, in the middle of a wildcard, which would take any word
BEYOND = frozenset((MORE, ANYTHING))
NOWHERE: frozenset[int] = frozenset()
NO_WORDS: frozenset[str] = frozenset()
LEFT_OUT = frozenset((" ",))
ANY_WORD = frozenset((" ", ""))
Ends = frozenset[int]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one template comes."""

    accepts: bool  # the whole text is such a sentence
    wants_words: bool  # certain words could follow
    wants_anything: bool  # it breaks off in a wildcard, which any words could carry on

    def __bool__(self) -> bool:
        """The text is such a sentence, or the beginning of one."""
        return self.accepts or self.wants_words or self.wants_anything


@dataclass(frozen=True, slots=True)
class NumberWords:
    """The numbers of one range as they are spoken, and how those begin: `twenty` begins `twenty five`."""

    spoken: frozenset[str]
    begun: frozenset[str]
    first: frozenset[str]  # their first words
    n_most: int  # words in the longest


@lru_cache
def number_words(language: str, numbers: tuple[int | float, ...]) -> NumberWords:
    """Spells numbers out, words apart by spaces as a recognizer writes them."""
    engine = get_rbnf_engine(language)
    texts = {text.replace("-", " ") for n in numbers for text in engine.format_number(n).text_by_ruleset.values()}
    words = [text.split() for text in texts]
    begun = {" ".join(number[:n]) for number in words for n in range(1, len(number))}
    return NumberWords(frozenset(texts), frozenset(begun), frozenset(n[0] for n in words), max(map(len, words)))


@dataclass(frozen=True, slots=True)
class FirstWords:
    """The values of a list by the words, or beginnings of words, with which they begin."""

    values: Mapping[str, tuple[Expression, ...]]

    def fitting(self, word: str) -> list[Expression]:
        """The values that may begin with the word."""
        return [value for n in range(1, len(word) + 1) for value in self.values.get(word[:n], ())]


def first_words(slots: TextSlotList, grammar: Intents, numbers: Mapping[str, NumberWords]) -> FirstWords:
    """Looks at each value once; so a walk need only try those that fit."""
    values: dict[str, tuple[Expression, ...]] = {}
    for value in slots.values:
        walk = Walk("", grammar, numbers)
        walk.reach(value.text_in)
        for word in walk.next_words:
            values[word] = (*values.get(word, ()), value.text_in)
    return FirstWords(values)


class Branches:
    """The items of each alternative by the words, or beginnings of words, with which they begin: so few are tried."""

    def __init__(self, grammar: Intents, numbers: Mapping[str, NumberWords], lists: Mapping[str, FirstWords]) -> None:
        self._grammar = grammar
        self._numbers = numbers
        self._lists = lists
        self._known: dict[int, tuple[Alternative, dict[str, tuple[Expression, ...]]]] = {}  # holds what the id is of

    def fitting(self, alternative: Alternative, beginnings: Iterable[str]) -> list[Expression]:
        """The items that may begin with one of the beginnings of a word, of which the empty one must be the first."""
        if (known := self._known.get(id(alternative))) is None:
            items: dict[str, tuple[Expression, ...]] = {}
            for item in alternative.items:
                words = self._first(item)
                for word in words if ANY_WORD.isdisjoint(words) else ("",):
                    items[word] = (*items.get(word, ()), item)
            known = self._known[id(alternative)] = alternative, items
        return [item for beginning in beginnings for item in known[1].get(beginning, ())]

    def _first(self, expression: Expression) -> frozenset[str]:
        """The words, or beginnings of words, with which it can begin, with `LEFT_OUT` if it can be."""
        match expression:
            case TextChunk():
                return frozenset(expression.text.split()[:1]) or LEFT_OUT
            case Alternative() | Permutation():
                return NO_WORDS.union(*map(self._first, expression.items))
            case Sequence():
                words = LEFT_OUT
                for item in expression.items:
                    if words.isdisjoint(LEFT_OUT):
                        break
                    words = words - LEFT_OUT | self._first(item)
                return words
            case RuleReference():
                return self._first(self._grammar.expansion_rules[expression.rule_name].expression)
            case ListReference():
                return self._first_of_list(expression.list_name)
            case _:
                raise TypeError(f"not a part of a sentence template: {expression!r}")

    def _first_of_list(self, name: str) -> frozenset[str]:
        slots = self._grammar.slot_lists[name]
        if isinstance(slots, RangeSlotList):
            spoken = self._numbers[name].first if name in self._numbers else NO_WORDS
            return spoken | frozenset("0123456789" if slots.digits else "")
        return frozenset(self._lists[name].values) if name in self._lists else frozenset(("",))


class Walk:
    """One text, lower case with single spaces, and the templates that are tried on it."""

    def __init__(
        self,
        text: str,
        grammar: Intents,
        numbers: Mapping[str, NumberWords],
        lists: Mapping[str, FirstWords] | None = None,
        branches: Branches | None = None,
    ) -> None:
        """Takes the rules and lists of `grammar`, and of its ranges that are spoken in words the words by list name.

        Of the `lists` that are given by their first words, only the values that fit are tried; of alternatives, with
        `branches`, only the items that fit.
        """
        self._branches = branches
        self._lists = lists or {}
        self._text = f"{text} " if text else ""  # a space after the last word: whole words only
        self._grammar = grammar
        self._numbers = numbers
        self._known: dict[tuple[int, int], Ends] = {}
        self._begun: dict[int, tuple[str, ...]] = {}
        self.next_words: set[str] = set()  # words, or beginnings of words, for which the walk ended beyond the text

    def reach(self, template: Expression) -> Reach:
        ends = self._ends(template, 0)
        accepts = any(end >= len(self._text) - 1 for end in ends)
        in_wildcard = max(ends) > len(self._text) if accepts else ANYTHING in ends
        return Reach(accepts, MORE in ends, in_wildcard)

    def _ends(self, expression: Expression, start: int) -> Ends:
        if start > len(self._text):  # after a wildcard that took all the rest: whatever else is wanted, it would take
            ends = self._ends(expression, len(self._text))
            return frozenset(start if end >= 0 else ANYTHING for end in ends)
        if isinstance(expression, TextChunk):
            return self._literal(expression.text, start)
        key = (id(expression), start)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self._walk(expression, start)
        return known

    def _each(self, expressions: Iterable[Expression], starts: Iterable[int]) -> Ends:
        return NOWHERE.union(*(self._ends(expression, start) for expression in expressions for start in starts))

    def _walk(self, expression: Expression, start: int) -> Ends:
        match expression:
            case Sequence():
                return self._one_after_another(expression.items, start)
            case Alternative():
                return self._each(self._fitting(expression, start), (start,))
            case Permutation():
                return self._in_any_order(expression.items, start)
            case RuleReference():
                return self._ends(self._grammar.expansion_rules[expression.rule_name].expression, start)
            case ListReference():
                return self._listed(expression.list_name, start)
            case _:
                raise TypeError(f"not a part of a sentence template: {expression!r}")

    def _fitting(self, alternative: Alternative, start: int) -> Iterable[Expression]:
        """The items that are worth a try; all of them within a word and at the end of the text."""
        first = start if self._at_word(start) else start + 1
        if self._branches is None or first >= len(self._text) or not self._at_word(first):
            return alternative.items
        if (beginnings := self._begun.get(first)) is None:
            word, _, _ = self._text[first:].partition(" ")
            beginnings = self._begun[first] = tuple(word[:n] for n in range(len(word) + 1))
        return self._branches.fitting(alternative, beginnings)

    def _at_word(self, start: int) -> bool:
        return start == 0 or self._text[start - 1] == " "

    def _literal(self, literal: str, start: int) -> Ends:
        if self._at_word(start):
            literal = literal.lstrip()
        if self._text.startswith(literal, start):
            return frozenset((start + len(literal),))
        rest = self._text[start:]
        if not literal.startswith(rest) or not (further := literal[len(rest) :].split()):
            return NOWHERE
        self.next_words.add(further[0])
        return frozenset((MORE,))

    def _one_after_another(self, items: Iterable[Expression], start: int) -> Ends:
        places, beyond = frozenset((start,)), NOWHERE
        for item in items:
            places = self._each((item,), places) if len(places) > 1 else self._ends(item, *places)
            if places & BEYOND:
                beyond |= places & BEYOND
                places -= BEYOND
            if not places:
                break
        return places | beyond

    def _in_any_order(self, items: list[Expression], start: int) -> Ends:
        if not items:
            return frozenset((start,))
        ends: set[int] = set()
        for index, item in enumerate(items):
            rest = items[:index] + items[index + 1 :]
            for place in self._ends(item, start):
                ends |= {place} if place in BEYOND else self._in_any_order(rest, place)
        return frozenset(ends)

    def _listed(self, name: str, start: int) -> Ends:
        slots = self._grammar.slot_lists[name]
        match slots:
            case TextSlotList():
                return self._one_of(slots, name, start)
            case RangeSlotList():
                return self._number(slots, start)
            case WildcardSlotList():
                return self._anything(start)
            case _:
                raise TypeError(f"not a list of slot values: {slots!r}")

    def _one_of(self, slots: TextSlotList, name: str, start: int) -> Ends:
        first = self._lists.get(name)
        if first is None or not self._at_word(start):
            return self._each((value.text_in for value in slots.values), (start,))
        word, _, _ = self._text[start:].partition(" ")
        if word:
            return self._each(first.fitting(word), (start,))
        self.next_words.update(first.values)
        return frozenset((MORE,))

    def _anything(self, start: int) -> Ends:
        """Ends after each word; that of the last one lies behind the text, so that what follows can tell."""
        first = start if self._at_word(start) else start + 1
        if first >= len(self._text):
            return frozenset((MORE,))
        ends = [at for at in range(first + 1, len(self._text)) if self._text[at] == " "]
        return frozenset((ANYTHING, *ends[:-1], *(len(self._text) + 1 for _ in ends[-1:])))

    def _number(self, numbers: RangeSlotList, start: int) -> Ends:
        rest = self._text[start:].lstrip()
        spoken = self._numbers.get(numbers.name or "")
        if not rest:
            self.next_words |= spoken.first if spoken else set()
            self.next_words |= set("0123456789" if numbers.digits else "")
            return frozenset((MORE,))
        words = rest.split(" ", spoken.n_most if spoken else 1)
        first = len(self._text) - len(rest)
        ends = set()
        if numbers.digits and words[0].isdecimal() and int(words[0]) in range(numbers.start, numbers.stop + 1):
            ends.add(first + len(words[0]))
        if spoken:
            starts = [" ".join(words[:n]) for n in range(1, spoken.n_most + 1)]
            ends |= {first + len(begin) for begin in starts if begin in spoken.spoken}
            if rest.rstrip() in spoken.begun:
                ends.add(MORE)
        return frozenset(ends)
