"""A reply to what may have been said, kept back until it is known whether it was.

The thinker's thread makes it; whoever hears the end of the utterance settles it, from any thread.
"""

import threading
from collections.abc import Callable

from assistant.events import Draft, Event, Sentence
from assistant.orders import Anticipate, Think
from assistant.turn import Turn


class Guess:
    """One reply ahead of the end; nothing of it is told before it is kept, but what may have to be spoken."""

    def __init__(self, request: Anticipate, post: Callable[[Event], None]) -> None:
        self.text = request.text
        self.turn = Turn(request.turn.number)  # cancelled when it comes to nothing
        self._of = request.turn
        self._post = post
        self._kept = False
        self._held: list[Event] = []
        self._settled = threading.Condition()
        self._of.on_cancel(self.drop)

    @property
    def kept(self) -> bool:
        return self._kept

    def answers(self, request: Think) -> bool:
        return request.turn is self._of and request.text == self.text

    def post(self, event: Event) -> None:
        """Tells what happened, now or when it is kept."""
        with self._settled:
            if self._kept:
                self._post(event)
                return
            self._held.append(event)
            if isinstance(event, Sentence) and not self.turn.cancelled:
                self._post(Draft(event.turn, event.text, self.turn))

    def keep(self) -> bool:
        """It was said: tells what was held back; False where the guess was dropped before."""
        with self._settled:
            if self.turn.cancelled:
                return False
            self._kept = True
            for event in self._held:
                self._post(event)
            self._settled.notify()
            return True

    def drop(self) -> None:
        """It was not said, or not all; too late once it is kept."""
        with self._settled:
            if not self._kept:
                self.turn.cancel()
                self._settled.notify()

    def wait(self) -> bool:
        """Waits until it is kept, or dropped: False."""
        with self._settled:
            self._settled.wait_for(lambda: self._kept or self.turn.cancelled)
            return self._kept


class Guessing:
    """The newest anticipation, and the guess that was made of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: Anticipate | None = None
        self._guess: Guess | None = None

    def expect(self, request: Anticipate) -> None:
        """These are the words by now: what was made of others is dropped."""
        with self._lock:
            self._newest = request
            guess, self._guess = self._guess, None
        if guess:
            guess.drop()

    def settle(self, request: Think) -> bool:
        """The utterance is over: whether the reply to it is under way already."""
        with self._lock:
            self._newest = None
            guess = self._guess
            if guess and guess.answers(request):
                self._guess = None
                return guess.keep()
        self.end()
        return False

    def end(self) -> None:
        """Nothing is expected any more."""
        with self._lock:
            self._newest = None
            guess, self._guess = self._guess, None
        if guess:
            guess.drop()

    def is_current(self, request: Anticipate) -> bool:
        return request is self._newest and not request.turn.cancelled

    def begin(self, request: Anticipate, post: Callable[[Event], None]) -> Guess | None:
        """A guess for the newest words; None where they are others by now."""
        with self._lock:
            if not self.is_current(request):
                return None
            self._guess = Guess(request, post)
            return self._guess
