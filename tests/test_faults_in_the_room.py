"""`assistant run` as a service in a room in which something is wrong: what is told, listed, and mended by itself."""

import contextlib
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import running_daemon
from conftest import SoundServer, Speak, Understand, word_error_rate
from running_daemon import Running, Shell, started

from assistant import phrases
from assistant.audio.chunk import RATE_HZ
from assistant.audio.recording import write_sound
from assistant.store import Store

MOON = "Hey Jarvis, tell me about the moon."
READY = "ready: say"
TOLD = "turn 1: nothing was asked"  # what it says of itself is a turn too

Heard = Callable[[str], contextlib.AbstractContextManager[None]]


class House:
    """Where the service lives: its folders, its models, and a shell beside it."""

    def __init__(self, folder: Path, server: SoundServer, starter: dict[str, Path]) -> None:
        self.state, self.models, self.config = folder / "state", folder / "models", folder / "house.yaml"
        self.store = self.state / "assistant.db"
        self.server, self._starter = server, starter
        shell = Shell(self.config, server)
        self.run, self.type, self.status = shell.run, shell.type, shell.status
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        for each in (folder / "run", self.models):
            each.mkdir()
        server.environment |= {
            "NOTIFY_SOCKET": str(folder / "notify"),
            "RUNTIME_DIRECTORY": str(folder / "run"),
            "STATE_DIRECTORY": str(self.state),
        }
        self.config.write_text(
            f"models: {{folder: {self.models}}}\n"
            f"recognizer: {{model: {self.models}/ears}}\n"
            "llm: {temperature: 0, max_tokens: 30}\n"
            "audio: {input: pulse, output: pulse}\n"
            "clock: {always_right: true}\n"
            "privacy: {log_speech: true}\n"
            "log: {level: debug}\n"
        )

    def bring(self, *purposes: str) -> None:
        """Puts models into the folder, each whole at once."""
        for purpose in purposes:
            source = self._starter[purpose]
            if purpose == "recognizer":
                shutil.copytree(source, self.models / "half")
                (self.models / "half").rename(self.models / "ears")
                continue
            (self.models / purpose).mkdir(exist_ok=True)
            for file in sorted(source.parent.glob(f"{source.name}*"), reverse=True):
                (self.models / purpose / file.name).symlink_to(file)

    def start(self, *when: str) -> contextlib.AbstractContextManager[Running]:
        return started(self.config, self.server, *(when or (READY,)))

    def faults(self) -> set[str]:
        return {fault["part"] for fault in self.status()["faults"]}

    def say(self, recording: Path) -> None:
        """Somebody speaks in the room, meanwhile."""
        threading.Thread(target=self.server.play, args=(recording,)).start()

    def n_kept(self) -> int:
        """How many timers stand in the store's own file."""
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            n: int = db.execute("SELECT COUNT(*) FROM entries").fetchone()[0]
            return n


@pytest.fixture
def empty_house(tmp_path: Path, sound_server: SoundServer, starter: dict[str, Path]) -> Iterator[House]:
    """One without models."""
    house = House(tmp_path, sound_server, starter)
    with house.manager:
        yield house


@pytest.fixture
def house(empty_house: House) -> House:
    empty_house.bring("llm", "recognizer", "voice")
    return empty_house


@pytest.fixture
def small_disk(house: House) -> Iterator[Path]:
    """The state folder on a disk of its own, of 2 MB."""
    house.state.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", house.state], check=False).returncode:
        pytest.skip("this system lets this user mount no disk")
    yield house.state
    subprocess.run(["umount", "--lazy", house.state], check=True)


@pytest.fixture
def told_aloud(sound_server: SoundServer, understand: Understand, tmp_path: Path) -> Heard:
    """The room hears this text meanwhile."""

    @contextlib.contextmanager
    def hears(text: str) -> Iterator[None]:
        raw = tmp_path / "speaker.raw"
        recorder = sound_server.record(raw)
        try:
            yield
        finally:
            recorder.terminate()
            recorder.wait()
        write_sound(raw.with_suffix(".wav"), np.fromfile(raw, np.int16), RATE_HZ)
        heard = understand(raw.with_suffix(".wav"))
        assert word_error_rate(text, heard) <= 0.2, heard

    return hears


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the daemon begin with these lines of Python."""
    return lambda lines: monkeypatch.setattr(running_daemon, "WITH_BUTTON", lines + running_daemon.WITH_BUTTON)


def test_without_any_model_it_runs_and_is_whole_again_when_they_are_there(empty_house: House, speak: Speak) -> None:
    house = empty_house
    missing = "language model: models: no llm", "recognizer: models: ", "voice: models: no voice"
    with house.start(READY, *missing) as running:
        assert house.faults() == {"language model", "recognizer", "voice"}
        assert "Timer set" in house.type("ask", "set a timer for one hour")
        assert phrases.CANNOT_THINK in house.run("ask", "tell me about the moon").stderr
        house.bring("llm", "recognizer", "voice")
        running.wait_for("language model ready", timeout_s=40)
        house.say(speak(MOON))
        running.wait_for("heard: .*moon", r"turn \d+: endpoint .*done")
        found = house.status()
        assert (found["faults"], found["models"]["voice"]) == ([], "en_US-joe-medium.onnx")
        assert len(found["timers"]) == 1


@pytest.mark.parametrize(
    ("purpose", "told"),
    [("llm", phrases.CANNOT_THINK), ("recognizer", phrases.CANNOT_HEAR)],
    ids=["language model", "recognizer"],
)
def test_a_missing_model_is_told_aloud(purpose: str, told: str, empty_house: House, told_aloud: Heard) -> None:
    empty_house.bring(*{"llm", "recognizer", "voice"} - {purpose})
    with told_aloud(told), empty_house.start(READY, TOLD):
        pass


def test_a_truncated_model_is_named_and_the_whole_one_is_taken_when_it_is_there(house: House) -> None:
    model = house.models / "llm" / "smollm2-135m.gguf"
    whole = model.readlink()
    model.unlink()
    model.write_bytes(whole.read_bytes()[:1_000_000])
    with house.start(READY) as running:
        (fault,) = house.status()["faults"]
        assert fault["part"] == "language model"
        assert "is truncated: 1,000,000 of 98,362,432 bytes" in fault["reason"]
        (model.parent / "whole").symlink_to(whole)
        (model.parent / "whole").rename(model)
        running.wait_for("language model ready", timeout_s=40)
        assert house.faults() == set()


def test_on_a_read_only_card_timers_of_before_and_new_ones_ring_and_none_is_lost(
    house: House, small_disk: Path, told_aloud: Heard
) -> None:
    house.type("ask", "set a pasta timer for one hour")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with contextlib.ExitStack() as stack:
        with told_aloud(phrases.STORE_UNWRITABLE):
            running = stack.enter_context(house.start(READY, "store: .* has become read-only", TOLD))
        assert [timer["name"] for timer in house.status()["timers"]] == ["pasta"]
        assert "store" in house.faults()
        house.type("ask", "set an egg timer for one second")
        running.wait_for("ringing")
        house.type("stop")
        house.type("ask", "set a tea timer for one hour")
        assert house.n_kept() == 1
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
        running.wait_for("store: it can be written again", timeout_s=40)
        assert "store" not in house.faults()
        assert [timer["name"] for timer in house.status()["timers"]] == ["pasta", "tea"]
        assert house.n_kept() == 2


def test_on_a_disk_that_fills_up_meanwhile_timers_can_be_set_again(house: House, small_disk: Path) -> None:
    with house.start(READY, "language model ready") as running:
        with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        n_set = 0
        while "Timer set" in house.type("ask", f"set a timer for {n_set + 2} hours"):
            n_set += 1  # the log of the store has some room left
        running.wait_for("store: .*the disk is full", "DEBUG +error")
        assert "store" in house.faults()
        assert "Timer set" in house.type("ask", "set a timer for one hour")
        (small_disk / "filler").unlink()
        running.wait_for("store: it can be written again", timeout_s=40)
        assert len(house.status()["timers"]) == n_set + 1
    assert house.n_kept() == n_set + 1


def test_where_there_can_be_no_state_folder_it_lives_without_until_there_can(house: House) -> None:
    house.state.write_text("in its place")
    with house.start(READY, "store: ", TOLD) as running:
        assert "store" in house.faults()
        assert "Timer set" in house.type("ask", "set a timer for one hour")
        house.state.unlink()
        running.wait_for("store: it can be written again", timeout_s=40)
    assert house.n_kept() == 1


@pytest.mark.parametrize("with_copy", [True, False])
def test_a_damaged_store_is_set_aside_and_told_aloud(with_copy: bool, house: House, told_aloud: Heard) -> None:
    house.type("ask", "set a pasta timer for one hour")
    if with_copy:
        with contextlib.closing(Store(house.store)) as store:
            store.put("volume", 100)
            store.make_spare(rest_s=0.0)
    house.store.write_bytes(b"not a database" * 1000)
    house.store.with_name(f"{house.store.name}-wal").unlink(missing_ok=True)
    with told_aloud(phrases.STORE_RESTORED if with_copy else phrases.STORE_LOST), house.start(READY, TOLD):
        assert len(house.status()["timers"]) == with_copy
    assert list(house.state.glob("assistant.db.damaged-*"))


def test_a_hot_processor_and_a_weak_power_supply_are_told_and_listed_until_they_are_over(
    house: House, told_aloud: Heard, changed: Callable[[str], None], tmp_path: Path
) -> None:
    sensors = {"class/thermal/thermal_zone0/temp": "85000", "class/hwmon/hwmon0/in0_lcrit_alarm": "1"}
    for name, value in sensors.items():
        (tmp_path / "sys" / name).parent.mkdir(parents=True)
        (tmp_path / "sys" / name).write_text(value)
    changed(f"""
import pathlib
from assistant import health
from assistant.doing import device
device.SYS = pathlib.Path("{tmp_path}/sys")
health.LOOK_S = 0.5
""")
    with contextlib.ExitStack() as stack:
        with told_aloud(f"{phrases.TOO_HOT} {phrases.LOW_VOLTAGE}"):
            running = stack.enter_context(house.start(READY, TOLD, "turn 2: nothing was asked"))
        assert house.faults() == {"cooling", "power supply"}
        for name in sensors:
            (tmp_path / "sys" / name).write_text("0")
        running.wait_for("idle")
        assert house.faults() == set()


@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("talker", "assistant.speaking.talker.Talker._receive"),
        ("listener", "assistant.listening.listener.Listener._receive"),
        ("sound card", "assistant.audio.microphone.Microphone._convert"),
    ],
    ids=["talker", "listener", "microphone"],
)
def test_of_a_part_that_hangs_the_log_tells_and_systemd_gets_no_more_signs_of_life(
    part: str, method: str, house: House, changed: Callable[[str], None]
) -> None:
    house.server.environment["WATCHDOG_USEC"] = "2000000"
    hangs = house.config.with_name("hang")
    changed(f"""
import pathlib, pydoc, threading
from assistant import liveness
liveness.LONGEST_S = 6.0
owner, name = pydoc.locate("{method.rpartition(".")[0]}"), "{method.rpartition(".")[2]}"
receive = getattr(owner, name)
def hang(self, message):
    while pathlib.Path("{hangs}").exists():
        threading.Event().wait(60)
    receive(self, message)
setattr(owner, name, hang)
""")
    house.manager.settimeout(20.0)
    with house.start(READY, "language model ready") as running:
        while house.manager.recv(4096) != b"WATCHDOG=1":
            pass
        hangs.touch()
        house.type("say", "Dinner.")
        running.wait_for(f"{part} has not moved for")
        house.manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                house.manager.recv(4096)
        house.manager.settimeout(3.0)
        with pytest.raises(TimeoutError):
            while house.manager.recv(4096) != b"WATCHDOG=1":
                pass
        assert running.process.poll() is None


def test_a_microphone_that_is_missing_at_the_start_is_told_and_found_when_it_comes(
    house: House, told_aloud: Heard
) -> None:
    house.server.unplug_microphone()
    with contextlib.ExitStack() as stack:
        with told_aloud(phrases.MICROPHONE_LOST):
            running = stack.enter_context(house.start(READY, "microphone lost: .*cannot be opened", TOLD))
        assert house.faults() == {"microphone"}
        house.server.plug_in_microphone()
        running.wait_for("microphone found again", "idle")
        assert house.faults() == set()


def test_a_microphone_that_another_program_holds_is_tried_until_it_is_free(
    house: House, changed: Callable[[str], None]
) -> None:
    busy = house.config.with_name("busy")
    busy.touch()
    changed(f"""
import pathlib, sounddevice
Stream = sounddevice.RawInputStream
def opened(**how):
    if pathlib.Path("{busy}").exists():
        raise sounddevice.PortAudioError("Error opening RawInputStream: Device unavailable [PaErrorCode -9985]")
    return Stream(**how)
sounddevice.RawInputStream = opened
""")
    with house.start(READY, "microphone lost: .*cannot be opened: .*Device unavailable", TOLD) as running:
        assert house.faults() == {"microphone"}
        busy.unlink()
        running.wait_for("microphone found again", "idle")
        assert house.faults() == set()


def test_a_speaker_that_is_missing_at_the_start_is_listed_and_found_when_it_comes(
    house: House, told_aloud: Heard
) -> None:
    house.server.environment["PULSE_SINK"] = "later"
    with house.start(READY, "speaker lost: .*cannot be opened", "error") as running:
        assert house.faults() == {"speaker"}
        sink = "sink_name=later norewinds=1 rate=22050 channels=1".split()
        house.server.pactl("load-module", "module-null-sink", *sink)
        running.wait_for("speaker found again", "idle")
        assert house.faults() == set()


def test_a_second_one_does_not_start_and_leaves_the_first_alone(house: House) -> None:
    with house.start():
        second = house.run("run")
        assert second.returncode == 1
        assert re.search(r"assistant: an assistant runs already with .*; end it first", second.stderr)
        assert house.status()["state"]


def test_told_to_end_while_it_speaks_it_is_silent_and_gone_in_time(house: House) -> None:
    with house.start(READY, "language model ready") as running:
        house.type("say", "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen.")
        running.wait_for("speaking")
        model_pid = running.model_pid()
        assert running.stop() == 0
        assert not Path(f"/proc/{model_pid}").exists()


def test_where_its_socket_cannot_be_it_hears_and_answers_all_the_same(house: House, speak: Speak) -> None:
    house.server.environment["ASSISTANT_SOCKET"] = str(house.config / "control.sock")
    with house.start(READY, "no control socket: ", "language model ready") as running:
        house.say(speak(MOON))
        running.wait_for("heard: .*moon", r"turn \d+: endpoint .*done")
