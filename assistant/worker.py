"""A thread with an inbox and a heartbeat; every part that does work of its own runs on one."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Message = TypeVar("Message")

BEAT_S = 1.0


def wait_one_beat() -> float:
    """What an idle worker with nothing to look after waits."""
    return BEAT_S


class Worker(Generic[Message]):
    """Calls `receive` with each message, and `idle` when there is none.

    `idle` returns for how many seconds it need not be called again. An exception ends the message it came
    from, never the thread: it goes to `failed` with that message (None when it came from `idle`).
    Posted messages are never dropped; of the offered ones (sound) at most `limit` wait at any time.
    """

    def __init__(
        self,
        name: str,
        receive: Callable[[Message], None],
        *,
        failed: Callable[[str, Exception, Message | None], None],
        idle: Callable[[], float] = wait_one_beat,
        limit: int = 256,
    ) -> None:
        self.name = name
        self.last_beat_s = time.monotonic()
        self.n_dropped = 0
        self._receive = receive
        self._failed = failed
        self._idle = idle
        self._inbox: queue.SimpleQueue[tuple[Message, bool] | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(limit)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def post(self, message: Message) -> None:
        self._inbox.put((message, False))

    def offer(self, message: Message, *, wait_s: float = 0.0) -> bool:
        """Posts the message if one of the `limit` places is free within `wait_s`; otherwise it is dropped."""
        if not self._room.acquire(timeout=wait_s):
            self.n_dropped += 1
            return False
        self._inbox.put((message, True))
        return True

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ends the thread after the messages that wait already; False when it would not end in time."""
        self._inbox.put(None)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def work_off(self) -> bool:
        """Handles what waits, in the calling thread, where it was not started; False if nothing did."""
        worked = False
        while not self._inbox.empty():
            if entry := self._inbox.get_nowait():
                self._take(*entry)
                worked = True
        return worked

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        wait_s = 0.0
        while True:
            self.last_beat_s = time.monotonic()
            try:
                entry = self._inbox.get(timeout=wait_s) if wait_s > 0 else self._inbox.get_nowait()
            except queue.Empty:
                wait_s = self.rest()
                continue
            if entry is None:
                return
            self._take(*entry)
            wait_s = 0.0

    def _take(self, message: Message, offered: bool) -> None:
        if offered:
            self._room.release()
        try:
            self._receive(message)
        except Exception as error:
            log.debug("%s failed", self.name, exc_info=True)
            self._failed(self.name, error, message)

    def rest(self) -> float:
        """Does what is done when nothing waits, in the calling thread; gives for how many seconds that was it."""
        try:
            return min(self._idle(), BEAT_S)
        except Exception as error:
            log.debug("%s failed", self.name, exc_info=True)
            self._failed(self.name, error, None)
            return BEAT_S
