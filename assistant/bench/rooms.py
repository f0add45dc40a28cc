"""Simulated rooms: how a person, the device's own speaker and a radio reach its microphone. Bench commands only.

Shoe boxes by the image source method (pyroomacoustics, an optional package that is imported when responses are made).
"""

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.bench.clips import NOMINAL_DBFS, Floats, active_rms, to_int16
from assistant.errors import AssistantError

PERSON, SPEAKER, RADIO = "person", "speaker", "radio"
# The cone of a cheap speaker at its end, seen from speech at the nominal level, whose peaks reach about four times it.
SPEAKER_LIMIT = 3.0 * 10 ** (NOMINAL_DBFS / 20)
SPEAKER_KNEE = 1.5 * 10 ** (NOMINAL_DBFS / 20)
VERSION = 1  # of how responses are made
MAX_ORDER = 40  # reflections
BLOCK_SAMPLES = 1 << 15


@dataclass(frozen=True)
class Plan:
    """A room before its responses are made: `person_m` and `speaker_m` are distances to the microphone."""

    name: str
    size_m: tuple[float, float, float]
    rt60_s: float
    microphone_m: tuple[float, float, float]
    person_m: float
    person_deg: float
    speaker_m: float
    radio_m: tuple[float, float, float]
    speaker_clips: bool


# Half of them have a speaker that clips.
PLANS = (
    Plan("bath", (2.6, 2.2, 2.5), 0.3, (0.5, 0.6, 1.1), 1.0, 40, 0.15, (2.1, 1.8, 0.9), False),
    Plan("small kitchen", (3.2, 2.8, 2.5), 0.4, (0.6, 0.5, 1.0), 1.4, 50, 0.10, (2.8, 0.5, 1.6), True),
    Plan("study", (3.8, 3.1, 2.6), 0.2, (1.9, 0.6, 0.8), 1.8, 100, 0.20, (0.5, 2.7, 1.2), False),
    Plan("kitchen", (4.5, 3.5, 2.6), 0.35, (0.8, 0.6, 1.0), 2.2, 35, 0.25, (4.0, 3.0, 1.4), True),
    Plan("bedroom", (4.2, 3.9, 2.5), 0.25, (0.7, 2.0, 0.7), 2.6, -20, 0.30, (3.6, 3.4, 0.9), False),
    Plan("living room", (6.0, 4.5, 2.7), 0.5, (1.2, 1.5, 0.8), 3.0, 30, 0.15, (5.4, 0.8, 1.0), True),
)


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A room with its responses to the microphone, float32 `(n,)` at `RATE_HZ`, each of unit energy.

    So what goes in comes out about as loud, and the bench sets all levels. The delay of the way through the air is
    left in; a level that falls with the distance is not.
    """

    name: str
    rt60_s: float
    person_m: float
    person: Floats
    speaker: Floats
    radio: Floats
    speaker_clips: bool

    def loudspeaker(self, played: npt.NDArray[np.floating]) -> Floats:
        """What the speaker makes of what it is sent, full scale being 1: the same, or bent and clipped."""
        return clipped(played) if self.speaker_clips else played.astype(np.float32)


def clipped(played: npt.NDArray[np.floating]) -> Floats:
    """Straight up to the knee, bent above it, cut off at the limit; memoryless."""
    reach = 2 * (SPEAKER_LIMIT - SPEAKER_KNEE)
    above = np.maximum(np.abs(played) - SPEAKER_KNEE, 0.0)
    bent = np.minimum(np.minimum(np.abs(played), SPEAKER_KNEE) + reach * np.tanh(above / reach), SPEAKER_LIMIT)
    limited: Floats = (np.sign(played) * bent).astype(np.float32)
    return limited


def responses(plan: Plan) -> dict[str, Floats]:
    """The responses of a room by where the sound comes from.

    Raises:
        AssistantError: pyroomacoustics is not installed.
    """
    try:
        import pyroomacoustics  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise AssistantError(f"bench: {error.name} is not installed; run: pip install pyroomacoustics") from error
    absorption, order = pyroomacoustics.inverse_sabine(plan.rt60_s, plan.size_m)
    microphone = np.array(plan.microphone_m)
    angle = np.deg2rad(plan.person_deg)
    toward_person = np.array([np.cos(angle), np.sin(angle), 0.0])
    places = {
        PERSON: microphone + plan.person_m * toward_person + (0.0, 0.0, 0.4),
        SPEAKER: microphone - plan.speaker_m * np.array([0.6, 0.0, 0.8]),
        RADIO: np.array(plan.radio_m),
    }
    made = {}
    for name, place in places.items():
        material = pyroomacoustics.Material(absorption)
        box = pyroomacoustics.ShoeBox(plan.size_m, fs=RATE_HZ, materials=material, max_order=min(order, MAX_ORDER))
        box.add_source(place)
        box.add_microphone(microphone)
        made[name] = _response(box, plan)
    return made


def _response(box: Any, plan: Plan) -> Floats:
    """Cut to the decay of 60 dB, without the delay of the simulation's own interpolation filter."""
    import pyroomacoustics  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

    box.compute_rir()
    own_delay = pyroomacoustics.constants.get("frac_delay_length") // 2
    response = np.asarray(box.rir[0][0], np.float64)[own_delay:][: round(plan.rt60_s * RATE_HZ)]
    unit: Floats = (response / np.sqrt(np.sum(response**2))).astype(np.float32)
    return unit


def save_rooms(folder: Path) -> bool:
    """Simulates the rooms into a file of the folder, unless it is there; whether it had to."""
    path = _path(folder)
    if path.exists():
        return False
    made = {f"{plan.name}/{of}": response for plan in PLANS for of, response in responses(plan).items()}
    content = io.BytesIO()
    np.savez(content, **made)  # type: ignore[arg-type,unused-ignore]
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    half.write_bytes(content.getbuffer())
    half.replace(path)
    return True


def load_rooms(folder: Path) -> tuple[Room, ...]:
    """The rooms that were simulated.

    Raises:
        AssistantError: they were not.
    """
    try:
        with np.load(_path(folder)) as kept:
            return tuple(
                Room(
                    plan.name,
                    plan.rt60_s,
                    plan.person_m,
                    kept[f"{plan.name}/{PERSON}"],
                    kept[f"{plan.name}/{SPEAKER}"],
                    kept[f"{plan.name}/{RADIO}"],
                    plan.speaker_clips,
                )
                for plan in PLANS
            )
    except FileNotFoundError as error:
        raise AssistantError("bench: the rooms are not simulated yet; run: assistant bench") from error


def _path(folder: Path) -> Path:
    key = hashlib.sha256(repr((VERSION, PLANS)).encode()).hexdigest()[:16]
    return folder / f"rooms-{key}.npz"


def through(samples: Samples, response: Floats) -> Samples:
    """Sound as it arrives, `(n + len(response) - 1,)`: convolved in blocks (overlap-add)."""
    n_fft = BLOCK_SAMPLES + len(response) - 1
    n_blocks = -(-len(samples) // BLOCK_SAMPLES)
    spectrum = np.fft.rfft(response, n_fft)
    arrived = np.zeros(n_blocks * BLOCK_SAMPLES + len(response) - 1, np.float32)
    for start in range(0, len(samples), BLOCK_SAMPLES):
        block = samples[start : start + BLOCK_SAMPLES].astype(np.float32)
        arrived[start : start + n_fft] += np.fft.irfft(np.fft.rfft(block, n_fft) * spectrum, n_fft)
    return to_int16(arrived[: len(samples) + len(response) - 1])


def mix(speech: Samples, noise: Samples, snr_db: float, offset: int = 0) -> Samples:
    """The speech with noise `snr_db` below its active level, from sample `offset` of the noise on, repeated as needed.

    The speech keeps its level unless the sum would not fit int16; then both are lowered.
    """
    cut = np.take(noise, np.arange(offset, offset + len(speech)), mode="wrap").astype(np.float32)
    level = float(np.sqrt(np.mean(cut**2, dtype=np.float64))) if len(cut) else 0.0
    gain = active_rms(speech) / level * 10 ** (-snr_db / 20) if level else 0.0
    mixed = speech.astype(np.float32) + gain * cut
    return to_int16(mixed * min(1.0, 32767 / max(1.0, float(np.abs(mixed).max(initial=0.0)))))
