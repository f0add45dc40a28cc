"""Reads calls of tools out of what a model says, as it comes. Pure; used in the language model's process.

`tool_calls` tells the format and where it comes from.
"""

import re

from assistant.thinking.tool_calls import (
    CALL_BEGIN,
    CALL_END,
    CONSTANTS,
    UNKNOWN,
    Call,
    Malformed,
    Value,
    read_number,
    short,
)

_CALL = re.compile(r"\s*call:\s*(?P<name>[^\s{}<>]+)\s*\{(?P<arguments>.*)\}\s*", re.DOTALL)
_ARGUMENT = re.compile(
    r"\s*(?P<name>[^\s:,{}\[\]<>]+)\s*:\s*"
    r'(?:<\|"\|>(?P<text>(?:(?!<\|"\|>).)*)<\|"\|>|(?P<literal>[^,{}\[\]<>]+))\s*(?:,|\Z)',
    re.DOTALL,
)


class CallParser:
    """Separates what a model says in one turn from the calls in it, however its text is cut into pieces."""

    def __init__(self) -> None:
        self.inside = False  # a call has begun and not ended
        self._text = ""  # of the call, or what may yet be the beginning of a mark

    @property
    def holding(self) -> bool:
        """Whether something that was fed was not given out yet."""
        return self.inside or bool(self._text)

    def feed(self, text: str) -> list[str | Call | Malformed]:
        """What is said and what is called up to the end of this text, in this order."""
        self._text += text
        found: list[str | Call | Malformed] = []
        while True:
            before, mark, rest = self._text.partition(CALL_END if self.inside else CALL_BEGIN)
            if not mark:
                break
            if self.inside:
                found.append(parse(before))
            elif before:
                found.append(before)
            self.inside = not self.inside
            self._text = rest
        if not self.inside:
            n_said = len(self._text) - _n_begun(self._text)
            if n_said:
                found.append(self._text[:n_said])
            self._text = self._text[n_said:]
        return found

    def finish(self) -> str:
        """What is still said at the end of the turn; a call that did not end is dropped."""
        rest = "" if self.inside else self._text
        self.inside, self._text = False, ""
        return rest


def _n_begun(text: str) -> int:
    """How many characters at the end of the text may be the beginning of a call's mark."""
    longest = min(len(text), len(CALL_BEGIN) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(CALL_BEGIN[:n])), 0)


def parse(text: str) -> Call | Malformed:
    """Reads what stands between the marks of a call. Lists and objects are not taken: no tool here asks for them."""
    call = _CALL.fullmatch(text)
    if not call:
        return Malformed(UNKNOWN, "this call cannot be read")
    name, body = call["name"], call["arguments"].strip()
    arguments: dict[str, Value] = {}
    position = 0
    while position < len(body):
        argument = _ARGUMENT.match(body, position)
        if not argument:
            return Malformed(name, f"the arguments cannot be read from {short(body[position:])}")
        key, literal = argument["name"], argument["literal"]
        if key in arguments:
            return Malformed(name, f"{short(key)} is given twice")
        try:
            arguments[key] = argument["text"] if literal is None else _literal(literal.strip())
        except ValueError:
            return Malformed(name, f"{short(key)} must be a number, true, false or a quoted text")
        position = argument.end()
    return Call(name, arguments)


def _literal(text: str) -> Value:
    return CONSTANTS[text.lower()] if text.lower() in CONSTANTS else read_number(text)
