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
from running_daemon import Running, started

from assistant import phrases
from assistant.audio.chunk import RATE_HZ
from assistant.audio.recording import write_sound

QUESTION = "Hey Jarvis, tell me about the moon."


@pytest.fixture
def running(room_config: Path, sound_server: SoundServer) -> Iterator[Running]:
    with started(room_config, sound_server) as daemon:
        yield daemon


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


def test_the_button_interrupts_a_reply_and_listens(running: Running, sound_server: SoundServer, speak: Speak) -> None:
    threading.Thread(target=sound_server.play, args=(speak(QUESTION),)).start()
    running.wait_for("speaking")
    running.press()
    running.wait_for("turn 1: .*", "listening")
    assert "done" not in next(line for line in running.recent if "turn 1: " in line)
    threading.Thread(target=sound_server.play, args=(speak("What time is it?", before_s=0.6),)).start()
    running.wait_for(r"turn 2: endpoint .*done")
    assert [line for line in running.recent if "heard: what time is it" in line], running.recent


def test_a_reply_that_contains_the_wake_phrase_wakes_nobody(
    room_config: Path, sound_server: SoundServer, speak: Speak
) -> None:
    """It hears itself unhindered, through the server's loopback."""
    prompt = "You are a voice assistant. To wake you people say: hey Jarvis."
    settings = room_config.read_text().replace("output: pulse", "output: pulse, echo: none")
    room_config.write_text(settings.replace("llm: {", f'llm: {{system_prompt: "{prompt}", '))
    sound_server.loop_back()
    with started(room_config, sound_server) as running:
        threading.Thread(target=sound_server.play, args=(speak("Hey Jarvis, what do I say to wake you?"),)).start()
        running.wait_for(r"turn 1: .*done")
        assert [line for line in running.recent if re.search("sentence: .*hey jarvis", line, re.IGNORECASE)]
        assert re.search("[1-9] its own words", next(line for line in running.recent if "turn 1: " in line))


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
    sound_server.loop_back()
    answered(running, sound_server, speak(QUESTION))
    running.wait_for("idle")
    assert not [line for line in running.recent if "heard: " in line]


def test_a_timer_that_was_set_by_voice_rings_until_it_is_told_to_stop(
    running: Running, room_config: Path, sound_server: SoundServer, speak: Speak, tmp_path: Path
) -> None:
    threading.Thread(target=sound_server.play, args=(speak("Hey Jarvis, set a timer for five seconds."),)).start()
    running.wait_for("heard: set a timer for five seconds", "sentence: Timer set for 5 seconds", "turn 1: .*set_timer")
    running.wait_for("ringing", timeout_s=20)
    running.process.kill()
    running.process.wait()
    with started(room_config, sound_server, "ready: say", "ringing") as after_a_crash:
        recorder = sound_server.record(tmp_path / "speaker.raw")
        sound_server.play(speak("Stop.", before_s=1.0, after_s=1.0))
        after_a_crash.wait_for("idle")
        recorder.terminate()
        recorder.wait()
    heard = np.fromfile(tmp_path / "speaker.raw", np.int16).astype(float)
    assert np.abs(heard[: 2 * RATE_HZ]).max() > 1000
    assert np.abs(heard[-RATE_HZ // 10 :]).max() < 100
    with started(room_config, sound_server) as again:
        assert not [line for line in again.recent if "ringing" in line]


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
    running.wait_for("microphone found again")
    running.wait_for("nothing was asked", "idle")
    assert "moon" in answered(running, sound_server, speak(QUESTION))


def test_a_microphone_unplugged_in_mid_utterance_is_told_and_found_again(
    running: Running, sound_server: SoundServer, speak: Speak, understand: Understand, tmp_path: Path
) -> None:
    recorder = sound_server.record(tmp_path / "speaker.raw")
    threading.Thread(target=sound_server.play, args=(speak(QUESTION, after_s=2.0),)).start()
    running.wait_for("listening")
    sound_server.unplug_microphone()
    running.wait_for("microphone lost", "turn 1: .*", "turn 2: nothing was asked")
    recorder.terminate()
    recorder.wait()
    write_sound(tmp_path / "told.wav", np.fromfile(tmp_path / "speaker.raw", np.int16), RATE_HZ)
    assert word_error_rate(phrases.MICROPHONE_LOST, understand(tmp_path / "told.wav")) <= 0.2
    sound_server.plug_in_microphone()
    running.wait_for("microphone found again")
    running.wait_for("nothing was asked", "idle")
    assert "moon" in answered(running, sound_server, speak(QUESTION))


def test_nothing_that_is_said_is_logged_unless_asked_for(
    room_config: Path, sound_server: SoundServer, speak: Speak
) -> None:
    room_config.write_text(room_config.read_text().replace("log_speech: true", "log_speech: false"))
    with started(room_config, sound_server) as running:
        threading.Thread(target=sound_server.play, args=(speak(QUESTION),)).start()
        running.wait_for(r"turn 1: .*done")
        assert [line for line in running.recent if "moon" in line] == []


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
