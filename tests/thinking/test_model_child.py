import itertools
import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelError
from assistant.thinking.language_model import BATCH, LanguageModel
from assistant.thinking.messages import (
    Called,
    Ending,
    Exchange,
    Finished,
    Generate,
    Load,
    Loaded,
    Piece,
    Prepare,
    Tokens,
)
from assistant.thinking.model_child import Child
from assistant.thinking.model_process import ModelDiedError, ModelProcess
from assistant.thinking.tool_calls import Call, Malformed, Parameter, Tool, response
from assistant.thinking.turns import Turns

TOOLS = (
    Tool("set_timer", "Sets a timer.", (Parameter("minutes", "integer", "How long"), Parameter("name", "string", ""))),
)
CALL = '<|tool_call>call:set_timer{minutes:5,name:<|"|>tea, {hot}<|"|>}<tool_call|>'
CALLED = Call("set_timer", {"minutes": 5, "name": "tea, {hot}"})
RESULT = response("set_timer", {"ends": "five past two", "note": "<turn|> <eos> is mere text"})
EMPTY_THOUGHT = "<|channel>thought\n<channel|>"  # Gemma 4's own template has it where a reply goes on after a result

FORCED_CHILD = """
import json, sys
from pathlib import Path
from assistant.thinking import model_child
from assistant.thinking.language_model import BATCH, LanguageModel

class ForcedModel(LanguageModel):
    def sample(self, *, likeliest=False):
        if not hasattr(self, "forced"):
            self.forced = iter(self.tokenize(json.loads(Path(sys.argv[1]).read_text()), special=True))
        token = next(self.forced, None)
        with Path(sys.argv[1]).with_name("likeliest").open("a") as log:
            log.write(str(int(likeliest)))
        return super().sample(likeliest=likeliest) if token is None else token

model_child.main(ForcedModel)
"""

ForcedModel = Callable[..., ModelProcess]
turn_numbers = itertools.count(1)


@pytest.fixture
def tiny_load(tiny_gemma4: Path) -> Load:
    return Load(
        tiny_gemma4,
        "You are a voice assistant. Answer in one short sentence.",
        n_ctx=1024,
        n_threads=2,
        max_tokens=200,
        temperature=1.0,
        top_k=64,
        top_p=0.95,
        tools=TOOLS,
        sense=False,
    )


@pytest.fixture
def forced(tiny_load: Load, tmp_path: Path) -> Iterator[ForcedModel]:
    """Makes a process whose model says a text token by token, whatever it is asked, and then what comes to its mind."""
    models: list[ModelProcess] = []

    def make(text: str, **settings: Any) -> ModelProcess:
        (tmp_path / "forced.json").write_text(json.dumps(text))
        (tmp_path / "child.py").write_text(FORCED_CHILD)
        program = (str(tmp_path / "child.py"), str(tmp_path / "forced.json"))
        models.append(ModelProcess(replace(tiny_load, **settings), program=program))
        models[-1].start()
        return models[-1]

    yield make
    for model in models:
        model.close()


@pytest.fixture
def tokenize(tiny_gemma4: Path) -> Iterator[Callable[[str], Tokens]]:
    """Tokens of a text of Gemma 4, in which the names of control tokens mean those tokens."""
    with LanguageModel(tiny_gemma4, n_ctx=256, n_threads=1) as gemma4:
        yield lambda text: tuple(gemma4.tokenize(text, special=True))


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def tokens_of(pieces: list[Piece]) -> Tokens:
    return tuple(piece.token for piece in pieces)


Reply = tuple[list[Piece], list[Call | Malformed], Finished]


def run(model: ModelProcess, history: tuple[Exchange, ...] = (), results: tuple[str, ...] = (RESULT,) * 3) -> Reply:
    number, pieces, calls, given = next(turn_numbers), list[Piece](), list[Call | Malformed](), iter(results)
    for message in model.reply(number, history, "Tea, please."):
        if isinstance(message, Called):
            calls.append(message.call)
            model.answer_call(number, next(given))
        elif isinstance(message, Piece):
            pieces.append(message)
        else:
            return pieces, calls, message
    raise AssertionError("the reply did not end")


def test_a_call_is_answered_amid_the_reply_and_not_said(forced: ForcedModel, tokenize: Callable[[str], Tokens]) -> None:
    model = forced(f"Just a moment. {CALL}It is set.<turn|>")
    pieces, calls, finished = run(model)
    assert calls == [CALLED]
    assert text_of(pieces) == "Just a moment. It is set."
    sampled = tokenize(f"Just a moment. {CALL}It is set.")
    assert (finished.ending, finished.n_generated) == (Ending.END, len(sampled))
    tokens = tokens_of(pieces)
    n_before, n_after = len(tokenize(f"Just a moment. {CALL}")), len(tokenize("It is set."))
    assert tokens[:n_before] + tokens[-n_after:] == sampled
    told = tokens[n_before:-n_after]
    assert told[0] == tokenize("<|tool_response>")[0]
    end = tokenize("<tool_response|>" + EMPTY_THOUGHT)
    assert told[-len(end) :] == end
    assert not {*tokenize("<turn|><|turn><eos>")} & {*tokens}


def test_what_a_tool_gave_is_read_as_the_template_would_have_it(
    forced: ForcedModel, tokenize: Callable[[str], Tokens]
) -> None:
    result = response("set_timer", {"ends": "five past two", "n": 5, "ok": True})
    pieces, _, _ = run(forced(f"{CALL}It is set.<turn|>"), results=(result,))
    assert tokens_of(pieces) == tokenize(f"{CALL}{result}{EMPTY_THOUGHT}It is set.")


def test_a_call_and_its_result_stay_in_the_kv_cache(forced: ForcedModel) -> None:
    model = forced(f"{CALL}It is set.<turn|>{CALL}So is that.<turn|>Good bye.<turn|>")
    history: tuple[Exchange, ...] = ()
    for n_calls in (1, 1, 0):
        pieces, calls, finished = run(model, history)
        assert len(calls) == n_calls
        if history:
            assert finished.n_evaluated < len(finished.question) + 20
        history += (Exchange(finished.question, tokens_of(pieces)),)


def test_the_tokens_of_a_call_are_the_likeliest(
    forced: ForcedModel, tokenize: Callable[[str], Tokens], tmp_path: Path
) -> None:
    run(forced(f"Sure. {CALL}It is set.<turn|>"))
    n_before, n_call, n_after = (len(tokenize(text)) for text in ("Sure. <|tool_call>", CALL, "It is set.<turn|>"))
    assert (tmp_path / "likeliest").read_text() == "0" * n_before + "1" * (n_call - 1) + "0" * n_after


def test_several_calls_in_one_reply_get_a_result_each(forced: ForcedModel) -> None:
    model = forced(f"{CALL}{CALL}One more. <|tool_call>call:fly{{}}<tool_call|>Done.<turn|>")
    pieces, calls, finished = run(model)
    assert calls == [CALLED, CALLED, Call("fly", {})]
    assert (text_of(pieces), finished.ending) == ("One more. Done.", Ending.END)


def test_a_call_that_cannot_be_read_is_handed_over_as_such(forced: ForcedModel) -> None:
    pieces, calls, _ = run(forced("<|tool_call>call:set_timer{minutes:}<tool_call|>Sorry.<turn|>"))
    (call,) = calls
    assert isinstance(call, Malformed)
    assert text_of(pieces) == "Sorry."


def await_call(model: ModelProcess) -> tuple[int, Iterator[Piece | Called | Finished]]:
    """Asks until the model waits for a tool; the number of the turn, and the rest of the reply."""
    number = next(turn_numbers)
    reply = model.reply(number, (), "Tea, please.")
    next(message for message in reply if isinstance(message, Called))
    return number, reply


@pytest.mark.parametrize("late", [False, True])
def test_nothing_follows_a_call_that_is_cancelled_before_its_result(
    forced: ForcedModel, tokenize: Callable[[str], Tokens], late: bool
) -> None:
    model = forced(f"{CALL}{CALL}It is set.<turn|>")
    number, reply = await_call(model)
    model.cancel(number)
    if late:
        model.answer_call(number, RESULT)
    (finished,) = reply
    assert isinstance(finished, Finished)
    assert finished.ending is Ending.CANCELLED
    other = response("set_timer", "another")
    pieces, calls, finished = run(model, results=(other,))
    assert (calls, finished.ending) == ([CALLED], Ending.END)
    assert tokens_of(pieces) == tokenize(f"{CALL}{other}{EMPTY_THOUGHT}It is set.")


def test_a_call_that_is_abandoned_does_not_hold_up_the_next_turn(forced: ForcedModel) -> None:
    model = forced(f"{CALL}It is set.<turn|>")
    _, reply = await_call(model)
    del reply
    pieces, calls, _ = run(model)
    assert (text_of(pieces), calls) == ("It is set.", [])


def test_a_process_that_is_killed_during_a_call_is_a_death(forced: ForcedModel) -> None:
    model = forced(CALL)
    number, reply = await_call(model)
    assert model.pid
    os.kill(model.pid, signal.SIGKILL)
    model.answer_call(number, RESULT)
    with pytest.raises(ModelDiedError):
        list(reply)
    model.close()
    model.answer_call(number, RESULT)


@pytest.mark.parametrize(("end", "ending"), [("<turn|>", Ending.END), ("", Ending.MAX_TOKENS)])
def test_a_call_that_does_not_end_is_dropped(
    forced: ForcedModel, tokenize: Callable[[str], Tokens], end: str, ending: Ending
) -> None:
    text = "Sure. " + CALL.removesuffix("}<tool_call|>")
    pieces, calls, finished = run(forced(text + end, max_tokens=len(tokenize(text + end))))
    assert (text_of(pieces), calls, finished.ending) == ("Sure. ", [], ending)
    assert tokens_of(pieces) == tokenize("Sure. ")
    assert finished.n_generated == len(tokenize(text))


def test_a_result_that_does_not_fit_into_the_context_ends_the_reply(forced: ForcedModel) -> None:
    model = forced(f"Sure. {CALL}Good bye.<turn|>", n_ctx=512)
    pieces, calls, finished = run(model, results=(response("set_timer", "word " * 600),))
    assert (text_of(pieces), calls, finished.ending) == ("Sure. ", [CALLED], Ending.MAX_TOKENS)
    assert text_of(run(model)[0]) == "Good bye."


def test_results_leave_less_room_for_the_reply(forced: ForcedModel) -> None:
    model = forced(CALL + " ".join(map(str, range(300))), n_ctx=512, max_tokens=300)
    pieces, _, finished = run(model, results=(response("set_timer", "a b c " * 30),))
    assert (finished.ending, finished.n_prompt + len(pieces)) == (Ending.MAX_TOKENS, 512)
    assert finished.n_generated < 300


def test_a_model_is_not_told_of_tools_that_its_template_does_not_know(
    tiny_load: Load, starter: dict[str, Path]
) -> None:
    def first(tools: tuple[Tool, ...]) -> tuple[Loaded, Tokens]:
        model = ModelProcess(replace(tiny_load, path=starter["llm"], temperature=0.0, max_tokens=20, tools=tools))
        loaded = model.start()
        pieces, calls, _ = run(model)
        model.close()
        assert calls == []
        return loaded, tokens_of(pieces)

    assert first(TOOLS) == first(())


def test_tools_stand_in_the_prefix(forced: ForcedModel) -> None:
    _, _, with_tools = run(forced("Hi.<turn|>"))
    _, _, without = run(forced("Hi.<turn|>", tools=()))
    assert with_tools.n_prompt > without.n_prompt + 20
    assert with_tools.n_evaluated == without.n_evaluated


def test_tools_that_do_not_fit_are_refused_in_one_line(tiny_load: Load) -> None:
    tools = tuple(replace(TOOLS[0], name=f"set_timer_{i}") for i in range(40))
    model = ModelProcess(replace(tiny_load, tools=tools))
    with pytest.raises(ModelError, match=r"^the system prompt with the tools has \d+ tokens, too many for n_ctx 1024$"):
        model.start()
    model.close()


def test_without_tools_a_call_is_no_call(forced: ForcedModel, tokenize: Callable[[str], Tokens]) -> None:
    pieces, calls, finished = run(forced(f"{CALL}It is set.<turn|>", tools=()))
    assert calls == []
    assert tokens_of(pieces) == tokenize(f"{CALL}It is set.")
    assert finished.n_generated == len(pieces)


class AtWork:
    """A child in this process, and what it sends."""

    def __init__(self, load: Load) -> None:
        self._ours, theirs = Pipe()
        self.turns = Turns()
        self.asked_after: int | None = None  # so often it looks whether something else is to be done, and nothing is
        self.child = Child(theirs, load, self.turns, self._is_asked, LanguageModel)

    def _is_asked(self) -> bool:
        if self.asked_after is None:
            return False
        self.asked_after -= 1
        return self.asked_after < 0

    def warm(self) -> Loaded:
        return self.child.warm()

    def reply(self, question: str, history: tuple[Exchange, ...] = ()) -> Finished:
        number = next(turn_numbers)
        self.turns.ask(number)
        self.child.generate(Generate(number, history, question))
        while not isinstance(message := self._ours.recv(), Finished):
            pass
        return message

    def close(self) -> None:
        self.child.model.close()


@pytest.fixture
def at_work(tiny_load: Load) -> Iterator[Callable[..., AtWork]]:
    """Makes a child that works in this process and has a short prompt."""
    made: list[AtWork] = []

    def make(**settings: Any) -> AtWork:
        made.append(AtWork(replace(tiny_load, tools=(), max_tokens=4, temperature=0.0, **settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


AtWorkOf = Callable[..., AtWork]
QUESTION = "What is the capital of France, and how many people live there?"


def test_what_was_read_ahead_of_a_question_is_not_evaluated_again(at_work: AtWorkOf) -> None:
    one = at_work()
    one.warm()
    history = (Exchange(tuple(range(300, 340)), tuple(range(340, 380))),)
    known = "What is the capital of France,"
    one.child.prepare(Prepare(history, known))
    finished = one.reply(QUESTION, history)
    n_known = len(one.child.model.tokenize(known, special=False))
    n_to_reply = len(one.child.format.to_reply)
    assert finished.n_evaluated == len(finished.question) - n_known + n_to_reply
    other = one.reply("Why is the sky blue?", history)
    assert other.n_evaluated == len(other.question) + n_to_reply


@pytest.mark.parametrize("n_looks", [0, 1, 2])
def test_what_is_read_ahead_makes_room_for_a_question(at_work: AtWorkOf, n_looks: int) -> None:
    one = at_work()
    loaded = one.warm()
    history = (Exchange(tuple(range(300, 400)), tuple(range(400, 500))),)
    one.asked_after = n_looks
    one.child.prepare(Prepare(history))
    assert len(one.child.model.cached) <= loaded.n_prefix + n_looks * BATCH
    one.asked_after = None
    finished = one.reply(QUESTION, history)
    assert finished.ending in (Ending.END, Ending.MAX_TOKENS)
    assert finished.n_prompt == len(one.child.format.prompt(history, finished.question))
    assert one.child.model.cached[: finished.n_prompt] == list(one.child.format.prompt(history, finished.question))


def test_what_does_not_fit_is_not_read_ahead(at_work: AtWorkOf) -> None:
    one = at_work(n_ctx=256)
    loaded = one.warm()
    one.child.prepare(Prepare((Exchange(tuple(range(300, 500)), tuple(range(500, 600))),)))
    assert len(one.child.model.cached) < 2 * loaded.n_prefix
    assert one.reply("So?").ending in (Ending.END, Ending.MAX_TOKENS)


def test_another_start_finds_the_prompt_in_its_file(at_work: AtWorkOf, tmp_path: Path) -> None:
    first = at_work(folder=tmp_path)
    loaded = first.warm()
    assert loaded.n_evaluated == loaded.n_prefix
    reply = first.reply(QUESTION)
    second = at_work(folder=tmp_path)
    assert second.warm() == replace(loaded, n_evaluated=0)
    again = second.reply(QUESTION)
    assert again.n_evaluated == reply.n_evaluated
    assert second.child.model.cached == first.child.model.cached


@pytest.mark.parametrize("damage", ["cut off", "garbage", "changed"])
def test_a_damaged_file_of_the_prompt_costs_only_time(at_work: AtWorkOf, tmp_path: Path, damage: str) -> None:
    at_work(folder=tmp_path).warm()
    (path,) = tmp_path.glob("*.kv")
    whole = path.read_bytes()
    middle = len(whole) // 2
    damaged = {
        "cut off": whole[:middle],
        "garbage": bytes(range(256)) * 64,
        "changed": whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : middle + 64]) + whole[middle + 64 :],
    }
    path.write_bytes(damaged[damage])
    loaded = at_work(folder=tmp_path).warm()
    assert loaded.n_evaluated == loaded.n_prefix
    assert at_work(folder=tmp_path).warm().n_evaluated == 0


def test_another_prompt_is_kept_in_the_file_when_it_is_read(at_work: AtWorkOf, tmp_path: Path) -> None:
    one, other = at_work(folder=tmp_path), "You are a parrot."
    one.warm()
    one.child.set_prompt(other)
    one.child.prepare(Prepare(()))
    assert one.child.model.cached == list(one.child.format.prefix)
    assert at_work(folder=tmp_path, system_prompt=other).warm().n_evaluated == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_found_out_is_not_tried_again(at_work: AtWorkOf, tmp_path: Path) -> None:
    load = {"folder": tmp_path, "n_threads": 0}
    threads = at_work(**load).warm().n_threads
    (path,) = tmp_path.glob("*.json")
    kept = path.read_text()
    assert [json.loads(kept)[f"{kind}_threads"] for kind in ("decode", "prefill")] == list(threads)
    changed = {**json.loads(kept), "decode_threads": 7}
    path.write_text(json.dumps(changed))
    assert at_work(**load).warm().n_threads[0] == 7


def test_a_model_that_says_gibberish_is_refused(at_work: AtWorkOf) -> None:
    with pytest.raises(ModelError, match="it takes plain sentences for nonsense"):
        at_work(sense=True)
