"""Tools for the model: how they are declared, how calls are read and checked, how results are told. Pure; any thread.

The format is Gemma 4's. It is that of the chat template in Gemma 4's own GGUF files, which also says what a value looks
like (its macros `format_function_declaration` and `format_argument`); llama.cpp reads calls by the same grammar
(common/parsers/gemma4.cpp). Each mark in angle brackets is one token:

    <|tool_call>call:set_timer{minutes:5,name:<|"|>tea<|"|>}<tool_call|>
    <|tool_response>response:set_timer{ends:<|"|>five past two<|"|>}<tool_response|>

After a call the model would end with `<|tool_response>`, which is where its result begins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

CALL_BEGIN, CALL_END = "<|tool_call>", "<tool_call|>"
RESPONSE_BEGIN, RESPONSE_END = "<|tool_response>", "<tool_response|>"
QUOTE = '<|"|>'
UNKNOWN = "unknown"  # what the template calls a tool without a name

Value = str | int | float | bool | None
Kind = Literal["string", "integer", "number", "boolean"]

# The template takes parameters of these names for parts of the schema and leaves them out.
_NOT_DECLARED = ("description", "type", "properties", "required", "nullable")
_RESPONSE_MARKS = (RESPONSE_BEGIN, RESPONSE_END, QUOTE)
_SPLIT_RESPONSE = re.compile("(" + "|".join(map(re.escape, _RESPONSE_MARKS)) + ")")
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a tool takes under a name."""

    name: str
    kind: Kind
    description: str
    required: bool = True
    choices: tuple[str, ...] = ()  # all that a string may be, if not empty
    low: float | None = None  # the least and the greatest that a number may be
    high: float | None = None

    def __post_init__(self) -> None:
        if self.name in _NOT_DECLARED:
            raise ValueError(f"the template of Gemma 4 does not declare a parameter named {self.name}")


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that the model can ask for."""

    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """The model asks for a tool; what it asks for need not exist or be right before `validate` says so."""

    name: str
    arguments: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Malformed:
    """The model meant to call something, but its call cannot be read."""

    name: str
    reason: str


class _WrongArgumentError(Exception):
    """Its text tells the model what would be right."""


def knows_tools(template: str) -> bool:
    """Whether a chat template declares tools, in the one format that is known here."""
    return "tools" in template and f"{CALL_BEGIN}call:" in template


def schema(tool: Tool) -> dict[str, Any]:
    """A tool as chat templates take it: a function with a JSON schema."""
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": {
                "type": "object",
                "properties": {parameter.name: _property(parameter) for parameter in tool.parameters},
                "required": [parameter.name for parameter in tool.parameters if parameter.required],
            },
        },
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    # Gemma 4's template shows no minimum and maximum, so the description tells them.
    limits = _limits(parameter)
    described = f"{parameter.description} ({limits})" if limits else parameter.description
    chosen = {"enum": list(parameter.choices)} if parameter.choices else {}
    return {"type": parameter.kind, "description": described, **chosen}


def _limits(parameter: Parameter) -> str:
    low, high = parameter.low, parameter.high
    if low is not None and high is not None:
        return f"{low:.15g} to {high:.15g}"
    if low is not None:
        return f"{low:.15g} or more"
    return "" if high is None else f"{high:.15g} or less"


def read_number(text: str) -> int | float:
    """A number as JSON writes it, of at most 15 digits before the point. Raises ValueError."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    raise ValueError(text)


def validate(call: Call | Malformed, tools: Sequence[Tool]) -> Call | str:
    """The call with its arguments as the tool takes them, or, for the model, what is wrong with it.

    What can be meant in one way only is mended: "10" for 10, 5.0 for 5, another case for a choice, and null or an empty
    text for an argument that was left out.
    """
    if isinstance(call, Malformed):
        return call.reason
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        return f"there is no tool {short(call.name)}; there is {', '.join(tool.name for tool in tools) or 'none'}"
    names = [parameter.name for parameter in tool.parameters]
    unknown = next((name for name in call.arguments if name not in names), None)
    if unknown is not None:
        return f"{tool.name} does not take {short(unknown)}; it takes {', '.join(names) or 'nothing'}"
    arguments: dict[str, Value] = {}
    for parameter in tool.parameters:
        value = call.arguments.get(parameter.name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if parameter.required:
                return f"{parameter.name} is missing"
            continue
        try:
            arguments[parameter.name] = _argument(parameter, value)
        except _WrongArgumentError as error:
            return f"{parameter.name} must be {error}, not {short(_plain(value))}"
    return Call(tool.name, arguments)


def _argument(parameter: Parameter, value: str | float | bool) -> Value:
    if parameter.kind == "boolean":
        return _boolean(value)
    if parameter.kind == "string":
        return _string(parameter, value)
    return _limited(parameter, value)


def _boolean(value: str | float | bool) -> bool:
    meant = CONSTANTS.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(meant, bool):
        raise _WrongArgumentError("true or false")
    return meant


def _string(parameter: Parameter, value: str | float | bool) -> str:
    if isinstance(value, bool):
        raise _WrongArgumentError("a text")
    text = _plain(value).strip()
    if not parameter.choices:
        return text
    chosen = [choice for choice in parameter.choices if choice.casefold() == text.casefold()]
    if not chosen:
        raise _WrongArgumentError(f"one of {', '.join(parameter.choices)}")
    return text if text in chosen else chosen[0]


def _limited(parameter: Parameter, value: str | float | bool) -> int | float:
    whole = parameter.kind == "integer"
    kind = "a whole number" if whole else "a number"
    if isinstance(value, bool):
        raise _WrongArgumentError(kind)
    try:
        number = read_number(value.strip()) if isinstance(value, str) else value
    except ValueError:
        raise _WrongArgumentError(kind) from None
    if whole and isinstance(number, float):
        if not number.is_integer():
            raise _WrongArgumentError(kind)
        number = int(number)
    low, high = parameter.low, parameter.high
    if (low is not None and number < low) or (high is not None and number > high):
        raise _WrongArgumentError(_limits(parameter))
    return number


def _plain(value: Value) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def short(text: str) -> str:
    """What the model wrote, short enough to be told back to it."""
    return text if len(text) <= 40 else f"{text[:40]}…"


def response(name: str, value: Value | Mapping[str, Value]) -> str:
    """The result of a call for the model; marks in its texts lose their meaning."""
    values = value if isinstance(value, Mapping) else {"value": value}
    members = sorted(values.items(), key=lambda member: member[0].lower())  # as the template has them
    return f"{RESPONSE_BEGIN}response:{name}{{{','.join(f'{key}:{_written(v)}' for key, v in members)}}}{RESPONSE_END}"


def _written(value: Value) -> str:
    if not isinstance(value, str):
        return _plain(value)
    for mark in _RESPONSE_MARKS:
        value = value.replace(mark, " ")
    return f"{QUOTE}{value}{QUOTE}"


def split_response(text: str) -> list[tuple[str, bool]]:
    """The parts of a response, and which are its marks; what else looks like a token's name is mere text."""
    return [(part, part in _RESPONSE_MARKS) for part in _SPLIT_RESPONSE.split(text) if part]
