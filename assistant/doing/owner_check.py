"""Checks the owner's own commands: what cannot be used, and sentences that mean two things. Pure, any thread."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from hassil import TextSlotList
from hassil.intents import SlotList
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError
from hassil.sample import sample_sentence

from assistant.config import OwnerCommand
from assistant.doing.commands import OWN_TEXT, Commands
from assistant.errors import ConfigError

INTENT = "own:{}"  # with the command's place in the list
SLOT = re.compile(r"\{(\w+)\}")
_BRACES = re.compile(r"\{([^{}]*)\}")
_SLOT_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_N_SAMPLES, _N_SAMPLED = 100, 5000  # sentences tried of a template, spread over so many of its first ones


def templates(command: OwnerCommand) -> tuple[str, ...]:
    """Its sentences as `Commands` takes them: as texts are before they are compared, with slots for any words."""
    return tuple(SLOT.sub(rf"{{{OWN_TEXT}:\1}}", _plain(sentence)) for sentence in command.sentences)


def faults_of(commands: Sequence[OwnerCommand], outputs: Collection[str] | None = None) -> list[str]:
    """What is wrong with each command by itself, one line a fault; with `outputs`, an output not among them too."""
    return [
        fault
        for index, command in enumerate(commands)
        for fault in (*_deed_faults(index, command, outputs), *_sentence_faults(index, command))
    ]


def clashes(commands: Sequence[OwnerCommand], language: str) -> list[str]:
    """The sentences that are another command too, and those that are never understood; one line each.

    For commands without faults. A template of many sentences is tried with some of them.
    """
    understood = Commands(
        language, {INTENT.format(index): templates(command) for index, command in enumerate(commands)}
    )
    lines: dict[frozenset[str], str] = {}  # by what is confused with what
    for index, command in enumerate(commands):
        own = INTENT.format(index)
        for template in templates(command):
            for sample in _samples(template, "pasta"):
                intents = understood.intents(sample)
                begin = f"{_name(index, command)}: '{sample}'"
                for other in sorted(intents - {own}):
                    lines.setdefault(frozenset((own, other)), f"{begin} is also {_shown(other)}; word it otherwise")
                if not intents:
                    lines.setdefault(
                        frozenset((template,)),
                        f"{begin} is never understood; leave out signs, and words of politeness at its begin and end",
                    )
    return list(lines.values())


def check_commands(commands: Sequence[OwnerCommand], language: str, outputs: Collection[str] = ()) -> None:
    """Raises a ConfigError that names everything that is wrong with them."""
    if wrong := faults_of(commands, outputs) or (clashes(commands, language) if commands else []):
        raise ConfigError(*wrong)


def _shown(intent: str) -> str:
    prefix, _, index = intent.partition(":")
    return f"commands[{index}]" if INTENT.startswith(f"{prefix}:") else f"the command {intent}"


def _name(index: int, command: OwnerCommand) -> str:
    return f"{command.place}: commands[{index}]".removeprefix(": ")


def _deed_faults(index: int, command: OwnerCommand, outputs: Collection[str] | None) -> Iterator[str]:
    name = _name(index, command)
    if command.run and command.output:
        yield f"{name} has both run and output; keep one"
    if not (command.run or command.output or command.say):
        yield f"{name} does nothing; give it run, output or say"
    if bool(command.output) != bool(command.state):
        yield f"{name} has only one of output and state; add {'state' if command.output else 'output'}"
    if command.output and outputs is not None and command.output not in outputs:
        cure = f"must be {' or '.join(sorted(outputs))}" if outputs else "but none is set up; remove the command"
        yield f'{name}.output is "{command.output}", {cure}'
    if command.speak_output and not command.run:
        yield f"{name}.speak_output is of use only with run; remove it"
    if command.run and (not command.run[0].startswith("/") or SLOT.search(command.run[0])):
        yield f'{name}.run begins with "{command.run[0]}", must be the full path of a program'


def _sentence_faults(index: int, command: OwnerCommand) -> Iterator[str]:
    name = _name(index, command)
    if not command.sentences:
        yield f"{name} has no sentences; add what to say"
        return
    for sentence in command.sentences:
        if fault := _template_fault(sentence):
            yield f'{name}: "{sentence if len(sentence) <= 60 else sentence[:59] + "…"}" {fault}'
    in_all = set.intersection(*(set(SLOT.findall(sentence)) for sentence in command.sentences))
    for argument in command.run[1:]:
        for slot in SLOT.findall(argument):
            if argument != f"{{{slot}}}":
                yield f'{name}.run has "{argument}", must be {{{slot}}} by itself, or have no braces'
    for key, text in [*(("run", argument) for argument in command.run), ("say", command.say)]:
        for slot in SLOT.findall(text):
            if slot not in in_all:
                yield f"{name}.{key} has {{{slot}}}, which must be in every sentence; add it or remove it"


def _template_fault(sentence: str) -> str:
    """What is wrong with a sentence template; nothing if it can be used."""
    slots = _BRACES.findall(sentence)
    if wrong := [slot for slot in slots if not _SLOT_NAME.fullmatch(slot)]:
        return f"has {{{wrong[0]}}}, must be a name of small letters"
    if len(set(slots)) < len(slots):
        return "has the same {name} twice; give each its own"
    if re.search(r"\}\s*\{", sentence):
        return "has two {names} side by side; put a word between them"
    if mark := re.search(r"[<>\\]", sentence):
        return f"has {mark[0]}, which means nothing here; remove it"
    try:
        own_words = _samples(_plain(sentence), "")
    except (ParseError, AssertionError, RecursionError):  # hassil asserts that brackets hold something
        return "has a bracket that is empty, not closed or not opened; mend it"
    return "" if all(own_words) else "can be said without a word of its own; add one"


def _samples(template: str, said: str) -> list[str]:
    """Some of its sentences, each slot filled with `said`."""
    anything = TextSlotList.from_strings([said], allow_template=False)
    sentence = parse_sentence(template)
    lists: dict[str, SlotList] = dict.fromkeys(sentence.list_names(), anything)
    samples = list(islice(sample_sentence(sentence, lists), _N_SAMPLED))
    return [" ".join(sample.split()) for sample in samples[:: max(1, len(samples) // _N_SAMPLES)]]


def _plain(sentence: str) -> str:
    """Lower case, single spaces, no punctuation, as texts are before they are compared."""
    sentence = re.sub(r"(?<=\w)-(?=\w)|[.,!?:¿¡\"“”]", " ", sentence.lower().replace("’", "'"))
    return " ".join(sentence.split())
