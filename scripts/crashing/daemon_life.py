"""`assistant run` in a room made of software, asked for timers over its control socket until it is killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Never

from assistant.control.client import ask_daemon
from assistant.control.protocol import ControlError
from assistant.models import ModelFolder, expand
from assistant.models.downloads import fetch
from assistant.store import store_path
from crashing.killed import found_in
from crashing.promises import Promises, Step

VIRTUAL_SOUND = Path(__file__).parents[2] / "tests" / "virtual-sound"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant"
LONGEST_START_S, LONGEST_LIFE_S = 4.0, 5.0  # of those that are killed at the start, and of the others after it
START_TIMEOUT_S, RING_TIMEOUT_S, STOP_TIMEOUT_S, PATIENCE_S = 60.0, 20.0, 20.0, 30.0
AGAIN_S = 2.0  # after which a stop that had no effect is repeated: what rings was not heard yet
GROUNDLESS_S = 5.0
MOST_TIMERS = 20
KINDS = ("set", "set", "set", "add", "pause", "pause", "cancel")
SECONDS = (1, 1, 2, 3, 1200)
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeiou"]


class KilledError(Exception):
    """The daemon was killed, as it was meant to be."""


class RefusedError(Exception):
    """It is not idle, and does nothing that is typed."""


@contextlib.contextmanager
def surroundings(folder: Path) -> Iterator[None]:
    """A sound card in software, and a place of its own for what the daemon keeps; the environment leads there."""
    sound = folder / "sound"
    started = subprocess.run([VIRTUAL_SOUND, "start", sound], capture_output=True, text=True, check=True)
    os.environ.update(re.findall(r"(\w+)=(\S+)", started.stdout))
    os.environ |= {
        "PULSE_SOURCE": "mic",
        "STATE_DIRECTORY": str(folder / "state"),
        "ASSISTANT_SOCKET": str(folder / "socket"),
    }
    models = ModelFolder(CACHE / "models")
    for model in expand("starter", 0):
        fetch(model, models)
    (folder / "config.yaml").write_text(
        f"models: {{folder: {models.path}}}\n"
        "llm: {max_tokens: 16, threads: 1}\n"
        "audio: {input: pulse, output: pulse}\n"
        "clock: {always_right: true}\n"
    )
    try:
        yield
    finally:
        subprocess.run([VIRTUAL_SOUND, "stop", sound], check=True)


class Lives:
    """One daemon after the other, with the same store."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.promises = Promises()
        self.n_killed_starting = self.n_rung_again = 0
        self._folder = folder
        self._random = random
        self._n_named = 0

    def live_and_look(self) -> None:
        """One life, and what is left of it."""
        starting = self._random.random() < 0.25
        life = Life(self._folder, self._random, self.promises, self._name)
        try:
            with contextlib.suppress(KilledError):
                if starting:
                    life.kill_in(self._random.uniform(0.0, LONGEST_START_S))
                life.begin()
                if not starting:
                    life.kill_in(self._random.uniform(0.0, LONGEST_LIFE_S))
                self.n_rung_again += life.ring_on()
                life.go_on()
        finally:
            life.end()
        self.n_killed_starting += not life.ready_s
        timers, _, integrity = found_in(store_path())
        self.promises.check(list(timers.values()), integrity, life.killed_s, life.under_way, stopping=life.stopping)

    def _name(self) -> str:
        """One that was never given before, as a word."""
        self._n_named += 1
        rest, first = divmod(self._n_named, len(SYLLABLES))
        third, second = divmod(rest, len(SYLLABLES))
        return SYLLABLES[third] + SYLLABLES[second] + SYLLABLES[first]


def now_s() -> float:
    """Seconds of the boot clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Life:
    """One daemon, until it is killed."""

    def __init__(self, folder: Path, random: Random, promises: Promises, name: Callable[[], str]) -> None:
        self.ready_s = 0.0  # when it did what it was asked, by the boot clock as all times; 0 before
        self.killed_s = 0.0
        self.under_way: Step | None = None
        self.stopping = False
        self._random = random
        self._promises = promises
        self._name = name
        self._killer: threading.Timer | None = None
        self._groundless_s: float | None = None  # since when it rings though no timer does
        self._log = folder / "daemon.log"
        command = [sys.executable, "-m", "assistant", "--config", str(folder / "config.yaml"), "run"]
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)

    def kill_in(self, seconds: float) -> None:
        self._killer = threading.Timer(seconds, self._process.kill)
        self._killer.start()

    def end(self) -> None:
        """It is dead after this; before, somebody else has killed it, unless this program is ended."""
        if self._killer:
            self._killer.cancel()
        self._process.kill()
        self._process.wait()
        self.killed_s = now_s()

    def begin(self) -> None:
        """Waits until it does what it is asked. Raises KilledError, as do all that follow."""
        end_s = now_s() + START_TIMEOUT_S
        while not self.ready_s:
            with contextlib.suppress(RefusedError):
                if self._look() != "starting":
                    self.ready_s = now_s()
            if now_s() > end_s:
                raise SystemExit(f"the daemon does not start:\n{self._last_lines()}")
            time.sleep(0.05)

    def ring_on(self) -> bool:
        """Waits until it rings, if something was ringing when it was killed last; tells whether that was so."""
        if not any(promise.state == "ringing" for promise in self._promises.kept.values()):
            return False
        end_s = now_s() + RING_TIMEOUT_S
        while self._look() not in ("ringing", "speaking"):
            if now_s() > end_s:
                self._promises.faults.append(f"does not ring after its restart: {self._promises.kept}")
                return False
            time.sleep(0.05)
        return True

    def go_on(self) -> None:
        """Has timers made, changed and stopped, for ever."""
        while True:
            if self._look() not in ("ringing", "speaking"):
                with contextlib.suppress(RefusedError):
                    self._ask(self._next_step())
            elif self._random.random() < 0.5:
                self._stop()
            time.sleep(self._random.choice((0.0, 0.0, 0.1)))

    def _look(self) -> str:
        """Compares what it tells with what it promised; gives its state."""
        sent_s = now_s()
        status = self._request("status")
        told_s = now_s()
        self._promises.see(status["timers"], sent_s, told_s, stopping=self.stopping)
        if self.ready_s and (overdue := self._promises.overdue(self.ready_s, told_s)):
            self._promises.faults.append(f"due and not ringing: {overdue}")
        if status["state"] != "ringing" or any(one["state"] == "ringing" for one in status["timers"]):
            self._groundless_s = None
        elif self._groundless_s is None:
            self._groundless_s = told_s
        elif told_s - self._groundless_s > GROUNDLESS_S:
            self._promises.faults.append(f"rings for nothing since {told_s - self._groundless_s:.1f} s")
        return str(status["state"])

    def _ask(self, step: Step) -> None:
        self.under_way = step
        try:
            answer = self._request("ask", text=step.words)
        except RefusedError:
            self.under_way = None
            raise
        self.under_way = None
        self._promises.acknowledge(step, now_s(), answer)

    def _stop(self) -> None:
        """Stops what rings; that is acknowledged once nothing is told to ring any more."""
        end_s, again_s = now_s() + STOP_TIMEOUT_S, 0.0
        self.stopping = True
        while again_s == 0.0 or any(promise.state == "ringing" for promise in self._promises.kept.values()):
            if now_s() > end_s:
                self._promises.faults.append(f"rings after its stop: {self._promises.kept}")
                break
            if now_s() > again_s:
                self._request("stop")
                again_s = now_s() + AGAIN_S
            self._look()
        self.stopping = False

    def _next_step(self) -> Step:
        kept = self._promises.kept
        kind = "cancel all" if len(kept) >= MOST_TIMERS else self._random.choice(KINDS) if kept else "set"
        name = self._name() if kind == "set" else self._random.choice(sorted(kept))
        if kind == "pause" and kept[name].state == "paused":
            kind = "resume"
        return Step(kind, name, self._random.choice(SECONDS), now_s())

    def _request(self, do: str, **members: Any) -> dict[str, Any]:
        try:
            return ask_daemon(do, patience_s=PATIENCE_S, **members)
        except (ControlError, OSError) as error:
            if "try again when it is idle" in str(error):
                raise RefusedError from error
            return self._failed(error)

    def _failed(self, error: Exception) -> Never:
        """Why it gave no answer."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0 if self.ready_s else 0.0)
        if self._process.returncode == -signal.SIGKILL:
            raise KilledError
        if self._process.returncode is None and not self.ready_s:
            raise RefusedError
        raise SystemExit(f"{error} (exit code {self._process.returncode}):\n{self._last_lines()}")

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8").splitlines()[-20:])
