"""How the turns stand, shared by the two threads of the language model's process.

The main thread works at a turn; the reading one hears of cancels and of results meanwhile.
"""

import sys
import threading
from collections.abc import Callable
from typing import Protocol

from assistant.thinking.language_model import AbortedError
from assistant.thinking.messages import ToolResult

NO_TURN = sys.maxsize  # the number of what no cancel concerns


class Abortable(Protocol):
    """What `Turns` needs of a language model."""

    def abort(self) -> None: ...
    def allow(self) -> None: ...


class Turns:
    """Which turns are over, and what tools gave: all that the two threads share."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._model: Abortable | None = None
        self._number = 0  # the turn under way, or the last one
        self._newest = 0  # of those asked for
        self._cancelled = 0  # this turn and those before it
        self._result: ToolResult | None = None
        self._yields = False  # what is under way gives way to any turn

    def begin(self, number: int, model: Abortable) -> None:
        """From the main thread: the model may work at this turn, unless it is over already."""
        with self._changed:
            self._number, self._model = number, model
            self._yields = False
            if number > self._cancelled:
                model.allow()
            else:
                model.abort()

    def begin_between(self, model: Abortable, is_asked: Callable[[], bool], *, gives_way: bool) -> None:
        """From the main thread: the model may work at what belongs to no turn, and `gives_way` to one, or not."""
        with self._changed:
            self._number, self._yields, self._model = NO_TURN, gives_way, model
            if is_asked():
                model.abort()
            else:
                model.allow()

    def wait_for_result(self, number: int) -> str:
        """From the main thread: what the tool gave that this turn called.

        Raises:
            AbortedError: the turn was cancelled, or another one was asked for.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_over(number) or self._result_of(number))
            if self._is_over(number) or not (result := self._result_of(number)):
                raise AbortedError
            self._result = None
            return result.text

    def _is_over(self, number: int) -> bool:
        return number <= self._cancelled or number < self._newest

    def _result_of(self, number: int) -> ToolResult | None:
        return self._result if self._result and self._result.number == number else None

    def ask(self, number: int) -> None:
        """From the reading thread: this turn was asked for, so nobody gives results to those before it.

        To be called when whoever looks whether something `is_asked` would find it.
        """
        with self._changed:
            self._newest = max(self._newest, number)
            if self._model and self._yields:
                self._model.abort()
            self._changed.notify()

    def give(self, result: ToolResult) -> None:
        """From the reading thread: what a tool gave."""
        with self._changed:
            self._result = result
            self._changed.notify()

    def cancel(self, number: int) -> None:
        """From the reading thread: this turn and those before it are over."""
        with self._changed:
            self._cancelled = max(self._cancelled, number)
            if self._model and self._number <= self._cancelled:
                self._model.abort()
            self._changed.notify()
