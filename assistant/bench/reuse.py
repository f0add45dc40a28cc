"""How much of a conversation the engine evaluates again, and whether what it kept is right. For `engine`, whose main
thread this is, in its process.
"""

import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.errors import AssistantError
from assistant.thinking.conversation import QUESTION_TOKENS, Conversation
from assistant.thinking.findings import Findings
from assistant.thinking.language_model import LanguageModel
from assistant.thinking.messages import Ending, Exchange, Finished, Generate, Load, Piece, Prepare
from assistant.thinking.model_child import Child
from assistant.thinking.trial import PARAGRAPH
from assistant.thinking.turns import Turns

N_PREFIX = 300
QUESTIONS = (
    "What is the capital of France?",
    "And how many people live there?",
    "How do birds know where to fly in the winter?",
    "Why is the sky blue?",
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation whose replies have so many tokens."""

    n_turns: int
    n_reply: int
    n_ctx: int


@dataclass(frozen=True, slots=True)
class Reuse:
    """What a conversation made the engine evaluate."""

    n_new: int  # tokens of all questions but the first, with what the template has between question and reply
    n_evaluated: int  # tokens evaluated while a person waited for those replies
    n_rebuilt: int  # tokens evaluated between turns that had been evaluated before
    n_trims: int  # how often the oldest exchanges left


class _Scripted(LanguageModel):
    """Says plain words at the price of any others, and counts what is evaluated between turns."""

    n_reply = 0
    n_filled = 0

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._random = random.Random(1)  # one for all replies: where two are alike, old ones are found in the cache

    def evaluate(self, tokens: Sequence[int], *rest: Any) -> int:
        said = self._random.choices(self.tokenize(PARAGRAPH, special=False), k=self.n_reply)
        self._left = [*said, *self.tokenize(self.eos, special=True)]
        return super().evaluate(tokens, *rest)

    def sample(self, *, likeliest: bool = False) -> int:
        super().sample(likeliest=likeliest)
        return self._left.pop(0)

    def fill(self, *arguments: Any, **options: Any) -> int:
        n_evaluated = super().fill(*arguments, **options)
        self.n_filled += n_evaluated
        return n_evaluated


def converse(path: Path, n_threads: int, talk: Talk) -> Reuse:
    """Talks with a model as the thinker does, which has the cache made ready after each reply.

    The child of the model's process is called directly: the next question never comes too early for what it prepares.
    """
    pipe, childs = multiprocessing.Pipe()  # holds all messages of a turn
    with pipe, childs:
        child = Child(childs, _load(path, n_threads, talk), Turns(), lambda: False, _Scripted)
        with child.model as model:
            assert isinstance(model, _Scripted)
            model.n_reply = talk.n_reply
            loaded = child.warm()
            reserved = loaded.n_prefix + loaded.n_around + QUESTION_TOKENS + talk.n_reply
            conversation = Conversation(n_budget=loaded.n_ctx - reserved, n_around=loaded.n_around)
            n_new = n_evaluated = n_rebuilt = n_trims = 0
            for number in range(1, talk.n_turns + 1):
                history = conversation.history
                child.generate(Generate(number, history, QUESTIONS[number % len(QUESTIONS)]))
                reply, finished = _listen(pipe)
                if number > 1:
                    n_new += len(finished.question) + len(child.format.to_reply)
                    n_evaluated += finished.n_evaluated
                conversation.add(Exchange(finished.question, reply))
                n_trims += conversation.history[: len(history)] != history
                model.n_filled = 0
                child.prepare(Prepare(conversation.history))
                n_rebuilt += model.n_filled - len(child.format.to_question)
    return Reuse(n_new, n_evaluated, n_rebuilt, n_trims)


def _load(path: Path, n_threads: int, talk: Talk) -> Load:
    with LanguageModel(path, n_ctx=talk.n_ctx, n_threads=1) as model:
        n_tokens = len(model.tokenize(PARAGRAPH, special=False))
    system_prompt = " ".join([PARAGRAPH] * max(1, N_PREFIX // n_tokens))
    sampling = 1.0, 64, 0.95
    return Load(path, system_prompt, talk.n_ctx, n_threads, talk.n_reply + 1, *sampling, sense=False)


def _listen(pipe: Connection) -> tuple[tuple[int, ...], Finished]:
    """The tokens of the reply, and how it ended."""
    tokens = []
    while not isinstance(message := pipe.recv(), Finished):
        if isinstance(message, Piece):
            tokens.append(message.token)
    if message.ending is not Ending.END:
        raise AssistantError(f"bench: a reply ended otherwise than it should: {message.ending.value}")
    return tuple(tokens), message


def unequal(kept: LanguageModel, fresh: Callable[[], LanguageModel], threads: Findings, n_compared: int) -> list[str]:
    """In what cases a context that had evaluated other things replies otherwise than one that had evaluated nothing.

    Greedy replies of `n_compared` tokens are compared.
    """
    return [
        case
        for case, steps in _cases(kept)
        if _reply(kept, steps[-1:], n_compared) != _afresh(fresh, threads, steps, n_compared)
    ]


def _afresh(
    fresh: Callable[[], LanguageModel], threads: Findings, steps: Sequence[Sequence[int]], n_tokens: int
) -> list[int]:
    with fresh() as model:
        model.set_threads(decode=threads.decode_threads, prefill=threads.prefill_threads)
        return _reply(model, steps, n_tokens)


def _cases(model: LanguageModel) -> Iterator[tuple[str, list[list[int]]]]:
    """What is asked next, when the cache holds what it held in an assistant just before.

    That is the prompt, after those that a new context evaluates first, so that both read it in the same batches: others
    are rounded otherwise, and random weights, to which many tokens are all but equally likely, reply otherwise then.
    """
    words = model.tokenize(PARAGRAPH, special=False)
    prefix, first, second, question = (
        random.Random(seed).choices(words, k=n) for seed, n in enumerate((64, 64, 64, 8))
    )
    _read(model, [prefix, [*prefix, *first], [*prefix, *first, *second]])
    yield "rewound", [prefix, [*prefix, *first], [*prefix, *first, *question]]
    _read(model, [prefix, [*prefix, *first], [*prefix, *first, *second]])
    model.fill([*prefix, *second])
    yield "trimmed", [prefix, [*prefix, *second], [*prefix, *second, *question]]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "prefix.kv"
        model.evaluate(words[-1:])
        model.fill(prefix)
        model.save(path)
        model.evaluate(second)
        if not model.restore(path, prefix):
            raise AssistantError(f"bench: {path} was not restored")
    yield "restored", [prefix, [*prefix, *question]]


def _reply(model: LanguageModel, steps: Sequence[Sequence[int]], n_tokens: int) -> list[int]:
    _read(model, steps[:-1])
    model.evaluate(steps[-1])
    tokens = [model.sample(likeliest=True)]
    for _ in range(n_tokens - 1):
        model.append(tokens[-1])
        tokens.append(model.sample(likeliest=True))
    return tokens


def _read(model: LanguageModel, steps: Sequence[Sequence[int]]) -> None:
    for prompt in steps:
        model.fill(prompt)
