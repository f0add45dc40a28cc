"""What the model has done, and what it only says that it did. On the thinker's thread.

A call is checked before it is carried out, and what it came to is said in our own words, from the result. The model is
told the result, and may say more; that it did what nobody did, it may not.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from assistant.thinking.promises import asks_for_deed, claims_deed
from assistant.thinking.tool_calls import Call, Malformed, Tool, Value, response, validate

MOST_CALLS = 3  # a turn
MOST_FAULTS = 2  # the first is handed back to the model, after the second it is told to give up


class Done(Protocol):
    """What came of a call."""

    @property
    def text(self) -> str: ...
    @property
    def done(self) -> bool: ...


class Toolbox(Protocol):
    """What the model can have done."""

    @property
    def tools(self) -> tuple[Tool, ...]: ...

    def use(self, name: str, arguments: Mapping[str, Value]) -> Done: ...


class _Nothing:
    """A toolbox without tools."""

    tools: tuple[Tool, ...] = ()

    def use(self, name: str, arguments: Mapping[str, Value]) -> Done:
        raise KeyError(name)


EMPTY: Toolbox = _Nothing()


class Deeds:
    """Those of one turn."""

    def __init__(self, toolbox: Toolbox, question: str, language: str, say: Callable[[str, str, bool], None]) -> None:
        """`say` gets the name of a tool that was used, what is said of it, and whether it was done."""
        self._toolbox = toolbox
        self._question = question
        self._language = language
        self._say = say
        self.asked = asks_for_deed(question, language)
        self._n_calls = self._n_faults = 0

    def withholds(self, sentence: str) -> bool:
        """Whether a sentence of the model's claims a deed that was asked for: ours says what was done."""
        return self.asked and claims_deed(sentence, self._question, self._language)

    def carry_out(self, call: Call | Malformed) -> str:
        """What the model is told of its call."""
        name = call.name
        checked = validate(call, self._toolbox.tools)
        if isinstance(checked, str):
            self._n_faults += 1
            advice = "" if self._n_faults < MOST_FAULTS else " Do not try again; say that you cannot do it."
            return response(name, {"error": checked + advice})
        self._n_calls += 1
        if self._n_calls > MOST_CALLS:
            return response(name, {"error": "too many calls; answer now"})
        result = self._toolbox.use(name, checked.arguments)
        self._say(name, result.text, result.done)
        return response(name, {"done": result.done, "already_said": result.text})
