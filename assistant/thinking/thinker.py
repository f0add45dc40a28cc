"""The stage that thinks: what was said in, the sentences of a reply out. Runs on the thread `thinker`."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from assistant import phrases
from assistant.errors import ModelError
from assistant.events import Did, Event, Failed, FirstToken, PartFound, PartLost, Replied, Sentence, TokenCounts
from assistant.orders import Cancel, Forget, Note, Think
from assistant.thinking.conversation import QUESTION_TOKENS, Conversation
from assistant.thinking.deeds import EMPTY, Deeds, Toolbox
from assistant.thinking.messages import Called, Ending, Exchange, Finished, Loaded, Piece, Tokens
from assistant.thinking.model_process import ModelDiedError
from assistant.thinking.telling import Telling
from assistant.turn import Turn
from assistant.worker import Worker

log = logging.getLogger(__name__)

LANGUAGE_MODEL = "language model"
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
NEVER_S = float("inf")


class Model(Protocol):
    """The language model, wherever it runs; `ModelProcess` says what the methods do and raise."""

    @property
    def alive(self) -> bool: ...
    def start(self) -> Loaded: ...
    def reply(
        self, number: int, history: tuple[Exchange, ...], question: str
    ) -> Iterator[Piece | Called | Finished]: ...
    def answer_call(self, number: int, text: str) -> None: ...
    def set_prompt(self, system_prompt: str) -> None: ...
    def cancel(self, number: int) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Start:
    """To the thinker: load the model, or load it again after it ended."""


_Message = Think | Cancel | Forget | Note | Start


@dataclass(slots=True)
class _Reply:
    """The last reply, which may yet be cut short."""

    turn: Turn
    question: Tokens
    telling: Telling
    kept: Exchange | None  # as it stands in the conversation


class Thinker:
    """Owns the language model and the conversation."""

    def __init__(
        self,
        model: Model,
        max_tokens: int,
        post: Callable[[Event], None],
        *,
        toolbox: Toolbox = EMPTY,
        language: str = "en",
        prompt: Callable[[], str] = str,
        remember_s: float = NEVER_S,
        first_retry_s: float = FIRST_RETRY_S,
    ) -> None:
        """A model that ends by itself is started again after `first_retry_s`, then twice as long until it replies.

        `prompt` is what the model is told before every conversation, with all that it was asked to remember; a
        conversation in which nobody spoke for `remember_s` is over.
        """
        self._model = model
        self._max_tokens = max_tokens
        self._post = post
        self._toolbox = toolbox
        self._language = language
        self._prompt = prompt
        self._remember_s = remember_s
        self._used_s = time.monotonic()
        self._prompt_is_old = False
        self._first_retry_s = self._retry_s = first_retry_s
        self._conversation = Conversation(n_budget=0, n_around=0)
        self._last: _Reply | None = None
        self._was_loaded = False
        self._lost = False
        self._retry_at_s = NEVER_S
        self._stopped = False
        self._notes: list[str] = []  # that the model is told with the next question
        self.worker = Worker[_Message]("thinker", self._receive, failed=self._failed, idle=self._idle)

    def start(self) -> None:
        self.worker.start()
        self.worker.post(Start())

    def model_died(self) -> None:
        """From any thread: the model's process ended."""
        self.worker.post(Start())

    def stop(self) -> None:
        self._stopped = True
        self._model.close()
        self.worker.stop()

    def _receive(self, message: _Message) -> None:
        if isinstance(message, Think):
            self._think(message.turn, message.text)
        elif isinstance(message, Cancel):
            self._cut(message)
        elif isinstance(message, Forget):
            self._forget(everything=message.everything)
        elif isinstance(message, Note):
            self._notes.append(message.text)
            self._prompt_is_old = True
        elif self._model.alive or self._retry_at_s < NEVER_S:
            return
        elif self._was_loaded:
            self._put_off("its process ended")
        else:
            self._load()

    def _failed(self, part: str, error: Exception, message: _Message | None) -> None:
        log.error("%s: %s", part, error)
        if isinstance(message, Think):
            self._post(Failed(message.turn, phrases.THINKING_FAILED))

    def _idle(self) -> float:
        if time.monotonic() >= self._retry_at_s:
            self._load()
        if time.monotonic() - self._used_s >= self._remember_s:
            self._conversation.forget()
        # With a conversation under way, all of it would have to be evaluated again.
        if self._prompt_is_old and not self._conversation.history and self._model.alive:
            self._prompt_is_old, self._notes = False, []
            self._model.set_prompt(self._prompt())
        return self._retry_at_s - time.monotonic()

    def _lose(self, reason: str) -> None:
        if not self._lost:
            log.warning("the language model is lost: %s", reason)
            said = phrases.MODEL_LOST if self._was_loaded else phrases.CANNOT_THINK
            self._post(PartLost(LANGUAGE_MODEL, reason, said))
        self._lost = True

    def _put_off(self, reason: str) -> None:
        self._lose(reason)
        log.warning("the language model: %s; next try in %.0f s", reason, self._retry_s)
        self._retry_at_s = time.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)

    def _load(self) -> bool:
        if self._stopped:
            return False
        if self._was_loaded and not self._lost:
            self._lose("its process ended")
        started_s = time.monotonic()
        try:
            loaded = self._model.start()
        except (ModelError, ModelDiedError) as error:
            if not self._stopped:
                self._put_off(str(error))
            return False
        log.info("language model ready after %.1f s", time.monotonic() - started_s)
        self._retry_at_s = NEVER_S
        if not self._was_loaded:
            reserved = loaded.n_prefix + loaded.n_around + QUESTION_TOKENS + self._max_tokens
            self._conversation = Conversation(n_budget=loaded.n_ctx - reserved, n_around=loaded.n_around)
        self._was_loaded = True
        self._lost = False
        self._post(PartFound(LANGUAGE_MODEL))
        return True

    def _think(self, turn: Turn, question: str) -> None:
        if turn.cancelled:
            return
        if not self._model.alive and not self._load():
            self._post(Failed(turn, phrases.CANNOT_THINK))
            return
        turn.on_cancel(lambda: self._model.cancel(turn.number))
        asked = "\n".join([*self._notes, question])
        try:
            finished = self._reply(turn, question, asked)
            if finished.ending is Ending.TOO_LONG and self._conversation.history:
                self._conversation.forget()
                finished = self._reply(turn, question, asked)
        except ModelDiedError as error:
            if self._stopped:
                return
            if not turn.cancelled:
                self._post(Failed(turn, phrases.THINKING_FAILED))
            self._lose(str(error))
            self._load()
            return
        self._retry_s = self._first_retry_s
        self._used_s = time.monotonic()
        if turn.cancelled:
            return
        if finished.ending is Ending.TOO_LONG:
            self._post(Failed(turn, phrases.TOO_LONG))
        else:
            counts = TokenCounts(finished.n_prompt, finished.n_evaluated, finished.n_generated, finished.per_second)
            self._post(Replied(turn, counts))

    def _forget(self, *, everything: bool) -> None:
        self._last = None
        if everything:
            self._conversation.forget()
            self._notes.clear()
            self._prompt_is_old = True
        else:
            self._conversation.drop_last()

    def _cut(self, command: Cancel) -> None:
        """Keeps of the reply what was heard, and nothing of an exchange in which nothing was."""
        last = self._last
        if last is None or last.turn is not command.turn:
            return
        self._last = None
        if last.kept:
            self._conversation.take_back(last.kept)
        if command.said:
            self._conversation.add(Exchange(last.question, last.telling.tokens_until(command.said)))

    def _reply(self, turn: Turn, question: str, asked: str) -> Finished:
        """Has the model reply to `asked`, posts each sentence when it is whole, and keeps the exchange."""
        n_did = 0

        def did(tool: str, text: str, done: bool) -> None:
            nonlocal n_did
            n_did += 1
            self._post(Did(turn, tool, done))
            self._post(Sentence(turn, text))

        deeds = Deeds(self._toolbox, question, self._language, did)
        telling = Telling(deeds.withholds, lambda sentence: self._post(Sentence(turn, sentence)))
        for message in self._model.reply(turn.number, self._conversation.history, asked):
            if isinstance(message, Finished):
                finished = message
                break
            if turn.cancelled:
                continue
            if isinstance(message, Called):
                telling.called()
                self._model.answer_call(turn.number, deeds.carry_out(message.call))
                continue
            if not telling.pieces:
                self._post(FirstToken(turn, time.monotonic()))
            telling.feed(message)
            if telling.repeats:
                self._model.cancel(turn.number)
        self._last = _Reply(turn, finished.question, telling, None)
        if turn.cancelled or finished.ending is Ending.TOO_LONG:
            return finished
        tokens = telling.end(whole=finished.ending is Ending.END)
        if not telling.said and not n_did:
            self._post(Sentence(turn, phrases.NOT_DONE if telling.withheld else phrases.NO_ANSWER))
        elif n_did or not telling.withheld:  # what it falsely claims it is not to believe later
            self._last.kept = Exchange(finished.question, tokens)
            self._conversation.add(self._last.kept)
            self._notes.clear()
        return finished
