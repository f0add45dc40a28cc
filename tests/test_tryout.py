"""One stage by itself, as a person tries it out, with real engines and a sound server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import SoundServer, Speak, Understand, word_error_rate

from assistant.audio.chunk import RATE_HZ
from assistant.audio.recording import write_sound

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TEXT = "The weather is fine today. There are seven days in a week."


def differs(heard: str) -> float:
    return word_error_rate(TEXT, heard.replace("7", "seven"))


def test_a_text_is_said_into_a_file(assistant: Run, understand: Understand, tmp_path: Path) -> None:
    out = tmp_path / "said.wav"
    done = assistant("say", TEXT, "--out", out)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert soundfile.info(out).samplerate == 22_050
    assert differs(understand(out)) <= 0.2


def test_a_file_that_cannot_be_written_is_named(assistant: Run, tmp_path: Path) -> None:
    out = tmp_path / "none" / "said.wav"
    done = assistant("say", "Yes.", "--out", out)
    assert done.stderr == f"assistant: {out} cannot be written: No such file or directory\n"
    assert done.returncode == 2


def test_a_text_is_said_aloud(
    assistant: Run, sound_server: SoundServer, understand: Understand, tmp_path: Path
) -> None:
    recorder = sound_server.record(tmp_path / "said.raw")
    done = assistant("say", TEXT, env=sound_server.environment)
    time.sleep(0.5)
    recorder.terminate()
    recorder.wait()
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    write_sound(tmp_path / "said.wav", np.fromfile(tmp_path / "said.raw", np.int16), RATE_HZ)
    assert differs(understand(tmp_path / "said.wav")) <= 0.2


@pytest.mark.parametrize(("command", "thing"), [(["say", "Yes."], "output"), (["listen"], "input")])
def test_without_a_sound_server_it_says_so_and_ends(
    assistant: Run, sound_server: SoundServer, command: list[str], thing: str
) -> None:
    sound_server.kill()
    done = assistant(*command, env=sound_server.environment)
    assert done.stderr.splitlines()[-1] == f"assistant: there is no sound {thing} device: is it plugged in?"
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


class Listening:
    """The command under way, with the microphone open."""

    def __init__(self, config: Path, server: SoundServer) -> None:
        command = [sys.executable, "-m", "assistant", "--config", str(config), "listen"]
        environment = server.environment | {"PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        end_s = time.monotonic() + 60.0
        before, now = "", ""
        while "protocol-native" not in now or now != before:  # the first streams only try out what there is
            assert time.monotonic() < end_s
            time.sleep(0.5)
            streams = ["pactl", "list", "short", "source-outputs"]
            done = subprocess.run(streams, env=environment, capture_output=True, text=True, check=True)
            before, now = now, done.stdout

    def next_utterance(self) -> list[str]:
        """Its partials, and at last what was understood."""
        assert self.process.stdout
        lines: list[str] = []
        while not lines or lines[-1].startswith("…"):
            line = self.process.stdout.readline()
            assert line, "it ended"
            lines.append(line.rstrip("\n"))
        return lines

    def end(self, number: int | None = None) -> tuple[int, str]:
        """The exit code, and what it complained of."""
        if number:
            os.kill(self.process.pid, number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


@pytest.fixture
def listening(config_file: Path, sound_server: SoundServer) -> Iterator[Listening]:
    command = Listening(config_file, sound_server)
    yield command
    command.process.kill()
    command.process.communicate()


def test_it_shows_what_it_hears_until_interrupted(
    listening: Listening, sound_server: SoundServer, speak: Speak
) -> None:
    sound_server.play(speak("What time is it?", before_s=0.5, after_s=1.5))
    *partials, text = listening.next_utterance()
    assert text == "what time is it"
    assert partials
    assert partials[-1] == "… what time is it"
    sound_server.play(speak("Set a timer for ten minutes.", before_s=0.5, after_s=1.5))
    assert listening.next_utterance()[-1] == "set a timer for ten minutes"
    code, errors = listening.end(signal.SIGINT)
    assert code == 0
    assert all(line.startswith("assistant: ") for line in errors.splitlines()), errors


def test_when_the_microphone_is_lost_it_says_so_and_ends(
    listening: Listening, sound_server: SoundServer, speak: Speak
) -> None:
    sound_server.play(speak("What time is it?", before_s=0.5, after_s=1.5))
    listening.next_utterance()
    sound_server.kill()
    code, errors = listening.end()
    assert code == 1
    assert errors.splitlines()[-1] == "assistant: the microphone was unplugged, or its stream ended"
    assert "Traceback" not in errors
