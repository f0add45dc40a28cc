import pytest

from assistant.thinking.prompt import ChatFormat
from assistant.thinking.speech import Pieces, Speech
from assistant.thinking.tool_calls import Call, Malformed

THINK, THOUGHT, BEGIN, END, QUOTE = range(1000, 1005)
NAMES = {THINK: "<|channel>", THOUGHT: "<channel|>", BEGIN: "<|tool_call>", END: "<tool_call|>", QUOTE: '<|"|>'}
CALL = [BEGIN, *b"call:say{text:", QUOTE, *"“Hé”, {you}".encode(), QUOTE, *b",n:5}", END]
CALLED = Call("say", {"text": "“Hé”, {you}", "n": 5})


class ByteVocabulary:
    """A token a byte, and marks."""

    def text_of(self, token: int) -> str:
        return NAMES[token]

    def piece(self, token: int) -> bytes:
        return b"" if token in NAMES else bytes([token])


def speech(*, knows_tools: bool = True) -> Speech:
    marks = (BEGIN, END, QUOTE) if knows_tools else ()
    return Speech(ByteVocabulary(), ChatFormat((), (), (), ((THINK, THOUGHT),), marks))


def fed(tokens: list[int], reply: Speech) -> tuple[Pieces, list[Call | Malformed]]:
    """All pieces of a reply, and its calls."""
    pieces: Pieces = []
    calls: list[Call | Malformed] = []
    for token in tokens:
        more, called = reply.feed(token)
        pieces += more
        calls += called
    return pieces + reply.finish(), calls


def test_a_call_is_no_text_but_its_tokens_are_kept_in_their_order() -> None:
    tokens = [*"Grüße.".encode(), *CALL, *b"Bye."]
    pieces, calls = fed(tokens, speech())
    assert calls == [CALLED]
    assert [token for token, _ in pieces] == tokens
    assert "".join(text for _, text in pieces) == "Grüße.Bye."
    assert all(text == "" for _, text in pieces[len("Grüße.".encode()) :][: len(CALL)])


def test_the_tokens_of_a_call_come_when_it_has_ended() -> None:
    reply = speech()
    for token in CALL[:-1]:
        assert reply.feed(token) == ([], [])
        assert reply.in_call
    assert reply.feed(CALL[-1]) == ([(token, "") for token in CALL], [CALLED])
    assert not reply.in_call


@pytest.mark.parametrize("n", range(1, len(CALL)))
def test_a_call_that_does_not_end_leaves_nothing(n: int) -> None:
    pieces, calls = fed([*b"Sure.", *CALL[:n]], speech())
    assert pieces == [(byte, chr(byte)) for byte in b"Sure."]
    assert calls == []


@pytest.mark.parametrize("text", ["1 < 2", "a <", "a <|tool", "<|tool_cal!"])
def test_what_only_looks_like_a_call_is_said(text: str) -> None:
    pieces, calls = fed(list(text.encode()), speech())
    assert "".join(said for _, said in pieces) == text
    assert bytes(token for token, _ in pieces).decode() == text
    assert calls == []


def test_a_call_that_is_spelled_out_is_not_said_either() -> None:
    spelled = "".join(NAMES.get(token, "") or chr(token) for token in [BEGIN, *b"call:x{n:1}", END])
    pieces, calls = fed(list(f"Hi.{spelled}".encode()), speech())
    assert "".join(said for _, said in pieces) == "Hi."
    assert calls == [Call("x", {"n": 1})]


def test_a_sign_before_a_call_that_does_not_end_is_said() -> None:
    pieces, _ = fed([*b"a <", *CALL[:5]], speech())
    assert pieces == [(byte, chr(byte)) for byte in b"a <"]


def test_a_thought_of_a_call_is_no_call() -> None:
    tokens = [THINK, *CALL, THOUGHT, *b"Hi."]
    pieces, calls = fed(tokens, speech())
    assert calls == []
    assert [token for token, _ in pieces] == tokens
    assert "".join(text for _, text in pieces) == "Hi."


def test_marks_outside_of_calls_are_not_said() -> None:
    pieces, calls = fed([QUOTE, *b"Hi.", END, QUOTE], speech())
    assert "".join(text for _, text in pieces) == "Hi."
    assert calls == []


def test_without_tools_each_token_comes_at_once() -> None:
    reply = speech(knows_tools=False)
    for token in b"<|tool_call>":
        assert reply.feed(token) == ([(token, chr(token))], [])
    assert reply.feed(BEGIN) == ([(BEGIN, "")], [])
    assert reply.feed(ord("x")) == ([(ord("x"), "x")], [])
    assert not reply.in_call
    assert reply.finish() == []
