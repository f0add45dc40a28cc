"""The stage that thinks: what was said in, the sentences of a reply out. Runs on the thread `thinker`."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from assistant import phrases
from assistant.errors import ModelError
from assistant.events import Event, Failed, FirstToken, PartFound, PartLost, Replied, Sentence, Think, TokenCounts, Turn
from assistant.thinking.conversation import QUESTION_TOKENS, Conversation, tokens_until
from assistant.thinking.messages import Ending, Exchange, Finished, Loaded, Piece
from assistant.thinking.model_process import ModelDiedError
from assistant.thinking.repetition import SaidBefore
from assistant.thinking.sentences import SentenceCutter
from assistant.worker import BEAT_S, Worker

log = logging.getLogger(__name__)

LANGUAGE_MODEL = "language model"
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0


class Model(Protocol):
    """The language model, wherever it runs; `ModelProcess` says what the methods do and raise."""

    @property
    def alive(self) -> bool: ...
    def start(self) -> Loaded: ...
    def reply(self, number: int, history: tuple[Exchange, ...], question: str) -> Iterator[Piece | Finished]: ...
    def cancel(self, number: int) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Start:
    """To the thinker: load the model, or load it again after it ended."""


class Thinker:
    """Owns the language model and the conversation."""

    def __init__(self, model: Model, max_tokens: int, post: Callable[[Event], None]) -> None:
        self._model = model
        self._max_tokens = max_tokens
        self._post = post
        self._conversation = Conversation(n_budget=0, n_around=0)
        self._was_loaded = False
        self._lost = False
        self._retry_s = FIRST_RETRY_S
        self._retry_at_s = float("inf")
        self.worker = Worker[Think | Start]("thinker", self._receive, failed=self._failed, idle=self._idle)

    def start(self) -> None:
        self.worker.start()
        self.worker.post(Start())

    def model_died(self) -> None:
        """From any thread: the model's process ended."""
        self.worker.post(Start())

    def stop(self) -> None:
        self._model.close()
        self.worker.stop()

    def _receive(self, message: Think | Start) -> None:
        if isinstance(message, Think):
            self._think(message.turn, message.text)
        elif not self._model.alive:
            self._load()

    def _failed(self, part: str, error: Exception, message: Think | Start | None) -> None:
        log.error("%s: %s", part, error)
        if isinstance(message, Think):
            self._post(Failed(message.turn, phrases.THINKING_FAILED))

    def _idle(self) -> float:
        if time.monotonic() >= self._retry_at_s:
            self._load()
        return BEAT_S

    def _lose(self, reason: str) -> None:
        if not self._lost:
            log.warning("the language model is lost: %s", reason)
            self._post(PartLost(LANGUAGE_MODEL, reason, phrases.MODEL_LOST))
        self._lost = True

    def _load(self) -> bool:
        if self._was_loaded and not self._lost:
            self._lose("its process ended")
        started_s = time.monotonic()
        try:
            loaded = self._model.start()
        except (ModelError, ModelDiedError) as error:
            self._lose(str(error))
            self._retry_at_s = time.monotonic() + self._retry_s
            log.warning("the language model does not start: %s; next try in %.0f s", error, self._retry_s)
            self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
            return False
        log.info("language model ready after %.1f s", time.monotonic() - started_s)
        self._retry_s, self._retry_at_s = FIRST_RETRY_S, float("inf")
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
        try:
            finished = self._reply(turn, question)
            if finished.ending is Ending.TOO_LONG and self._conversation.history:
                self._conversation.forget()
                finished = self._reply(turn, question)
        except ModelDiedError as error:
            self._post(Failed(turn, phrases.THINKING_FAILED))
            self._lose(str(error))
            self._load()
            return
        if finished.ending is Ending.TOO_LONG:
            self._post(Failed(turn, phrases.TOO_LONG))
        elif not turn.cancelled:
            counts = TokenCounts(finished.n_prompt, finished.n_evaluated, finished.n_generated, finished.per_second)
            self._post(Replied(turn, counts))

    def _reply(self, turn: Turn, question: str) -> Finished:
        """Has the model reply, posts each sentence when it is whole, and keeps the exchange."""
        cutter, said_before = SentenceCutter(), SaidBefore()
        pieces: list[Piece] = []
        last = ""
        repeating = False
        for message in self._model.reply(turn.number, self._conversation.history, question):
            if isinstance(message, Finished):
                finished = message
                break
            if not pieces:
                self._post(FirstToken(turn, time.monotonic()))
            pieces.append(message)
            for sentence in cutter.feed(message.text):
                if repeating or said_before(sentence):
                    repeating = True
                    self._model.cancel(turn.number)
                    continue
                last = sentence
                self._post(Sentence(turn, sentence))
        if turn.cancelled or finished.ending is Ending.TOO_LONG:
            return finished
        # A sentence that was cut off is left out, unless there is no other.
        rest = cutter.finish()
        whole = finished.ending is Ending.END and not repeating
        if rest and (whole or not last) and not said_before(rest):
            last = rest
            self._post(Sentence(turn, rest))
        if not last:
            self._post(Sentence(turn, phrases.NO_ANSWER))
        reply = tuple(piece.token for piece in pieces) if whole else tokens_until(pieces, last)
        self._conversation.add(Exchange(finished.question, reply))
        return finished
