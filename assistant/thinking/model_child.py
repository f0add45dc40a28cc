"""The language model's own process: it loads the model, and answers the messages of `messages` until the pipe closes.

Two threads: the main one computes; another reads the pipe, so that a cancel is heard while C code computes.
"""

import codecs
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from assistant.errors import ModelError
from assistant.thinking.language_model import Aborted, LanguageModel
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
from assistant.thinking.prompt import ChatFormat, chat_format
from assistant.thinking.repetition import repeats


class Child:
    """The loaded model, and the turn it is working at."""

    def __init__(self, pipe: Connection, load: Load) -> None:
        self._pipe = pipe
        self._load = load
        self.model = LanguageModel(load.path, n_ctx=load.n_ctx, n_threads=load.n_threads)
        self.format: ChatFormat = chat_format(
            self.model.chat_template, load.system_prompt, self._tokenize_template, self.model.bos, self.model.eos
        )
        self.model.sample_with(
            temperature=load.temperature, top_k=load.top_k, top_p=load.top_p, seed=int.from_bytes(os.urandom(4), "big")
        )
        self._lock = threading.Lock()
        self._number = 0
        self._cancelled = 0  # this turn and those before it

    def _tokenize_template(self, text: str) -> list[int]:
        return self.model.tokenize(text, special=True)

    def warm(self) -> Loaded:
        if len(self.format.prefix) + self._load.max_tokens >= self.model.n_ctx:
            raise ModelError(f"the system prompt has {len(self.format.prefix)} tokens, too many for n_ctx {self.model.n_ctx}")
        self.model.evaluate(self.format.prefix, self._show_life)
        return Loaded(self.model.n_ctx, len(self.format.prefix), len(self.format.to_reply + self.format.to_question))

    def _show_life(self) -> None:
        self._send(Evaluated())

    def _send(self, message: FromModel) -> None:
        self._pipe.send(message)

    def cancel(self, number: int) -> None:
        """From the reading thread."""
        with self._lock:
            self._cancelled = max(self._cancelled, number)
            if self._number <= self._cancelled:
                self.model.abort()

    def generate(self, request: Generate) -> None:
        with self._lock:
            self._number = request.number
            if self._number > self._cancelled:
                self.model.allow()
        question = tuple(self.model.tokenize(request.question, special=False))
        prompt = self.format.prompt(request.history, question)
        if len(prompt) + self._load.max_tokens > self.model.n_ctx:
            self._send(Finished(request.number, Ending.TOO_LONG))
            return
        n_evaluated = n_generated = 0
        first_s = last_s = time.monotonic()
        ending = Ending.CANCELLED
        with suppress(Aborted):
            n_evaluated = self.model.evaluate(prompt, self._show_life)
            for token in self._tokens():
                if isinstance(token, Ending):
                    ending = token
                    break
                last_s = time.monotonic()
                first_s = last_s if n_generated == 0 else first_s
                n_generated += 1
        per_second = (n_generated - 1) / (last_s - first_s) if last_s > first_s else 0.0
        self._send(Finished(request.number, ending, question, len(prompt), n_evaluated, n_generated, per_second))

    def _tokens(self) -> Iterator[int | Ending]:
        """Generates, sending each piece, and yields each token; last, why it ended."""
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        closes = dict(self.format.thoughts)
        thought_end: int | None = None
        tokens: list[int] = []
        while len(tokens) < self._load.max_tokens:
            token = self.model.sample()
            if self.model.ends(token):
                yield Ending.END
                return
            tokens.append(token)
            if thought_end is None and token in closes:
                thought_end = closes[token]
            silent = thought_end is not None
            self._send(Piece(self._number, token, "" if silent else decode(self.model.piece(token))))
            if token == thought_end:
                thought_end = None
            yield token
            if repeats(tokens):
                yield Ending.REPEATS
                return
            self.model.append(token)
        yield Ending.MAX_TOKENS


def _read(pipe: Connection, child: Child, inbox: "queue.SimpleQueue[Generate]") -> None:
    while True:
        try:
            message: ToModel = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)  # whoever asked is gone, and C code cannot be joined
        if isinstance(message, Cancel):
            child.cancel(message.number)
        elif isinstance(message, Generate):
            inbox.put(message)


def main() -> None:
    pipe = Connection(int(sys.argv[1]))
    load = pipe.recv()
    # Of all that runs on the board, this is what the kernel should end first, and what should wait for the rest.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
    os.nice(5)
    try:
        child = Child(pipe, load)
        loaded = child.warm()
    except ModelError as error:
        pipe.send(Refused(str(error)))
        return
    inbox: queue.SimpleQueue[Generate] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(pipe, child, inbox), name="pipe", daemon=True).start()
    pipe.send(loaded)
    while True:
        child.generate(inbox.get())


if __name__ == "__main__":
    main()
