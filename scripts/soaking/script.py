"""Who talks with the daemon in a soak: says, types and presses, waits, and sees that all comes to rest.

On the thread `script`.
"""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from assistant.bench.script import write_script
from assistant.config import Settings
from assistant.control.client import ask_daemon
from assistant.control.protocol import ControlError
from assistant.errors import ConfigError
from assistant.events import ButtonPressed, Event, PartFound, Stopped
from assistant.states import Phase
from assistant.thinking.loading import LANGUAGE_MODEL
from soaking.accounts import Accounts
from soaking.fast_room import House
from soaking.material import REPLIES, Recordings

CALL = "Hey Jarvis"
QUESTIONS = ("tell me about the moon.", "what is the sun?", "what is the capital of France?")  # for the model
COMMANDS = ("what time is it?", "what is two plus two?", "how many timers do I have?")
ANNOUNCEMENTS = tuple(f"Dinner is ready in {n} minutes." for n in (2, 5, 10, 20))
WAIT_S = 10.0  # for what should follow
LOAD_S = 60.0  # for the model, and for new settings
REST_S = 60.0  # in which it is to be at rest again


class StuckError(Exception):
    """It is not at rest again."""


@dataclass
class Script:
    """The person in the room, and who else has to do with the daemon."""

    random: Random
    accounts: Accounts
    house: House
    recordings: Recordings
    replies: Path  # the model's script
    settings: Settings
    wanted: Settings | ConfigError = field(init=False)  # what the settings file says now
    played: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)  # scenes in which something else followed than should have

    def __post_init__(self) -> None:
        self.wanted = self.settings
        self.missing: list[str] = []

    def reread(self) -> Settings:
        """What the daemon does to read its settings."""
        if isinstance(self.wanted, ConfigError):
            raise self.wanted
        return self.wanted

    def begin(self) -> None:
        """Waits until it is ready. Raises StuckError."""
        ready = self.accounts.wait_until(lambda: self._has(PartFound, part=LANGUAGE_MODEL), LOAD_S)
        if not ready:
            raise StuckError("the language model was not ready in time")
        self.settle()

    def play(self, name: str, scene: "Scene") -> None:
        """A scene, until all is quiet again. Raises StuckError."""
        self.accounts.happened.clear()
        self.missing = []
        write_script(self.replies, self.random.choice(REPLIES), self.random.choice((None, None, 60.0)))
        scene(self)
        self.settle(name)
        self.played[name] += 1
        self.missed[name] += bool(self.missing)

    def settle(self, after: str = "the start") -> None:
        """Stops what rings, and waits until nothing goes on. Raises StuckError."""
        for _ in range(2):  # what was said last may begin a turn in the first of these silences
            self.house.room.pass_time(1.0)
            end_s = time.monotonic() + REST_S
            while not self.accounts.wait_until(lambda: self.accounts.rests, 0.3):
                if self.accounts.phase is Phase.RINGING:
                    self.post(Stopped(self.now_s))
                if time.monotonic() > end_s:
                    last = self.accounts.happened[-8:]
                    raise StuckError(f"{self.accounts.phase.value} {REST_S:g} s after {after}: {last}")

    @property
    def now_s(self) -> float:
        return self.house.room.now_s()

    def post(self, event: Event) -> None:
        self.house.room.post(event)

    def say(self, text: str) -> None:
        self.house.room.say(self.recordings.of(text))

    def wait(self, *kinds: type[Event], timeout_s: float = WAIT_S, **members: Any) -> bool:
        """Whether one of these came since the scene began."""
        came = self.accounts.wait_until(lambda: any(self._has(kind, **members) for kind in kinds), timeout_s)
        if not came:
            self.missing.append(" or ".join(kind.__name__ for kind in kinds))
        return came

    def _has(self, kind: type[Event], **members: Any) -> bool:
        return any(
            isinstance(event, kind) and all(getattr(event, name) == value for name, value in members.items())
            for event in self.accounts.happened
        )

    def ask_aside(self, text: str) -> None:
        """A typed question whose answer is read."""
        with contextlib.suppress(ControlError):  # it is at something else, or is interrupted
            ask_daemon("ask", text=text, patience_s=WAIT_S)

    def reload(self, wanted: Settings | ConfigError) -> None:
        """Other settings, which may be bad; then they stay as they were."""
        self.wanted = wanted
        if self.random.random() < 0.3:
            os.kill(os.getpid(), signal.SIGHUP)
        with contextlib.suppress(ControlError):
            ask_daemon("reload", patience_s=LOAD_S)

    def pick(self, *ways: Callable[[], object]) -> None:
        self.random.choice(ways)()

    def interrupt(self) -> None:
        """One of the ways to end a reply, or a ring."""
        self.pick(
            lambda: self.say("Stop."),
            lambda: self.say(f"{CALL}, {self.random.choice(COMMANDS)}"),
            lambda: self.post(Stopped(self.now_s)),
            lambda: self.post(ButtonPressed(self.now_s)),
            lambda: ask_daemon("stop"),
        )

    def linger(self, most_s: float) -> None:
        """Some of the room's time passes."""
        self.house.room.pass_time(self.random.uniform(0.0, most_s))


Scene = Callable[[Script], None]
