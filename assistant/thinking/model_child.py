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
from assistant.thinking.findings import KeptFiles
from assistant.thinking.language_model import BATCH, AbortedError, LanguageModel, library_files, skips_unread_rows
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
    Prepare,
    Refused,
    SetPrompt,
    ToModel,
    ToolResult,
)
from assistant.thinking.prompt import ChatFormat, chat_format
from assistant.thinking.repetition import repeats
from assistant.thinking.self_test import check_build
from assistant.thinking.speech import Pieces, Speech
from assistant.thinking.tool_calls import split_response
from assistant.thinking.trial import try_out
from assistant.thinking.turns import Turns

BATCH_OF_WORDS = 16

_Request = Generate | Prepare | SetPrompt


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

    def __init__(
        self,
        pipe: Connection,
        load: Load,
        turns: Turns,
        is_asked: Callable[[], bool],
        model_of: Callable[..., LanguageModel],
    ) -> None:
        """`is_asked` tells whether something else is to be done by now."""
        self._pipe = pipe
        self._load = load
        self._turns = turns
        self._is_asked = is_asked
        self._kept = KeptFiles(load, library_files())
        findings = self._kept.findings()
        if not findings:
            check_build(load.n_threads or 1)
        n_threads = load.n_threads or (os.cpu_count() or 1)
        self.model = model_of(load.path, n_ctx=load.n_ctx, n_threads=n_threads, lean=load.lean)
        self.format = self._format(load.system_prompt)
        if not findings:
            findings = try_out(self.model, os.cpu_count() or 1, load.n_threads, sense=load.sense)
            self._kept.keep_findings(findings)
        self._n_threads = findings.decode_threads, findings.prefill_threads
        self.model.set_threads(decode=findings.decode_threads, prefill=findings.prefill_threads)
        self.model.sample_with(
            temperature=load.temperature, top_k=load.top_k, top_p=load.top_p, seed=int.from_bytes(os.urandom(4), "big")
        )

    def _format(self, system_prompt: str) -> ChatFormat:
        model = self.model
        return chat_format(
            model.chat_template, system_prompt, self._tokenize_template, model.bos, model.eos, self._load.tools
        )

    def _tokenize_template(self, text: str) -> list[int]:
        return self.model.tokenize(text, special=True)

    def warm(self) -> Loaded:
        """Has the prefix in the KV cache, from a file if it can, and replies to nothing once: all is in memory then."""
        n_ctx, prefix = self.model.n_ctx, self.format.prefix
        if len(prefix) + self._load.max_tokens >= n_ctx:
            what = "the system prompt with the tools" if self.format.call_marks else "the system prompt"
            raise ModelError(f"{what} has {len(prefix)} tokens, too many for n_ctx {n_ctx}")
        path = self._kept.prefix(prefix)
        n_evaluated = 0
        if not (path and self.model.restore(path, prefix)):
            n_evaluated = self.model.fill(prefix, self._show_life)
            self._kept.keep_prefix(prefix, self.model.save)
        self.model.evaluate([*prefix, *self.format.to_reply], self._show_life)
        n_around = len(self.format.to_reply + self.format.to_question)
        return Loaded(n_ctx, len(prefix), n_around, n_evaluated, self._n_threads, skips_unread_rows())

    def set_prompt(self, system_prompt: str) -> None:
        """Begins every later prompt with this; one that would not fit is left as it was."""
        changed = self._format(system_prompt)
        if len(changed.prefix) + self._load.max_tokens < self.model.n_ctx:
            self.format = changed

    def prepare(self, request: Prepare) -> None:
        """Evaluates what the next prompt begins with, until something else is to be done."""
        opening = self.format.opening(request.history)
        tokens = (*opening, *self.model.tokenize(request.text, special=False))
        if len(tokens) >= self.model.n_ctx:
            return
        with suppress(AbortedError):
            # What is known of a question will be asked for, so it is not given up within a batch, which is small then.
            self._turns.begin_between(self.model, self._is_asked, gives_way=not request.text)
            self.model.fill(tokens, self._go_on, n_batch=BATCH_OF_WORDS if request.text else BATCH)
            if self.model.cached == list(self.format.prefix) and not self._kept.prefix(self.format.prefix):
                self._kept.keep_prefix(self.format.prefix, self.model.save)

    def _go_on(self) -> None:
        if self._is_asked():
            raise AbortedError

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


def _read(pipe: Connection, inbox: "queue.SimpleQueue[_Request]", turns: Turns) -> None:
    try:
        with suppress(EOFError, OSError):
            while True:
                message: ToModel = pipe.recv()
                if isinstance(message, Cancel):
                    turns.cancel(message.number)
                elif isinstance(message, ToolResult):
                    turns.give(message)
                elif isinstance(message, Generate | Prepare | SetPrompt):
                    inbox.put(message)
                    if isinstance(message, Generate):
                        turns.ask(message.number)
    finally:
        os._exit(0)  # whoever asked is gone, and C code cannot be joined


def main(model_of: Callable[..., LanguageModel] = LanguageModel) -> None:
    """Loads the model of the first message, then replies to the others; the pipe is the last argument."""
    # The process that asks decides when this one ends, and its death is noticed: a Ctrl-C or systemd's SIGTERM to all
    # must not make it look like a crash.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    pipe = Connection(int(sys.argv[-1]))
    load = pipe.recv()
    inbox: queue.SimpleQueue[_Request] = queue.SimpleQueue()
    turns = Turns()
    threading.Thread(target=_read, args=(pipe, inbox, turns), name="pipe", daemon=True).start()
    # Of all that runs on the board, this is what the kernel should end first, and what should wait for the rest.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
    os.nice(5)
    try:
        child = Child(pipe, load, turns, lambda: not inbox.empty(), model_of)
        loaded = child.warm()
    except ModelError as error:
        pipe.send(Refused(str(error)))
        return
    pipe.send(loaded)
    while True:
        request = inbox.get()
        if isinstance(request, Generate):
            child.generate(request)
        elif isinstance(request, SetPrompt):
            child.set_prompt(request.system_prompt)
        elif inbox.empty():  # else it is out of date
            child.prepare(request)


if __name__ == "__main__":
    main()
