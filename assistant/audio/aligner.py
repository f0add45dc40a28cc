"""Gives the adaptive filter the far signal in step with the microphone. Runs on the microphone's thread."""

from collections import deque

import numpy as np

from assistant.audio.alignment import N_NEAR, REACH, MicrophoneClock, Track, measure_lag
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.far_signal import FarSignal

TAIL = round(0.2 * RATE_HZ)  # samples for which a room goes on sounding
EARLY = round(0.04 * RATE_HZ)  # by which time stamps may be late
EARLY_MEASURED = round(0.01 * RATE_HZ)  # the same when an earlier reply showed by how much
DIRECT = 80  # the tap at which the sound first arrives: an adaptive filter learns its early taps fastest
HISTORY_CHUNKS = N_NEAR // CHUNK_SAMPLES
MEASURE_CHUNKS = 8
CLEAR = 10.0  # a lag to trust; see Lag
MAX_STRAY, SAME_SLIP = 8.0, 4.0  # positions: what strays further has slipped, if it does so twice in the same way
MAX_SLEW = 0.25  # positions a chunk: slow enough for a filter to follow
SETTLING = 0.1

REHEARSE_AT = (5, 10, 15, 20, 30, 48)  # chunks of sound: when to learn anew from all that was heard so far

Pair = tuple[Samples, Samples]  # near and far, equally long


class Aligner:
    """Finds where in the far signal the microphone is, and follows it.

    At the start of every run of the far signal the lag is measured anew (0.1 to 0.2 s); only then the chunks since
    the first sound are given out, aligned. So a filter that has learned never sees the echo at another tap than before.
    """

    def __init__(self, far: FarSignal) -> None:
        self._far = far
        self._clock = MicrophoneClock()
        self._track = Track()
        self._placed_at = (-1, -1)  # the run, and the clock's jump, from which the track began
        self._next_start = 0
        self._late: float | None = None  # by how many samples the echo is later than its time stamps
        self._locked = False
        self._sounded = False
        self._fed = 0.0  # the position that the filter gets next: the track's, without its steps
        self._history: deque[Samples] = deque(maxlen=HISTORY_CHUNKS)
        self._n_unmeasured = 0
        self._slip: float | None = None
        self._since: list[Samples] = []  # what the microphone heard since the sound began, until it was rehearsed
        self._n_sounded = 0

    @property
    def drift(self) -> float:
        """By how much the speaker's clock is faster than the microphone's, in parts of 1."""
        return self._track.drift

    @property
    def late_s(self) -> float:
        """By how much the echo is later than its time stamps say, as far as that is known."""
        return (self._late or 0.0) / RATE_HZ

    def hear(self, chunk: Chunk) -> list[Pair] | None:
        """What the filter is to work off, the chunk itself last; none while the lag is unknown.

        None when nothing of ours sounds in the room.
        """
        began_s = self._clock.began_s(chunk)
        self._track.advance(chunk.start - self._next_start)
        self._next_start = chunk.end
        self._place(began_s)
        position, early = round(self._track.position), EARLY if self._late is None else EARLY_MEASURED
        sounds = self._far.sounds(position - TAIL, position + len(chunk.samples) + early)
        pairs = self._follow(chunk, began_s) if sounds else None
        self._sounded = sounds
        self._track.advance(len(chunk.samples))
        return pairs

    def _place(self, began_s: float) -> None:
        """Begins a new track where the time stamps say, when a new run is reached or samples were lost."""
        if not (run := self._far.run) or (placed_at := (run.start, self._clock.n_jumps)) == self._placed_at:
            return
        position = self._stamped(began_s, run.late_s) - (self._late or 0.0)
        if position + CHUNK_SAMPLES + EARLY >= run.start:
            self._placed_at = placed_at
            self._track.jump(position)
            self._locked = self._sounded = False

    def _stamped(self, began_s: float, far_late_s: float) -> float:
        return (began_s - far_late_s) * RATE_HZ

    def _follow(self, chunk: Chunk, began_s: float) -> list[Pair]:
        if not self._sounded:
            self._history.clear()
            self._n_unmeasured = 0
            self._slip = None
            self._since.clear()
            self._fed = self._track.position
        self._history.append(chunk.samples)
        self._n_unmeasured += 1
        if self._locked:
            if self._n_unmeasured >= MEASURE_CHUNKS:
                self._n_unmeasured = 0
                self._correct(began_s)
            self._note([chunk.samples])
            return [self._pair(chunk.samples, self._track.position - self._fed)]
        if not self._acquire(began_s):
            return []
        self._note(list(self._history))
        return [self._pair(near, 0.0) for near in self._history]

    def rehearsal(self) -> list[Pair]:
        """All since the sound began, which followed silence, as it is aligned by what is known now; mostly nothing.

        It comes some times within the first 1.5 s of sound, when lag and drift become known. Called after `hear`.
        """
        if self._n_sounded not in REHEARSE_AT or not self._since:
            return []
        n_samples = len(self._since) * CHUNK_SAMPLES
        self._fed = self._track.position - n_samples * (1.0 + self._track.drift)
        return [self._pair(near, 0.0) for near in self._since]

    def _note(self, heard: list[Samples]) -> None:
        if self._n_sounded < REHEARSE_AT[-1]:
            self._since += heard
            self._n_sounded += 1
        elif self._since:
            self._since.clear()

    def _measure(self) -> float | None:
        """By how much the echo of late was later than the track."""
        near = np.concatenate(self._history)
        middle = self._track.position + (CHUNK_SAMPLES - len(near) / 2) * (1.0 + self._track.drift)
        first = round(middle - len(near) / 2)
        lag = measure_lag(near, self._far.read(first - REACH, len(near) + 2 * REACH))
        return lag.n_samples + middle - len(near) / 2 - first if lag.clearness > CLEAR else None

    def _acquire(self, began_s: float) -> bool:
        late, before = self._measure(), self._slip
        self._slip = late
        if late is None or before is None or abs(late - before) > SAME_SLIP:
            return False  # one lag alone may be chance, of so little sound
        self._slip = None
        self._locked = True
        self._track.jump(self._track.position - late)
        self._fed = self._track.position - (len(self._history) - 1) * CHUNK_SAMPLES * (1.0 + self._track.drift)
        self._n_unmeasured = 0
        self._remember_late(began_s)
        return True

    def _correct(self, began_s: float) -> None:
        late = self._measure()
        if late is None:
            return
        if abs(late) < MAX_STRAY:
            self._slip = None
            self._track.correct(late, len(self._history) * CHUNK_SAMPLES // 2 - CHUNK_SAMPLES)
        elif self._slip is None or abs(late - self._slip) > SAME_SLIP:
            self._slip = late
            return
        else:
            self._slip = None
            self._track.jump(self._track.position - late)
            self._fed = self._track.position
        self._remember_late(began_s)

    def _remember_late(self, began_s: float) -> None:
        """So that the next run begins near the truth: what the clocks drift apart meanwhile, their stamps tell."""
        if run := self._far.run:
            late = self._stamped(began_s, run.late_s) - self._track.position
            self._late = late if self._late is None else self._late + SETTLING * (late - self._late)

    def _pair(self, near: Samples, aside: float) -> Pair:
        """The far signal that belongs to `near`, which goes a little towards the track where it is `aside` of it."""
        step = 1.0 + self._track.drift + float(np.clip(aside, -MAX_SLEW, MAX_SLEW)) / len(near)
        far = self._far.read_between(self._fed + DIRECT, step, len(near))
        self._fed += len(near) * step
        return near, far
