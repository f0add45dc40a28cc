"""Makes the material of the bench: which groups there are, by what recipe, and how each is rendered. Bench commands."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import accumulate, cycle
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from assistant.audio.chunk import RATE_HZ
from assistant.bench import noise, other_sound, sources
from assistant.bench.clips import Clip, Shelf, clip, join
from assistant.bench.rooms import save_rooms
from assistant.bench.speech import Speakers
from assistant.bench.takes import (
    READERS,
    Take,
    all_phrases,
    joined_takes,
    near_takes,
    reading_takes,
    reply_takes,
    spread_takes,
    texts,
    thinned,
    wake_takes,
)
from assistant.models import ModelFolder, expand

Spoken = Literal["wake", "near", "command", "continued", "question", "paused", "stop", "follow-up", "reply"]
Kind = Literal["human", "synthetic", "music"]
SPOKEN: tuple[Spoken, ...] = get_args(Spoken)
KINDS: tuple[Kind, ...] = get_args(Kind)

VERSION = 1  # of how clips are made; another one renders all anew
SYNTHETIC: Kind = "synthetic"
NOISE = "noise"
NOISE_S, RADIO_S = 60.0, 1200.0
QUICK_NOISE_S = 20.0
QUICK_TAKES = 12  # at most, of each group
QUICK_REPLIES = 2  # of each kind
QUICK_PASSAGES = 12
ALL = 1_000_000


@cache
def takes_of(group: str, *, quick: bool) -> tuple[Take, ...]:
    """What is rendered for a group of spoken clips."""
    said = texts("texts")
    match group:
        case "wake":
            takes = wake_takes()
        case "near":
            takes = near_takes()
        case "command":
            takes = spread_takes(group, said["commands"], 2, 2)
        case "continued":
            takes = joined_takes(group, said["continued"], 2)
        case "question":
            takes = spread_takes(group, said["questions"], 1, 1, "?")
        case "paused":
            takes = joined_takes(group, said["paused"], 2)
        case "stop":
            takes = spread_takes(group, said["stop_words"], 5, 7)
        case "follow-up":
            takes = spread_takes(group, said["follow_ups"], 1, 1)
        case "reply":
            return tuple(reply_takes(QUICK_REPLIES if quick else ALL))
        case _:
            raise ValueError(group)
    return tuple(thinned(takes, QUICK_TAKES if quick else ALL))


def recipe(group: str, *, quick: bool) -> object:
    """What the sound of a group depends on."""
    if group in SPOKEN:
        return VERSION, takes_of(group, quick=quick)
    synthetic = all_phrases(), READERS, other_sound.WORDS_PER_PASSAGE
    noises = *synthetic, NOISE_S, RADIO_S, QUICK_NOISE_S, texts("texts")["stop_words"]
    return VERSION, group, {SYNTHETIC: synthetic, NOISE: noises}.get(group, other_sound.PIECE_S)


def render(shelf: Shelf, fetched: Path, models: ModelFolder, show: Callable[[str], None], *, quick: bool) -> None:
    """Puts on the shelf what is missing there; packages are kept in the folder `fetched`."""

    def place(package: sources.Package) -> Path:
        return sources.fetch(package, fetched, show)

    def missing(group: str) -> bool:
        return not shelf.has(group, recipe(group, quick=quick))

    def put(group: str, clips: Iterator[Clip]) -> None:
        shelf.put(group, recipe(group, quick=quick), clips)

    for group in SPOKEN:
        if missing(group):
            takes = takes_of(group, quick=quick)
            show(f"rendering {group}: {len(takes)} clips")
            put(group, spoken(takes, Speakers(voice_of(models))))
    if missing(SYNTHETIC):
        folders = [place(package) for package in (sources.FLITE_PROGRAM, sources.FLITE_VOICES)]
        passages = thinned(other_sound.passages(place), QUICK_PASSAGES if quick else ALL)
        show(f"rendering {SYNTHETIC}: {len(passages)} texts that are read aloud")
        put(SYNTHETIC, spoken(reading_takes(passages), Speakers(voice_of(models), folders)))
    for kind, recordings in (("human", other_sound.people), ("music", other_sound.music)):
        if missing(kind):
            show(f"decoding {kind}")
            put(kind, recordings(place, quick=quick))
    if missing(NOISE):
        show(f"rendering {NOISE}")
        by_kind = {kind: list(shelf.get(kind, recipe(kind, quick=quick))) for kind in KINDS}
        put(NOISE, noises(by_kind, quick=quick))
    if save_rooms(shelf.folder):
        show("simulated rooms")


def voice_of(models: ModelFolder) -> Path:
    """The path of the starter voice.

    Raises:
        ModelError: it is not installed, or is damaged.
    """
    voice = next(model for model in expand("starter", 0) if model.purpose == "voice")
    models.check(voice)
    return models.path_of(voice)


def spoken(takes: Sequence[Take], speakers: Speakers) -> Iterator[Clip]:
    """The clips of the takes, one each."""
    said = speakers.say_all([line for take in takes for line in take.lines])
    ends = list(accumulate(len(take.lines) for take in takes))
    for take, end in zip(takes, ends, strict=True):
        sounds = said[end - len(take.lines) : end]
        parts = [
            clip(take.name, sound, line.text, line.speaker) for line, sound in zip(take.lines, sounds, strict=True)
        ]
        yield join(take.name, parts, take.pause_s)


def holds_stop_word(text: str) -> bool:
    """Whether a stop word is said inside a sentence, and none as one.

    A radio that says no more than "Stop!" is to be obeyed, like anybody: no ear could tell.
    """
    words = "|".join(texts("texts")["stop_words"])
    alone = re.search(rf"(^|[.?!] )({words})( it)?[.?!,]", text, re.IGNORECASE)
    return not alone and bool(re.search(rf"\b({words})\b", text, re.IGNORECASE))


def noises(sound: dict[Kind, list[Clip]], *, quick: bool) -> Iterator[Clip]:
    """Each kind of noise; babble and radio are made of the speech and music there is, the radio half of stop words."""
    speech = [one.samples for kind in ("human", "synthetic") for one in thinned(sound[kind], 20)]
    random = np.random.default_rng(4)
    shuffled = [speech[number] for number in random.permutation(len(speech))]
    stopping = [one.samples for one in sound[SYNTHETIC] if holds_stop_word(one.text)] or shuffled
    station = [samples for pair in zip(shuffled, cycle(stopping), strict=False) for samples in pair]
    tunes = [one.samples for one in sound["music"]]
    n_samples = round((QUICK_NOISE_S if quick else NOISE_S) * RATE_HZ)
    n_radio = n_samples if quick else round(RADIO_S * RATE_HZ)
    for name, made in (
        (noise.FAN, noise.fan(n_samples)),
        (noise.PINK, noise.pink(n_samples)),
        (noise.BABBLE, noise.babble(shuffled, n_samples)),
        (noise.KITCHEN, noise.kitchen(n_samples)),
        (noise.RADIO, noise.radio(station, tunes, n_radio)),
    ):
        yield clip(name, made, "", NOISE)
