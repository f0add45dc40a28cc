"""Speech and music that is to wake nobody, from the packages that sources.py fetches. Bench commands only."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.audio.recording import read_sound
from assistant.bench import sources
from assistant.bench.clips import Clip, clip, silence, to_level
from assistant.bench.takes import all_phrases
from assistant.errors import AssistantError

PIECE_S = 60.0
GAP_S = 0.4
SHORTEST_PROMPT_S = 0.3
READINGS = ("two_cities.wav", "beckett.wav")  # of the wheel's files, those that people read
LONG_TUNE_BYTES = 1_000_000  # the others are noises of the game
WORDS_PER_PASSAGE = 60
LICENSE = "/usr/share/common-licenses/GPL-3"  # a long text that each Debian has

Place = Callable[[sources.Package], Path]


def people(place: Place, *, quick: bool) -> Iterator[Clip]:
    """Recordings of people, in pieces of about `PIECE_S`."""
    librivox = place(sources.LIBRIVOX) / sources.LIBRIVOX.probe
    yield from _pieces("librivox", _read(librivox, "librivox/*.wav"))
    yield from _pieces("cards", _read(librivox, "cards/*.wav"))
    if quick:
        return
    readings = place(sources.READINGS)
    for name in READINGS:
        yield from _pieces(Path(name).stem, _read(readings, f"**/{name}"))
    prompts = place(sources.PROMPTS) / sources.PROMPTS.probe
    paths = [path for path in sorted(prompts.rglob("*.g722")) if path.parent.name != "silence"]
    spoken = [samples for samples in sources.decode_g722(paths) if len(samples) > SHORTEST_PROMPT_S * RATE_HZ]
    yield from _pieces("prompts", spoken)


def music(place: Place, *, quick: bool) -> Iterator[Clip]:
    """Tunes and loops."""
    tunes = place(sources.TUNES) / sources.TUNES.probe
    long = [path for path in sorted(tunes.glob("*.ogg")) if path.stat().st_size > LONG_TUNE_BYTES]
    for path in long[:1] if quick else long:
        sound = to_level(read_sound(path))
        yield clip(f"music/{path.stem}", sound[: round(PIECE_S * RATE_HZ)] if quick else sound, "", "music")
    if not quick:
        loops = place(sources.LOOPS) / sources.LOOPS.probe
        yield from _pieces("loops", _read(loops, "*.flac"), "music", gap_s=0.0)


def passages(place: Place) -> list[str]:
    """Texts to read aloud, of about `WORDS_PER_PASSAGE` words, none of which holds a wake phrase or a part of one."""
    sayings = (place(sources.SAYINGS) / sources.SAYINGS.probe).parent
    raw = [(sayings / name).read_text("utf-8", errors="replace") for name in ("literature", "riddles", "fortunes")]
    alice = place(sources.FLITE_PROGRAM) / "usr/share/doc/flite/examples/alice"
    documents = [path for path in (alice, Path(LICENSE)) if path.exists()]  # a system may be told to install none
    raw += [path.read_text("utf-8", errors="replace").replace("\n\n", "\n%\n") for path in documents]
    found, waiting = [], ""
    for text in re.split(r"\n%\n", "\n%\n".join(raw)):
        waiting = f"{waiting} {readable(text)}".strip()
        if len(waiting.split()) >= WORDS_PER_PASSAGE:
            found.append(waiting)
            waiting = ""
    return [text for text in found if not wakes(text)]


def readable(text: str) -> str:
    """The text without who said it and without what a synthesizer would spell out; ends as a sentence does."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    plain = " ".join(re.sub(r"[^A-Za-z0-9',.;:?! -]+|--+", " ", re.sub(r"^[QA]:", "", line.strip())) for line in lines)
    plain = " ".join(plain.split())
    return plain if not plain or plain[-1] in ".?!" else f"{plain.rstrip(',;:-')}."


def wakes(text: str) -> bool:
    """Whether it holds a wake phrase, or a name out of one."""
    words = " ".join(re.findall(r"[a-z']+", text.lower()))
    names = {name for phrase in all_phrases() if (name := phrase.split()[-1]) != "kitchen"}
    return any(re.search(rf"\b{re.escape(one)}\b", words) for one in {*all_phrases(), *names})


def _read(folder: Path, pattern: str) -> list[Samples]:
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise AssistantError(f"bench: {folder} holds no {pattern}; remove that folder and run again")
    return [read_sound(path) for path in paths]


def _pieces(name: str, sounds: Sequence[Samples], speaker: str = "human", gap_s: float = GAP_S) -> Iterator[Clip]:
    """Short recordings one after the other, each at the nominal level."""
    waiting: list[Samples] = []
    number = 0
    for place, sound in enumerate(sounds):
        waiting += [to_level(sound), silence(gap_s)]
        if place == len(sounds) - 1 or sum(map(len, waiting)) > PIECE_S * RATE_HZ:
            yield clip(f"{speaker}/{name}/{number}", np.concatenate(waiting), "", speaker)
            waiting, number = [], number + 1
