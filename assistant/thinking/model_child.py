"""The language model's own process: it loads the model, and answers the messages of `messages` until the pipe closes.

Two threads: the main one computes; another reads the pipe, so that a cancel is heard while C code computes.
"""

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from assistant.errors import ModelError
from assistant.thinking.language_model import AbortedError, LanguageModel
from assistant.thinking.messages import (
    Called,
    Cancel,
    Ending,
    Evaluated,
    Finished,
    FromModel,
    Generate,
    Load,
    Loaded,
    Piece,
    Refused,
    SetPrompt,
    ToModel,
    ToolResult,
)
from assistant.thinking.prompt import ChatFormat, chat_format
from assistant.thinking.repetition import repeats
from assistant.thinking.speech import Pieces, Speech
from assistant.thinking.tool_calls import split_response
from assistant.thinking.turns import Turns


class Pace:
    """How fast tokens are generated, leaving out what tools take."""

    def __init__(self) -> None:
        self.n_tokens = 0
        self._n_timed = 0
        self._busy_s = 0.0
        self._last_s: float | None = None

    def token(self) -> None:
        now_s = time.monotonic()
        if self._last_s is not None:
            self._n_timed += 1
            self._busy_s += now_s - self._last_s
        self._last_s = now_s
        self.n_tokens += 1

    def pause(self) -> None:
        self._last_s = None

    @property
    def per_second(self) -> float:
        return self._n_timed / self._busy_s if self._busy_s > 0 else 0.0


class Child:
    """The loaded model, and how it answers."""

    def __init__(self, pipe: Connection, load: Load, turns: Turns) -> None:
        self._pipe = pipe
        self._load = load
        self._turns = turns
        self.model = LanguageModel(load.path, n_ctx=load.n_ctx, n_threads=load.n_threads)
        self.format = self._format(load.system_prompt)
        self.model.sample_with(
            temperature=load.temperature, top_k=load.top_k, top_p=load.top_p, seed=int.from_bytes(os.urandom(4), "big")
        )

    def _format(self, system_prompt: str) -> ChatFormat:
        model = self.model
        return chat_format(
            model.chat_template, system_prompt, self._tokenize_template, model.bos, model.eos, self._load.tools
        )

    def set_prompt(self, system_prompt: str, is_asked: Callable[[], bool]) -> None:
        """Evaluates the new prefix, until a question comes; a prefix that would not fit is left as it was."""

        def go_on() -> None:
            self._show_life()
            if is_asked():
                raise AbortedError

        changed = self._format(system_prompt)
        if len(changed.prefix) + self._load.max_tokens >= self.model.n_ctx:
            return
        self.format = changed
        self.model.allow()  # the turn before may have been cancelled
        with suppress(AbortedError):
            self.model.evaluate(changed.prefix, go_on)

    def _tokenize_template(self, text: str) -> list[int]:
        return self.model.tokenize(text, special=True)

    def warm(self) -> Loaded:
        n_ctx, n_prefix = self.model.n_ctx, len(self.format.prefix)
        if n_prefix + self._load.max_tokens >= n_ctx:
            what = "the system prompt with the tools" if self.format.call_marks else "the system prompt"
            raise ModelError(f"{what} has {n_prefix} tokens, too many for n_ctx {n_ctx}")
        self.model.evaluate(self.format.prefix, self._show_life)
        return Loaded(n_ctx, n_prefix, len(self.format.to_reply + self.format.to_question))

    def _show_life(self) -> None:
        self._send(Evaluated())

    def _send(self, message: FromModel) -> None:
        self._pipe.send(message)

    def generate(self, request: Generate) -> None:
        self._turns.begin(request.number, self.model)
        question = tuple(self.model.tokenize(request.question, special=False))
        prompt = self.format.prompt(request.history, question)
        if len(prompt) + self._load.max_tokens > self.model.n_ctx:
            self._send(Finished(request.number, Ending.TOO_LONG))
            return
        n_evaluated, pace, ending = 0, Pace(), Ending.CANCELLED
        with suppress(AbortedError):
            n_evaluated = self.model.evaluate(prompt, self._show_life)
            ending = self._reply(request.number, pace)
        counts = len(prompt), n_evaluated, pace.n_tokens, pace.per_second
        self._send(Finished(request.number, ending, question, *counts))

    def _reply(self, number: int, pace: Pace) -> Ending:
        """Generates, and sends pieces and calls; why it ended."""
        speech = Speech(self.model, self.format)
        tokens: list[int] = []  # since the last result: the same words may be right once more after it
        ending = Ending.MAX_TOKENS
        while pace.n_tokens < self._load.max_tokens and len(self.model.cached) < self.model.n_ctx:
            token = self.model.sample(likeliest=speech.in_call)
            if self.model.ends(token):
                ending = Ending.END
                break
            pace.token()
            tokens.append(token)
            pieces, calls = speech.feed(token)
            self._send_pieces(number, pieces)
            if not pieces:
                self._show_life()
            if repeats(tokens):
                ending = Ending.REPEATS
                break
            self.model.append(token)
            for call in calls:
                if not self._ask(Called(number, call)):
                    return Ending.MAX_TOKENS
                pace.pause()
                tokens.clear()
        self._send_pieces(number, speech.finish())
        return ending

    def _send_pieces(self, number: int, pieces: Pieces) -> None:
        for token, text in pieces:
            self._send(Piece(number, token, text))

    def _ask(self, called: Called) -> bool:
        """Has a tool called and its result read by the model; False if the result does not fit into the context."""
        self._send(called)
        result = split_response(self._turns.wait_for_result(called.number))
        tokens = [token for text, is_mark in result for token in self.model.tokenize(text, special=is_mark)]
        tokens += self.format.after_response
        if len(self.model.cached) + len(tokens) >= self.model.n_ctx:
            return False
        self.model.evaluate([*self.model.cached, *tokens], self._show_life)
        self._send_pieces(called.number, [(token, "") for token in tokens])
        return True


def _read(pipe: Connection, inbox: "queue.SimpleQueue[Generate | SetPrompt]", turns: Turns) -> None:
    try:
        with suppress(EOFError, OSError):
            while True:
                message: ToModel = pipe.recv()
                if isinstance(message, Cancel):
                    turns.cancel(message.number)
                elif isinstance(message, ToolResult):
                    turns.give(message)
                elif isinstance(message, Generate):
                    turns.ask(message.number)
                    inbox.put(message)
                elif isinstance(message, SetPrompt):
                    inbox.put(message)
    finally:
        os._exit(0)  # whoever asked is gone, and C code cannot be joined


def main() -> None:
    """Loads the model of the first message, then replies to the others."""
    # The process that asks decides when this one ends, and its death is noticed: a Ctrl-C or systemd's SIGTERM to all
    # must not make it look like a crash.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    pipe = Connection(int(sys.argv[1]))
    load = pipe.recv()
    inbox: queue.SimpleQueue[Generate | SetPrompt] = queue.SimpleQueue()
    turns = Turns()
    threading.Thread(target=_read, args=(pipe, inbox, turns), name="pipe", daemon=True).start()
    # Of all that runs on the board, this is what the kernel should end first, and what should wait for the rest.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
    os.nice(5)
    try:
        child = Child(pipe, load, turns)
        loaded = child.warm()
    except ModelError as error:
        pipe.send(Refused(str(error)))
        return
    pipe.send(loaded)
    while True:
        request = inbox.get()
        if isinstance(request, Generate):
            child.generate(request)
        else:
            child.set_prompt(request.system_prompt, lambda: not inbox.empty())


if __name__ == "__main__":
    main()
