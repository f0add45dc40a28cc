"""Is it woken when it is called, and only then? Scenes of `assistant bench hearing`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.bench.clips import Clip, silence, to_level
from assistant.bench.figures import percentile, share, upper_bound
from assistant.bench.kitchen import Happened, Kitchen
from assistant.bench.material import NOISES, Material
from assistant.bench.rendering import Kind
from assistant.bench.rooms import mix, through
from assistant.config import Settings
from assistant.events import Mistaken, Woken

BEFORE_S, AFTER_S = 1.0, 0.8
NOISE_BEFORE_S = 1.5
SNR_DB = 10.0
QUIET_DBFS = -65.0  # a fan in the next room

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Call:
    """What became of one call."""

    accepted: bool
    hit: bool  # by the first stage
    latency_s: float | None


class WakeScenes:
    """The assistant with every bundled phrase, and one with a typed phrase."""

    def __init__(self, settings: Settings, material: Material, *, quick: bool) -> None:
        self._settings = settings
        self._material = material
        self._quick = quick
        phrases = list(dict.fromkeys(clip.text for clip in material.wake()))
        self._typed = phrases[-1]
        self._bundled_kitchen = Kitchen(_calling(settings, *phrases[:-1]))
        self._typed_kitchen = Kitchen(_calling(settings, self._typed))

    def calls(self) -> Figures:
        """Who calls is heard, without and with noise and in rooms; what sounds alike is not."""
        clips = self._material.wake()
        clean = [self._call(clip, clip.samples) for clip in clips]
        noisy = [self._call(clip, self._noisy(clip.samples, i), NOISE_BEFORE_S) for i, clip in enumerate(clips)]
        far = [self._call(clip, self._noisy(self._in_room(clip, i), i), NOISE_BEFORE_S) for i, clip in enumerate(clips)]
        latencies_s = [call.latency_s for call in clean + noisy if call.latency_s is not None]
        typed = [call for clip, call in zip(clips + clips, clean + noisy, strict=True) if clip.text == self._typed]
        return {
            "recall_clean": share([call.accepted for call in clean]),
            "recall_10db": share([call.accepted for call in noisy]),
            "recall_room_10db": share([call.accepted for call in far]),
            "recall_typed": share([call.accepted for call in typed]),
            "n_calls": len(clean),
            "verify_recall_loss": share([call.hit and not call.accepted for call in clean + noisy]),
            "latency_p95_s": percentile(latencies_s, 95),
            "latency_p50_s": percentile(latencies_s, 50),
            "near_phrase_accepts": sum(self._is_fooled(clip) for clip in self._material.clips("near")),
            "n_near_phrases": len(self._material.clips("near")),
        }

    def _kitchen(self, phrase: str) -> Kitchen:
        return self._typed_kitchen if phrase == self._typed else self._bundled_kitchen

    def _in_room(self, clip: Clip, number: int) -> Samples:
        room = self._material.rooms[number % len(self._material.rooms)]
        return through(clip.samples, room.person)

    def _noisy(self, said: Samples, number: int) -> Samples:
        """With a noise before and after it, of which each call gets another part."""
        noise = self._material.noise(NOISES[number % len(NOISES)])
        around = np.concatenate([silence(NOISE_BEFORE_S), said, silence(AFTER_S)])
        return mix(around, noise, SNR_DB, offset=number * 12_345)

    def _call(self, clip: Clip, samples: Samples, before_s: float = 0.0) -> _Call:
        """The clip begins `before_s` after the samples."""
        kitchen = self._kitchen(clip.text)
        kitchen.quiet(BEFORE_S)
        begin_s = kitchen.now_s() + before_s
        happened = [*kitchen.hear(samples), *kitchen.quiet(AFTER_S)]
        kitchen.rest()
        woken = [one for one in happened if isinstance(one.event, Woken) and _plain(one.event.phrase) == clip.text]
        hit = bool(woken) or any(isinstance(one.event, Mistaken) for one in happened)
        if not woken:
            return _Call(False, hit, None)
        return _Call(True, hit, woken[0].at_s - begin_s - clip.speech_end_s)

    def _is_fooled(self, clip: Clip) -> bool:
        fooled = False
        for kitchen in (self._bundled_kitchen, self._typed_kitchen):
            kitchen.quiet(BEFORE_S)
            happened = [*kitchen.hear(clip.samples), *kitchen.quiet(AFTER_S)]
            kitchen.rest()
            fooled = fooled or any(isinstance(one.event, Woken) for one in happened)
        return fooled

    def false_wakes(self) -> Figures:
        """How often hours of other speech and music wake it."""
        hours = {kind: figure.hours for kind, figure in self._material.hours().items()}
        first: dict[Kind, int] = dict.fromkeys(hours, 0)
        second: dict[Kind, int] = dict.fromkeys(hours, 0)
        for piece in self._material.other_sound():
            happened = self._bundled_kitchen.hear(piece.samples)
            n_woken = _count(happened, Woken)
            second[piece.kind] += n_woken
            first[piece.kind] += n_woken + _count(happened, Mistaken)
        all_hours = sum(hours.values())
        return {
            "false_per_hour": round(sum(second.values()) / all_hours, 3),
            "false_per_hour_first_stage": round(sum(first.values()) / all_hours, 3),
            "false_upper_bound": upper_bound(sum(second.values()), all_hours),
            "false_human": {"second_stage": second["human"], "first_stage": first["human"], "hours": hours["human"]},
            "hours": {kind: vars(figure) for kind, figure in self._material.hours().items()},
        }

    def cost(self) -> Figures:
        """Of one core, all that hearing takes, with the settings as they are."""
        n_samples = (20 if self._quick else 120) * RATE_HZ
        people = np.concatenate([p.samples for p in self._material.other_sound() if p.kind == "human"][:40])
        fan = to_level(np.resize(self._material.noise(NOISES[0]), n_samples), QUIET_DBFS)
        return {
            "cpu_cores_quiet": self._cores(self._settings, fan),
            "cpu_cores_speech": self._cores(self._settings, people[:n_samples]),
            "cpu_cores_quiet_typed": self._cores(_calling(self._settings, self._typed), fan),
            "cpu_cores_speech_typed": self._cores(_calling(self._settings, self._typed), people[:n_samples]),
        }

    def _cores(self, settings: Settings, samples: Samples) -> float:
        kitchen = Kitchen(settings)
        kitchen.hear(samples)
        return round(kitchen.cpu_s / (len(samples) / RATE_HZ), 4)


def _calling(settings: Settings, *phrases: str) -> Settings:
    return replace(settings, wake=replace(settings.wake, phrase=tuple(phrases)))


def _plain(phrase: str) -> str:
    return phrase.replace("_", " ")


def _count(happened: Sequence[Happened], kind: type) -> int:
    return sum(isinstance(one.event, kind) for one in happened)
