"""The chat template of a model, cut once into the tokens that stand around what people and model say.

A conversation in the KV cache only ever grows at its end: prefix, question, `to_reply`, reply, `to_question`,
question and so on. The template is therefore not rendered again for every turn (it drops things from past
turns, such as the empty thought block of Gemma 4, and everything after them would have to be evaluated again).
It is rendered once around marks, and what lies between the marks is kept. As the prefix ends where the first
question begins, any number of the oldest exchanges can be left out.

Runs in the language model's process; pure but for the tokenizer it is given.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from assistant.errors import ModelError
from assistant.thinking.messages import Exchange, Tokens
from assistant.thinking.tool_calls import CALL_BEGIN, CALL_END, QUOTE, RESPONSE_END, Tool, knows_tools, schema

Tokenize = Callable[[str], list[int]]
Message = dict[str, Any]

QUESTION, REPLY, NEXT_QUESTION = "Marked question.", "Marked reply.", "Another marked question."
CALLED: Message = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"type": "function", "function": {"name": "called", "arguments": {}}}],
    "tool_responses": [{"name": "called", "response": {}}],
}
THOUGHTS = (("<|channel>", "<channel|>"), ("<think>", "</think>"))


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The tokens around what is said."""

    prefix: Tokens  # up to the first question
    to_reply: Tokens  # from a question's end to its reply
    to_question: Tokens  # from a reply's end to the next question
    thoughts: tuple[tuple[int, int], ...]  # tokens that open and close what the model says to itself
    call_marks: Tokens = ()  # begin, end and quote of a call; none if the model is not told of tools
    after_response: Tokens = ()  # from a tool's result to the rest of the reply

    def prompt(self, history: Sequence[Exchange], question: Tokens) -> Tokens:
        """All tokens up to where the reply begins."""
        return (*self.opening(history), *question, *self.to_reply)

    def opening(self, history: Sequence[Exchange]) -> Tokens:
        """All tokens up to where the next question begins."""
        past = [
            token
            for exchange in history
            for part in (exchange.question, self.to_reply, exchange.reply, self.to_question)
            for token in part
        ]
        return (*self.prefix, *past)


class Thoughts:
    """Tells what a model says to itself from what it says aloud, token by token of one reply."""

    def __init__(self, chat: ChatFormat) -> None:
        self._ends = dict(chat.thoughts)
        self._end: int | None = None  # of the thought under way
        for token in chat.to_reply:  # which may have opened one
            self.hide(token)

    def hide(self, token: int) -> bool:
        """Whether the next token is part of a thought, as are the marks around it."""
        if self._end is None:
            self._end = self._ends.get(token)
            return self._end is not None or token in self._ends.values()
        if token == self._end:
            self._end = None
        return True


def chat_format(
    template: str, system_prompt: str, tokenize: Tokenize, bos: str, eos: str, tools: Sequence[Tool] = ()
) -> ChatFormat:
    """Cuts the template at what people say; the prefix declares the tools if template and vocabulary know how.

    Raises:
        ModelError: it is not a template for a chat of questions and replies.
    """
    marks = _call_marks(template, tokenize) if tools else ()
    schemas = [schema(tool) for tool in tools] if marks else None

    def render(*messages: Message) -> str:
        return _render(template, list(messages), bos, eos, schemas)

    system, question = _message("system", system_prompt), _message("user", QUESTION)
    rest = _message("assistant", REPLY), _message("user", NEXT_QUESTION)
    try:
        prefix, to_question, to_reply = _cut(render(system, question, *rest))
        has_system_role = system_prompt.strip() in prefix
    except ModelError:
        has_system_role = False
    if not has_system_role:  # the first question tells it instead
        question = _message("user", f"{system_prompt}\n\n{QUESTION}".lstrip())
        prefix, to_question, to_reply = _cut(render(question, *rest))
    return ChatFormat(
        tuple(tokenize(prefix)),
        tuple(tokenize(to_reply)),
        tuple(tokenize(to_question)),
        _thoughts(tokenize),
        marks,
        tuple(tokenize(_after_response(render(question, CALLED)))) if marks else (),
    )


def _cut(text: str) -> tuple[str, str, str]:
    """What stands before the first question, between a reply and the next question, and between that and its reply."""
    try:
        prefix, text = text.split(QUESTION, 1)
        _, text = text.split(REPLY, 1)
        to_question, to_reply = text.split(NEXT_QUESTION, 1)
    except ValueError as error:
        raise ModelError("its chat template loses what is said") from error
    return prefix, to_question, to_reply


def _call_marks(template: str, tokenize: Tokenize) -> Tokens:
    """The marks of a call, if the template knows tools and the model knows each mark as one token."""
    marks = [tokenize(mark) for mark in (CALL_BEGIN, CALL_END, QUOTE)] if knows_tools(template) else []
    return tuple(mark[0] for mark in marks) if all(len(mark) == 1 for mark in marks) else ()


def _after_response(text: str) -> str:
    _, mark, after = text.rpartition(RESPONSE_END)
    return after if mark else ""


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _thoughts(tokenize: Tokenize) -> tuple[tuple[int, int], ...]:
    """The marks that this model knows as one token each."""
    pairs = ((tokenize(begin), tokenize(end)) for begin, end in THOUGHTS)
    return tuple((begin[0], end[0]) for begin, end in pairs if len(begin) == len(end) == 1)


def _render(template: str, messages: list[Message], bos: str, eos: str, tools: list[dict[str, Any]] | None) -> str:
    """Renders as transformers does, whose environment the templates in GGUF files are written for."""

    def raise_exception(message: str) -> NoReturn:
        raise jinja2.TemplateError(message)

    def tojson(value: Any, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=False, indent=indent)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    try:
        return environment.from_string(template).render(
            messages=messages,
            tools=tools,
            documents=None,
            add_generation_prompt=True,
            enable_thinking=False,
            bos_token=bos,
            eos_token=eos,
            raise_exception=raise_exception,
            strftime_now=datetime.now().strftime,
        )
    except (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(f"its chat template cannot be used: {' '.join(str(error).split())}") from error
