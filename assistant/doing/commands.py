"""Understands commands by sentence templates, and tells whether a text is a complete one. Pure, any one thread.

The templates are hassil's, one file a language in `languages/`; what fits of Home Assistant's own sentences, lists and
rules is taken from the package `home_assistant_intents`. In those files, beside hassil's keys:

- `borrowed`: names of Home Assistant's lists and rules; a block `from: HassGetCurrentTime/default` takes its sentences.
- `metadata: {in_one_breath: true}`: nobody pauses within these sentences, so a text that is already a whole command is
  not taken for the beginning of one of them ("what time is it" for that of "what time is it in Tokyo").
- `politeness`: what may stand before and after every command. `wants_more`: words on which nobody ends a sentence.
- `answers`: what may follow a question of ours, in the form of `intents`. `says`, `phrases`: what it says itself.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from hassil import Intents, RangeSlotList, RecognizeResult, Sentence, TextSlotList, recognize_all
from hassil.intents import Intent

from assistant.doing.continuation import Branches, FirstWords, NumberWords, Reach, Walk, first_words, number_words
from assistant.language import language_file

Slot = int | float | str
OWN_TEXT = "own_text"  # the list of any words that the slots of the owner's templates name


@dataclass(frozen=True, slots=True)
class Command:
    """What was meant: `set_timer` with `minutes` 10 and `name` pasta."""

    intent: str
    slots: Mapping[str, Slot]


class Completeness(Enum):
    """What the words so far are."""

    COMPLETE = "a command to which nobody adds anything"
    MAY_GO_ON = "a command that further words could add to"
    WANTS_MORE = "the beginning of a command, or of any sentence that does not end like this"
    UNKNOWN = "no command: something for the model"


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence template by itself, so that hassil need only try those which fit."""

    sentence: Sentence
    grammar: Intents
    in_one_breath: bool
    first_words: frozenset[str]  # with one of them, or a word that begins like one, each such sentence begins


class Commands:
    """The commands of one language, and the owner's own."""

    def __init__(self, language: str = "en", own: Mapping[str, Sequence[str]] | None = None) -> None:
        """Loads the templates; FileNotFoundError when there are none for the language.

        `own` are further intents with their templates, `{OWN_TEXT:name}` in them a slot for any words. They come first.
        """
        source = language_file(language)
        self._own = frozenset(own or {})
        own_intents = {intent: {"data": [{"sentences": list(texts)}]} for intent, texts in (own or {}).items()}
        lists = source["lists"] | {OWN_TEXT: {"wildcard": True}}
        self.grammar = Intents.from_dict(source | {"lists": lists, "intents": source["intents"] | own_intents})
        self._answers = Intents.from_dict(source | {"intents": source["answers"]})
        self.numbers = dict(_spoken_ranges(self.grammar))
        self.lists = {
            name: first_words(slots, self.grammar, self.numbers)
            for name, slots in self.grammar.slot_lists.items()
            if isinstance(slots, TextSlotList)
        }
        self._branches = Branches(self.grammar, self.numbers, self.lists)
        self.templates = tuple(_templates(self.grammar, self.numbers, self.lists))
        self._before = _any_of(source["politeness"]["before"], r"^(?:{})(?: |$)")
        self._after = _any_of(source["politeness"]["after"], r"(?:^| )(?:{})$")
        self._wants_more = frozenset(source["wants_more"])
        self._begun = lru_cache(maxsize=2048)(self._begun_by)
        self._reaches = lru_cache(maxsize=64)(self._reaches_of)

    def parse(self, text: str) -> Command | None:
        """The command that the whole text is, politeness around it aside; None for anything else."""
        return self._closest(self._readings(text))

    def parse_answer(self, text: str, wanted: Collection[str]) -> Command | None:
        """The answer to a question of ours that the text is: one of the `answers` in the language's file."""
        body = self._bodies(text)[0] or _plain(text)
        intents = {name: self._answers.intents[name] for name in wanted}
        return self._closest(map(_Understood.of, recognize_all(body, replace(self._answers, intents=intents))))

    def intents(self, text: str) -> frozenset[str]:
        """All that the text could mean, closer reading or not."""
        return frozenset(reading.command.intent for reading in self._readings(text))

    def completeness(self, text: str) -> Completeness:
        """Whether the words so far are a command, and whether more are to be expected."""
        said = _plain(text)
        bodies = self._bodies(text)
        if "" in bodies:
            return Completeness.WANTS_MORE if self._before.search(said) else Completeness.UNKNOWN
        reaches = [reach for body in bodies for reach in self._reaches(body)]
        accepted = any(reach.accepts for _, reach in reaches)
        slow = [reach for template, reach in reaches if not template.in_one_breath]
        if accepted and not any(reach.wants_words or (reach.accepts and reach.wants_anything) for reach in slow):
            return Completeness.COMPLETE
        if said.rpartition(" ")[2] in self._wants_more:
            return Completeness.WANTS_MORE
        if accepted:
            return Completeness.MAY_GO_ON
        begun = any(reach.wants_words for _, reach in reaches) or any(slow)
        # "no" begins "no more timers", and is more often a whole answer.
        wants_more = begun and not self.parse_answer(text, ("yes", "no"))
        return Completeness.WANTS_MORE if wants_more else Completeness.UNKNOWN

    def _closest(self, readings: "Iterable[_Understood]") -> Command | None:
        closest = max(readings, key=lambda one: (one.command.intent in self._own, one.n_literal), default=None)
        return closest.command if closest else None

    def _readings(self, text: str) -> list["_Understood"]:
        body, *longer = self._bodies(text)
        # The owner is told that words of politeness at the ends of a template of theirs are never understood.
        ours = ([one for one in self._readings_of(said) if one.command.intent not in self._own] for said in longer)
        return self._readings_of(body) or next(filter(None, ours), [])

    def _readings_of(self, body: str) -> list["_Understood"]:
        return [
            _Understood.of(result)
            for template, reach in self._reaches(body)
            if reach.accepts
            for result in recognize_all(body, template.grammar)
        ]

    def _bodies(self, text: str) -> tuple[str, ...]:
        """The command without what is said around it; then with that, as "tell me" can be a command's own words."""
        said = _plain(text)
        ended = _without(self._after, said)
        return tuple(dict.fromkeys((_without(self._after, _without(self._before, said)), ended, said)))

    def _reaches_of(self, body: str) -> tuple[tuple[Template, Reach], ...]:
        """The templates that the text is, or begins."""
        walk = Walk(body, self.grammar, self.numbers, self.lists, self._branches)
        reaches = ((template, walk.reach(template.sentence.expression)) for template in self._likely(body))
        return tuple((template, reach) for template, reach in reaches if reach)

    def _likely(self, body: str) -> tuple[Template, ...]:
        """The templates that its first words begin: few, and found once for all texts that begin alike."""
        first, *others = body.split(" ", 2)
        if others:
            return self._begun(" ".join([first, *others[:-1]]))
        beginnings = {first[:n] for n in range(1, len(first) + 1)}
        return tuple(template for template in self.templates if beginnings & template.first_words)

    def _begun_by(self, beginning: str) -> tuple[Template, ...]:
        return tuple(template for template, _ in self._reaches_of(beginning))


@dataclass(frozen=True, slots=True)
class _Understood:
    command: Command
    n_literal: int  # characters that the template itself spells out: of two readings the closer one has more

    @staticmethod
    def of(result: RecognizeResult) -> "_Understood":
        pieces: dict[str, list[Slot]] = {}
        for entity in result.entities_list:
            pieces.setdefault(entity.name, []).append(entity.value)
        slots = {name: _joined(values) for name, values in pieces.items()}
        return _Understood(Command(result.intent.name, slots | result.context), result.text_chunks_matched)


def _joined(pieces: Iterable[Slot]) -> Slot:
    """A slot said in pieces: numbers side by side add up (200, 20), all else is written together (12, *, 220)."""
    parts: list[Slot] = []
    for said in pieces:
        piece = int(said) if isinstance(said, float) and said.is_integer() else said  # hassil reads digits as float
        last = parts[-1] if parts else ""
        if isinstance(piece, str) or isinstance(last, str):
            parts.append(piece)
        else:
            parts[-1] = last + piece
    return parts[0] if len(parts) == 1 else "".join(map(str, parts))


def _plain(text: str) -> str:
    """Lower case, single spaces, no punctuation; signs of sums apart."""
    text = re.sub(r"(?<=\d)([+*/×÷%-])|([+*/×÷-])(?=\d)", r" \1\2 ", text.lower().replace("’", "'"))
    text = re.sub(r"(?<=\w)[-:](?=\w)|(?<!\d)\.|\.(?!\d)|[^\w\s'+*/×÷%.-]", " ", text)
    return " ".join(text.split())


def _without(politeness: re.Pattern[str], text: str) -> str:
    while (shorter := politeness.sub("", text, count=1).strip()) != text:
        text = shorter
    return text


def _any_of(phrases: Iterable[str], pattern: str) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(pattern.format("|".join(map(re.escape, longest_first))))


def _templates(
    grammar: Intents, numbers: Mapping[str, NumberWords], lists: Mapping[str, FirstWords]
) -> Iterator[Template]:
    for intent in grammar.intents.values():
        for block in intent.data:
            for text in block.sentence_texts:
                single = replace(block, sentence_texts=[text])
                alone = replace(grammar, intents={intent.name: Intent(intent.name, [single])})
                walk = Walk("", grammar, numbers, lists)
                walk.reach(single.sentences[0].expression)
                in_one_breath = bool((block.metadata or {}).get("in_one_breath"))
                yield Template(single.sentences[0], alone, in_one_breath, frozenset(walk.next_words))


def _spoken_ranges(grammar: Intents) -> Iterator[tuple[str, NumberWords]]:
    for name, slots in grammar.slot_lists.items():
        if isinstance(slots, RangeSlotList) and slots.words:
            yield name, number_words(slots.words_language or grammar.language, tuple(slots.get_numbers()))
