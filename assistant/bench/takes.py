"""Who says what in the bench: texts.yaml and replies.yaml spread over speakers and paces. Bench commands only."""

import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, product
from typing import Any, TypeVar

import yaml

from assistant.bench.speech import ESPEAK, FLITE, JOE, Line

T = TypeVar("T")

WAKE_RATES = (0.85, 0.95, 1.0, 1.1, 1.2, 1.3)
RATES = (1.0, 0.9, 1.15, 1.05, 1.25)
PAUSES_S = (0.2, 0.3, 0.4, 0.5, 0.6)
N_NEAR = 100

# Those that the starter recognizer was made for.
KNOWN_VOICES = tuple(f"{ESPEAK} en-us{variant}" for variant in ("", "+m1", "+m2", "+m3", "+m5", "+m7", "+f2", "+f4"))

# Who reads aloud what is to wake nobody: accents and voices of all kinds.
READERS = (
    *(f"{ESPEAK} {voice}" for voice in ("en-us", "en-gb", "en-us+f2", "en-gb-scotland", "en-us+m3", "en-gb-x-rp+f4")),
    *(f"{FLITE} {voice}" for voice in ("slt", "rms", "awb", "kal16")),
    *(f"{ESPEAK} {voice}" for voice in ("en-029", "en-us+f5", "en-us-nyc", "en-gb-x-gbclan+f3", "en-us+m7")),
)


# The phrase and voice pairs that fire clean in the stock engine (pymicro-wakeword 2.5 with its own cutoff, a second of
# silence before and after), of 4 phrases by 12 espeak-ng voices (1.51) at 3 paces: 73 of 144. Listed once, before any
# tuning, and not to be changed with it. The voices tried: en-us, its variants m1 to m5, m7, f1, f2, f4, f5, and en-gb.
_ALL = (0.85, 1.0, 1.15)
STOCK_FIRES: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "hey jarvis": {"en-us+f4": (1.15,)},
    "okay nabu": dict.fromkeys("en-us en-us+m1 en-us+m2 en-us+m3 en-us+m4 en-us+m5 en-us+m7 en-gb".split(), _ALL),
    "alexa": dict.fromkeys("en-us en-us+m1 en-us+m2 en-us+m3 en-us+m4 en-us+m5 en-us+m7 en-us+f2 en-gb".split(), _ALL)
    | dict.fromkeys("en-us+f1 en-us+f4 en-us+f5".split(), (1.0, 1.15)),
    "hey mycroft": dict.fromkeys("en-us en-us+m2 en-us+m3 en-us+f5".split(), (1.0, 1.15))
    | dict.fromkeys("en-us+m1 en-us+m5 en-us+m7 en-us+f1".split(), (1.15,))
    | {"en-gb": _ALL},
}


@dataclass(frozen=True)
class Take:
    """A clip to be: the lines of one speaker, with a pause between each and the next."""

    name: str
    lines: tuple[Line, ...]
    pause_s: float = 0.0


@cache
def texts(name: str) -> Any:
    """What a .yaml file beside this module holds."""
    path = importlib.resources.files("assistant.bench") / f"{name}.yaml"
    return yaml.safe_load(path.read_text("utf-8"))


def all_phrases() -> tuple[str, ...]:
    """The bundled wake phrases, and last the one that an owner typed."""
    spoken = texts("texts")
    return (*spoken["phrases"], spoken["typed_phrase"])


def _take(kind: str, line: Line) -> Take:
    return Take(f"{kind}/{line.text}/{line.speaker} {line.rate}", (line,))


def wake_takes() -> list[Take]:
    """Every phrase by joe, and by those others that the stock engine hears."""
    by_joe = [Line(phrase, JOE, rate) for phrase, rate in product(all_phrases(), WAKE_RATES)]
    by_others = [
        Line(phrase, f"{ESPEAK} {voice}", rate)
        for phrase, voices in STOCK_FIRES.items()
        for voice, rates in voices.items()
        for rate in rates
    ]
    return [_take("wake", line) for line in [*by_joe, *by_others]]


def near_takes() -> list[Take]:
    """`N_NEAR` phrases that are nearly one; each by joe and by two others."""
    near = [text for alike in texts("texts")["near"].values() for text in alike]
    by_joe = [Line(text, JOE, rate) for text, rate in zip(near, cycle((1.0, 0.9, 1.15)), strict=False)]
    voices, rates = cycle(KNOWN_VOICES), cycle((0.85, 1.0, 1.15))
    by_others = [Line(text, next(voices), next(rates)) for text in [*near, *near]]
    return [_take("near", line) for line in [*by_joe, *by_others]][:N_NEAR]


def spread_takes(kind: str, of: Sequence[str], n_joe: int, n_others: int, ending: str = ".") -> list[Take]:
    """Each text by joe at `n_joe` paces, and by `n_others` others, who change from text to text."""
    lines = []
    for number, text in enumerate(of):
        rates = [RATES[(number + turn) % len(RATES)] for turn in range(n_joe + n_others)]
        voices = [KNOWN_VOICES[(number + 3 * turn) % len(KNOWN_VOICES)] for turn in range(n_others)]
        speakers = [*[JOE] * n_joe, *voices]
        lines += [Line(text, speaker, rate, ending) for speaker, rate in zip(speakers, rates, strict=True)]
    return [_take(kind, line) for line in lines]


def joined_takes(kind: str, of: Sequence[Sequence[str]], n_each: int) -> list[Take]:
    """Each pair of parts by joe and `n_each - 1` others, with a pause of 0.2 to 0.6 s."""
    voices, rates, pauses = cycle(KNOWN_VOICES), cycle((1.0, 0.9, 1.1)), cycle(PAUSES_S)
    takes = []
    for turn, parts in product(range(n_each), of):
        speaker, rate, pause_s = JOE if turn == 0 else next(voices), next(rates), next(pauses)
        *first, last = parts
        lines = (*(Line(part, speaker, rate, ",") for part in first), Line(last, speaker, rate))
        takes.append(Take(f"{kind}/{' … '.join(parts)}/{speaker} {rate}", lines, pause_s))
    return takes


def reply_takes(n_most_of_a_kind: int) -> list[Take]:
    """The sentences of the replies; a name is reply/KIND/REPLY/SENTENCE."""
    return [
        Take(f"reply/{kind}/{number}/{place}", (Line(sentence, JOE),))
        for kind, replies in texts("replies").items()
        for number, reply in enumerate(replies[:n_most_of_a_kind])
        for place, sentence in enumerate(reply)
    ]


def reading_takes(passages: Sequence[str]) -> list[Take]:
    """The passages, each by the next of the `READERS`."""
    rates = cycle((1.0, 1.1, 0.95, 1.2))
    lines = [Line(text, reader, next(rates)) for text, reader in zip(passages, cycle(READERS), strict=False)]
    return [Take(f"reading/{number}/{line.speaker}", (line,)) for number, line in enumerate(lines)]


def thinned(many: Sequence[T], n_most: int) -> list[T]:
    """At most so many of them, evenly taken."""
    return list(many[:: max(1, -(-len(many) // n_most))])
