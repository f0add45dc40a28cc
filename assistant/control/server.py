"""Serves the control socket. Runs on the thread `control`; no client can hold up another, or the daemon.

Nothing here blocks: a client that sends too much or nothing, or does not read what it asked for, is let go.
"""

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assistant.control.protocol import MAX_REQUEST_BYTES, PROTOCOL, ControlError, line_of, request_of
from assistant.errors import AssistantError
from assistant.worker import BEAT_S

log = logging.getLogger(__name__)

MAX_CLIENTS = 32
MAX_WAITING_BYTES = 1 << 20  # of an answer that is not read
PATIENCE_S = 5.0  # with a client that has not sent its request, or takes nothing of the answer
MODE = 0o660

Answer = Callable[[dict[str, Any], "Reply"], None]


class Reply:
    """What a client gets, line by line, from any thread."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._ended = False
        self.gone = False  # nobody reads it any more

    def send(self, value: Mapping[str, Any]) -> None:
        """One line of the answer."""
        self._put(value, ends=False)

    def end(self, value: Mapping[str, Any] | None = None) -> None:
        """The last line."""
        self._put({**(value or {}), "done": True, "protocol": PROTOCOL}, ends=True)

    def fail(self, error: str) -> None:
        """The last line, where it was not done: why, for a person."""
        self._put({"error": error, "protocol": PROTOCOL}, ends=True)

    def _put(self, value: Mapping[str, Any], *, ends: bool) -> None:
        with self._lock:
            if self._ended or self.gone:
                return
            self._waiting += line_of(value)
            self._ended = ends
            self.gone = len(self._waiting) > MAX_WAITING_BYTES
        self._wake()

    def hand_over(self, connection: socket.socket) -> int:
        """Sends as much as the client takes now; gives how many bytes that was. Raises OSError: it has left."""
        with self._lock, contextlib.suppress(BlockingIOError):
            n_sent = connection.send(self._waiting) if self._waiting else 0
            del self._waiting[:n_sent]
            return n_sent
        return 0

    @property
    def waits(self) -> bool:
        return bool(self._waiting)

    @property
    def over(self) -> bool:
        """All of it was handed over, or nobody wants it."""
        return self.gone or (self._ended and not self._waiting)


class _Client:
    """A connection, on which one request is made."""

    def __init__(self, connection: socket.socket, wake: Callable[[], None]) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.reply = Reply(wake)
        self._received = b""
        self._asked = False
        self._moved_s = time.monotonic()

    def hear(self, answer: Answer) -> None:
        """Takes in what it sent; a whole request goes to `answer`."""
        try:
            received = self.connection.recv(MAX_REQUEST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        self.reply.gone = self.reply.gone or not received
        if not received or self._asked:
            return
        self._received += received
        line, end, _ = self._received.partition(b"\n")
        if end or len(line) > MAX_REQUEST_BYTES:
            self._asked = True
            self._moved_s = time.monotonic()
            self._ask(line, answer)

    def _ask(self, line: bytes, answer: Answer) -> None:
        try:
            if len(line) > MAX_REQUEST_BYTES:
                raise ControlError(f"the request is longer than {MAX_REQUEST_BYTES} bytes")
            answer(request_of(line), self.reply)
        except AssistantError as error:
            self.reply.fail(str(error))
        except Exception as error:  # whatever a request does, the next one is answered
            log.error("control: %s: %s", type(error).__name__, error)
            self.reply.fail("that failed; the log of the assistant tells more")

    def tell(self) -> None:
        """Gives it of its reply what it takes."""
        try:
            n_sent = self.reply.hand_over(self.connection)
        except OSError:
            self.reply.gone = True
            return
        now_s = time.monotonic()
        if n_sent:
            self._moved_s = now_s
        if (self.reply.waits or not self._asked) and now_s - self._moved_s > PATIENCE_S:
            self.reply.gone = True

    @property
    def awaited(self) -> int:
        """What to wait for, as `selectors` has it."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self.reply.waits else 0)


class ControlServer:
    """Takes requests and hands each to `answer`, which must not wait: the reply may come later, from any thread."""

    def __init__(self, path: Path, answer: Answer) -> None:
        """`answer` may raise ControlError. Raises ControlError: the socket cannot be made there."""
        self._path = path
        self._answer = answer
        self._listening = _listening_at(path)
        self._ear, self._bell = socket.socketpair()
        for one in (self._listening, self._ear, self._bell):
            one.setblocking(False)
        self._clients: dict[int, _Client] = {}  # by descriptor
        self._over = False
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Lets everybody go, and takes the socket away."""
        self._over = True
        self._ring()
        if self._thread.is_alive():
            self._thread.join()
        self._path.unlink(missing_ok=True)
        for one in (self._listening, self._ear, self._bell):
            one.close()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # full: it wakes anyway
            self._bell.send(b"!")

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ)
            selector.register(self._ear, selectors.EVENT_READ)
            while not self._over:
                for key, _ in selector.select(BEAT_S if self._clients else None):
                    if client := self._clients.get(key.fd):
                        client.hear(self._answer)
                    elif key.fileobj is self._ear:
                        self._ear.recv(4096)
                    else:
                        self._accept(selector)
                for client in list(self._clients.values()):
                    self._serve(client, selector)
        for client in self._clients.values():
            client.connection.close()

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listening.accept()
        except OSError as error:  # it has left already, or there is no descriptor left
            log.debug("control: %s", error)
            return
        if len(self._clients) >= MAX_CLIENTS:
            connection.close()
            return
        client = self._clients[connection.fileno()] = _Client(connection, self._ring)
        selector.register(connection, client.awaited)

    def _serve(self, client: _Client, selector: selectors.BaseSelector) -> None:
        client.tell()
        if not client.reply.over:
            selector.modify(client.connection, client.awaited)
            return
        client.reply.gone = True
        selector.unregister(client.connection)
        del self._clients[client.connection.fileno()]
        client.connection.close()


def _listening_at(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        path.unlink(missing_ok=True)  # of a daemon that was killed: the lock says that none runs
        listening.bind(str(path))
        path.chmod(MODE)
        listening.listen(MAX_CLIENTS)
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)  # a path that is too long has no number
        raise ControlError(f"{path}: {reason}; choose another place with ASSISTANT_SOCKET") from error
    return listening
