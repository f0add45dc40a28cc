"""The sound material of `assistant bench hearing`, by name. Bench commands only, on the calling thread.

`prepare` fetches and renders what is missing, which takes minutes the first time; all else only reads the cache.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.audio.chunk import Samples
from assistant.bench import noise
from assistant.bench.clips import NOMINAL_DBFS, Clip, Shelf, to_level
from assistant.bench.rendering import KINDS, VERSION, Kind, Spoken, recipe, render
from assistant.bench.rooms import Room, load_rooms, through
from assistant.models import ModelFolder

NOISES = (noise.FAN, noise.PINK, noise.BABBLE, noise.KITCHEN, noise.RADIO)
AGAIN_DB = 6.0  # by so much louder or softer, people are heard a second time


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Other speech or music; `repeated` if the same recording came before, dry and at another level."""

    name: str
    kind: Kind
    samples: Samples
    repeated: bool


@dataclass(frozen=True)
class Hours:
    """How much there is of a kind, and how much of it is no repetition."""

    hours: float
    hours_distinct: float


@dataclass(frozen=True)
class Reply:
    """A reply of the assistant's, sentence by sentence; `holds` is plain, with_wake_phrase or with_stop."""

    holds: str
    sentences: tuple[Clip, ...]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


def default_folder() -> Path:
    """Where the material is kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "assistant" / "bench" / f"hearing-v{VERSION}"


class Material:
    """All that is heard in the bench. With `quick` there is less of it, rendered within a minute."""

    def __init__(self, models: ModelFolder, *, quick: bool = False, folder: Path | None = None) -> None:
        """`models` holds the starter voice; `folder` is where the sounds are kept, else `default_folder()`."""
        self._models = models
        self._quick = quick
        self._folder = folder or default_folder()
        self._shelf = Shelf(self._folder / ("quick" if quick else "full"))
        self._got: dict[str, tuple[Clip, ...]] = {}

    def prepare(self, show: Callable[[str], None]) -> None:
        """Fetches and renders what is missing, and tells what it does.

        Raises:
            AssistantError: a package, a program or the voice is missing; one line with the cure.
        """
        render(self._shelf, self._folder / "fetched", self._models, show, quick=self._quick)

    def clips(self, group: Spoken) -> tuple[Clip, ...]:
        """All clips of a group, always in the same order; their names tell who speaks what.

        Raises:
            AssistantError: they are not rendered yet.
        """
        return self._get(group)

    def wake(self, phrase: str | None = None) -> tuple[Clip, ...]:
        """The wake phrases, or one of them ("hey jarvis"); the text of each is the phrase."""
        return tuple(one for one in self._get("wake") if phrase in (None, one.text))

    @cached_property
    def replies(self) -> tuple[Reply, ...]:
        """The assistant's own replies."""
        found: dict[tuple[str, str], list[Clip]] = {}
        for one in self._get("reply"):
            _, holds, number, _ = one.name.split("/")
            found.setdefault((holds, number), []).append(one)
        return tuple(Reply(holds, tuple(sentences)) for (holds, _), sentences in found.items())

    @cached_property
    def rooms(self) -> tuple[Room, ...]:
        """The simulated rooms; every other one has a speaker that clips."""
        return load_rooms(self._shelf.folder)

    def noise(self, name: str) -> Samples:
        """One of `NOISES`, at the nominal level; to be repeated as `rooms.mix` does.

        The radio plays music, and every other one who speaks there has "stop" or "cancel" in a sentence.
        """
        return next(one.samples for one in self._get("noise") if one.name == name)

    def other_sound(self) -> Iterator[Piece]:
        """Speech and music without a wake phrase, piece by piece.

        First all as it is, at the nominal level; then the people once more, as a radio in one of the rooms and
        `AGAIN_DB` louder or softer.
        """
        for kind in KINDS:
            for one in self._get(kind):
                yield Piece(one.name, kind, one.samples, repeated=False)
        for number, one in enumerate(self._get("human")):
            room = self.rooms[number % len(self.rooms)]
            sound = through(one.samples, room.radio)[: len(one.samples)]
            level_dbfs = NOMINAL_DBFS + (AGAIN_DB if number // len(self.rooms) % 2 else -AGAIN_DB)
            yield Piece(f"{one.name} in the {room.name}", "human", to_level(sound, level_dbfs), repeated=True)

    def hours(self) -> dict[Kind, Hours]:
        """How much `other_sound` holds of each kind."""
        distinct = {kind: sum(one.duration_s for one in self._get(kind)) / 3600 for kind in KINDS}
        return {kind: Hours(distinct[kind] * (2 if kind == "human" else 1), distinct[kind]) for kind in KINDS}

    def _get(self, group: str) -> tuple[Clip, ...]:
        if group not in self._got:
            self._got[group] = self._shelf.get(group, recipe(group, quick=self._quick))
        return self._got[group]
