"""What is played: replies, earcons, ringing, in blocks for a speaker that is kept awake. On the sound card's thread.

It reads no clock but that of the speaker, so that it also runs in simulated time.
"""

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import soxr

from assistant import config
from assistant.audio.chunk import RATE_HZ, Samples
from assistant.audio.earcons import earcon, ring
from assistant.audio.mixer import Mixer, Piece
from assistant.events import Event, FirstAudio, Saying, Spoken
from assistant.orders import Earcon
from assistant.turn import Turn

AWAKE_S = 30.0  # after the last sound, since a reply may follow; then the speaker may sleep
RING_VOLUME, LEAST_RING_VOLUME = 0.5, 0.2  # who turned it down or off still wants to be woken
NOTHING = np.zeros(0, np.int16)


class Speaker(Protocol):
    """What `speaker` offers, which says what the methods do and raise."""

    @property
    def is_open(self) -> bool: ...
    @property
    def runs(self) -> bool: ...
    @property
    def rate_hz(self) -> int: ...
    @property
    def n_block(self) -> int: ...
    def start(self) -> None: ...
    def write(self, block: Samples) -> float: ...
    def stop(self) -> None: ...
    def abort(self) -> None: ...


class Echo(Protocol):
    """What `echo` offers to who plays."""

    def played(self, samples: Samples, heard_s: float) -> None: ...
    def silenced(self, at_s: float) -> None: ...


class Playback:
    """Plays what it is given in order, and tells what is heard of it."""

    def __init__(self, settings: config.Audio, speaker: Speaker, echo: Echo, post: Callable[[Event], None]) -> None:
        self._settings = settings
        self._speaker = speaker
        self._echo = echo
        self._post = post
        self._volume = 1.0
        self._mixer = Mixer(1)
        self._rings, self._rings_low = False, False
        self._playing: Turn | None = None  # of whose reply the last sentence was
        self._begun: Turn | None = None  # whose reply began to sound
        self._endings: list[tuple[Turn, float]] = []  # whose reply was given to its end, and when that is heard
        self._asleep_s = -math.inf
        self._resampler: Any = None  # from the speaker's rate to the one inside
        self._n_given = self._n_resampled = 0

    @property
    def busy(self) -> bool:
        """Whether something is sounding or about to."""
        return self._speaker.is_open and (self._mixer.busy or bool(self._endings))

    def opened(self) -> None:
        """The speaker was opened, perhaps with another rate than before."""
        self._mixer = Mixer(self._speaker.n_block, self._volume)
        self._mix_ring()

    def lost(self, now_s: float) -> None:
        """The speaker is gone, and nobody waits for ever for the end of a reply."""
        turns = {piece.turn for piece in self._mixer.clear() if piece.turn and len(piece.samples) == 0}
        turns |= {turn for turn, _ in self._endings}
        self._endings.clear()
        for turn in turns:
            self._post(Spoken(turn, now_s))

    def close(self) -> None:
        """Nothing is played any more."""
        self._resampler = None  # soxr complains of what is left at exit

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        if turn.cancelled or not self._speaker.is_open:
            return
        if rate_hz != self._speaker.rate_hz:
            samples = soxr.resample(samples, rate_hz, self._speaker.rate_hz)

        def begins(at_s: float) -> None:
            if self._begun is not turn:
                self._begun = turn
                self._post(FirstAudio(turn, at_s))
            self._post(Saying(turn, text, at_s, len(samples) / self._speaker.rate_hz))

        self._playing = turn
        self._mixer.add(Piece(samples, begins, turn))

    def finish(self, turn: Turn, now_s: float) -> None:
        if not self._speaker.is_open or self._playing is not turn:
            self._post(Spoken(turn, now_s))
            return
        self._mixer.add(Piece(NOTHING, lambda at_s: self._endings.append((turn, at_s)), turn))

    def chime(self, kind: Earcon) -> None:
        if self._speaker.is_open:
            sound = earcon(kind, self._settings.earcons, self._speaker.rate_hz)
            self._mixer.add(Piece(sound, lambda at_s: None))

    def set_volume(self, level: float) -> None:
        self._volume = self._mixer.volume = level

    def ring(self, *, on: bool, low: bool) -> None:
        self._rings, self._rings_low = on, low
        if self._speaker.is_open:
            self._mix_ring()

    def _mix_ring(self) -> None:
        loudness = max(LEAST_RING_VOLUME, RING_VOLUME * self._volume)
        sound = ring(loudness, self._speaker.rate_hz) if self._rings else None
        self._mixer.ring(sound, low=self._rings_low)

    def feed(self, now_s: float) -> bool:
        """Gives the speaker its next block; False while it sleeps. Raises DeviceError: the device is gone."""
        aborted = self._drop_cancelled(now_s)
        if self.busy:
            self._asleep_s = now_s + AWAKE_S
            if not self._speaker.runs:
                self._start(lead_in=not aborted)
        elif self._speaker.runs and now_s >= self._asleep_s:
            self._speaker.stop()
        if not self._speaker.runs:
            return False
        block, begun = self._mixer.block()
        heard_s = self._write(block)
        for piece, index in begun:
            piece.begins(heard_s + index / self._speaker.rate_hz)
        return True

    def _drop_cancelled(self, now_s: float) -> bool:
        """Silences what belongs to a cancelled turn, and tells when a reply was heard to its end."""
        sounds = self._mixer.drop_cancelled()
        for ending in list(self._endings):
            turn, at_s = ending
            sounds = sounds or turn.cancelled
            if turn.cancelled or now_s >= at_s:
                self._endings.remove(ending)
                self._post(Spoken(turn, now_s))
        if sounds and self._speaker.runs:
            self._speaker.abort()
            self._echo.silenced(now_s)
        return sounds

    def _start(self, *, lead_in: bool) -> None:
        self._speaker.start()
        self._resampler = soxr.ResampleStream(self._speaker.rate_hz, RATE_HZ, 1, dtype="int16")
        self._n_given = self._n_resampled = 0
        silence = np.zeros(self._speaker.n_block, np.int16)
        n_samples = round(self._settings.lead_in_s * self._speaker.rate_hz) if lead_in else 0
        for _ in range(n_samples // len(silence)):
            self._write(silence)

    def _write(self, block: Samples) -> float:
        heard_s = self._speaker.write(block)
        begun_s = heard_s - self._n_given / self._speaker.rate_hz
        self._n_given += len(block)
        inside = self._resampler.resample_chunk(block)
        if len(inside):  # the resampler holds some back, and gives it with a later block
            self._echo.played(inside, begun_s + self._n_resampled / RATE_HZ)
        self._n_resampled += len(inside)
        return heard_s
