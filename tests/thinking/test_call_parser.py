import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assistant.thinking.call_parser import CallParser, parse
from assistant.thinking.tool_calls import CALL_BEGIN, CALL_END, QUOTE, Call, Malformed, Value

TEA = '<|tool_call>call:set_timer{minutes:5,name:<|"|>the tea, {hot}: "now"<|"|>}<tool_call|>'
TEA_CALL = Call("set_timer", {"minutes": 5, "name": 'the tea, {hot}: "now"'})
TIME = "<|tool_call>call:tell_time{}<tool_call|>"
TIME_CALL = Call("tell_time", {})


def heard(pieces: list[str]) -> tuple[str, list[Call | Malformed]]:
    """All that is said and all that is called."""
    parser = CallParser()
    found = [part for piece in pieces for part in parser.feed(piece)]
    said = "".join(part for part in found if isinstance(part, str)) + parser.finish()
    assert not parser.holding
    return said, [part for part in found if not isinstance(part, str)]


@pytest.mark.parametrize("text", [TEA, f"Sure. {TEA}Done.", f"{TEA}{TIME}", f"1 < 2 <| {TIME}<tool_call|> <|tool_call"])
def test_a_call_is_found_whole_wherever_its_text_is_cut(text: str) -> None:
    said = text.replace(TEA, "").replace(TIME, "")
    calls = [call for call, written in ((TEA_CALL, TEA), (TIME_CALL, TIME)) if written in text]
    for i, j in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        assert heard([text[:i], text[i:j], text[j:]]) == (said, calls)
    assert heard(list(text)) == (said, calls)


def text_of(*parts: str) -> st.SearchStrategy[str]:
    """Any text that is made of these parts."""
    return st.lists(st.sampled_from(parts), max_size=30).map("".join)


PLAIN = text_of(*"<|tool_call>", "Grüße. ", "{a:1}", QUOTE).filter(lambda text: CALL_BEGIN not in text)
PARTS = st.lists(st.one_of(PLAIN, st.sampled_from([TEA, TIME])), max_size=6)


@given(PARTS, st.data())
def test_nothing_of_a_call_is_said_and_nothing_else_is_lost(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    assume(text.count(CALL_BEGIN) == sum(part in (TEA, TIME) for part in parts))  # no two parts make up a mark
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=30)))
    pieces = [text[i:j] for i, j in itertools.pairwise([0, *cuts, len(text)])]
    calls = [TEA_CALL if part == TEA else TIME_CALL for part in parts if part in (TEA, TIME)]
    said = "".join(part for part in parts if part not in (TEA, TIME))
    assert heard(pieces) == (said, calls)


@given(text_of(CALL_BEGIN, CALL_END, QUOTE, *"<|_>tolca:{}5,"))
def test_no_text_gives_out_a_mark_that_opens_a_call(text: str) -> None:
    parser = CallParser()
    found = [part if isinstance(part, str) else "called" for piece in text for part in parser.feed(piece)]
    assert CALL_BEGIN not in "".join(found) + parser.finish()


def test_what_is_no_call_is_said_at_once() -> None:
    parser = CallParser()
    assert parser.feed("It is 1 < 2") == ["It is 1 < 2"]
    assert not parser.holding
    assert parser.feed(" or <|to") == [" or "]
    assert parser.holding
    assert not parser.inside
    assert parser.feed("ken") == ["<|token"]


def test_a_call_is_given_out_as_soon_as_it_ends() -> None:
    parser = CallParser()
    assert parser.feed(TIME[:-1]) == []
    assert parser.inside
    assert parser.feed(TIME[-1]) == [TIME_CALL]
    assert not parser.inside


def test_a_call_that_does_not_end_is_dropped() -> None:
    for n in range(len(CALL_BEGIN), len(TEA)):
        assert heard([f"Sure. {TEA[:n]}"]) == ("Sure. ", [])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ('<|"|><|"|>', ""),
        ('<|"|>5<|"|>', "5"),
        ('<|"|> <|"|>', " "),
        ('<|"|>two\nlines<|"|>', "two\nlines"),
        ('<|"|>{a:1},[2]<|"|>', "{a:1},[2]"),
        ('<|"|>überall “🦉”<|"|>', "überall “🦉”"),
    ],
)
@pytest.mark.parametrize("around", ["call:x{{a:{}}}", "call:x{{a: {} }}", " call: x {{ a:{} , }} "])
def test_values_are_read_as_the_template_writes_them(written: str, value: Value, around: str) -> None:
    call = parse(around.format(written))
    assert call == Call("x", {"a": value})
    assert isinstance(call, Call)
    assert type(call.arguments["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("", "unknown", "cannot be read"),
        ("tell_time", "unknown", "cannot be read"),
        ("call:tell_time", "unknown", "cannot be read"),
        ("call:{}", "unknown", "cannot be read"),
        ("call:x{a:1", "unknown", "cannot be read"),
        ('{"name": "x", "arguments": {}}', "unknown", "cannot be read"),
        ("call:x{5}", "x", "cannot be read from 5"),
        ("call:x{a:}", "x", "cannot be read from a:"),
        ("call:x{a:[1,2]}", "x", "cannot be read from a:[1,2]"),
        ("call:x{a:{b:1}}", "x", "cannot be read from a:{b:1}"),
        ('call:x{a:<|"|>tea}', "x", "cannot be read from a:"),
        ('call:x{a:<|"|>tea<|"|>b:1}', "x", "cannot be read from a:"),
        ("call:x{a:1,,b:2}", "x", "cannot be read from ,b:2"),
        ("call:x{a:1,a:2}", "x", "a is given twice"),
        ("call:x{a:tea}", "x", "a must be a number, true, false or a quoted text"),
        ("call:x{a:1 2}", "x", "a must be a number"),
        ("call:x{a:nan}", "x", "a must be a number"),
        ("call:x{a:٣}", "x", "a must be a number"),
        ("call:x{a:" + "9" * 5000 + "}", "x", "a must be a number"),
        ("call:x{a:1e999}", "x", "a must be a number"),
    ],
)
def test_a_call_that_cannot_be_read_is_told_in_a_short_line(text: str, name: str, reason: str) -> None:
    malformed = parse(text)
    assert isinstance(malformed, Malformed)
    assert malformed.name == name
    assert reason in malformed.reason
    assert len(malformed.reason) < 120


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", [" " * 5000, "a:" + " " * 5000, "a" * 5000, "}" * 5000, QUOTE * 1000, "a:1," * 1000])
def test_gibberish_takes_no_time(text: str) -> None:
    for around in ("{}", "call:x{{{}}}", "call:x{{a:{}"):
        parse(around.format(text))


@given(text_of(QUOTE, "call:", *"xa{}[]:,.5-e \n"))
def test_no_text_between_the_marks_does_harm(text: str) -> None:
    assert isinstance(parse(text), Call | Malformed)
    assert isinstance(parse(f"call:x{{{text}}}"), Call | Malformed)
