"""The language model's own process: it loads the model, and answers the messages of `messages` until the pipe closes.

Two threads: the main one computes; another reads the pipe, so that a cancel is heard while C code computes.
"""

import codecs
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from assistant.errors import ModelError
from assistant.thinking.language_model import AbortedError, LanguageModel
from assistant.thinking.messages import (
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
    ToModel,
)
from assistant.thinking.prompt import ChatFormat, Thoughts, chat_format
from assistant.thinking.repetition import repeats


class Abortable(Protocol):
    """What `Cancellation` needs of a language model."""

    def abort(self) -> None: ...
    def allow(self) -> None: ...


class Cancellation:
    """Which turns are over: all that the two threads share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Abortable | None = None
        self._number = 0  # the turn under way, or the last one
        self._cancelled = 0  # this turn and those before it

    def begin(self, number: int, model: Abortable) -> None:
        """From the main thread: the model may work at this turn, unless it is over already."""
        with self._lock:
            self._number, self._model = number, model
            if number > self._cancelled:
                model.allow()
            else:
                model.abort()

    def cancel(self, number: int) -> None:
        """From the reading thread: this turn and those before it are over."""
        with self._lock:
            self._cancelled = max(self._cancelled, number)
            if self._model and self._number <= self._cancelled:
                self._model.abort()


class Child:
    """The loaded model, and how it answers."""

    def __init__(self, pipe: Connection, load: Load, cancellation: Cancellation) -> None:
        self._pipe = pipe
        self._load = load
        self._cancellation = cancellation
        self.model = LanguageModel(load.path, n_ctx=load.n_ctx, n_threads=load.n_threads)
        self.format: ChatFormat = chat_format(
            self.model.chat_template, load.system_prompt, self._tokenize_template, self.model.bos, self.model.eos
        )
        self.model.sample_with(
            temperature=load.temperature, top_k=load.top_k, top_p=load.top_p, seed=int.from_bytes(os.urandom(4), "big")
        )

    def _tokenize_template(self, text: str) -> list[int]:
        return self.model.tokenize(text, special=True)

    def warm(self) -> Loaded:
        n_ctx, n_prefix = self.model.n_ctx, len(self.format.prefix)
        if n_prefix + self._load.max_tokens >= n_ctx:
            raise ModelError(f"the system prompt has {n_prefix} tokens, too many for n_ctx {n_ctx}")
        self.model.evaluate(self.format.prefix, self._show_life)
        return Loaded(n_ctx, n_prefix, len(self.format.to_reply + self.format.to_question))

    def _show_life(self) -> None:
        self._send(Evaluated())

    def _send(self, message: FromModel) -> None:
        self._pipe.send(message)

    def generate(self, request: Generate) -> None:
        self._cancellation.begin(request.number, self.model)
        question = tuple(self.model.tokenize(request.question, special=False))
        prompt = self.format.prompt(request.history, question)
        if len(prompt) + self._load.max_tokens > self.model.n_ctx:
            self._send(Finished(request.number, Ending.TOO_LONG))
            return
        n_evaluated = n_generated = 0
        first_s = last_s = time.monotonic()
        ending = Ending.CANCELLED
        with suppress(AbortedError):
            n_evaluated = self.model.evaluate(prompt, self._show_life)
            for token in self._tokens(request.number):
                if isinstance(token, Ending):
                    ending = token
                    break
                last_s = time.monotonic()
                first_s = last_s if n_generated == 0 else first_s
                n_generated += 1
        per_second = (n_generated - 1) / (last_s - first_s) if last_s > first_s else 0.0
        self._send(Finished(request.number, ending, question, len(prompt), n_evaluated, n_generated, per_second))

    def _tokens(self, number: int) -> Iterator[int | Ending]:
        """Generates, sending each piece, and yields each token; last, why it ended."""
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        thoughts = Thoughts(self.format)
        tokens: list[int] = []
        while len(tokens) < self._load.max_tokens:
            token = self.model.sample()
            if self.model.ends(token):
                yield Ending.END
                return
            tokens.append(token)
            self._send(Piece(number, token, "" if thoughts.hide(token) else decode(self.model.piece(token))))
            yield token
            if repeats(tokens):
                yield Ending.REPEATS
                return
            self.model.append(token)
        yield Ending.MAX_TOKENS


def _read(pipe: Connection, inbox: "queue.SimpleQueue[Generate]", cancellation: Cancellation) -> None:
    try:
        with suppress(EOFError, OSError):
            while True:
                message: ToModel = pipe.recv()
                if isinstance(message, Cancel):
                    cancellation.cancel(message.number)
                elif isinstance(message, Generate):
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
    inbox: queue.SimpleQueue[Generate] = queue.SimpleQueue()
    cancellation = Cancellation()
    threading.Thread(target=_read, args=(pipe, inbox, cancellation), name="pipe", daemon=True).start()
    # Of all that runs on the board, this is what the kernel should end first, and what should wait for the rest.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
    os.nice(5)
    try:
        child = Child(pipe, load, cancellation)
        loaded = child.warm()
    except ModelError as error:
        pipe.send(Refused(str(error)))
        return
    pipe.send(loaded)
    while True:
        child.generate(inbox.get())


if __name__ == "__main__":
    main()
