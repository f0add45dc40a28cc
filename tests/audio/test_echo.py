from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.echo import PROOF_S, REST_S, Echo, EchoCanceller, Gate, NoEcho
from assistant.listening.wake import MicroWake

Signal = npt.NDArray[np.float64]
Spoken = Callable[..., Samples]

REPLY = "Paris is the capital of France, and more than two million people live there."
LONG_REPLY = f"{REPLY} It lies on the river Seine. The moon is the only natural satellite of the earth."
LATENCY_S = 0.1
OPENED_S = 5000.0


def room(distance_s: float, seed: int) -> Signal:
    """An impulse response: the direct sound, then noise that decays by 60 dB in 0.25 s."""
    at_s = np.arange(round(0.25 * RATE_HZ)) / RATE_HZ
    response = np.random.default_rng(seed).normal(0, 0.04, len(at_s)) * 10 ** (-3 * at_s / 0.25)
    response[0] = 1.0
    return np.concatenate([np.zeros(round(distance_s * RATE_HZ)), response])


def echo_of(far: Samples, drift: float = 0.0) -> Signal:
    """What a microphone beside the speaker hears, whose clock is slower than the speaker's by `drift`."""
    at = np.arange(0, len(far) - 1, 1 + drift)
    fine = np.fft.irfft(np.fft.rfft(far), 8 * len(far)) * 8  # so that a line between two points is exact enough
    drifted = np.interp(8 * at, np.arange(len(fine)), fine)
    return np.convolve(drifted, 0.3 * room(0.001, 1)).astype(np.float64)


def loudness_db(samples: Signal | Samples) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-9))


class Scene:
    """Replies in a room, and what else is heard there, in simulated time."""

    def __init__(self, duration_s: float) -> None:
        self.echo: Signal = np.zeros(round(duration_s * RATE_HZ))
        self.voice: Signal = np.zeros_like(self.echo)
        self._sent: list[tuple[float, float, Samples]] = []

    def reply(self, at_s: float, far: Samples, *, stamps_late_s: float = 0.0, drift: float = 0.0) -> None:
        """A reply sounds at `at_s`; its time stamps say something else, and jitter."""
        _add(self.echo, echo_of(far, drift), at_s)
        jitter = np.random.default_rng(len(far))
        for i in range(0, len(far), 320):
            block_s = at_s + i / RATE_HZ / (1 + drift)
            heard_s = block_s + stamps_late_s + jitter.uniform(-0.004, 0.004)
            self._sent.append((block_s - LATENCY_S, OPENED_S + heard_s, far[i : i + 320]))

    def say(self, at_s: float, voice: Samples, db_below: float) -> None:
        """A person says something, `db_below` the echo."""
        loud = [loudness_db(x[np.abs(x) > 0.05 * np.abs(x).max()]) for x in (self.echo, voice.astype(np.float64))]
        _add(self.voice, voice.astype(np.float64) * 10 ** ((loud[0] - loud[1] - db_below) / 20), at_s)

    def microphone(self) -> Samples:
        noise = np.random.default_rng(3).normal(0, 12, len(self.echo))
        return np.clip(np.rint(self.echo + self.voice + noise), -32768, 32767).astype(np.int16)

    def hear(self, echo: Echo, microphone: Samples | None = None) -> tuple[Samples, list[bool]]:
        """What comes through, and for each chunk whether it was said to be heard while playing."""
        samples = self.microphone() if microphone is None else microphone
        jitter, sent, chunks = np.random.default_rng(4), list(self._sent), []
        for start in range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
            now_s = (start + CHUNK_SAMPLES) / RATE_HZ
            while sent and sent[0][0] <= now_s:
                _, heard_s, block = sent.pop(0)
                echo.played(block, heard_s)
            captured_s = OPENED_S + now_s + jitter.uniform(0, 0.006)
            chunks.append(echo.clean(Chunk(samples[start : start + CHUNK_SAMPLES], start, captured_s)))
        return np.concatenate([chunk.samples for chunk in chunks]), [chunk.playing for chunk in chunks]

    def reduction_db(self, out: Samples, begin_s: float, end_s: float) -> float:
        """By how much the echo was reduced, whatever the person says meanwhile."""
        part = slice(round(begin_s * RATE_HZ), round(end_s * RATE_HZ))
        return loudness_db(self.echo[part]) - loudness_db(out[part] - self.voice[part])


def _add(signal: Signal, sound: Signal | Samples, at_s: float) -> None:
    start = round(at_s * RATE_HZ)
    n_samples = min(len(sound), len(signal) - start)
    signal[start : start + n_samples] += sound[:n_samples]


def failed(said: str) -> None:
    raise AssertionError(said)


def chunk_at(at_s: float) -> int:
    return round(at_s * RATE_HZ / CHUNK_SAMPLES)


def wakes(samples: Samples) -> int:
    wake = MicroWake(["hey jarvis"])
    chunks: Sequence[Samples] = np.split(samples, range(CHUNK_SAMPLES, len(samples), CHUNK_SAMPLES))
    return sum(wake.hear(chunk) is not None for chunk in chunks)


@pytest.mark.parametrize(("stamps_late_s", "drift"), [(0.0, 0.0), (0.04, 200e-6), (-0.04, 200e-6), (0.04, -200e-6)])
def test_a_reply_is_taken_out_whatever_the_clocks_say(spoken: Spoken, stamps_late_s: float, drift: float) -> None:
    scene = Scene(6.5)
    scene.reply(0.5, spoken(LONG_REPLY), stamps_late_s=stamps_late_s, drift=drift)
    out, _ = scene.hear(EchoCanceller(failed))
    assert scene.reduction_db(out, 1.0, 2.5) > 6
    assert scene.reduction_db(out, 2.5, 6.0) > 15


@pytest.mark.parametrize("stamps_late_s", [0.0, 0.04])
def test_the_next_reply_is_taken_out_from_the_start(spoken: Spoken, stamps_late_s: float) -> None:
    scene, drift, reply = Scene(12), 100e-6, spoken(REPLY)
    scene.reply(0.5, reply, stamps_late_s=stamps_late_s, drift=drift)
    scene.reply(6.25, reply, stamps_late_s=stamps_late_s + 0.006, drift=drift)
    out, _ = scene.hear(EchoCanceller(failed))
    first, second = (scene.reduction_db(out, at_s + 0.6, at_s + 1.0) for at_s in (0.5, 6.25))
    assert second > 14
    assert second > first + 6


def test_the_wake_word_is_heard_over_a_reply(spoken: Spoken) -> None:
    scene = Scene(7.5)
    scene.reply(0.5, spoken(LONG_REPLY))
    scene.say(3.0, spoken("Hey Jarvis"), db_below=12)
    out, _ = scene.hear(EchoCanceller(failed))
    assert wakes(scene.microphone()) == 0
    assert wakes(out) == 1


def test_a_reply_that_holds_the_wake_word_wakes_nobody(spoken: Spoken) -> None:
    scene = Scene(5.5)
    scene.reply(0.5, spoken("The words are hey Jarvis. Hey Jarvis!"))
    out, _ = scene.hear(EchoCanceller(failed))
    assert wakes(scene.microphone()) > 0
    assert wakes(out) == 0


def test_somebody_talking_over_it_does_not_make_it_forget(spoken: Spoken) -> None:
    scene = Scene(12)
    scene.reply(0.5, np.concatenate([spoken(LONG_REPLY), spoken(REPLY)]))
    scene.say(3.0, spoken("Turn on the light in the kitchen"), db_below=-3)
    out, _ = scene.hear(EchoCanceller(failed))
    assert scene.reduction_db(out, 6.5, 9.5) > 18


def test_without_a_reply_the_chunk_passes_untouched() -> None:
    echo, chunk = EchoCanceller(failed), Chunk(np.arange(CHUNK_SAMPLES, dtype=np.int16), 0, OPENED_S)
    assert echo.clean(chunk) is chunk
    echo.played(np.zeros(RATE_HZ, np.int16), OPENED_S)  # silence is no sound
    later = Chunk(chunk.samples, CHUNK_SAMPLES, OPENED_S + CHUNK_SAMPLES / RATE_HZ)
    assert echo.clean(later) is later


@pytest.mark.parametrize("kind", [EchoCanceller, Gate, NoEcho])
def test_it_knows_when_something_of_ours_sounds(spoken: Spoken, kind: Callable[[Callable[[str], None]], Echo]) -> None:
    scene, far = Scene(4), spoken("Yes.", before_s=0.0, after_s=0.0)
    far = np.concatenate([far, np.zeros(RATE_HZ, np.int16)])
    scene.reply(1.0, far)
    loud = np.flatnonzero(np.abs(far.astype(int)) > 8) / RATE_HZ
    _, playing = scene.hear(kind(failed))
    first, last = playing.index(True), len(playing) - 1 - playing[::-1].index(True)
    assert all(playing[first : last + 1])
    assert chunk_at(1.0 + loud[0]) - 3 <= first <= chunk_at(1.0 + loud[0])
    assert chunk_at(1.0 + loud[-1] + 0.15) <= last <= chunk_at(1.0 + loud[-1] + 0.25)


def test_what_was_aborted_does_not_sound(spoken: Spoken) -> None:
    echo = NoEcho(failed)
    echo.played(spoken(LONG_REPLY), OPENED_S)
    echo.silenced(OPENED_S + 1.0)
    chunks = [Chunk(np.zeros(CHUNK_SAMPLES, np.int16), i, OPENED_S + i / RATE_HZ) for i in range(0, 32768, 512)]
    playing = [echo.clean(chunk).playing for chunk in chunks]
    assert playing[chunk_at(0.9)]
    assert not any(playing[chunk_at(1.3) :])


def test_the_gate_is_deaf_while_it_speaks_only(spoken: Spoken) -> None:
    scene = Scene(3.5)
    scene.reply(1.0, spoken("Yes."))
    microphone = scene.microphone()
    out, playing = scene.hear(Gate(failed), microphone)
    for i, deaf in enumerate(playing):
        part = slice(i * CHUNK_SAMPLES, (i + 1) * CHUNK_SAMPLES)
        assert not out[part].any() if deaf else np.array_equal(out[part], microphone[part])


def test_no_echo_leaves_the_samples(spoken: Spoken) -> None:
    scene = Scene(3)
    scene.reply(1.0, spoken("Yes."))
    out, _ = scene.hear(NoEcho(failed))
    assert np.array_equal(out, scene.microphone()[: len(out)])


def test_where_it_cannot_cancel_it_is_deaf_and_says_so_until_it_can_again(spoken: Spoken) -> None:
    said: list[str] = []
    reply, pause_s = spoken(LONG_REPLY), REST_S + 1.0
    reply_s = len(reply) / RATE_HZ
    scene = Scene(2 * reply_s + pause_s + 3)
    scene.reply(0.5, reply)
    scene.reply(again_s := 0.5 + reply_s + pause_s, reply)
    microphone = scene.microphone()
    turned = microphone[: round((reply_s + 1) * RATE_HZ)]  # its polarity turns every 0.4 s: nothing can follow that
    turned[(np.arange(len(turned)) * 5 // (2 * RATE_HZ)) % 2 == 1] *= -1
    out, playing = scene.hear(EchoCanceller(said.append), microphone)
    assert len(said) == 2
    assert "cannot be cancelled" in said[0]
    assert said[1] == ""
    deaf = [not out[i * CHUNK_SAMPLES : (i + 1) * CHUNK_SAMPLES].any() for i in range(len(playing))]
    assert all(deaf[i] for i in range(chunk_at(reply_s), chunk_at(reply_s + 0.4)) if playing[i])
    assert not any(deaf[chunk_at(again_s + PROOF_S + 1.0) :])
