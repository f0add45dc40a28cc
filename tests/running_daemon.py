"""`assistant run` under way in a room, and what it writes meanwhile."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conftest import SoundServer

# The daemon with a signal for a button.
WITH_BUTTON = """
import signal, time
from assistant import cli, daemon, events, service

class Pressed(daemon.Daemon):
    def run(self):
        signal.signal(signal.SIGUSR1, lambda *_: self.post(events.ButtonPressed(time.monotonic())))
        super().run()

service.Daemon = Pressed
cli.main()
"""


class Shell:
    """Beside the daemon: types commands with the same settings."""

    def __init__(self, config: Path, server: SoundServer) -> None:
        self.config = config
        self.server = server

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "assistant", "--config", str(self.config), *words]
        environment = self.server.environment
        return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)

    def type(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.type("status", "--json"))
        return found


class Running:
    """The daemon under way, and the lines of its log."""

    def __init__(self, config: Path, server: SoundServer) -> None:
        command = [sys.executable, "-c", WITH_BUTTON, "--config", str(config), "run"]
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

    def press(self) -> None:
        self.process.send_signal(signal.SIGUSR1)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@contextlib.contextmanager
def started(config: Path, server: SoundServer, *when: str) -> Iterator[Running]:
    daemon = Running(config, server)
    try:
        daemon.wait_for(*(when or ("ready: say", "language model ready")))
        yield daemon
    finally:
        daemon.process.kill()
        daemon.process.wait()
