"""Takes our own voice out of the microphone. `played` runs on the sound card's thread, `clean` on the microphone's.

What hears the person afterwards must get all of the person: so the echo is subtracted by a linear filter, and what
remains of it is left alone. All of it runs on the time stamps passed in, never on a clock.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from assistant.audio.aligner import EARLY, TAIL, Aligner
from assistant.audio.alignment import MicrophoneClock
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.echo_filter import EchoFilter
from assistant.audio.far_signal import FarSignal

log = logging.getLogger(__name__)

Changed = Callable[[str], None]


class Echo(Protocol):
    """What stands between the microphone and whoever listens, and knows what the speaker plays."""

    def played(self, samples: Samples, heard_s: float) -> None:
        """`(n,)` int16 at RATE_HZ were sent to the card; the first of them sounds at monotonic `heard_s`.

        Consecutive calls are contiguous sound and `heard_s` jitters by some ms; a gap or a restart shows as a jump.
        """
        ...

    def silenced(self, at_s: float) -> None:
        """What was sent but would sound only after monotonic `at_s` never will."""
        ...

    def clean(self, chunk: Chunk) -> Chunk:
        """The chunk without the echo, `playing` and `own` set; chunks come in order."""
        ...


class NoEcho:
    """Leaves the samples as they are; for speakers that the microphone does not hear, or that cancel by themselves."""

    def __init__(self, changed: Changed) -> None:
        """Nothing ever changes."""
        self._far = FarSignal()
        self._clock = MicrophoneClock()
        self.played = self._far.played
        self.silenced = self._far.silenced

    def clean(self, chunk: Chunk) -> Chunk:
        began_s = self._clock.began_s(chunk)
        if not (run := self._far.run):
            return chunk
        position = round((began_s - run.late_s) * RATE_HZ)
        playing = self._far.sounds(position - TAIL, position + len(chunk.samples) + EARLY)
        return replace(chunk, playing=True) if playing else chunk


class Gate:
    """Deaf while our own voice sounds."""

    def __init__(self, changed: Changed) -> None:
        self._echo = NoEcho(changed)
        self.played = self._echo.played
        self.silenced = self._echo.silenced

    def clean(self, chunk: Chunk) -> Chunk:
        chunk = self._echo.clean(chunk)
        return replace(chunk, samples=np.zeros_like(chunk.samples)) if chunk.playing else chunk


MEMORY = 0.9  # of the loudness, a chunk: 0.3 s
WORSE = 1.3  # times the power of what came in
FAILURES, FAILURES_WITHIN_S = 3, 60.0  # a moved speaker makes one; more mean that it does not hold
REST_S, PROOF_S = 60.0, 3.0  # how long it stays deaf, and for how long it then has to do well, unheard


class EchoCanceller:
    """Subtracts the echo; where that fails again and again it is deaf for a while instead, as `Gate` is."""

    def __init__(self, changed: Changed) -> None:
        """`changed` is told why in one line when it turns deaf, and "" when it cancels again: on the caller's thread.

        Raises:
            DeviceError: the library is not installed.
        """
        self._far = FarSignal()
        self._aligner = Aligner(self._far)
        self._filter = EchoFilter()
        self._judge = _Judge()
        self._changed = changed
        self._failed_s: deque[float] = deque(maxlen=FAILURES)
        self._deaf_since_s: float | None = None
        self._proven_s = 0.0
        self.played = self._far.played

    def silenced(self, at_s: float) -> None:
        # What was expected later than it sounded would be subtracted from silence, and the other way round.
        self._far.silenced(at_s - self._aligner.late_s)

    def clean(self, chunk: Chunk) -> Chunk:
        pairs = self._aligner.hear(chunk)
        if pairs is None:
            return chunk
        samples = chunk.samples
        for near, far in pairs:
            samples = self._filter.cancel(near, far)
        if rehearsal := self._aligner.rehearsal():
            self._filter.rehearse(rehearsal)
        if pairs and self._judge.finds_worse(chunk.samples, samples):
            samples = chunk.samples
            self._fail(chunk.captured_s)
        if self._deaf_since_s is not None:
            self._try_again(chunk.captured_s, worked_off=bool(pairs))
            samples = np.zeros_like(samples)
        return replace(chunk, samples=samples, playing=True, own=pairs[-1][1] if pairs else None)

    def _fail(self, now_s: float) -> None:
        log.info("the echo canceller diverged and starts over")
        self._filter.reset()
        self._judge = _Judge()
        self._proven_s = 0.0
        self._failed_s.append(now_s)
        often = len(self._failed_s) == FAILURES and now_s - self._failed_s[0] < FAILURES_WITHIN_S
        if often and self._deaf_since_s is None:
            self._deaf_since_s = now_s
            self._changed("the echo cannot be cancelled: it does not listen while it speaks")

    def _try_again(self, now_s: float, *, worked_off: bool) -> None:
        assert self._deaf_since_s is not None
        if now_s - self._deaf_since_s < REST_S:
            return
        self._proven_s += CHUNK_SAMPLES / RATE_HZ if worked_off else 0.0
        if self._proven_s >= PROOF_S:
            self._deaf_since_s = None
            self._proven_s = 0.0
            self._failed_s.clear()
            self._changed("")


class _Judge:
    """Compares what the filter gives with what it got."""

    def __init__(self) -> None:
        self._power_in = self._power_out = 0.0

    def finds_worse(self, before: Samples, after: Samples) -> bool:
        self._power_in = MEMORY * self._power_in + float(before.astype(np.float32).var())
        self._power_out = MEMORY * self._power_out + float(after.astype(np.float32).var())
        return self._power_out > WORSE * self._power_in
