"""What sounds next: pieces one after the other, and below them what rings. Pure; the sound card's thread owns it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assistant.audio.chunk import Samples
from assistant.turn import Turn

LOW = 0.12  # of its loudness: what rings while something else is said
FADE_BLOCKS = 5
LEAST_VOLUME = 0.3  # of what is said while something rings: a reminder is meant to be heard


@dataclass(slots=True, eq=False)
class Piece:
    """Sound to be played once; with no samples it marks a place between others."""

    samples: Samples  # int16 `(n,)` at the speaker's rate
    begins: Callable[[float], None]  # called with when its first sample is heard, in monotonic seconds
    turn: Turn | None = None  # whose end it shares
    n_played: int = 0


class Mixer:
    """Makes blocks of `n_block` samples, as long as somebody asks for them."""

    def __init__(self, n_block: int, volume: float = 1.0) -> None:
        """`volume` is that of the pieces, 0.0 to 1.0, and may be changed at any time."""
        self.volume = volume
        self._n_block = n_block
        self._pieces: deque[Piece] = deque()
        self._ringing: Samples | None = None
        self._n_rung = 0
        self._low = False
        self._gain = 0.0

    @property
    def busy(self) -> bool:
        return bool(self._pieces) or self._ringing is not None

    def add(self, piece: Piece) -> None:
        self._pieces.append(piece)

    def ring(self, sound: Samples | None, *, low: bool) -> None:
        """Repeats the sound from now on, faded in; quiet again with None."""
        if self._ringing is None:
            self._n_rung, self._gain = 0, 0.0
        self._ringing, self._low = sound, low

    def clear(self) -> list[Piece]:
        """Forgets the pieces, which it returns."""
        pieces, self._pieces = list(self._pieces), deque()
        return pieces

    def drop_cancelled(self) -> bool:
        """Drops the pieces of turns that were cancelled; True if one of them was sounding."""
        dropped = [piece for piece in self._pieces if piece.turn and piece.turn.cancelled]
        self._pieces = deque(piece for piece in self._pieces if piece not in dropped)
        return any(piece.n_played for piece in dropped)

    def block(self) -> tuple[Samples, list[tuple[Piece, int]]]:
        """The next block, and the pieces that begin in it with the index of their first sample."""
        block = np.zeros(self._n_block, np.int16)
        begun = []
        n_filled = 0
        while self._pieces and n_filled < self._n_block:
            piece = self._pieces[0]
            if piece.n_played == 0:
                begun.append((piece, n_filled))
            samples = piece.samples[piece.n_played : piece.n_played + self._n_block - n_filled]
            block[n_filled : n_filled + len(samples)] = samples
            n_filled += len(samples)
            piece.n_played += len(samples)
            if piece.n_played == len(piece.samples):
                self._pieces.popleft()
        volume = self.volume if self._ringing is None else max(self.volume, LEAST_VOLUME)
        if volume < 1.0:
            block = np.rint(block * volume).astype(np.int16)
        if self._ringing is None:
            return block, begun
        return self._with_ring(block, self._ringing, lowered=self._low or n_filled > 0), begun

    def _with_ring(self, block: Samples, sound: Samples, *, lowered: bool) -> Samples:
        wanted = LOW if lowered else 1.0
        step = (1.0 - LOW) / FADE_BLOCKS
        gain = min(wanted, self._gain + step) if wanted > self._gain else max(wanted, self._gain - step)
        gains = np.linspace(self._gain, gain, self._n_block, endpoint=False)
        at = (self._n_rung + np.arange(self._n_block)) % len(sound)
        self._n_rung, self._gain = int(self._n_rung + self._n_block) % len(sound), gain
        mixed = block + gains * sound[at]
        return np.clip(np.rint(mixed), -32_768, 32_767).astype(np.int16)
