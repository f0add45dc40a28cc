"""The screen of `assistant monitor`: made-up lines here, a real terminal beside a real daemon below."""

import asyncio
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SoundServer, Speak
from running_daemon import Running, started

from assistant.control.protocol import ControlError
from assistant.monitor import Monitor, Scene

TURN: tuple[dict[str, Any], ...] = (
    {"state": "idle"},
    {"event": "Woken", "state": "listening", "with": {"phrase": "hey_jarvis", "score": 0.9, "at_s": 99.0}},
    {"event": "Partial", "state": "listening", "with": {"text": "how far", "turn": 1}},
    {
        "event": "Heard",
        "state": "thinking",
        "with": {"text": "how far is it", "speech_end_s": 100.0, "endpoint_s": 100.7},
    },
    {"event": "FirstToken", "state": "thinking", "with": {"at_s": 100.9}},
    {"event": "Sentence", "state": "thinking", "with": {"text": "It is"}},
    {"event": "FirstAudio", "state": "speaking", "with": {"at_s": 101.2}},
    {"event": "Sentence", "state": "speaking", "with": {"text": "very far."}},
    {"event": "Replied", "state": "speaking", "with": {"tokens": {"per_second": 6.25}}},
    {"level_db": -30.0, "wake_score": 0.5},
    {"log": "12:00:00 INFO turn 1: done", "temperature_c": 61.2},
)


def screen_after(*told: dict[str, Any]) -> str:
    scene = Scene()
    for one in told:
        scene.note(one)
    return "\n".join(scene.lines())


def test_a_turn_is_seen_with_its_times() -> None:
    screen = screen_after(*TURN)
    assert screen.startswith("SPEAKING   6.2 tokens/s   61 °C\n")
    assert "heard  how far is it\n" in screen
    assert "reply  It is very far.\n" in screen
    assert "endpoint 0.70 s, first token 0.90 s, first audio 1.20 s" in screen
    assert re.search(r"sound  █{15}·{15}\s+-30 dB", screen)
    assert re.search(r"wake   █{15}·{15}\s+0.50", screen)
    assert screen.endswith("12:00:00 INFO turn 1: done")


def test_words_that_may_still_change_are_marked_and_the_next_turn_begins_anew() -> None:
    assert "heard  how far …\n" in screen_after(*TURN[:3])
    assert "heard  \nreply  \n" in screen_after(*TURN, TURN[1])


def test_only_the_last_lines_of_the_log_are_kept() -> None:
    screen = screen_after(*({"log": f"line {number}"} for number in range(20)))
    assert "line 13" not in screen
    assert "line 14" in screen


class Assistant:
    """What the screen is connected to."""

    def __init__(self) -> None:
        self.lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.asked: list[str] = []

    def watch(self) -> Iterator[dict[str, Any]]:
        yield from iter(self.lines.get, None)
        raise ControlError("the assistant ended")

    def tell(self, request: str) -> None:
        self.asked.append(request)


def with_screen(use: Callable[[Monitor, Any, Assistant], Any]) -> Monitor:
    assistant = Assistant()

    async def run() -> Monitor:
        app = Monitor(assistant.watch, assistant.tell)
        async with app.run_test(size=(80, 24)) as pilot:
            await use(app, pilot, assistant)
        return app

    return asyncio.run(run())


async def until(pilot: Any, condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("that did not happen")


def test_the_keys_ask_for_what_they_say() -> None:
    async def use(app: Monitor, pilot: Any, assistant: Assistant) -> None:
        await pilot.press("t", "s", "m")
        assistant.lines.put({"state": "muted"})
        await until(pilot, lambda: app.scene.state == "muted")
        await pilot.press("m")
        assert assistant.asked == ["listen", "stop", "mute", "unmute"]
        await pilot.press("q")

    assert with_screen(use).return_value is None


def test_when_the_assistant_ends_the_screen_ends_and_says_why() -> None:
    async def use(app: Monitor, pilot: Any, assistant: Assistant) -> None:
        assistant.lines.put(None)
        await until(pilot, lambda: app.return_value is not None)

    assert with_screen(use).return_value == "the assistant ended"


class Terminal:
    """A terminal of 80 by 24, in which commands are typed and the screen is read."""

    def __init__(self, socket: Path, environment: dict[str, str]) -> None:
        self._tmux = ["tmux", "-S", str(socket)]
        size = ["-x", "80", "-y", "24"]
        command = [*self._tmux, "-f", "/dev/null", "new-session", "-d", *size, "sh"]
        subprocess.run(command, env=environment | {"TERM": "screen-256color"}, check=True)

    def type(self, *keys: str) -> None:
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def screen(self) -> str:
        command = [*self._tmux, "capture-pane", "-p"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def wait_for(self, pattern: str, timeout_s: float = 40.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not re.search(pattern, self.screen(), re.DOTALL):
            assert time.monotonic() < deadline_s, f"no {pattern} in:\n{self.screen()}"
            time.sleep(0.1)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False)


@pytest.fixture
def running(
    room_config: Path, sound_server: SoundServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    sound_server.environment["XDG_STATE_HOME"] = str(tmp_path)
    with started(room_config, sound_server) as daemon:
        yield daemon


@pytest.fixture
def terminal(sound_server: SoundServer, tmp_path: Path, running: Running) -> Iterator[Terminal]:
    one = Terminal(tmp_path / "tmux", sound_server.environment)
    yield one
    one.close()


def test_in_a_terminal_a_question_is_followed_and_the_screen_is_left_as_it_was(
    terminal: Terminal, running: Running, sound_server: SoundServer, speak: Speak
) -> None:
    terminal.type(f"{sys.executable} -m assistant monitor", "Enter")
    terminal.wait_for(r"IDLE.*sound .*dB.*talk.*stop.*mute.*quit")
    threading.Thread(target=sound_server.play, args=(speak("Hey Jarvis, what time is it?"),)).start()
    terminal.wait_for(r"heard  what time is it\n.*reply  It's .*first audio \d\.\d\d s")
    terminal.type("m")
    terminal.wait_for("MUTED")
    terminal.type("m")
    terminal.wait_for("IDLE")
    terminal.type("q")
    terminal.wait_for(r"^(?!.*talk)")
    terminal.type("echo back in the $((1 + 1))nd shell", "Enter")
    terminal.wait_for("back in the 2nd shell")
    assert "sound" not in terminal.screen()
    assert "what time is it" not in terminal.screen()
