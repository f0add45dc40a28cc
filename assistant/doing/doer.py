"""The stage that does: a command is carried out and answered without a model, all else goes on to the thinker.

Runs on the thread `doer`, so that no command waits for a model that is loading or busy. A text is tried first as a
command, and then as the answer to a question of ours ("for how long?"). Whatever an answer claims was done before it
is said: actions return after the fact.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from assistant.doing import units
from assistant.doing.answer import LAST, Action, Answer, Asked, Effect, Slots
from assistant.doing.commands import Command, Commands
from assistant.doing.says import Says, capitalized
from assistant.events import Did, Event, Failed, Replied, Sentence, Stopped
from assistant.orders import Anticipate, Forget, Note, Think
from assistant.store import StoreError, StoreFullError
from assistant.worker import BEAT_S, Worker

log = logging.getLogger(__name__)

PATIENCE_S = 30.0  # for the answer to a question of ours; later words are a new request


class Thinker(Protocol):
    """Takes what is no command, and what commands have to do with the conversation."""

    def post(self, message: Think | Anticipate | Forget | Note, /) -> None: ...


class Doer:
    """All that it can do without a model; its `thinker` is given to it before it starts."""

    def __init__(
        self,
        commands: Commands,
        actions: Mapping[str, Action],
        says: Says,
        post: Callable[[Event], None],
        done: Callable[[], None],
    ) -> None:
        """`actions` by intent, whose StoreErrors are answered; `done` is called after each."""
        self._commands = commands
        self._actions = actions
        self._says = says
        self.thinker: Thinker
        self._post = post
        self._done = done
        self._asked: Asked | None = None
        self._asked_s = 0.0
        self._last = ""  # the last command; empty where the model was asked
        self.worker = Worker[Think | Anticipate]("doer", self._receive, failed=self._failed, idle=self._idle)
        self._warm = [units.warm]  # what the first command would wait for

    def _receive(self, request: Think | Anticipate) -> None:
        turn = request.turn
        if turn.cancelled:
            return
        if isinstance(request, Anticipate):
            self._anticipate(request)
            return
        found = self._find(request.text)
        self._last = found[0] if found else ""
        if found is None:
            self.thinker.post(request)
            return
        name, answer = found
        self._post(Did(turn, name, answer.done))
        if answer.effect is Effect.STOP:
            self._post(Stopped(time.monotonic()))
            return
        if answer.effect in (Effect.FORGET_LAST, Effect.NEW_CONVERSATION):
            self.thinker.post(Forget(everything=answer.effect is Effect.NEW_CONVERSATION))
        sentences: tuple[str, ...] = (answer.text,) if answer.text else ()
        if answer.effect is Effect.REPEAT:
            sentences = request.said_before or (self._says("nothing_said"),)
        for sentence in sentences:
            self._post(Sentence(turn, capitalized(sentence)))
        self._post(Replied(turn, None))

    def _anticipate(self, request: Anticipate) -> None:
        """Lets the model think ahead, but not of what is a command or the answer to a question of ours."""
        is_ours = request.whole and (self._asked is not None or self.knows(request.text))
        self.thinker.post(replace(request, whole=False) if is_ours else request)

    def _idle(self) -> float:
        while self._warm:
            self._warm.pop()()
        return BEAT_S

    def _failed(self, part: str, error: Exception, request: Think | Anticipate | None) -> None:
        log.error("%s: %s", part, error)
        if isinstance(request, Think):
            self._post(Failed(request.turn, self._says("command_failed")))

    def knows(self, text: str) -> bool:
        """Whether it is a command, and no model is needed for it."""
        return self._commands.parse(text) is not None

    def do(self, intent: str, slots: Slots) -> Answer:
        """Carries out an action by its name, in any thread; what cannot be kept is said, not raised."""
        try:
            return self._actions[intent](slots)
        except StoreFullError:
            return Answer(self._says("not_kept_full"), done=False)
        except StoreError as error:
            log.error("%s", error)
            return Answer(self._says("not_kept"), done=False)
        finally:
            self._done()

    def _find(self, text: str) -> tuple[str, Answer] | None:
        """The command that the text is, and what came of it; None where it is none."""
        asked, self._asked = self._asked, None
        if time.monotonic() - self._asked_s > PATIENCE_S:
            asked = None
        command = self._commands.parse(text)
        if command is None and asked:
            command = self._as_reply(text, asked)
        if command is None:
            return None
        if command.intent == "no":
            return command.intent, Answer(self._says("left_as_it_was"))
        answer = self.do(command.intent, {**command.slots, LAST: self._last})
        self.ask(asked if answer.effect is Effect.REPEAT else answer.asked)
        return command.intent, answer

    def ask(self, asked: Asked | None) -> None:
        """What is said next may answer this."""
        self._asked, self._asked_s = asked, time.monotonic()

    def _as_reply(self, text: str, asked: Asked) -> Command | None:
        """The command for which something was asked, with what the text adds to it."""
        reply = self._commands.parse_answer(text, {"no"}) or self._commands.parse_answer(text, asked.wanted)
        if reply is None or reply.intent == "no":
            return reply
        return Command(asked.intent, {**asked.slots, **reply.slots})
