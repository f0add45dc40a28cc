"""One reply on its way from text to the speaker: when its parts are synthesized, and when they are played.

Pure but for what it is given; the talker's thread owns it. The first sound goes out as soon as none of what follows
will be waited for; later, while there is sound ahead, parts are gathered, since a whole sentence sounds best.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assistant.audio.chunk import Samples
from assistant.orders import Say
from assistant.speaking.headway import LONGEST, Headway
from assistant.speaking.seam import before_seam, behind_seam, ends_clause

TOLERANCE_S = 0.2  # a pause that nobody minds
MARGIN_S, MARGIN = 0.2, 1.25  # gathering ends so early, and in times of what the rest is reckoned to take
STALL_S = 0.5  # when the next part is so late, something holds up the writing
LEAST_WAIT_S = 0.01


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    whole: bool  # the sentence ends with it


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    text: str
    samples: Samples


class Reply:
    """Speaks the parts that are added to it."""

    def __init__(
        self,
        headway: Headway,
        rate_hz: int,
        gap: Samples,
        *,
        sound_of: Callable[[str], Samples],
        play: Callable[[str, Samples], None],
        now_s: Callable[[], float],
    ) -> None:
        """`gap` stands between sentences. `sound_of` synthesizes; where it gives nothing, nothing is said."""
        self._headway = headway
        self._rate_hz = rate_hz
        self._gap = gap
        self._sound_of = sound_of
        self._play = play
        self._now_s = now_s
        self._waiting: list[_Text] = []  # to be synthesized; a sentence that is not whole yet comes last
        self._held: list[_Piece] = []  # to be played
        self._begun = False  # something was said
        self._between = True  # the next piece begins a sentence
        self._per_s: float | None = None  # characters are being written
        self._added_s = 0.0
        self._ends_s = -math.inf  # when what was played is over

    @property
    def waits(self) -> bool:
        """Whether something is left to be said."""
        return bool(self._waiting or self._held)

    def add(self, say: Say) -> None:
        """The next part; call `proceed` then."""
        self._per_s, self._added_s = say.written_per_s, self._now_s()
        part = _Text(say.text, not say.part)
        if self._waiting and not self._waiting[-1].whole:
            *before, begun = self._waiting
            joined = _Text(f"{begun.text} {part.text}", part.whole)
            if self._slack_s([*before, joined]) >= 0.0:
                self._waiting[-1] = joined
                return
        self._waiting.append(part)

    def proceed(self) -> float:
        """Synthesizes at most one text, plays what may be played; gives for how many seconds that was it."""
        self._play_held()
        if not self._waiting:
            return self._hold_s() if self._held else math.inf
        if (wait_s := self._gather_s()) > 0.0:
            return wait_s
        self._synthesize(self._waiting.pop(0))
        if self._begun or self._per_s is None:  # else what has come meanwhile tells whether it may be played
            self._play_held()
        return 0.0

    def finish(self) -> None:
        """Nothing is added any more: speaks what is left."""
        self._per_s = None
        while self.waits:
            self._play_held()
            if self._waiting:
                self._synthesize(self._waiting.pop(0))

    def _synthesize(self, text: _Text) -> None:
        samples = self._sound_of(text.text)
        between, self._between = self._between, text.whole
        if len(samples) == 0:
            return
        if not between:
            samples = behind_seam(samples, self._rate_hz)
        if not text.whole:
            samples = before_seam(samples, self._rate_hz, clause=ends_clause(text.text))
        if between and (self._begun or self._held):
            samples = np.concatenate([self._gap, samples])
        self._held.append(_Piece(text.text, samples))

    def _play_held(self) -> None:
        if not self._held or self._hold_s() > 0.0:
            return
        for piece in self._held:
            self._play(piece.text, piece.samples)
            self._ends_s = max(self._ends_s, self._now_s()) + len(piece.samples) / self._rate_hz
        self._held.clear()
        self._begun = True

    def _hold_s(self) -> float:
        """For how long what is held has to wait, unless more comes."""
        if self._per_s is None:
            return 0.0
        stalled_in_s = max(0.0, self._due_in_s() + STALL_S)
        if not self._headway.keeps_up(self._per_s):  # pauses there will be; they shall be between sentences
            return 0.0 if self._between else stalled_in_s
        held_s = sum(len(piece.samples) for piece in self._held) / self._rate_hz
        lacking_s = self._needed_s(self._waiting, self._due_in_s()) - held_s - TOLERANCE_S
        if self._begun or lacking_s <= 0.0:
            return 0.0
        return min(max(lacking_s, LEAST_WAIT_S), stalled_in_s)

    def _gather_s(self) -> float:
        """For how long the text that waits may wait for more of its sentence."""
        if len(self._waiting) > 1 or self._waiting[0].whole or self._held:
            return 0.0
        slack_s = self._slack_s(self._waiting)
        return slack_s if slack_s > LEAST_WAIT_S else 0.0

    def _slack_s(self, waiting: list[_Text]) -> float:
        """How much later these may be synthesized than now; negative where now is late."""
        if self._per_s is not None and not self._headway.keeps_up(self._per_s):
            return -1.0
        ahead_s = self._ends_s - self._now_s() - MARGIN_S
        if ahead_s < MARGIN * self._needed_s(waiting, self._due_in_s()):
            return -1.0
        return ahead_s - MARGIN * self._needed_s(waiting, 0.0)

    def _needed_s(self, waiting: list[_Text], due_in_s: float) -> float:
        return self._headway.needed_s([len(text.text) for text in waiting], max(0.0, due_in_s))

    def _due_in_s(self) -> float:
        """When the next part is written at the latest; in the past where something holds up the writing."""
        if self._per_s is None:
            return 0.0
        return self._added_s + LONGEST / self._per_s - self._now_s()
