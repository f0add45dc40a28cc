import math
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.recording import Recording, read_sound, write_sound
from assistant.errors import AudioFileError
from assistant.events import Event, FirstAudio, Saying, Spoken
from assistant.turn import Turn

TONE_HZ = 440.0
NOTHING = np.zeros(0, np.int16)


def tone(
    rate_hz: int = RATE_HZ, duration_s: float = 0.5, channels: int = 1
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    at_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.repeat(0.5 * np.sin(2 * np.pi * TONE_HZ * at_s)[:, None], channels, axis=1)


def assert_is_the_tone(samples: Samples, loudness: float = 1.0, tolerance: float = 0.01) -> None:
    """Free of the edges, where a resampler rings."""
    assert samples.dtype == np.int16
    assert len(samples) == pytest.approx(0.5 * RATE_HZ, abs=1)
    expected = tone()[:, 0] * loudness
    difference = samples[800:7200] / 32768 - expected[800:7200]
    assert np.abs(difference).max() < tolerance


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_rate_and_number_of_channels_is_read(tmp_path: Path, rate_hz: int, channels: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(rate_hz, channels=channels), rate_hz, subtype="PCM_16")
    assert_is_the_tone(read_sound(path))


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("tone.wav", "PCM_U8"),
        ("tone.wav", "PCM_24"),
        ("tone.wav", "PCM_32"),
        ("tone.wav", "FLOAT"),
        ("tone.wav", "DOUBLE"),
        ("tone.flac", "PCM_16"),
        ("tone.flac", "PCM_24"),
        ("tone.ogg", "VORBIS"),
    ],
)
def test_any_width_and_kind_is_read(tmp_path: Path, name: str, subtype: str) -> None:
    path = tmp_path / name
    soundfile.write(path, tone(44_100, channels=2), 44_100, subtype=subtype)
    assert_is_the_tone(read_sound(path), tolerance=0.03 if subtype == "VORBIS" else 0.01)


def test_the_name_of_a_file_says_nothing_of_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "question.txt"
    soundfile.write(path, tone(), RATE_HZ, format="FLAC")
    assert_is_the_tone(read_sound(path))


def test_of_several_channels_the_mean_is_heard(tmp_path: Path) -> None:
    samples = tone(channels=2)
    samples[:, 1] = 0.0
    soundfile.write(tmp_path / "left.wav", samples, RATE_HZ)
    assert_is_the_tone(read_sound(tmp_path / "left.wav"), loudness=0.5)


def test_what_is_too_loud_is_clipped_and_does_not_wrap(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loud.wav", np.array([0.0, 4.0, -4.0, np.nan, np.inf, 1.0]), RATE_HZ, subtype="FLOAT")
    assert read_sound(tmp_path / "loud.wav").tolist() == [0, 32767, -32768, 0, 32767, 32767]


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 48_000])
def test_a_file_may_hold_no_samples(tmp_path: Path, rate_hz: int) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 2)), rate_hz)
    samples = read_sound(tmp_path / "empty.wav")
    assert samples.dtype == np.int16
    assert len(samples) == 0


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(), RATE_HZ)
    content = (tmp_path / "tone.wav").read_bytes()
    (tmp_path / "tone.wav").write_bytes(content[: len(content) // 2])
    assert len(read_sound(tmp_path / "tone.wav")) == pytest.approx(RATE_HZ / 4, abs=50)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.wav", b"What time is it?\n" * 100),
        ("header.wav", b"RIFF\x24\x3e\0\0WAVEfmt \x10\0\0\0"),
        ("empty.wav", b""),
        ("noise.flac", bytes(range(256)) * 20),
        ("noise.raw", bytes(1000)),
    ],
)
def test_a_file_that_is_not_audio_is_refused_in_a_line(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioFileError) as refusal:
        read_sound(path)
    assert str(refusal.value) == f"{path} is not audio that can be read: give it a WAV or FLAC file"


def test_a_file_that_is_not_there_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=f"^{tmp_path}/none.wav: No such file or directory$"):
        read_sound(tmp_path / "none.wav")
    with pytest.raises(AudioFileError, match=f"^{tmp_path}: Is a directory$"):
        read_sound(tmp_path)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    samples = np.arange(-3000, 3000, dtype=np.int16)
    write_sound(tmp_path / "out.wav", samples, RATE_HZ)
    assert soundfile.info(tmp_path / "out.wav").subtype == "PCM_16"
    assert np.array_equal(read_sound(tmp_path / "out.wav"), samples)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    write_sound(path, np.zeros(1000, np.int16), RATE_HZ)
    before = path.read_bytes()
    with path.open("rb") as reader:
        write_sound(path, np.ones(2000, np.int16), 22_050)
        assert reader.read() == before
    assert soundfile.info(path).frames == 2000
    assert [file.name for file in tmp_path.iterdir()] == ["out.wav"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [("none/out.wav", "No such file or directory"), ("file/out.wav", "Not a directory"), ("folder", "Is a directory")],
)
def test_a_place_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path, place: str, reason: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(AudioFileError, match=f"^{tmp_path / place} cannot be written: {reason}$"):
        write_sound(tmp_path / place, np.zeros(10, np.int16), RATE_HZ)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder"]


def record(
    samples: Samples, *, silence_s: float = 0.0, realtime: bool = False
) -> tuple[Recording, list[Chunk], list[Event]]:
    chunks: list[Chunk] = []
    events: list[Event] = []
    recording = Recording(samples, silence_s=silence_s, realtime=realtime, deliver=chunks.append, post=events.append)
    return recording, chunks, events


def wait_for(chunks: list[Chunk], n_chunks: int) -> float:
    """Seconds until so many chunks were there."""
    begin_s = time.monotonic()
    while len(chunks) < n_chunks:
        assert time.monotonic() < begin_s + 10.0
        time.sleep(0.005)
    return time.monotonic() - begin_s


@pytest.mark.parametrize("n_samples", [0, 1, CHUNK_SAMPLES, 1000])
def test_chunks_hold_the_samples_and_then_silence(n_samples: int) -> None:
    samples = np.arange(1, n_samples + 1, dtype=np.int16)
    recording, chunks, _ = record(samples, silence_s=0.1)
    n_chunks = math.ceil((n_samples + 1600) / CHUNK_SAMPLES)
    recording.start()
    wait_for(chunks, n_chunks)
    recording.stop()
    assert [chunk.start for chunk in chunks] == [n * CHUNK_SAMPLES for n in range(n_chunks)]
    assert all(len(chunk.samples) == CHUNK_SAMPLES for chunk in chunks)
    heard = np.concatenate([chunk.samples for chunk in chunks])
    assert heard[:n_samples].tolist() == samples.tolist()
    assert not heard[n_samples:].any()


def test_in_real_time_a_chunk_comes_when_a_microphone_would_give_it() -> None:
    recording, chunks, _ = record(np.zeros(RATE_HZ, np.int16), realtime=True)
    recording.start()
    assert 0.8 < wait_for(chunks, 32) < 5.0
    recording.stop()
    times_s = [chunk.captured_s for chunk in chunks]
    assert times_s[-1] - times_s[0] == pytest.approx(31 * CHUNK_SAMPLES / RATE_HZ, abs=0.3)


def test_it_can_be_stopped_while_it_plays() -> None:
    recording, chunks, _ = record(np.zeros(600 * RATE_HZ, np.int16), realtime=True)
    recording.start()
    wait_for(chunks, 1)
    recording.stop()
    n_chunks = len(chunks)
    time.sleep(0.1)
    assert len(chunks) == n_chunks < 100


def test_it_can_be_stopped_before_it_began() -> None:
    record(NOTHING)[0].stop()


def test_what_is_played_is_kept_and_told() -> None:
    recording, _, events = record(NOTHING)
    assert len(recording.played) == 0
    turn = Turn(1)
    recording.play(turn, "…", np.array([1, 2], np.int16), 22_050)
    recording.play(turn, "…", np.array([3], np.int16), 22_050)
    recording.finish(turn)
    assert recording.played.tolist() == [1, 2, 3]
    assert recording.rate_hz == 22_050
    assert [type(event) for event in events] == [FirstAudio, Saying, Saying, Spoken]
    assert {getattr(event, "turn", None) for event in events} == {turn}


def test_of_a_cancelled_turn_nothing_is_played() -> None:
    recording, _, events = record(NOTHING)
    turn = Turn(1)
    turn.cancel()
    recording.play(turn, "…", np.array([1, 2], np.int16), 22_050)
    assert len(recording.played) == 0
    assert events == []
