"""`assistant run` as a person meets it: in a room, with a microphone and a speaker, both in software."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import SoundServer, Speak, Understand, word_error_rate

from assistant import phrases
from assistant.audio.chunk import RATE_HZ
from assistant.audio.recording import write_sound

QUESTION = "Hey Jarvis, tell me about the moon."


class Running:
    """The daemon under way, and the lines of its log."""

    def __init__(self, config: Path, server: SoundServer) -> None:
        command = [sys.executable, "-m", "assistant", "--config", str(config), "run"]
        self.process = subprocess.Popen(command, env=server.environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._more:
                self.lines.append(line.rstrip())
                self._more.notify()

    def wait_for(self, *patterns: str, timeout_s: float = 60.0) -> None:
        """Until each pattern has been in a line, in any order; the lines up to then are forgotten."""

        def found() -> bool:
            return all(any(re.search(pattern, line) for line in self.lines) for pattern in patterns)

        with self._more:
            assert self._more.wait_for(found, timeout_s), f"not all of {patterns} in:\n" + "\n".join(self.lines)
            self.recent, self.lines = self.lines, []

    def model_pid(self) -> int:
        """The process in which the language model runs."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        (pid,) = " ".join(task.read_text() for task in tasks).split()
        return int(pid)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@pytest.fixture
def config(models_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        f"models: {{folder: {models_folder}}}\n"
        "llm: {temperature: 0, max_tokens: 60}\n"
        "audio: {input: pulse, output: pulse}\n"
        "privacy: {log_speech: true}\n"
        "log: {level: debug}\n"
    )
    return path


@pytest.fixture
def running(config: Path, sound_server: SoundServer) -> Iterator[Running]:
    daemon = Running(config, sound_server)
    try:
        daemon.wait_for("ready: say", "language model ready")
        yield daemon
    finally:
        daemon.process.kill()
        daemon.process.wait()


def answered(running: Running, server: SoundServer, question: Path) -> str:
    """Asks aloud and waits for the end of the reply, which is returned as it was written."""
    threading.Thread(target=server.play, args=(question,)).start()
    running.wait_for(r"turn \d+: endpoint .*done")
    assert [line for line in running.recent if re.search("heard: .*the moon$", line)], running.recent
    return " ".join(re.sub(".*sentence: ", "", line) for line in running.recent if "sentence: " in line)


def test_it_answers_in_the_room(
    running: Running, sound_server: SoundServer, speak: Speak, understand: Understand, tmp_path: Path
) -> None:
    recorder = sound_server.record(tmp_path / "speaker.raw")
    reply = answered(running, sound_server, speak(QUESTION))
    recorder.terminate()
    recorder.wait()
    write_sound(tmp_path / "reply.wav", np.fromfile(tmp_path / "speaker.raw", np.int16), RATE_HZ)
    assert word_error_rate(reply, understand(tmp_path / "reply.wav")) <= 0.2


def test_the_wake_word_interrupts_a_reply(running: Running, sound_server: SoundServer, speak: Speak) -> None:
    threading.Thread(target=sound_server.play, args=(speak(QUESTION),)).start()
    running.wait_for("speaking")
    threading.Thread(target=sound_server.play, args=(speak("Hey Jarvis, what is the sun?"),)).start()
    running.wait_for("turn 1: .*", "listening", r"turn 2: endpoint .*done")
    (interrupted,) = [line for line in running.recent if "turn 1: " in line]
    assert "done" not in interrupted
    assert [line for line in running.recent if "heard: what is the sun" in line]


def test_the_word_stop_interrupts_a_reply(running: Running, sound_server: SoundServer, speak: Speak) -> None:
    threading.Thread(target=sound_server.play, args=(speak(QUESTION),)).start()
    running.wait_for("speaking")
    threading.Thread(target=sound_server.play, args=(speak("Stop.", before_s=1.0, after_s=1.0),)).start()
    running.wait_for("turn 1: .*", "idle")
    assert "done" not in next(line for line in running.recent if "turn 1: " in line)


def test_a_question_may_follow_a_reply_without_the_wake_word(
    running: Running, sound_server: SoundServer, speak: Speak
) -> None:
    answered(running, sound_server, speak(QUESTION))
    threading.Thread(target=sound_server.play, args=(speak("What time is it?", before_s=0.6),)).start()
    running.wait_for(r"turn 2: endpoint .*done")
    assert [line for line in running.recent if "heard: what time is it" in line], running.recent


def test_it_does_not_follow_up_on_its_own_last_words_nor_on_silence(
    running: Running, sound_server: SoundServer, speak: Speak
) -> None:
    """The server's loopback brings what it says back into its microphone."""
    loopback = ["load-module", "module-loopback", "source=spk.monitor", "sink=micfeed", "latency_msec=10"]
    subprocess.run(["pactl", *loopback], env=sound_server.environment, check=True, capture_output=True)
    answered(running, sound_server, speak(QUESTION))
    running.wait_for("idle")
    assert not [line for line in running.recent if "heard: " in line]


def test_it_ends_when_told_to_and_leaves_nothing_behind(running: Running) -> None:
    model_pid = running.model_pid()
    assert running.stop() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(model_pid, 0)


def test_a_killed_model_is_told_and_replaced_while_the_ears_stay_open(
    running: Running, sound_server: SoundServer, speak: Speak
) -> None:
    first_pid = running.model_pid()
    os.kill(first_pid, signal.SIGKILL)
    running.wait_for("language model is lost", "language model ready", "turn 1: nothing was asked")
    assert running.model_pid() != first_pid
    assert "moon" in answered(running, sound_server, speak(QUESTION))


def test_a_model_killed_while_it_thinks_is_told_to_the_person(
    running: Running, sound_server: SoundServer, speak: Speak, understand: Understand, tmp_path: Path
) -> None:
    pid = running.model_pid()
    os.kill(pid, signal.SIGSTOP)  # so that it surely is at it when it is killed
    recorder = sound_server.record(tmp_path / "speaker.raw")
    threading.Thread(target=sound_server.play, args=(speak(QUESTION),)).start()
    running.wait_for("thinking")
    os.kill(pid, signal.SIGKILL)
    running.wait_for("turn 1: .*failed", "language model ready", "turn 2: nothing was asked")
    recorder.terminate()
    recorder.wait()
    write_sound(tmp_path / "reply.wav", np.fromfile(tmp_path / "speaker.raw", np.int16), RATE_HZ)
    said = f"{phrases.THINKING_FAILED} {phrases.MODEL_LOST}"
    assert word_error_rate(said, understand(tmp_path / "reply.wav")) <= 0.2
    assert "moon" in answered(running, sound_server, speak(QUESTION))


def test_a_lost_sound_server_is_found_again(running: Running, sound_server: SoundServer, speak: Speak) -> None:
    sound_server.kill()
    running.wait_for("microphone lost")
    sound_server.restart()
    running.wait_for("microphone found again", r"turn \d+: nothing was asked")
    assert "moon" in answered(running, sound_server, speak(QUESTION))


def test_nothing_that_is_said_is_logged_unless_asked_for(config: Path, sound_server: SoundServer, speak: Speak) -> None:
    config.write_text(config.read_text().replace("log_speech: true", "log_speech: false"))
    daemon = Running(config, sound_server)
    try:
        daemon.wait_for("ready: say", "language model ready")
        threading.Thread(target=sound_server.play, args=(speak(QUESTION),)).start()
        daemon.wait_for(r"turn 1: .*done")
        assert [line for line in daemon.recent if "moon" in line] == []
    finally:
        daemon.process.kill()


def test_its_parts_open_no_network_socket() -> None:
    """Python tells of every socket that is made through it; what C code opens is not seen here."""
    code = """
import socket, sys
made = []
sys.addaudithook(lambda event, arguments: made.append(arguments) if event == "socket.__new__" else None)
import assistant.daemon, assistant.ask
sys.exit(str([family for _, family, *_ in made if family != socket.AF_UNIX] or ""))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
