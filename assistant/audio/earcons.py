"""The short sounds that say something without words, and the one that rings. Pure."""

import numpy as np

from assistant.audio.chunk import Samples
from assistant.orders import Earcon

PITCHES_HZ = {  # one tone after the other: up for "go on", down for "I have it", twice low for "no"
    Earcon.WAKE: (659.26, 987.77),
    Earcon.END: (987.77, 659.26),
    Earcon.ERROR: (220.0, 207.65),
}
TONE_S = 0.07
ATTACK_S = 0.004
BELL_HZ = (880.0, 1108.73)
BELL_S, RING_S = 0.25, 2.0  # three strokes, then quiet


def earcon(kind: Earcon, volume: float, rate_hz: int) -> Samples:
    """The sound, int16 `(n,)`, at most 0.2 s long; `volume` 0 to 1 is its peak."""
    tones = [_tone((pitch_hz,), TONE_S, rate_hz) for pitch_hz in PITCHES_HZ[kind]]
    return _loud(np.concatenate(tones), volume)


def ring(volume: float, rate_hz: int) -> Samples:
    """One round of ringing, int16 `(n,)`, to be repeated."""
    sound = np.zeros(round(RING_S * rate_hz))
    for stroke in range(3):
        bell = _tone(BELL_HZ, BELL_S, rate_hz)
        start = round(stroke * BELL_S * rate_hz)
        sound[start : start + len(bell)] = bell
    return _loud(sound, volume)


def _tone(
    pitches_hz: tuple[float, ...], duration_s: float, rate_hz: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Sines that swell at once and fade to nothing, without a click; at most 1."""
    at_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    envelope = np.minimum(at_s / ATTACK_S, 1.0) * np.cos(np.pi / 2 * at_s / duration_s) ** 2
    return np.asarray(envelope * sum(np.sin(2 * np.pi * hz * at_s) for hz in pitches_hz) / len(pitches_hz))


def _loud(sound: np.ndarray[tuple[int], np.dtype[np.float64]], volume: float) -> Samples:
    return np.rint(sound * volume * 32_767).astype(np.int16)
