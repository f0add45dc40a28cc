"""`assistant run` as its owner meets it from a shell beside it: status, mute, say, ask, reload."""

import json
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import SoundServer, Speak
from running_daemon import Running, Shell, started


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test keeps, the next does not find."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def running(room_config: Path, sound_server: SoundServer) -> Iterator[Running]:
    with started(room_config, sound_server) as daemon:
        yield daemon


def n_listening(server: SoundServer) -> int:
    """How many programs have a stream open from the microphone."""
    return server.pactl("list", "short", "source-outputs").count("protocol-native")


@pytest.fixture
def shell(room_config: Path, sound_server: SoundServer) -> Shell:
    return Shell(room_config, sound_server)


def test_it_tells_how_it_is(running: Running, shell: Shell) -> None:
    shell.type("ask", "set a pasta timer for ten minutes")
    found = shell.status()
    assert found["state"] == "idle"
    assert found["faults"] == []
    assert all(found["devices"].values())
    assert found["models"]["recognizer"] == "vosk-en-synthetic"
    assert (found["timers"][0]["name"], found["timers"][0]["kind"]) == ("pasta", "timer")
    assert found["last_turn"]["actions"] == ["set_timer"]
    assert found["network"]["open_sockets"] == 0
    screen = shell.type("status")
    for told in ("idle for", "hey jarvis", "vosk-en-synthetic", 'set "pasta", due in 0:', "faults:         none"):
        assert told in screen
    assert max(map(len, screen.splitlines())) <= 120


def test_a_typed_question_is_answered_on_paper(running: Running, shell: Shell) -> None:
    assert re.fullmatch(r"It's .*M\.\n", shell.type("ask", "what time is it"))
    answer = json.loads(shell.type("ask", "what is two plus two", "--json"))
    assert (answer["path"], answer["sentences"]) == ("command", ["4."])
    assert answer["timings"]["first_audio_s"] is None
    assert shell.type("ask", "Tell me about the moon.").strip()
    assert not [line for line in running.lines if "speaking" in line]


def test_it_says_what_it_is_told_to_and_stops_when_told(running: Running, shell: Shell) -> None:
    shell.type("say", "Dinner is ready. Please come to the table, all of you, before it is cold.")
    running.wait_for("speaking")
    refused = shell.run("ask", "what time is it")
    assert refused.returncode == 1
    assert "it is speaking now; try again when it is idle" in refused.stderr
    shell.type("stop")
    running.wait_for("idle")


def test_muted_it_has_no_stream_open_hears_nothing_and_stays_so_over_a_restart(
    running: Running, room_config: Path, sound_server: SoundServer, shell: Shell, speak: Speak
) -> None:
    assert n_listening(sound_server) == 1
    shell.type("mute")
    running.wait_for("muted")
    found = shell.status()
    assert (found["state"], found["muted"], found["devices"]["microphone"], found["faults"]) == ("muted", True, "", [])
    assert n_listening(sound_server) == 0
    running.stop()
    with started(room_config, sound_server) as again:
        assert shell.status()["state"] == "muted"
        sound_server.play(speak("Hey Jarvis, what time is it?"))
        assert n_listening(sound_server) == 0
        shell.type("unmute")
        again.wait_for("idle")
        threading.Thread(target=sound_server.play, args=(speak("Hey Jarvis, what time is it?", before_s=1.0),)).start()
        again.wait_for("heard: what time is it", r"turn \d+: endpoint .*done")


def test_good_settings_take_effect_part_by_part_and_bad_ones_change_nothing(
    running: Running, room_config: Path, sound_server: SoundServer, shell: Shell, speak: Speak
) -> None:
    good = room_config.read_text()
    room_config.write_text(good + "wake: {sensitivity: 0.6, phrase: alexa}\n")
    assert shell.type("reload") == "reloaded; built anew: listener\n"
    assert shell.status()["wake_phrases"] == ["alexa"]
    room_config.write_text(good + "wake: {sensitivity: 7}\nvoice: {rate: fast}\n")
    refused = shell.run("reload")
    assert refused.returncode == 1
    assert "the old settings stay" in refused.stderr
    assert "wake.sensitivity is 7" in refused.stderr
    assert "voice.rate" in refused.stderr
    found = shell.status()
    assert "wake.sensitivity is 7" in found["settings_fault"]
    assert found["wake_phrases"] == ["alexa"]
    assert "the new ones were refused" in shell.type("status")
    room_config.write_text(good.replace("temperature: 0,", "temperature: 0, top_k: 1,"))
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("new settings: thinker, listener", "language model ready")
    assert shell.status()["settings_fault"] is None
    threading.Thread(target=sound_server.play, args=(speak("Hey Jarvis, tell me about the moon."),)).start()
    running.wait_for(r"turn \d+: endpoint .*done")


def test_a_model_that_is_not_there_is_refused_before_anything_is_ended(
    running: Running, room_config: Path, shell: Shell
) -> None:
    model_pid = running.model_pid()
    room_config.write_text(room_config.read_text().replace("llm: {", "llm: {model: gemma-4-e2b, "))
    refused = shell.run("reload")
    assert refused.returncode == 1
    assert "gemma-4-e2b" in refused.stderr
    assert running.model_pid() == model_pid


def test_the_sound_card_may_be_another_one(
    running: Running, room_config: Path, sound_server: SoundServer, shell: Shell, speak: Speak
) -> None:
    room_config.write_text(room_config.read_text().replace("output: pulse", "output: pulse, echo: none"))
    assert shell.type("reload") == "reloaded; built anew: sound, talker\n"
    threading.Thread(target=sound_server.play, args=(speak("Hey Jarvis, what time is it?", before_s=1.0),)).start()
    running.wait_for("heard: what time is it", r"turn \d+: endpoint .*done")


def test_where_no_assistant_runs_each_command_says_so(shell: Shell) -> None:
    for words in (("status",), ("stop",), ("mute",), ("unmute",), ("reload",)):
        done = shell.run(*words)
        assert done.returncode == 4
        assert done.stderr == ("assistant: no assistant runs; start it: systemctl start assistant, or assistant run\n")


def test_the_volume_is_set_and_kept(running: Running, shell: Shell) -> None:
    assert shell.type("volume") == "100 %\n"
    assert shell.type("volume", "35") == "35 %\n"
    assert shell.run("volume", "200").returncode == 2
    assert shell.type("ask", "how loud are you").strip() == "My volume is 35 percent."


def test_what_is_remembered_is_seen_and_forgotten_while_it_runs(running: Running, shell: Shell) -> None:
    shell.type("ask", "remember that bin day is tuesday")
    assert "bin day is tuesday" in shell.type("memory", "list")
    assert shell.type("memory", "forget", "--all") == "forgot 1\n"
    assert shell.type("memory", "list") == "nothing is remembered\n"
    assert shell.run("memory", "forget", "7").returncode == 1


def test_the_doctor_finds_a_running_assistant_well_and_leaves_it_alone(running: Running, shell: Shell) -> None:
    found = json.loads(shell.type("doctor", "--json"))
    assert found["well"] is True
    assert found["parts"]["microphone"]["verdict"] == found["parts"]["language model"]["verdict"] == "well"
    shell.type("mute")
    assert json.loads(shell.type("doctor", "--json"))["parts"]["microphone"]["verdict"] == "untried"
    assert not [line for line in running.lines if "listening" in line]
