"""The stage that thinks: what was said in, the sentences of a reply out. Runs on the thread `thinker`.

It begins before an utterance is over: the words that are certain are read as they come, and at the first sign of an
end the reply is begun, and kept back until the end is certain.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant import phrases
from assistant.events import Did, Event, Failed, FirstToken, GuessDropped, Replied, Sentence, TokenCounts
from assistant.orders import Anticipate, Cancel, Forget, Note, Think
from assistant.thinking.conversation import QUESTION_TOKENS, Conversation
from assistant.thinking.deeds import EMPTY, Deeds, Toolbox
from assistant.thinking.guess import Guess, Guessing
from assistant.thinking.loading import FIRST_RETRY_S, NEVER_S, Loading
from assistant.thinking.messages import Called, Ending, Exchange, Finished, Loaded, Tokens
from assistant.thinking.model import Model
from assistant.thinking.model_process import ModelDiedError
from assistant.thinking.telling import Telling
from assistant.thinking.writing import Writing
from assistant.turn import Turn
from assistant.worker import Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """To the thinker: load the model, or load it again after it ended."""


_Message = Think | Anticipate | Cancel | Forget | Note | Start


@dataclass(slots=True)
class _Reply:
    """The last reply, which may yet be cut short."""

    turn: Turn
    question: Tokens
    telling: Telling
    kept: Exchange | None  # as it stands in the conversation


@dataclass(frozen=True, slots=True)
class _Request:
    """What is replied to: a question, or the guess of one."""

    turn: Turn
    text: str
    guess: Guess | None
    post: Callable[[Event], None]

    @property
    def is_over(self) -> bool:
        return self.turn.cancelled or (self.guess is not None and self.guess.turn.cancelled)


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
        self._loading = Loading(model, post, first_retry_s)
        self._conversation = Conversation(n_budget=0, n_around=0)
        self._has_conversation = False
        self._n_replies = 0
        self._last: _Reply | None = None
        self._writing = Writing()
        self._guessing = Guessing()
        self._notes: list[str] = []  # that the model is told with the next question
        self._prompt_is_old = False
        self._cache_is_old = False  # not yet what the next prompt begins with
        self.worker = Worker[_Message]("thinker", self._receive, failed=self._failed, idle=self._idle)

    def start(self) -> None:
        self.worker.start()
        self.worker.post(Start())

    def post(self, message: Think | Anticipate | Cancel | Forget | Note) -> None:
        """From any thread. A question whose reply is under way already is settled here, and does not wait."""
        if isinstance(message, Anticipate):
            self._guessing.expect(message)
        if not (isinstance(message, Think) and self._guessing.settle(message)):
            self.worker.post(message)

    def model_died(self) -> None:
        """From any thread: the model's process ended."""
        self.worker.post(Start())

    def stop(self) -> None:
        self._guessing.end()
        self._loading.stop()
        self.worker.stop()

    def _receive(self, message: _Message) -> None:
        match message:
            case Think():
                self._think(_Request(message.turn, message.text, None, self._post))
            case Anticipate():
                self._anticipate(message)
            case Cancel():
                self._cut(message)
            case Forget():
                self._forget(everything=message.everything)
            case Note():
                self._notes.append(message.text)
                self._prompt_is_old = True
            case Start():
                self._take(self._loading.begin())

    def _failed(self, part: str, error: Exception, message: _Message | None) -> None:
        log.error("%s: %s", part, error)
        if isinstance(message, Think):
            self._post(Failed(message.turn, phrases.THINKING_FAILED))

    def _idle(self) -> float:
        if time.monotonic() >= self._loading.retry_at_s:
            self._take(self._loading.load())
        if time.monotonic() - self._used_s >= self._remember_s and self._conversation.history:
            self._conversation.forget()
            self._cache_is_old = True
        if self._model.alive:
            # With a conversation under way, all of it would have to be evaluated again.
            if self._prompt_is_old and not self._conversation.history:
                self._prompt_is_old, self._notes, self._cache_is_old = False, [], True
                self._model.set_prompt(self._prompt())
            if self._cache_is_old:
                self._cache_is_old = False
                self._model.prepare(self._conversation.history)
        return self._loading.retry_at_s - time.monotonic()

    def _take(self, loaded: Loaded | None) -> bool:
        """Goes on with a model that was just loaded; False where it was not."""
        if loaded is None:
            return False
        if not self._has_conversation:
            reserved = loaded.n_prefix + loaded.n_around + QUESTION_TOKENS + self._max_tokens
            self._conversation = Conversation(n_budget=loaded.n_ctx - reserved, n_around=loaded.n_around)
            self._has_conversation = True
        self._cache_is_old = bool(self._conversation.history)
        return True

    def _asked(self, question: str) -> str:
        return "\n".join([*self._notes, question])

    def _anticipate(self, request: Anticipate) -> None:
        if not (self._model.alive and self._guessing.is_current(request)):
            return
        if not request.whole:
            self._model.prepare(self._conversation.history, self._asked(request.text))
        elif guess := self._guessing.begin(request, self._post):
            try:
                self._think(_Request(request.turn, request.text, guess, guess.post))
            except Exception:
                guess.drop()  # the question comes again; where it came already, this is its end
                guess.post(Failed(request.turn, phrases.THINKING_FAILED))
                raise

    def _think(self, request: _Request) -> None:
        if request.is_over:
            return
        if not self._model.alive and not self._take(self._loading.load()):
            request.post(Failed(request.turn, phrases.CANNOT_THINK))
            return
        try:
            finished = self._reply(request)
            if finished and finished.ending is Ending.TOO_LONG and self._conversation.history:
                self._conversation.forget()
                finished = self._reply(request)
        except ModelDiedError as error:
            self._died(request, error)
            return
        self._loading.worked()
        self._used_s = time.monotonic()
        if finished is None or request.turn.cancelled:
            return
        if finished.ending is Ending.TOO_LONG:
            request.post(Failed(request.turn, phrases.TOO_LONG))
        else:
            counts = finished.n_prompt, finished.n_evaluated, finished.n_generated, finished.per_second
            request.post(Replied(request.turn, TokenCounts(*counts, ahead=request.guess is not None)))

    def _died(self, request: _Request, error: ModelDiedError) -> None:
        if self._loading.stopped:
            return
        if request.guess:
            request.guess.drop()  # the question comes again, unless it came already
        if not request.is_over:
            request.post(Failed(request.turn, phrases.THINKING_FAILED))
        self._loading.lose(str(error))
        self._take(self._loading.load())

    def _forget(self, *, everything: bool) -> None:
        self._last = None
        self._cache_is_old = True
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
        self._cache_is_old = True
        if last.kept:
            self._conversation.take_back(last.kept)
        if command.said:
            self._conversation.add(Exchange(last.question, last.telling.tokens_until(command.said)))

    def _reply(self, request: _Request) -> Finished | None:
        """Has the model reply, posts each part when it is whole, keeps the exchange; None if the guess was wrong."""
        n_did = 0

        def did(tool: str, text: str, done: bool) -> None:
            nonlocal n_did
            n_did += 1
            request.post(Did(request.turn, tool, done))
            request.post(Sentence(request.turn, text))

        def say(text: str, part: bool) -> None:
            request.post(Sentence(request.turn, text, part, self._writing.per_s))

        deeds = Deeds(self._toolbox, request.text, self._language, did)
        telling = Telling(deeds.withholds, say, whole_sentences=deeds.asked)
        finished = self._listen(request, telling, deeds)
        is_told = not (request.is_over or finished.ending is Ending.TOO_LONG)
        tokens = telling.end(whole=finished.ending is Ending.END) if is_told else ()
        if request.guess and not (is_told and request.guess.wait()):
            request.guess.drop()
            if not request.guess.kept:
                self._post(GuessDropped(request.turn, finished.n_generated))
                return None
        self._cache_is_old = True
        self._last = _Reply(request.turn, finished.question, telling, None)
        if not is_told:
            return finished
        if not telling.said and not n_did:
            request.post(Sentence(request.turn, phrases.NOT_DONE if telling.withheld else phrases.NO_ANSWER))
        elif n_did or not telling.withheld:  # what it falsely claims it is not to believe later
            self._last.kept = Exchange(finished.question, tokens)
            self._conversation.add(self._last.kept)
            self._notes.clear()
        return finished

    def _listen(self, request: _Request, telling: Telling, deeds: Deeds) -> Finished:
        """Feeds what the model says to `telling`, and has done what it calls for, once that is certain to be wanted."""
        self._n_replies += 1
        number = self._n_replies
        for turn in (request.turn, request.guess.turn) if request.guess else (request.turn,):
            turn.on_cancel(lambda: self._model.cancel(number))
        self._writing.begin()
        for message in self._model.reply(number, self._conversation.history, self._asked(request.text)):
            if isinstance(message, Finished):
                return message
            if request.is_over:
                continue
            if isinstance(message, Called):
                if request.guess is None or request.guess.wait():
                    telling.called()
                    self._model.answer_call(number, deeds.carry_out(message.call))
                continue
            if not telling.pieces:
                request.post(FirstToken(request.turn, time.monotonic()))
            self._writing.note(message.text)
            telling.feed(message)
            if telling.repeats:
                self._model.cancel(number)
        raise ModelDiedError("it ended in the middle of a reply")
