"""`assistant devices` beside a sound card in software."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from conftest import SoundServer

from assistant.audio.chunk import RATE_HZ
from assistant.device_trials import TONE_HZ, level_line


def tone(loudness: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    return np.rint(32767 * loudness * np.sin(np.arange(RATE_HZ) / 5)).astype(np.int16)


@pytest.mark.parametrize(("loudness", "level_db"), [(1.0, -3), (0.1, -23), (0.01, -43)])
def test_a_level_is_told_below_full_scale(loudness: float, level_db: int) -> None:
    assert f" {level_db} dB" in level_line(tone(loudness))
    assert ("CLIPS" in level_line(tone(loudness))) is (loudness == 1.0)


def test_silence_is_the_end_of_the_scale() -> None:
    assert level_line(np.zeros(1000, np.int16)).startswith("········")


Type = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def devices(sound_server: SoundServer, tmp_path_factory: pytest.TempPathFactory) -> Type:
    config = tmp_path_factory.mktemp("config") / "config.yaml"
    config.write_text("audio: {input: pulse, output: pulse}\n")

    def type_it(*words: str, seconds: float | None = None) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "assistant", "--config", str(config), "devices", *words]
        process = subprocess.Popen(
            command, env=sound_server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            out, err = process.communicate(timeout=seconds or 60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    return type_it


def test_a_tone_is_played(devices: Type, sound_server: SoundServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    recorded = tmp_path_factory.mktemp("sound") / "speaker.raw"
    recorder = sound_server.record(recorded)
    done = devices("--tone")
    recorder.terminate()
    recorder.wait()
    assert (done.returncode, "a tone was played" in done.stdout) == (0, True)
    heard = np.fromfile(recorded, np.int16).astype(float)
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) * RATE_HZ / len(heard) == pytest.approx(TONE_HZ, abs=5)


def test_a_chirp_that_comes_back_and_one_that_does_not(devices: Type, sound_server: SoundServer) -> None:
    deaf = devices("--round-trip")
    assert (deaf.returncode, "does not hear the speaker" in deaf.stderr) == (1, True)
    sound_server.loop_back()
    done = devices("--round-trip")
    assert re.match(r"the chirp came back after -?\d+ ms at -\d+ dB", done.stdout), done.stderr


def test_the_level_is_shown_until_it_is_interrupted(devices: Type) -> None:
    done = devices("--level", seconds=4.0)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) > 5
    assert all(line.endswith(" dB") for line in lines)
