"""Runs commands inside the machine: the QEMU guest agent, one JSON object a line over a serial port.

The protocol is that of QEMU's docs/interop/qemu-ga-ref.
"""

import base64
import contextlib
import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

LOOK_S = 0.3  # each look costs an emulated processor some milliseconds
ANSWER_S = 120.0  # the agent's own answer, when the machine is busy


class MachineError(Exception):
    """The machine did not start, ended, or did not do what it was told, or not in time."""


class Agent:
    """The other end of the serial port."""

    def __init__(self, path: Path, qemu: "subprocess.Popen[bytes]") -> None:
        self._path = path
        self._qemu = qemu
        self._socket = socket.socket(socket.AF_UNIX)
        self._buffer = b""

    def wait_until_up(self, timeout_s: float) -> None:
        """Until it answers. Raises MachineError: not in time."""
        until_s = time.monotonic() + timeout_s
        while not self._path.exists():
            if self._qemu.poll() is not None or time.monotonic() > until_s:
                raise MachineError("qemu does not start")
            time.sleep(LOOK_S)
        self._socket.connect(str(self._path))
        self._send("guest-sync", id=1)
        self._receive(timeout_s)

    def spawn(self, command: str) -> int:
        """Starts a command of bash; gives its process id."""
        capture = {"capture-output": True}
        started = self._call("guest-exec", path="/bin/bash", arg=["-c", f"exec 2>&1\n{command}"], **capture)
        return int(started["pid"])

    def wait_for(self, pid: int, timeout_s: float) -> tuple[int, str] | None:
        """Exit code and output of a command when it has ended; None when it has not in time."""
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            status = self._call("guest-exec-status", pid=pid)
            if status["exited"]:
                output = base64.b64decode(status.get("out-data", "")).decode(errors="replace")
                return int(status.get("exitcode", -int(status.get("signal", 0)))), output
            time.sleep(LOOK_S)
        return None

    def close(self) -> None:
        self._socket.close()

    def _call(self, name: str, **arguments: Any) -> Any:
        self._send(name, **arguments)
        return self._receive(ANSWER_S)

    def _send(self, name: str, **arguments: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # its end is noticed by the reader
            self._socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")

    def _receive(self, timeout_s: float) -> Any:
        self._socket.settimeout(timeout_s)
        while b"\n" not in self._buffer:
            try:
                more = self._socket.recv(65536)
            except TimeoutError:
                raise MachineError(f"the machine said nothing for {timeout_s:.0f} s") from None
            if not more:
                raise MachineError("the machine is off")
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\n", 1)
        answer = json.loads(line)
        if "error" in answer:
            raise MachineError(f"the machine's agent: {answer['error'].get('desc')}")
        return answer["return"]
