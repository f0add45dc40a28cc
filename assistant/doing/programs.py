"""Runs a program of the owner's: no shell, no input, a time limit, and its output bounded. In the calling thread."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

MAX_OUTPUT_BYTES = 4096  # of what a program prints; the rest is read and dropped
NICENESS = 5  # the ears, before which the service has itself put, come before what the owner has done
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_KEPT_VARIABLES = ("HOME", "XDG_RUNTIME_DIR")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    exit_code: int | None  # None: it took too long and was killed
    printed: bytes  # at most MAX_OUTPUT_BYTES


def run_program(arguments: Sequence[str], timeout_s: float) -> Ended:
    """Runs a program without a shell, input or our environment; past its time it is killed with all it started.

    What it leaves running when it ends in time goes on. OSError or ValueError when it cannot be started.
    """
    environment = _ENVIRONMENT | {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment,
        start_new_session=True,
    ) as process:
        with suppress(OSError):  # it may have ended
            os.setpriority(os.PRIO_PGRP, process.pid, NICENESS)
        try:
            printed = _read_until_end(process, time.monotonic() + timeout_s)
        except BaseException:
            _kill(process)
            raise
        if printed is None:
            _kill(process)
            return Ended(None, b"")
        return Ended(process.wait(), printed)


def _read_until_end(process: subprocess.Popen[bytes], deadline: float) -> bytes | None:
    """What it printed until it ended, whoever else still holds its output open; None at the deadline."""
    assert process.stdout
    pipe, printed = process.stdout.fileno(), b""
    os.set_blocking(pipe, False)
    ended = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while (left_s := deadline - time.monotonic()) > 0:
                ready = {key.fd for key, _ in selector.select(left_s)}
                if pipe in ready:
                    piece = os.read(pipe, MAX_OUTPUT_BYTES)
                    printed = (printed + piece)[:MAX_OUTPUT_BYTES]
                    if not piece:
                        selector.unregister(pipe)
                if ended in ready and (pipe not in ready or len(printed) == MAX_OUTPUT_BYTES):
                    return printed
    finally:
        os.close(ended)
    return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):  # the id is not used anew before it is waited for
        os.killpg(process.pid, signal.SIGKILL)
