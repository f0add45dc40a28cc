from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.thinking.tool_calls import (
    QUOTE,
    RESPONSE_BEGIN,
    RESPONSE_END,
    Call,
    Malformed,
    Parameter,
    Tool,
    Value,
    knows_tools,
    response,
    schema,
    split_response,
    validate,
)

TIMER = Tool(
    "set_timer",
    "Sets a timer.",
    (
        Parameter("minutes", "integer", "How long", low=1, high=1440),
        Parameter("name", "string", "What it is for", required=False),
        Parameter("loud", "boolean", "Whether to ring loudly", required=False),
    ),
)
VOLUME = Tool("set_volume", "Sets the volume.", (Parameter("volume", "number", "In percent", low=0, high=100),))
CONVERT = Tool(
    "convert",
    "Converts units.",
    (
        Parameter("value", "number", "How much"),
        Parameter("unit", "string", "To which unit", choices=("celsius", "fahrenheit", "K")),
    ),
)
TIME = Tool("tell_time", "Tells the time.")
TOOLS = (TIMER, VOLUME, CONVERT, TIME)


def test_a_tool_is_declared_by_a_json_schema() -> None:
    assert schema(TIMER) == {
        "type": "function",
        "function": {
            "name": "set_timer",
            "description": "Sets a timer.",
            "parameters": {
                "type": "object",
                "properties": {
                    "minutes": {"type": "integer", "description": "How long (1 to 1440)"},
                    "name": {"type": "string", "description": "What it is for"},
                    "loud": {"type": "boolean", "description": "Whether to ring loudly"},
                },
                "required": ["minutes"],
            },
        },
    }
    unit = schema(CONVERT)["function"]["parameters"]["properties"]["unit"]
    assert unit["enum"] == ["celsius", "fahrenheit", "K"]
    assert schema(TIME)["function"]["parameters"] == {"type": "object", "properties": {}, "required": []}


@pytest.mark.parametrize(
    ("limits", "told"),
    [({"low": 1}, "N (1 or more)"), ({"high": 2.5}, "N (2.5 or less)"), ({"low": 0, "high": 1e6}, "N (0 to 1000000)")],
)
def test_limits_are_told_in_the_description(limits: Mapping[str, Any], told: str) -> None:
    tool = Tool("x", "X.", (Parameter("n", "number", "N", **limits),))
    assert schema(tool)["function"]["parameters"]["properties"]["n"]["description"] == told


@pytest.mark.parametrize("name", ["description", "type", "properties", "required", "nullable"])
def test_a_parameter_that_the_template_would_leave_out_cannot_be_made(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Parameter(name, "string", "")


def test_a_template_knows_tools_if_it_declares_them_and_writes_calls_as_gemma_4() -> None:
    assert knows_tools("{% if tools %}…{% endif %}{{ '<|tool_call>call:' + name }}")
    assert not knows_tools("{% for m in messages %}{{ m.content }}{% endfor %}")
    assert not knows_tools("{% if tools %}{{ tools | tojson }}<tool_call>{% endif %}")
    assert not knows_tools("{{ '<|tool_call>call:' + name }}")


@pytest.mark.parametrize(
    ("name", "given_", "taken"),
    [
        ("tell_time", {}, {}),
        ("set_timer", {"minutes": 10}, {"minutes": 10}),
        ("set_timer", {"minutes": "10"}, {"minutes": 10}),
        ("set_timer", {"minutes": " 10 "}, {"minutes": 10}),
        ("set_timer", {"minutes": 10.0}, {"minutes": 10}),
        ("set_timer", {"minutes": "1e1"}, {"minutes": 10}),
        ("set_timer", {"minutes": 1, "name": " tea "}, {"minutes": 1, "name": "tea"}),
        ("set_timer", {"minutes": 1440, "name": 7}, {"minutes": 1440, "name": "7"}),
        ("set_timer", {"minutes": 1, "name": None, "loud": ""}, {"minutes": 1}),
        ("set_timer", {"minutes": 1, "loud": False}, {"minutes": 1, "loud": False}),
        ("set_timer", {"minutes": 1, "loud": "True"}, {"minutes": 1, "loud": True}),
        ("set_volume", {"volume": 0}, {"volume": 0}),
        ("set_volume", {"volume": "12.5"}, {"volume": 12.5}),
        ("convert", {"value": -40, "unit": "Celsius"}, {"value": -40, "unit": "celsius"}),
        ("convert", {"value": 1, "unit": "k"}, {"value": 1, "unit": "K"}),
    ],
)
def test_what_can_be_meant_in_one_way_only_is_taken(
    name: str, given_: Mapping[str, Value], taken: Mapping[str, Value]
) -> None:
    call = validate(Call(name, given_), TOOLS)
    assert call == Call(name, taken)
    assert isinstance(call, Call)
    assert {key: type(value) for key, value in call.arguments.items()} == {k: type(v) for k, v in taken.items()}


@pytest.mark.parametrize(
    ("name", "given_", "reason"),
    [
        ("set_alarm", {}, "there is no tool set_alarm; there is set_timer, set_volume, convert, tell_time"),
        ("x" * 500, {}, f"there is no tool {'x' * 40}…; there is set_timer, set_volume, convert, tell_time"),
        ("set_timer", {"seconds": 1}, "set_timer does not take seconds; it takes minutes, name, loud"),
        ("tell_time", {"city": "Rome"}, "tell_time does not take city; it takes nothing"),
        ("set_timer", {}, "minutes is missing"),
        ("set_timer", {"minutes": None}, "minutes is missing"),
        ("set_timer", {"minutes": " "}, "minutes is missing"),
        ("set_timer", {"minutes": "ten"}, "minutes must be a whole number, not ten"),
        ("set_timer", {"minutes": "10 minutes"}, "minutes must be a whole number, not 10 minutes"),
        ("set_timer", {"minutes": 2.5}, "minutes must be a whole number, not 2.5"),
        ("set_timer", {"minutes": True}, "minutes must be a whole number, not true"),
        ("set_timer", {"minutes": 0}, "minutes must be 1 to 1440, not 0"),
        ("set_timer", {"minutes": "1441"}, "minutes must be 1 to 1440, not 1441"),
        ("set_timer", {"minutes": 1e80}, "minutes must be 1 to 1440, not 1e+80"),
        ("set_timer", {"minutes": 1, "loud": 1}, "loud must be true or false, not 1"),
        ("set_timer", {"minutes": 1, "loud": "yes"}, "loud must be true or false, not yes"),
        ("set_timer", {"minutes": 1, "name": True}, "name must be a text, not true"),
        ("set_volume", {"volume": 100.5}, "volume must be 0 to 100, not 100.5"),
        ("set_volume", {"volume": "nan"}, "volume must be a number, not nan"),
        ("set_volume", {"volume": "inf"}, "volume must be a number, not inf"),
        ("convert", {"value": 1, "unit": "miles"}, "unit must be one of celsius, fahrenheit, K, not miles"),
    ],
)
def test_what_is_wrong_with_a_call_is_told_in_a_short_line(name: str, given_: Mapping[str, Value], reason: str) -> None:
    assert validate(Call(name, given_), TOOLS) == reason


def test_a_call_that_cannot_be_read_stays_wrong() -> None:
    assert validate(Malformed("set_timer", "minutes is given twice"), TOOLS) == "minutes is given twice"


def test_without_tools_no_call_is_right() -> None:
    assert validate(Call("tell_time", {}), ()) == "there is no tool tell_time; there is none"


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
NAMES = st.sampled_from(["minutes", "name", "loud", "volume", "value", "unit", "city"])


@given(st.sampled_from([*(tool.name for tool in TOOLS), "fly"]), st.dictionaries(NAMES, VALUES))
def test_a_call_that_is_taken_keeps_to_its_schema(name: str, arguments: dict[str, Value]) -> None:
    call = validate(Call(name, arguments), TOOLS)
    if isinstance(call, str):
        return
    (tool,) = (tool for tool in TOOLS if tool.name == call.name)
    types: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    for parameter in tool.parameters:
        assert not parameter.required or parameter.name in call.arguments
    for key, value in call.arguments.items():
        (parameter,) = (parameter for parameter in tool.parameters if parameter.name == key)
        assert isinstance(value, types[parameter.kind])
        assert not parameter.choices or value in parameter.choices
        if parameter.low is not None and parameter.high is not None:
            assert isinstance(value, int | float)
            assert parameter.low <= value <= parameter.high
    assert validate(call, TOOLS) == call


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("done", 'response:x{value:<|"|>done<|"|>}'),
        (5, "response:x{value:5}"),
        (None, "response:x{value:null}"),
        ({"ok": True, "At": "noon", "n": 2.5}, 'response:x{At:<|"|>noon<|"|>,n:2.5,ok:true}'),
        ({}, "response:x{}"),
    ],
)
def test_a_result_is_written_as_the_template_has_it(value: Value | Mapping[str, Value], text: str) -> None:
    assert response("x", value) == f"<|tool_response>{text}<tool_response|>"


@given(
    st.lists(st.sampled_from([QUOTE, RESPONSE_BEGIN, RESPONSE_END, "<turn|>", "<", "|", '"', ">", "a"])).map("".join)
)
def test_no_value_ends_its_own_text(value: str) -> None:
    parts = split_response(response("x", value))
    assert [part for part, is_mark in parts if is_mark] == [RESPONSE_BEGIN, QUOTE, QUOTE, RESPONSE_END]
    assert "".join(part for part, _ in parts) == response("x", value)
