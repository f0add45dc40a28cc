"""`assistant monitor`: what a running assistant hears, thinks and says, live. Main thread, and one that listens."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Footer, Static

from assistant.control.client import answers, ask_daemon
from assistant.control.protocol import ControlError

N_LOG_LINES = 6
QUIETEST_DB = -60.0
BAR = 30  # characters
STAMPS = {"Heard": "endpoint", "FirstToken": "first token", "FirstAudio": "first audio", "Spoken": "spoken"}


@dataclass
class Scene:
    """What is known of the assistant, from the lines that it sends."""

    state: str = "…"
    level_db: float = QUIETEST_DB
    wake_score: float = 0.0
    heard: str = ""
    is_final: bool = False
    reply: str = ""
    speech_end_s: float | None = None
    stamps: dict[str, float] = field(default_factory=dict)  # seconds after the end of speech
    tokens_per_s: float | None = None
    temperature_c: float | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=N_LOG_LINES))

    def note(self, told: dict[str, Any]) -> None:
        """Takes in one line."""
        self.state = told.get("state", self.state)
        self.level_db = told.get("level_db", self.level_db)
        self.wake_score = told.get("wake_score", self.wake_score)
        self.temperature_c = told.get("temperature_c", self.temperature_c)
        if "log" in told:
            self.log.append(told["log"])
        self._note_event(told.get("event", ""), told.get("with", {}))

    def _note_event(self, event: str, members: dict[str, Any]) -> None:
        match event:
            case "Woken" | "ButtonPressed" | "Typed":
                self.heard, self.is_final, self.reply = members.get("text", ""), event == "Typed", ""
                self.speech_end_s, self.stamps = members["at_s"] if event == "Typed" else None, {}
            case "Partial":
                self.heard = members["text"]
            case "Heard":
                self.heard, self.is_final, self.reply = members["text"], True, ""
                self.speech_end_s, self.stamps = members["speech_end_s"], {}
            case "Sentence":
                self.reply = f"{self.reply} {members['text']}".strip()
            case "Replied" if members.get("tokens"):
                self.tokens_per_s = members["tokens"]["per_second"]
            case _:
                pass
        name, at_s = STAMPS.get(event), members.get("endpoint_s", members.get("at_s"))
        if name and at_s is not None and self.speech_end_s is not None:
            self.stamps.setdefault(name, at_s - self.speech_end_s)

    def lines(self) -> Iterator[str]:
        """The screen, in lines of plain text."""
        loud = max(0.0, min(1.0, 1 - self.level_db / QUIETEST_DB))
        warm = "" if self.temperature_c is None else f"   {self.temperature_c:.0f} °C"
        pace = "" if self.tokens_per_s is None else f"   {self.tokens_per_s:.1f} tokens/s"
        yield f"{self.state.upper()}{pace}{warm}"
        yield f"sound  {_bar(loud)} {self.level_db:5.0f} dB"
        yield f"wake   {_bar(self.wake_score)} {self.wake_score:5.2f}"
        yield ""
        yield f"heard  {self.heard}{'' if self.is_final or not self.heard else ' …'}"
        yield f"reply  {self.reply}"
        yield ""
        yield "after the end of speech: " + (", ".join(f"{name} {s:.2f} s" for name, s in self.stamps.items()) or "–")
        yield ""
        yield from self.log


def _bar(share: float) -> str:
    n = round(share * BAR)
    return "█" * n + "·" * (BAR - n)


class Told(Message):
    """A line of the assistant's, or why no more will come."""

    def __init__(self, line: dict[str, Any], over: str = "") -> None:
        super().__init__()
        self.line = line
        self.over = over


class Monitor(App[str]):
    """The screen; it ends with why, where that was not the wish of whoever watches."""

    CSS = "Screen { padding: 0 1; } #scene { height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [
        Binding("t", "tell('listen')", "talk"),
        Binding("s", "tell('stop')", "stop"),
        Binding("m", "mute", "mute"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(
        self,
        watch: Callable[[], Iterator[dict[str, Any]]] = lambda: answers("watch"),
        tell: Callable[[str], object] = ask_daemon,
    ) -> None:
        """`watch` gives the lines of a running assistant, `tell` asks it for something."""
        super().__init__()
        self.scene = Scene()
        self._watch = watch
        self._tell = tell

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("", id="scene", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self._show()
        threading.Thread(target=self._follow, name="watcher", daemon=True).start()

    def action_tell(self, request: str) -> None:
        """A key that asks for something."""
        try:
            self._tell(request)
        except ControlError as error:
            self.exit(str(error))

    def action_mute(self) -> None:
        """Closes the microphone, or opens it."""
        self.action_tell("unmute" if self.scene.state == "muted" else "mute")

    def _follow(self) -> None:
        try:
            for told in self._watch():
                self.post_message(Told(told))
        except ControlError as error:
            self.post_message(Told({}, over=str(error)))

    def on_told(self, message: Told) -> None:
        """A line came, or the end."""
        if message.over:
            self.exit(message.over)
        self.scene.note(message.line)
        self._show()

    def _show(self) -> None:
        self.query_one("#scene", Static).update("\n".join(self.scene.lines()))


def monitor() -> None:
    """Shows it until the key q. Raises ControlError: none runs, or it ended."""
    next(answers("watch"))  # whether one runs, before the screen is taken
    if why := Monitor().run():
        raise ControlError(why)
