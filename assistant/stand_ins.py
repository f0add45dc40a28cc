"""What takes the place of a stage that cannot be built, as its model is missing: all else goes on. On its thread."""

import logging
import time
from collections.abc import Callable

from assistant.audio.chunk import Chunk
from assistant.events import Event, Failed, HeardNothing, Spoken
from assistant.orders import (
    Anticipate,
    Cancel,
    Enough,
    Finish,
    Forget,
    Heed,
    Ignore,
    Listen,
    Note,
    Render,
    Say,
    SetPace,
    Think,
)
from assistant.worker import Worker

log = logging.getLogger(__name__)

Post = Callable[[Event], None]
ToListener = Chunk | Listen | Enough | Heed | Ignore
ToThinker = Think | Anticipate | Cancel | Forget | Note
ToTalker = Say | Render | Finish | SetPace


class Deaf:
    """In place of the listener: whoever is to be listened to says nothing."""

    wake_score = 0.0

    def __init__(self, post: Post) -> None:
        self._post = post
        self.worker = Worker[ToListener]("listener", self._receive, failed=_failed)

    def _receive(self, message: ToListener) -> None:
        if isinstance(message, Listen):
            self._post(HeardNothing(message.turn))


class Thoughtless:
    """In place of the thinker: every question fails, with what the person is told."""

    def __init__(self, said: str, post: Post) -> None:
        self._said = said
        self._post = post
        self.worker = Worker[ToThinker]("thinker", self._receive, failed=_failed)

    def start(self) -> None:
        self.worker.start()

    def stop(self) -> None:
        self.worker.stop()

    def post(self, message: ToThinker) -> None:
        self.worker.post(message)

    def _receive(self, message: ToThinker) -> None:
        if isinstance(message, Think):
            self._post(Failed(message.turn, self._said))


class Speechless:
    """In place of the talker: every reply is over at once."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.worker = Worker[ToTalker]("talker", self._receive, failed=_failed)

    def post(self, message: ToTalker) -> None:
        self.worker.post(message)

    def _receive(self, message: ToTalker) -> None:
        if isinstance(message, Finish):
            self._post(Spoken(message.turn, time.monotonic()))


def _failed(part: str, error: Exception, _message: object) -> None:
    log.error("%s: %s", part, error)
