"""Does it wait for the end, and no longer? Scenes of `assistant bench hearing`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.bench.clips import Clip, silence, to_level
from assistant.bench.figures import percentile, share
from assistant.bench.kitchen import Kitchen
from assistant.bench.material import Material
from assistant.bench.noise import RADIO
from assistant.bench.rooms import through
from assistant.config import Dialogue, Settings
from assistant.events import Heard, HeardNothing

BEFORE_S = 0.4
LONGEST_S = 4.0  # after the utterance
TELEVISION_DB = 10.0  # below the person

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class _End:
    """When it took an utterance for finished, counted from the end of the speech."""

    after_s: float | None  # None: it never did, or heard nothing


class EndpointScenes:
    """People who press the button and speak."""

    def __init__(self, settings: Settings, material: Material) -> None:
        self._material = material
        self._kitchen = Kitchen(replace(settings, dialogue=Dialogue(follow_up_s=0.0, answer_s=0.0)))

    def figures(self) -> Figures:
        """How long after the speech it takes an utterance for finished, and how often before its end."""
        groups = {name: self._material.clips(name) for name in ("command", "question", "paused", "continued")}
        ends = {name: [self._speak(clip) for clip in clips] for name, clips in groups.items()}
        with_pauses = [*ends["paused"], *ends["continued"]]
        television = [self._speak(clip, television=True) for clip in groups["question"]]
        return {
            "cut_off_rate": share([end.after_s is not None and end.after_s < 0.0 for end in with_pauses]),
            "n_with_pauses": len(with_pauses),
            "command_p50_s": percentile(_times(ends["command"]), 50),
            "question_p50_s": percentile(_times(ends["question"]), 50),
            "p95_s": percentile(_times([end for each in ends.values() for end in each]), 95),
            "unheard": sum(end.after_s is None for each in ends.values() for end in each),
            "television_p50_s": percentile(_times(television), 50),
            "television_p95_s": percentile(_times(television), 95),
            "television_unheard": sum(end.after_s is None for end in television),
        }

    def _speak(self, clip: Clip, *, television: bool = False) -> _End:
        kitchen = self._kitchen
        kitchen.press()
        said = np.concatenate([silence(BEFORE_S), clip.samples, silence(LONGEST_S)])
        if television:
            said = self._with_television(said)
        speech_end_s = kitchen.now_s() + BEFORE_S + clip.speech_end_s
        happened = kitchen.hear(said)
        kitchen.rest()
        over = next((one for one in happened if isinstance(one.event, Heard | HeardNothing)), None)
        if over is None or isinstance(over.event, HeardNothing):
            return _End(None)
        return _End(over.at_s - speech_end_s)

    def _with_television(self, said: Samples) -> Samples:
        """Which goes on while the person does not."""
        room = self._material.rooms[0]
        radio = np.resize(self._material.noise(RADIO), len(said) + RATE_HZ)
        level_dbfs = 20 * np.log10(np.sqrt(np.mean(said[said != 0].astype(float) ** 2)) / 32768) - TELEVISION_DB
        television = to_level(through(radio, room.radio)[: len(said)], float(level_dbfs))
        return np.clip(said.astype(int) + television, -32768, 32767).astype(np.int16)


def _times(ends: Sequence[_End]) -> list[float]:
    return [end.after_s for end in ends if end.after_s is not None and end.after_s >= 0.0]
