"""Noise of a household, made from random numbers and from other clips. Bench commands only.

All is int16 `(n,)` at `RATE_HZ`, at the nominal level, and the same each time.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.bench.clips import NOMINAL_DBFS, to_int16, to_level

FAN, PINK, BABBLE, KITCHEN, RADIO = "fan", "pink", "babble", "kitchen", "radio"
N_TALKERS = 8  # so many that no word stands out
MUSIC_UNDER_SPEECH_DB = -12.0
LOWEST_HZ = 30.0  # below it a small microphone hears nothing

Wave = npt.NDArray[np.float64]


def colored(n_samples: int, slope_db_per_octave: float, seed: int) -> Wave:
    """Noise whose power falls with the frequency: -3 dB an octave is pink, -6 brown."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal(n_samples))
    frequency_hz = np.fft.rfftfreq(n_samples, 1 / RATE_HZ)
    gain = np.maximum(frequency_hz, LOWEST_HZ) ** (slope_db_per_octave / (20 * np.log10(2)))
    gain[frequency_hz < LOWEST_HZ] = 0.0
    wave: Wave = np.fft.irfft(spectrum * gain, n_samples)
    return wave / np.std(wave)


def pink(n_samples: int, seed: int = 1) -> Samples:
    """Pink noise."""
    return _at_nominal(colored(n_samples, -3.0, seed))


def fan(n_samples: int, seed: int = 2) -> Samples:
    """Brown noise that breathes, with the hum of the blades."""
    time_s = np.arange(n_samples) / RATE_HZ
    breath = 1 + 0.15 * np.sin(2 * np.pi * 0.7 * time_s)
    hum = 0.2 * np.sin(2 * np.pi * 118 * time_s) + 0.1 * np.sin(2 * np.pi * 236 * time_s)
    return _at_nominal(colored(n_samples, -6.0, seed) * breath + hum)


def babble(talkers: Sequence[Samples], n_samples: int) -> Samples:
    """`N_TALKERS` at once, each from another place of what they read."""
    total = np.zeros(n_samples, np.float64)
    for number in range(N_TALKERS):
        voice = talkers[number % len(talkers)]
        start = number * len(voice) // N_TALKERS
        total += np.take(to_level(voice), np.arange(start, start + n_samples), mode="wrap")
    return _at_nominal(total)


def kitchen(n_samples: int, seed: int = 3) -> Samples:
    """A hood in the background, water that runs now and then, and about one clink of dishes a second."""
    random = np.random.default_rng(seed)
    total = 0.4 * colored(n_samples, -3.0, seed)
    water = np.diff(colored(n_samples + 1, 0.0, seed + 1))
    slow = np.repeat(random.random(n_samples // (4 * RATE_HZ) + 1) > 0.6, 4 * RATE_HZ)[:n_samples]
    total += 0.35 * water / np.std(water) * np.convolve(slow, np.hanning(1600) / 800, "same")
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    for _ in range(n_samples // RATE_HZ):
        start = int(random.integers(0, max(1, n_samples - len(time_s))))
        partials_hz = random.uniform(1200, 6500, size=5)[:, None]  # of no common tone, as plates and cups ring
        decay_s = random.uniform(0.02, 0.12, size=5)[:, None]
        clink = (np.sin(2 * np.pi * partials_hz * time_s) * np.exp(-time_s / decay_s)).sum(axis=0)
        length = min(len(clink), n_samples - start)
        total[start : start + length] += random.uniform(0.5, 3.0) * clink[:length]
    return _at_nominal(total)


def radio(speech: Sequence[Samples], music: Sequence[Samples], n_samples: int) -> Samples:
    """A station: somebody speaks for some time with music beneath, then music alone, then the next speaks."""
    pieces: list[npt.NDArray[np.float32]] = []
    under = 10 ** (MUSIC_UNDER_SPEECH_DB / 20)
    number = 0
    while sum(map(len, pieces)) < n_samples:
        voice = to_level(speech[number % len(speech)])[: 40 * RATE_HZ].astype(np.float32)
        tune = to_level(music[number % len(music)]).astype(np.float32)
        beneath = np.take(tune, np.arange(len(voice)), mode="wrap")
        pieces += [voice + under * beneath, tune[len(voice) : len(voice) + 15 * RATE_HZ] * 0.7]
        number += 1
    return to_level(np.concatenate(pieces)[:n_samples])


def _at_nominal(wave: Wave) -> Samples:
    """At the nominal level, all of it counted."""
    return to_int16(wave / np.sqrt(np.mean(wave**2)) * 32768 * 10 ** (NOMINAL_DBFS / 20))
