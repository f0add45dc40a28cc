"""Pieces of sound with what is known of them, and the shelf in the cache folder they are kept on. Bench commands only.

A shelf holds groups; a group is a pair of files, GROUP-KEY.npy (all its sound, int16, mapped into memory rather than
read) and GROUP-KEY.json (what is where in it). KEY is a hash of the recipe, so another recipe means another group.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.errors import AssistantError

NOMINAL_DBFS = -26.0  # of the active speech in a clip; leaves its peaks room enough
SPEECH_FLOOR_DB = -40.0  # below the loudest 10 ms: there a clip's speech begins and ends
ACTIVE_FLOOR_DB = -30.0  # below the loudest 10 ms: what is softer is a pause
FRAME_SAMPLES = RATE_HZ // 100
MARGIN_S = 0.02  # kept around a part that is joined to another

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A piece of sound: int16 `(n,)` at `RATE_HZ`, not to be written to.

    `pause_s` is the silence between its joined parts; the speech begins and ends where it is `SPEECH_FLOOR_DB` below
    its loudest.
    """

    name: str
    samples: Samples
    text: str
    speaker: str
    speech_begin_s: float
    speech_end_s: float
    pause_s: float = 0.0

    @property
    def duration_s(self) -> float:
        return len(self.samples) / RATE_HZ


def clip(name: str, samples: Samples, text: str, speaker: str, pause_s: float = 0.0) -> Clip:
    """A clip whose speech is found by its energy."""
    begin_s, end_s = speech_bounds_s(samples)
    return Clip(name, samples, text, speaker, begin_s, end_s, pause_s)


def frame_rms(samples: Samples | Floats) -> npt.NDArray[np.float64]:
    """The level of each 10 ms, in units of the samples, `(n // FRAME_SAMPLES,)`; the rest at the end is left out."""
    n_frames = len(samples) // FRAME_SAMPLES
    frames = samples[: n_frames * FRAME_SAMPLES].reshape(n_frames, FRAME_SAMPLES).astype(np.float32)
    rms: npt.NDArray[np.float64] = np.sqrt(np.mean(frames**2, axis=1, dtype=np.float64))
    return rms


def speech_bounds_s(samples: Samples) -> tuple[float, float]:
    """Where the speech begins and ends in a clean rendering, to 10 ms; the whole of it if it is silent."""
    rms = frame_rms(samples)
    loud = np.flatnonzero(rms > rms.max(initial=0.0) * 10 ** (SPEECH_FLOOR_DB / 20))
    if not len(loud):
        return 0.0, len(samples) / RATE_HZ
    return loud[0] * FRAME_SAMPLES / RATE_HZ, (loud[-1] + 1) * FRAME_SAMPLES / RATE_HZ


def active_rms(samples: Samples | Floats) -> float:
    """The level while somebody speaks, pauses left out (in the spirit of ITU-T P.56), in units of the samples."""
    rms = frame_rms(samples)
    active = rms[rms > rms.max(initial=0.0) * 10 ** (ACTIVE_FLOOR_DB / 20)]
    return float(np.sqrt(np.mean(active**2))) if len(active) else 0.0


def to_level(samples: Samples | Floats, dbfs: float = NOMINAL_DBFS) -> Samples:
    """The same sound with its active level at `dbfs`, or as near as int16 allows; silence stays silence."""
    level = active_rms(samples)
    gain = 32768 * 10 ** (dbfs / 20) / level if level else 0.0
    peak = float(np.abs(samples.astype(np.float32)).max(initial=0.0))
    return to_int16(samples.astype(np.float32) * min(gain, 32000 / peak if peak else 0.0))


def to_int16(samples: npt.NDArray[np.floating]) -> Samples:
    """Rounded and limited; the scale stays."""
    limited: Samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return limited


def silence(duration_s: float) -> Samples:
    """Digital silence."""
    return np.zeros(round(duration_s * RATE_HZ), np.int16)


def join(name: str, parts: Sequence[Clip], pause_s: float) -> Clip:
    """The parts one after the other, with exactly `pause_s` between the speech of one and the next."""
    gap = silence(max(0.0, pause_s - 2 * MARGIN_S))
    pieces: list[Samples] = []
    for number, part in enumerate(parts):
        begin = 0 if number == 0 else max(0, round((part.speech_begin_s - MARGIN_S) * RATE_HZ))
        last = number == len(parts) - 1
        end = len(part.samples) if last else round((part.speech_end_s + MARGIN_S) * RATE_HZ)
        pieces += [gap, part.samples[begin:end]] if number else [part.samples[begin:end]]
    text = " ".join(part.text for part in parts)
    return clip(name, np.concatenate(pieces), text, parts[0].speaker, pause_s if len(parts) > 1 else 0.0)


class Shelf:
    """The groups of clips in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, group: str, recipe: object) -> bool:
        return self.path(group, recipe, "json").exists()

    def put(self, group: str, recipe: object, clips: Iterable[Clip]) -> None:
        """Keeps a group, whole or not at all, in place of one by another recipe."""
        kept = list(clips)
        for old in self.folder.glob(f"{group}-????????????????.*"):
            old.unlink(missing_ok=True)
        index, n_samples = [], 0
        for one in kept:
            facts = [one.name, one.text, one.speaker, one.speech_begin_s, one.speech_end_s, one.pause_s]
            index.append([n_samples, n_samples + len(one.samples), *facts])
            n_samples += len(one.samples)
        self.folder.mkdir(parents=True, exist_ok=True)
        sound, contents = self.path(group, recipe, "npy"), self.path(group, recipe, "json")
        half = sound.with_name(f"{sound.name}.{os.getpid()}.part")
        with half.open("wb") as file:
            np.save(file, np.concatenate([one.samples for one in kept]) if kept else silence(0))
        half.replace(sound)
        half.write_text(json.dumps(index), "utf-8")
        half.replace(contents)  # comes last: with it the group is there

    def get(self, group: str, recipe: object) -> tuple[Clip, ...]:
        """The clips of a group, without reading their sound yet.

        Raises:
            AssistantError: it was not rendered, or its files are damaged.
        """
        try:
            index = json.loads(self.path(group, recipe, "json").read_text("utf-8"))
            mapped = np.asarray(np.load(self.path(group, recipe, "npy"), mmap_mode="r")) if index else silence(0)
            return tuple(Clip(name, mapped[begin:end], *facts) for begin, end, name, *facts in index)
        except FileNotFoundError as error:
            raise AssistantError(f"bench: the sounds of {group} are not rendered yet; run: assistant bench") from error
        except (OSError, ValueError, TypeError) as error:
            raise AssistantError(f"bench: {self.folder} is damaged ({error}); remove it and run again") from error

    def path(self, group: str, recipe: object, kind: str) -> Path:
        key = hashlib.sha256(repr(recipe).encode()).hexdigest()[:16]
        return self.folder / f"{group}-{key}.{kind}"
