"""Does it hear a person while it speaks, and not itself? Scenes of `assistant bench hearing`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from assistant.audio.chunk import Samples
from assistant.bench.clips import NOMINAL_DBFS, Clip, silence, to_level
from assistant.bench.figures import decibels, share
from assistant.bench.kitchen import CHUNK_S, Kitchen
from assistant.bench.material import Material
from assistant.bench.rooms import Room, through
from assistant.config import Settings
from assistant.events import Saying, Woken

VOICE_DBFS = -38.0  # the person at the microphone, so that the loudest echo still fits
OVER_DB = (5.0, 10.0, 15.0)  # the echo above the voice
CALLS_S = (1.0, 2.5, 4.0, 5.5)  # into the reply
CONVERGED_S = 2.0
DRIFT_PPM, LATE_S = 200.0, 0.04
SELF_OVER_DBFS = -26.0  # the echo of its own replies, where nobody speaks
HOUR_S = 3600.0

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Acoustics:
    """Where the assistant stands, and how its streams run."""

    room: Room
    over_db: float
    drift_ppm: float = 0.0
    late_s: float = 0.0


def echo_gain(echo_dbfs: float) -> float:
    """With which what is played at the nominal level comes back at this one."""
    return float(10 ** ((echo_dbfs - NOMINAL_DBFS) / 20))


class EchoScenes:
    """Replies, and people who speak over them."""

    def __init__(self, settings: Settings, material: Material, *, quick: bool) -> None:
        self._settings = settings
        self._material = material
        self._quick = quick
        self._plain = [reply for reply in material.replies if reply.holds == "plain"]
        self._voice = {one.text: one.samples for reply in material.replies for one in reply.sentences}
        rooms = material.rooms
        self._rooms = rooms[:2] if quick else rooms
        phrase = settings.wake.phrase[0].replace("_", " ")
        self._calls = cycle([clip for clip in material.wake(phrase) if clip.speaker.startswith("joe")])

    def calls(self) -> Figures:
        """Whether the wake word is heard over a reply."""
        levels = OVER_DB[1:2] if self._quick else OVER_DB
        still = [Acoustics(room, over_db) for room in self._rooms for over_db in levels]
        drifting = [
            replace(one, drift_ppm=drift_ppm, late_s=late_s)
            for one in still
            for drift_ppm, late_s in ((DRIFT_PPM, LATE_S), (-DRIFT_PPM, -LATE_S))
        ]
        off = replace(self._settings, audio=replace(self._settings.audio, echo="none"))
        heard = self._recall(self._settings, still)
        unheard = self._recall(off, still)
        drifted = self._recall(self._settings, drifting)
        return {
            "recall_cancel": share(heard),
            "recall_off": share(unheard),
            "recall_drift": share(drifted),
            "recall_cancel_by_db": {
                f"{level:g}": share([hit for one, hit in zip(_each(still), heard, strict=True) if one.over_db == level])
                for level in levels
            },
            "recall_first_second": share(heard[:: len(CALLS_S)]),
            "n_calls": len(heard),
        }

    def _recall(self, settings: Settings, places: Sequence[Acoustics]) -> list[bool]:
        """Whether each call was followed; as many a place as `CALLS_S`."""
        kitchen = Kitchen(settings, self._voice)
        heard: list[bool] = []
        for number, place in enumerate(places):
            gain = echo_gain(VOICE_DBFS + place.over_db)
            kitchen.enter(place.room, echo_gain=gain, drift_ppm=place.drift_ppm, late_s=place.late_s)
            heard += [self._call(kitchen, place.room, at_s, number) for at_s in CALLS_S]
        return heard

    def _call(self, kitchen: Kitchen, room: Room, at_s: float, number: int) -> bool:
        clip = next(self._calls)
        kitchen.say(*self._long_reply(at_s + clip.duration_s + 2.0, number))
        self._until_it_speaks(kitchen)
        kitchen.quiet(at_s)
        call = to_level(through(clip.samples, room.person), VOICE_DBFS)
        happened = [*kitchen.hear(call), *kitchen.quiet(0.5)]
        kitchen.rest()
        return any(isinstance(one.event, Woken) and one.acted for one in happened)

    def _until_it_speaks(self, kitchen: Kitchen) -> None:
        while not any(isinstance(one.event, Saying) for one in kitchen.quiet(CHUNK_S)):
            pass

    def _long_reply(self, duration_s: float, number: int) -> list[str]:
        """Sentences of plain replies, which last at least so long."""
        sentences: list[Clip] = []
        while sum(one.duration_s for one in sentences) < duration_s:
            sentences += self._plain[number % len(self._plain)].sentences
            number += 1
        return [one.text for one in sentences]

    def own_voice(self) -> Figures:
        """Whether its own replies wake it, and what is left of them in what it hears."""
        hours = 0.05 if self._quick else 1.0
        kitchen = Kitchen(self._settings, self._voice)
        rooms, replies = cycle(self._rooms), cycle(self._material.replies)
        n_wakes, heard_s = 0, 0.0
        linear: list[float] = []
        clipped: list[float] = []
        while heard_s < hours * HOUR_S:
            room = next(rooms)
            kitchen.enter(room, echo_gain=echo_gain(SELF_OVER_DBFS))
            kitchen.powers.clear()
            begin_s = kitchen.now_s()
            for reply in [next(replies) for _ in range(5)]:
                kitchen.say(*(one.text for one in reply.sentences))
                happened = kitchen.quiet(sum(one.duration_s + 0.2 for one in reply.sentences) + 1.0)
                n_wakes += sum(isinstance(one.event, Woken) and one.acted for one in happened)
                kitchen.rest()
            heard_s += kitchen.now_s() - begin_s
            (clipped if room.speaker_clips else linear).append(_erle_db(kitchen.powers))
        return {
            "self_wakes": n_wakes,
            "self_hours": round(heard_s / HOUR_S, 2),
            "erle_linear_db": round(float(np.mean(linear)), 1) if linear else None,
            "erle_clipped_db": round(float(np.mean(clipped)), 1) if clipped else None,
        }


def _each(places: Sequence[Acoustics]) -> list[Acoustics]:
    return [place for place in places for _ in CALLS_S]


def _erle_db(powers: Sequence[tuple[float, float]]) -> float:
    """Echo return loss enhancement: what cancelling takes off the echo, once it has converged."""
    converged = powers[math.ceil(CONVERGED_S / CHUNK_S) :]
    return decibels(sum(before for before, _ in converged) / max(1e-9, sum(after for _, after in converged)))


def in_room(room: Room, samples: Samples, dbfs: float = VOICE_DBFS, before_s: float = 0.0) -> Samples:
    """A person in the room."""
    return np.concatenate([silence(before_s), to_level(through(samples, room.person), dbfs)])
