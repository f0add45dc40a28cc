"""The language model as the thinker sees it: a child process that may die at any moment and is started anew.

The thinker's thread calls `start` and `reply`; `cancel` may be called from any thread; a thread of its own reads the
pipe.
"""

import contextlib
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from assistant.errors import ModelError
from assistant.thinking.messages import (
    Cancel,
    Evaluated,
    Exchange,
    Finished,
    FromModel,
    Generate,
    Load,
    Loaded,
    Piece,
    Refused,
    ToModel,
)

log = logging.getLogger(__name__)

LOAD_TIMEOUT_S = 180.0  # an SD card reads E4B in about a minute
SILENCE_TIMEOUT_S = 60.0  # a token, or 128 tokens of a prompt, on the slowest board


class ModelDiedError(Exception):
    """The process ended or hung while something was expected of it."""


class _Child:
    """One process and its pipe; a new one is made after each death."""

    def __init__(self, died: Callable[[], None]) -> None:
        ours, theirs = socket.socketpair()
        self.pipe = Connection(ours.detach())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "assistant.thinking.model_child", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=os.environ | {"GGML_NO_BACKTRACE": "1"},
        )
        theirs.close()
        self.inbox: queue.SimpleQueue[FromModel | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._died = died
        self._unwanted = False
        threading.Thread(target=self._read, name="model pipe", daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self.inbox.put(self.pipe.recv())
        self.inbox.put(None)
        if not self._unwanted:
            self._died()

    def send(self, message: ToModel) -> None:
        with self._lock, contextlib.suppress(OSError):  # its end is noticed by the reader
            self.pipe.send(message)

    def receive(self, timeout_s: float) -> FromModel:
        try:
            message = self.inbox.get(timeout=timeout_s)
        except queue.Empty:
            self.kill()
            raise ModelDiedError(f"it said nothing for {timeout_s:.0f} s") from None
        if message is None:
            self.inbox.put(None)
            raise ModelDiedError(f"its process ended: {_how(self.process.wait())}")
        return message

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self._unwanted = True
        self.kill()
        self.pipe.close()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class ModelProcess:
    """The language model in a process of its own."""

    def __init__(self, load: Load, died: Callable[[], None] = lambda: None) -> None:
        """`died` is called from another thread when the process ends unasked."""
        self._load = load
        self._died = died
        self._child: _Child | None = None

    @property
    def pid(self) -> int | None:
        return self._child.process.pid if self._child else None

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.process.poll() is None

    def start(self) -> Loaded:
        """Starts the process, or a new one, and waits until questions may come.

        Raises:
            ModelError: the model was refused.
            ModelDiedError: the process ended, or was not ready in time.
        """
        self.close()
        child = self._child = _Child(self._died)
        child.send(self._load)
        while True:
            message = child.receive(LOAD_TIMEOUT_S)
            if isinstance(message, Refused):
                self.close()
                raise ModelError(message.reason)
            if isinstance(message, Loaded):
                return message

    def reply(self, number: int, history: tuple[Exchange, ...], question: str) -> Iterator[Piece | Finished]:
        """Pieces of the reply as they come, and last how it ended.

        Raises:
            ModelDiedError: the process ended or hung.
        """
        if self._child is None:
            raise ModelDiedError("it was not started")
        self._child.send(Generate(number, history, question))
        while True:
            message = self._child.receive(SILENCE_TIMEOUT_S)
            if isinstance(message, Evaluated) or getattr(message, "number", number) != number:
                continue
            assert isinstance(message, Piece | Finished)
            yield message
            if isinstance(message, Finished):
                return

    def cancel(self, number: int) -> None:
        """Ends the reply to this turn within some 20 ms; its last message is still to be read."""
        if child := self._child:
            child.send(Cancel(number))

    def close(self) -> None:
        """Ends the process; its death is not reported."""
        child, self._child = self._child, None
        if child:
            child.close()
