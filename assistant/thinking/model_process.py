"""The language model as the thinker sees it: a child process that may die at any moment and is started anew.

The thinker's thread calls `start`, `reply` and `answer_call`; `cancel` and `close` may be called from any thread; a
thread of its own reads the pipe.
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection

from assistant.errors import ModelError
from assistant.thinking.messages import (
    Called,
    Cancel,
    Evaluated,
    Exchange,
    Finished,
    FromModel,
    Generate,
    Load,
    Loaded,
    Piece,
    Prepare,
    Refused,
    SetPrompt,
    ToModel,
    ToolResult,
)

log = logging.getLogger(__name__)

LOAD_TIMEOUT_S = 180.0  # an SD card reads E4B in about a minute
SILENCE_TIMEOUT_S = 60.0  # a token, or 128 tokens of a prompt, on the slowest board
# Threads that wait for one another spin for some microseconds, then sleep. Where they spin on, ears and voice come to
# a standstill, and so do they; where they sleep at once, a token takes half as long again. On two cores of an AMD EPYC,
# tokens a second, alone and with one core busy otherwise: 15 and 14 at once, 22 and 12 so, 24 and 10 at twice that, 25
# and 3 at twenty times that.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "500", "GGML_NO_BACKTRACE": "1"}
PROGRAM = ("-m", "assistant.thinking.model_child")
END_TIMEOUT_S = 5.0  # from the end of the pipe to that of the process


class ModelDiedError(Exception):
    """The process ended or hung while something was expected of it."""


class _Child:
    """One process and its pipe; a new one is made after each death."""

    def __init__(self, load: Load, died: Callable[[], None], program: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        self.pipe = Connection(ours.detach())
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, *program, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is for us alone
                env=os.environ | ENVIRONMENT,
            )
        self.inbox: queue.SimpleQueue[FromModel | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._died = died
        self._unwanted = False
        threading.Thread(target=self._read, name="model pipe", daemon=True).start()
        self.send(load)

    def _read(self) -> None:
        try:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    self.inbox.put(self.pipe.recv())
        finally:
            with self._lock:
                self.pipe.close()  # by its reader: its number could be another pipe's before the reader looked again
            self._await_end()
            self.inbox.put(None)
            if not self._unwanted:
                self._died()

    def _await_end(self) -> None:
        try:
            self.process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def send(self, message: ToModel) -> None:
        with self._lock, contextlib.suppress(OSError):  # its end is noticed by the reader
            self.pipe.send(message)

    def receive(self, timeout_s: float) -> FromModel:
        try:
            message = self.inbox.get(timeout=timeout_s)
        except queue.Empty:
            self.kill()
            raise ModelDiedError(f"it said nothing for {timeout_s:g} s") from None
        if message is None:
            self.inbox.put(None)
            raise ModelDiedError(f"its process ended: {_how(self.process.returncode)}")
        return message

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self._unwanted = True
        self.kill()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class ModelProcess:
    """The language model in a process of its own."""

    def __init__(
        self,
        load: Load,
        died: Callable[[], None] = lambda: None,
        *,
        silence_timeout_s: float = SILENCE_TIMEOUT_S,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """`died` is called from another thread when the process ended unasked; `program` is what Python runs in it."""
        self._load = load
        self._program = program
        self.died = died
        self._silence_timeout_s = silence_timeout_s
        self._lock = threading.Lock()  # around the change from one process to the next
        self._child: _Child | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        return child.process.pid if (child := self._child) else None

    @property
    def alive(self) -> bool:
        return (child := self._child) is not None and child.process.poll() is None

    def start(self) -> Loaded:
        """Starts the process, or a new one, and waits until questions may come.

        Raises:
            ModelError: the model was refused.
            ModelDiedError: the process did not start, ended, or was not ready in time.
        """
        with self._lock:
            self._end()
            if self._closed:
                raise ModelDiedError("it was closed")
            try:
                child = self._child = _Child(self._load, self.died, self._program)
            except OSError as error:
                raise ModelDiedError(f"its process does not start: {error}") from error
        while True:
            message = child.receive(LOAD_TIMEOUT_S)
            if isinstance(message, Refused):
                child.close()
                raise ModelError(message.reason)
            if isinstance(message, Loaded):
                return message

    def reply(self, number: int, history: tuple[Exchange, ...], question: str) -> Iterator[Piece | Called | Finished]:
        """Pieces of the reply and calls of tools as they come, and last how it ended.

        After a call nothing comes before `answer_call` or `cancel`.

        Raises:
            ModelDiedError: the process ended or hung.
        """
        if not (child := self._child):
            raise ModelDiedError("it is not running")
        child.send(Generate(number, history, question))
        while True:
            message = child.receive(self._silence_timeout_s)
            if isinstance(message, Evaluated) or getattr(message, "number", number) != number:
                continue
            assert isinstance(message, Piece | Called | Finished)
            yield message
            if isinstance(message, Finished):
                return

    def answer_call(self, number: int, text: str) -> None:
        """Tells the model what the call that it made in this turn gave, as `tool_calls.response` words it."""
        if child := self._child:
            child.send(ToolResult(number, text))

    def set_prompt(self, system_prompt: str) -> None:
        """Begins every later prompt with this, also after a restart; to be called between replies."""
        self._load = replace(self._load, system_prompt=system_prompt)
        if child := self._child:
            child.send(SetPrompt(system_prompt))

    def prepare(self, history: tuple[Exchange, ...], text: str = "") -> None:
        """Has it evaluate, unless something else comes, what the next prompt begins with; to be called as `reply` is.

        That is all up to the question, and of the question `text`, as far as it is known.
        """
        if child := self._child:
            child.send(Prepare(history, text))

    def cancel(self, number: int) -> None:
        """Ends the reply to this turn within some 20 ms; its last message is still to be read."""
        if child := self._child:
            child.send(Cancel(number))

    def close(self) -> None:
        """Ends the process for good, from any thread; its death is not reported."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child:
            child.close()
