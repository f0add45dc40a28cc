"""The sound card as it is, with a sound server in place of the hardware."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from conftest import SoundServer

from assistant import phrases
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.recording import write_sound
from assistant.audio.sound_card import MICROPHONE, SPEAKER, SoundCard
from assistant.config import Audio
from assistant.events import Event, FirstAudio, PartFound, PartLost, Saying, Spoken
from assistant.orders import Earcon
from assistant.turn import Turn

PIECE_SAMPLES = RATE_HZ // 10
PATIENCE_S = 30.0


class Plain:
    """Leaves what is heard as it is, and remembers what was played."""

    def __init__(self) -> None:
        self.heard: list[tuple[Samples, float]] = []

    def played(self, samples: Samples, heard_s: float) -> None:
        self.heard.append((samples, heard_s))

    def silenced(self, at_s: float) -> None:
        pass

    def clean(self, chunk: Chunk) -> Chunk:
        return chunk


class Room:
    """A sound card at work, what it heard, and what it told."""

    def __init__(self, settings: Audio) -> None:
        self.chunks: list[Chunk] = []
        self.events: list[Event] = []
        self._more = threading.Condition()
        self.echo = Plain()
        self.card = SoundCard(settings, self.echo, self._hear, self._tell)

    def _hear(self, chunk: Chunk) -> None:
        with self._more:
            self.chunks.append(chunk)
            self._more.notify()

    def _tell(self, event: Event) -> None:
        with self._more:
            self.events.append(event)
            self._more.notify()

    def wait_for(self, happened: Callable[[], bool]) -> None:
        with self._more:
            assert self._more.wait_for(happened, PATIENCE_S), self.events

    def wait_for_parts(self, kind: type[PartLost] | type[PartFound], *parts: str) -> None:
        self.wait_for(lambda: set(parts) <= {event.part for event in self.events if isinstance(event, kind)})

    def wait_for_event(self, kind: type[Event]) -> None:
        self.wait_for(lambda: any(isinstance(event, kind) for event in self.events))

    def hear_for(self, duration_s: float) -> None:
        """Until so much more sound was heard."""
        n_chunks = len(self.chunks) + round(duration_s * RATE_HZ / CHUNK_SAMPLES)
        self.wait_for(lambda: len(self.chunks) >= n_chunks)

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events if not isinstance(event, Saying)]


Open = Callable[..., Room]


@pytest.fixture
def open_room(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    with contextlib.ExitStack() as rooms:

        def open_it(settings: Audio | None = None) -> Room:
            room = Room(settings or Audio())
            room.card.start()
            rooms.callback(room.card.stop)
            return room

        yield open_it


@pytest.fixture
def room(open_room: Open) -> Room:
    room = open_room()
    room.hear_for(0.1)
    return room


def rustle(duration_s: float, seed: int = 1) -> Samples:
    """Noise below 2 kHz, which is like itself at no other place."""
    n_samples = round(duration_s * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n_samples))
    spectrum[n_samples * 2000 // RATE_HZ :] = 0
    sound = np.fft.irfft(spectrum, n_samples)
    return np.asarray(sound / np.abs(sound).max() * 12_000, np.int16)


def place_of(wanted: Samples, heard: Samples) -> int:
    """Where in what was heard the wanted sound begins: the peak of their correlation."""
    n = len(wanted) + len(heard)
    spectrum = np.fft.rfft(heard.astype(float), n) * np.conj(np.fft.rfft(wanted.astype(float), n))
    return int(np.fft.irfft(spectrum, n)[: len(heard)].argmax())


def assert_heard_whole(wanted: Samples, heard: Samples) -> None:
    """All of it, from the first tenth of a second to the last, without a gap and as loud as it was."""
    begin = place_of(wanted, heard)
    same: npt.NDArray[np.int16] = heard[begin : begin + len(wanted)]
    assert len(same) == len(wanted)
    for start in range(0, len(wanted) - PIECE_SAMPLES + 1, PIECE_SAMPLES):
        a, b = (sound[start : start + PIECE_SAMPLES].astype(float) for sound in (wanted, same))
        likeness = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9)
        assert likeness > 0.9, f"at {start / RATE_HZ} s: {likeness}"
        assert 0.8 < np.linalg.norm(b) / np.linalg.norm(a) < 1.25


@contextlib.contextmanager
def recorded(server: SoundServer, path: Path) -> Iterator[Callable[[], Samples]]:
    """Records what the speaker plays, and what follows for half a second."""
    process = server.record(path)
    samples = np.zeros(0, np.int16)

    def wait_for(n_bytes: int) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not path.exists() or path.stat().st_size < n_bytes:
            assert time.monotonic() < end_s
            time.sleep(0.02)

    try:
        wait_for(1)
        yield lambda: samples
        wait_for(path.stat().st_size + RATE_HZ)
    finally:
        process.terminate()
        process.wait()
    samples = np.fromfile(path, np.int16)


def test_what_is_played_is_heard_from_its_begin_to_its_end(
    room: Room, sound_server: SoundServer, tmp_path: Path
) -> None:
    turn, first, second = Turn(1), rustle(1.5), rustle(0.8, seed=2)
    with recorded(sound_server, tmp_path / "out.raw") as heard:
        room.card.play(turn, "…", first, RATE_HZ)
        room.card.play(turn, "…", second, RATE_HZ)
        room.card.finish(turn)
        room.wait_for_event(Spoken)
    assert_heard_whole(np.concatenate([first, second]), heard())  # no gap between them
    begun, first_saying, second_saying, ended = room.events
    assert isinstance(first_saying, Saying)
    assert isinstance(second_saying, Saying)
    assert second_saying.at_s - first_saying.at_s == pytest.approx(1.5, abs=0.05)
    assert isinstance(begun, FirstAudio)
    assert isinstance(ended, Spoken)
    assert begun.turn is ended.turn is turn
    assert 2.2 < ended.at_s - begun.at_s < 10.0


def test_a_sentence_that_comes_late_is_played_whole(room: Room, sound_server: SoundServer, tmp_path: Path) -> None:
    turn, first, second = Turn(1), rustle(0.5), rustle(0.5, seed=2)
    with recorded(sound_server, tmp_path / "out.raw") as heard:
        room.card.play(turn, "…", first, RATE_HZ)
        room.hear_for(1.2)
        room.card.play(turn, "…", second, RATE_HZ)
        room.card.finish(turn)
        room.wait_for_event(Spoken)
    assert_heard_whole(first, heard())
    assert_heard_whole(second, heard())
    assert place_of(second, heard()) - place_of(first, heard()) > 0.9 * RATE_HZ
    assert room.kinds() == ["FirstAudio", "Spoken"]


def test_one_reply_follows_the_other(room: Room, sound_server: SoundServer, tmp_path: Path) -> None:
    turns, replies = [Turn(1), Turn(2), Turn(3)], [rustle(0.4, seed) for seed in (1, 2, 3)]
    with recorded(sound_server, tmp_path / "out.raw") as heard:
        for turn, reply in zip(turns, replies, strict=True):
            room.card.play(turn, "…", reply, RATE_HZ)
            room.card.finish(turn)
        room.wait_for(lambda: len(room.kinds()) == 6)
    for reply in replies:
        assert_heard_whole(reply, heard())
    assert sorted(room.kinds()) == ["FirstAudio"] * 3 + ["Spoken"] * 3
    assert [event.turn for event in room.events if isinstance(event, Spoken)] == turns


def test_a_turn_that_is_cancelled_is_silent_at_once(room: Room, sound_server: SoundServer, tmp_path: Path) -> None:
    turn, next_turn, reply = Turn(1), Turn(2), rustle(0.5, seed=2)
    with recorded(sound_server, tmp_path / "out.raw") as heard:
        room.card.play(turn, "…", rustle(20.0), RATE_HZ)
        room.wait_for_event(FirstAudio)
        room.hear_for(1.0)
        turn.cancel()
        cancelled_s = time.monotonic()
        room.hear_for(0.5)
    begun = room.events[0]
    assert isinstance(begun, FirstAudio)
    sounding = np.flatnonzero(np.abs(heard().astype(int)) > 300)
    assert len(sounding)
    assert (sounding[-1] - sounding[0]) / RATE_HZ < cancelled_s - begun.at_s + 0.3
    with recorded(sound_server, tmp_path / "next.raw") as heard:
        room.card.finish(turn)
        room.card.play(turn, "…", rustle(0.5), RATE_HZ)
        room.card.play(next_turn, "…", reply, RATE_HZ)
        room.card.finish(next_turn)
        room.wait_for(lambda: any(isinstance(e, Spoken) and e.turn is next_turn for e in room.events))
    assert_heard_whole(reply, heard())
    assert [e.turn for e in room.events if isinstance(e, FirstAudio)] == [turn, next_turn]


def test_a_reply_without_a_word_is_over_at_once(room: Room) -> None:
    turn = Turn(1)
    room.card.finish(turn)
    room.wait_for_event(Spoken)
    assert room.kinds() == ["Spoken"]


def assert_hears(room: Room, server: SoundServer, folder: Path) -> None:
    """What is played into the microphone arrives whole."""
    n_before, sound = len(room.chunks), rustle(1.0, seed=5)
    write_sound(folder / "said.wav", np.concatenate([sound, np.zeros(RATE_HZ // 2, np.int16)]), RATE_HZ)
    server.play(folder / "said.wav")
    room.hear_for(0.5)
    assert_heard_whole(sound, np.concatenate([chunk.samples for chunk in room.chunks[n_before:]]))


def test_what_is_said_arrives_in_chunks_that_follow_one_another(
    room: Room, sound_server: SoundServer, tmp_path: Path
) -> None:
    assert_hears(room, sound_server, tmp_path)
    assert [chunk.start for chunk in room.chunks] == [n * CHUNK_SAMPLES for n in range(len(room.chunks))]
    assert {(chunk.samples.dtype, chunk.samples.shape) for chunk in room.chunks} == {(np.dtype(np.int16), (512,))}
    times_s = [chunk.captured_s for chunk in room.chunks]
    assert times_s[-1] <= time.monotonic()
    # A busy machine may hold the stream up, and then its clock sets itself anew.
    assert np.median(np.diff(times_s)) == pytest.approx(CHUNK_SAMPLES / RATE_HZ, abs=2e-3)


def test_a_tone_keeps_its_pitch_and_its_loudness(room: Room, sound_server: SoundServer, tmp_path: Path) -> None:
    tone = np.asarray(8000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ), np.int16)
    write_sound(tmp_path / "tone.wav", tone, RATE_HZ)
    sound_server.play(tmp_path / "tone.wav")
    room.hear_for(0.3)
    heard = np.concatenate([chunk.samples for chunk in room.chunks]).astype(float)
    loud = np.flatnonzero(np.abs(heard) > 4000)
    middle = heard[loud[0] + 4000 :][:RATE_HZ]
    assert np.abs(np.fft.rfft(middle)).argmax() == pytest.approx(440, abs=2)
    assert np.abs(middle).max() == pytest.approx(8000, rel=0.05)
    assert (loud[-1] - loud[0]) / RATE_HZ == pytest.approx(2.0, abs=0.05)


def test_when_the_sound_server_dies_both_are_lost_and_found_again(
    room: Room, sound_server: SoundServer, tmp_path: Path
) -> None:
    n_heard = len(room.chunks)
    sound_server.kill()
    room.wait_for_parts(PartLost, MICROPHONE, SPEAKER)
    assert [event.said for event in room.events if isinstance(event, PartLost) and event.part == MICROPHONE] == [
        phrases.MICROPHONE_LOST
    ]
    turn = Turn(1)
    room.card.play(turn, "…", rustle(1.0), RATE_HZ)
    room.card.finish(turn)
    room.wait_for_event(Spoken)  # nobody waits for it for ever
    sound_server.restart()
    room.wait_for_parts(PartFound, MICROPHONE, SPEAKER)
    assert_hears(room, sound_server, tmp_path)
    starts = [chunk.start for chunk in room.chunks[n_heard:]]
    assert np.diff(starts).tolist() == [CHUNK_SAMPLES] * (len(starts) - 1)  # counted on, not anew
    reply, turn = rustle(0.5, seed=2), Turn(2)
    with recorded(sound_server, tmp_path / "out.raw") as heard:
        room.card.play(turn, "…", reply, RATE_HZ)
        room.card.finish(turn)
        room.wait_for(lambda: any(isinstance(e, Spoken) and e.turn is turn for e in room.events))
    assert_heard_whole(reply, heard())
    assert room.kinds().count("PartLost") == room.kinds().count("PartFound") == 2


def test_when_the_sound_server_dies_in_mid_sentence_the_reply_is_over(room: Room, sound_server: SoundServer) -> None:
    turn = Turn(1)
    room.card.play(turn, "…", rustle(20.0), RATE_HZ)
    room.card.finish(turn)
    room.wait_for_event(FirstAudio)
    sound_server.kill()
    room.wait_for_event(Spoken)
    room.wait_for_parts(PartLost, MICROPHONE, SPEAKER)


def test_it_waits_for_a_sound_server_that_is_not_there_yet(open_room: Open, sound_server: SoundServer) -> None:
    sound_server.kill()
    room = open_room()
    assert {event.part for event in room.events if isinstance(event, PartLost)} == {MICROPHONE, SPEAKER}
    sound_server.restart()
    room.wait_for_parts(PartFound, MICROPHONE, SPEAKER)
    room.hear_for(0.2)


def test_a_microphone_that_falls_silent_is_lost_until_it_gives_sound_again(
    room: Room, sound_server: SoundServer
) -> None:
    def suspend(yes: bool) -> None:
        subprocess.run(["pactl", "suspend-source", "mic", str(int(yes))], env=sound_server.environment, check=True)

    suspend(True)
    room.wait_for_parts(PartLost, MICROPHONE)
    time.sleep(4.0)  # meanwhile it is opened again, which works, but gives no sound
    assert room.kinds() == ["PartLost"]
    suspend(False)
    room.wait_for_parts(PartFound, MICROPHONE)
    room.hear_for(0.3)
    assert room.kinds() == ["PartLost", "PartFound"]


def test_without_a_microphone_it_still_speaks(open_room: Open, sound_server: SoundServer, tmp_path: Path) -> None:
    room = open_room(Audio(input="cellar"))
    [lost] = room.events
    assert isinstance(lost, PartLost)
    assert lost.part == MICROPHONE
    assert lost.reason.startswith('audio.input is "cellar", but there is only ')
    turn, reply = Turn(1), rustle(3.0)  # longer than it takes until it looks again
    with recorded(sound_server, tmp_path / "out.raw") as heard:
        room.card.play(turn, "…", reply, RATE_HZ)
        room.card.finish(turn)
        room.wait_for_event(Spoken)
    assert_heard_whole(reply, heard())


def test_what_is_played_is_told_with_the_time_at_which_it_is_heard(room: Room, sound_server: SoundServer) -> None:
    """The server's loopback stands for the air between speaker and microphone."""
    loopback = ["load-module", "module-loopback", "source=spk.monitor", "sink=micfeed", "latency_msec=10"]
    subprocess.run(["pactl", *loopback], env=sound_server.environment, check=True, capture_output=True)
    turn, sound = Turn(1), rustle(1.0, seed=7)
    room.hear_for(0.5)
    n_before = len(room.chunks)
    room.card.play(turn, "…", sound, RATE_HZ)
    room.card.finish(turn)
    room.wait_for_event(Spoken)
    room.hear_for(0.5)
    heard = np.concatenate([chunk.samples for chunk in room.chunks[n_before:]])
    first = room.chunks[n_before]
    heard_s = first.captured_s + (place_of(sound, heard) - CHUNK_SAMPLES) / RATE_HZ
    place = place_of(sound, np.concatenate([samples for samples, _ in room.echo.heard]))
    ends = np.cumsum([len(samples) for samples, _ in room.echo.heard])
    i = int(np.searchsorted(ends, place, side="right"))
    told_s = room.echo.heard[i][1] + (place - ends[i - 1]) / RATE_HZ
    assert heard_s - told_s == pytest.approx(0.0, abs=0.1)
    [saying] = [event for event in room.events if isinstance(event, Saying)]
    assert saying.at_s == pytest.approx(told_s, abs=0.03)


def test_an_earcon_is_heard_without_a_turn(room: Room, sound_server: SoundServer, tmp_path: Path) -> None:
    with recorded(sound_server, tmp_path / "out.raw") as heard:
        room.card.chime(Earcon.WAKE)
        room.hear_for(1.0)
    sounding = np.flatnonzero(np.abs(heard().astype(int)) > 1000)
    assert 0.05 < (sounding[-1] - sounding[0]) / RATE_HZ < 0.2
    assert room.events == []
