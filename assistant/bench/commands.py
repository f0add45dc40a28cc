"""`assistant bench commands`: how well, how fast and how soon commands are understood. Runs on the calling thread.

The written utterances stand in `utterances/`: those of `LANGUAGE_unseen.yaml` were written without sight of the
templates, which were written without sight of them; `LANGUAGE_seen.yaml` came with the templates. Each file holds
`commands`, with the intent and the slots that are meant, and `questions`, which are for the model.
"""

import importlib.resources
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from assistant.bench import goals
from assistant.bench.figures import percentile
from assistant.bench.first_audio import first_audio_s
from assistant.bench.goals import AT_MOST, Figure
from assistant.bench.promises import promises
from assistant.config import Settings
from assistant.doing.calculator import CalculationError, evaluate
from assistant.doing.commands import Command, Commands, Slot
from assistant.language import LANGUAGES

SEEN, UNSEEN = "seen", "unseen"
MISSES_SHOWN = 20
GOALS = (
    Figure("accuracy", 0.98),
    Figure("accuracy_unseen", 0.93),
    Figure("false_positives", 0, AT_MOST),
    Figure("p95_ms", 5.0, AT_MOST),
    Figure("fast_path_first_audio_s", 0.25, AT_MOST),
    Figure("empty_promises", 0.05, AT_MOST),
    Figure("false_refusals", 0.05, AT_MOST),
)
table = partial(goals.table, GOALS)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody says, and what is meant by it; `intent` is empty where the model is meant."""

    language: str
    kind: str  # SEEN or UNSEEN
    text: str
    intent: str
    slots: Mapping[str, Slot]


@dataclass(frozen=True, slots=True)
class _Parsed:
    utterance: Utterance
    command: Command | None
    took_ms: float

    @property
    def right(self) -> bool:
        meant, got = self.utterance, self.command
        if got is None or not meant.intent:
            return got is None and not meant.intent
        return got.intent == meant.intent and _plain(got.slots) == _plain(meant.slots)


def utterances() -> Iterator[Utterance]:
    """All of them."""
    folder = importlib.resources.files("assistant.bench") / "utterances"
    for language in LANGUAGES:
        for kind in (SEEN, UNSEEN):
            source: dict[str, list[Any]] = yaml.safe_load((folder / f"{language}_{kind}.yaml").read_text("utf-8"))
            for one in source["commands"]:
                yield Utterance(language, kind, one["text"], one["intent"], one.get("slots") or {})
            for text in source.get("questions", []):
                yield Utterance(language, kind, text, "", {})


def commands(settings: Settings) -> dict[str, object]:
    """All figures. Raises ModelError: there is no voice."""
    parsed = list(_parse_all())
    meant = [one for one in parsed if one.utterance.intent]
    unseen = [one for one in meant if one.utterance.kind == UNSEEN]
    questions = [one for one in parsed if not one.utterance.intent]
    # Of the unseen ones only the number is told: once somebody has read them, they are unseen no more.
    wrong = [one for one in parsed if not one.right and one.utterance.kind == SEEN]
    return {
        "accuracy": _share(meant),
        "accuracy_unseen": _share(unseen),
        "accuracy_by_language": {
            language: _share([one for one in meant if one.utterance.language == language]) for language in LANGUAGES
        },
        "n_utterances": len(meant),
        "n_unseen": len(unseen),
        "false_positives": sum(not one.right for one in questions),
        "n_questions": len(questions),
        "p50_ms": percentile([one.took_ms for one in parsed], 50),
        "p95_ms": percentile([one.took_ms for one in parsed], 95),
        "fast_path_first_audio_s": first_audio_s(settings),
        **promises(),
        "misses": [_told(one) for one in wrong[:MISSES_SHOWN]],
    }


def _parse_all() -> Iterator[_Parsed]:
    parsers: dict[str, Commands] = {}
    for one in utterances():
        if one.language not in parsers:
            parsers[one.language] = Commands(one.language)
            parsers[one.language].parse("warm")
        began_s = time.perf_counter()
        command = parsers[one.language].parse(one.text)
        yield _Parsed(one, command, (time.perf_counter() - began_s) * 1000)


def _share(parsed: list[_Parsed]) -> float:
    return round(sum(one.right for one in parsed) / len(parsed), 4)


def _plain(slots: Mapping[str, Slot]) -> dict[str, object]:
    """Slots that can be compared: numbers as such, sums by their result."""
    return {name: _number(value) for name, value in slots.items()}


def _number(value: Slot) -> object:
    try:
        return round(float(evaluate(str(value))), 9)
    except (CalculationError, OverflowError):
        return value


def _told(one: _Parsed) -> dict[str, object]:
    meant, got = one.utterance, one.command
    return {
        "language": meant.language,
        "kind": meant.kind,
        "text": meant.text,
        "meant": [meant.intent, dict(meant.slots)],
        "understood": [got.intent, dict(got.slots)] if got else None,
    }
