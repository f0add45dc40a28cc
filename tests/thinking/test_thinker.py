import itertools
import os
import queue
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assistant import phrases
from assistant.errors import ModelError
from assistant.events import Did, Event, Failed, FirstToken, PartFound, PartLost, Replied, Sentence, TokenCounts
from assistant.orders import Cancel, Forget, Note, Think
from assistant.thinking.loading import LANGUAGE_MODEL
from assistant.thinking.messages import Called, Ending, Exchange, Finished, Load, Loaded, Piece, Tokens
from assistant.thinking.model import Model
from assistant.thinking.model_process import ModelDiedError, ModelProcess
from assistant.thinking.thinker import Thinker
from assistant.thinking.tool_calls import Call, Tool, Value
from assistant.turn import Turn

MAX_TOKENS = 60
Message = Piece | Called | Finished


def loaded_with(*, n_ctx: int, n_prefix: int) -> Loaded:
    return Loaded(n_ctx, n_prefix, n_around=10, n_evaluated=n_prefix, n_threads=(1, 1), skips_unread=True)


ROOMY = loaded_with(n_ctx=2048, n_prefix=20)
FOUND = PartFound(LANGUAGE_MODEL)


def tokens_of(text: str) -> Tokens:
    """One a word, and for each word always the same."""
    return tuple(sum(map(ord, word)) for word in re.findall(r"\s*\S+|\s+", text))


@dataclass
class Reply:
    """What the fake model replies, a word a piece."""

    text: str = ""
    ending: Ending = Ending.END
    dies: bool = False  # in the end, instead of an ending
    calls: dict[int, Call] = field(default_factory=dict)  # what the model calls before the n-th piece
    before: dict[int, Callable[[], object]] = field(default_factory=dict)  # what happens before the n-th piece


class FakeModel:
    """Replies by script, and ends a reply that is cancelled two pieces later."""

    def __init__(self, *replies: Reply, starts: tuple[Exception | None, ...] = (), loaded: Loaded = ROOMY) -> None:
        self.replies = list(replies)
        self.starts = list(starts)
        self.loaded = loaded
        self.alive = False
        self.started_at_s: list[float] = []
        self.asked: list[tuple[tuple[Exchange, ...], str]] = []
        self.cancelled: set[int] = set()
        self.answers: list[str] = []
        self.prompts: list[str] = []
        self.prepared: list[tuple[tuple[Exchange, ...], str]] = []

    def set_prompt(self, system_prompt: str) -> None:
        self.prompts.append(system_prompt)

    def prepare(self, history: tuple[Exchange, ...], text: str = "") -> None:
        self.prepared.append((history, text))

    def answer_call(self, number: int, text: str) -> None:
        self.answers.append(text)

    def start(self) -> Loaded:
        self.started_at_s.append(time.monotonic())
        if self.starts and (error := self.starts.pop(0)):
            raise error
        self.alive = True
        return self.loaded

    def reply(self, number: int, history: tuple[Exchange, ...], question: str) -> Iterator[Message]:
        self.asked.append((history, question))
        script = self.replies.pop(0)
        texts = re.findall(r"\s*\S+|\s+", script.text)
        n_left = len(texts)
        for i, text in enumerate(texts):
            script.before.get(i, lambda: None)()
            if i in script.calls and number not in self.cancelled:
                yield Called(number, script.calls[i])
            if number in self.cancelled:
                n_left = min(n_left, 2)
            if n_left == 0:
                break
            n_left -= 1
            yield Piece(number, tokens_of(text)[0], text)
        script.before.get(len(texts), lambda: None)()
        if script.dies:
            self.alive = False
            raise ModelDiedError("its process ended: signal SIGKILL")
        ending = Ending.CANCELLED if number in self.cancelled else script.ending
        yield Finished(number, ending, tokens_of(question), 50, 12, len(texts), 5.0)

    def cancel(self, number: int) -> None:
        self.cancelled.add(number)

    def close(self) -> None:
        self.alive = False

    def die(self) -> None:
        self.alive = False


class Watched:
    """A model in its own process, and what its replies cost."""

    def __init__(self, process: ModelProcess) -> None:
        self.process = process
        self.loaded = ROOMY
        self.finished: list[Finished] = []

    @property
    def alive(self) -> bool:
        return self.process.alive

    def start(self) -> Loaded:
        self.loaded = self.process.start()
        return self.loaded

    def reply(self, number: int, history: tuple[Exchange, ...], question: str) -> Iterator[Message]:
        for message in self.process.reply(number, history, question):
            if isinstance(message, Finished):
                self.finished.append(message)
            yield message

    def answer_call(self, number: int, text: str) -> None:
        self.process.answer_call(number, text)

    def set_prompt(self, system_prompt: str) -> None:
        self.process.set_prompt(system_prompt)

    def prepare(self, history: tuple[Exchange, ...], text: str = "") -> None:
        self.process.prepare(history, text)

    def cancel(self, number: int) -> None:
        self.process.cancel(number)

    def close(self) -> None:
        self.process.close()


@dataclass(frozen=True)
class Result:
    text: str
    done: bool


class Box:
    """A toolbox with one tool."""

    tools = (Tool("ring_bell", "Ring the bell."),)

    def __init__(self) -> None:
        self.n_used = 0

    def use(self, name: str, arguments: Mapping[str, Value]) -> Result:
        self.n_used += 1
        return Result("I rang the bell.", True)


class Stage:
    """A thinker, and the events that it posts."""

    def __init__(self, model: Model, *, first_retry_s: float = 0.05, remember_s: float = 60.0) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self.box = Box()
        self.thinker = Thinker(
            model,
            MAX_TOKENS,
            self.events.put,
            toolbox=self.box,
            prompt=lambda: "All facts.",
            remember_s=remember_s,
            first_retry_s=first_retry_s,
        )

    def turn(self) -> Turn:
        return Turn(next(self._numbers))

    def ask(self, question: str = "Why?", turn: Turn | None = None) -> Turn:
        turn = turn or self.turn()
        self.thinker.worker.post(Think(turn, question))
        return turn

    def next(self) -> Event:
        return self.events.get(timeout=30)

    def until(self, *last: type[Event]) -> list[Event]:
        """The events up to and with the first of these kinds, without the first tokens."""
        events = [self.next()]
        while not isinstance(events[-1], last):
            events.append(self.next())
        return [event for event in events if not isinstance(event, FirstToken)]

    def answer(self, question: str = "Why?") -> list[str]:
        """The sentences of a reply that must come, and nothing else beside it."""
        turn = self.ask(question)
        *sentences, replied = self.until(Replied, Failed)
        assert isinstance(replied, Replied)
        assert all(isinstance(event, Sentence) and event.turn is turn for event in sentences)
        return [event.text for event in sentences if isinstance(event, Sentence)]


StageOf = Callable[..., Stage]


def soon(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    end_s = time.monotonic() + within_s
    while not condition() and time.monotonic() < end_s:
        time.sleep(0.01)
    return condition()


@pytest.fixture
def stage_of() -> Iterator[StageOf]:
    """Starts a thinker with a model: stage_of(model, first_retry_s=0.05)."""
    stages: list[Stage] = []

    def start(model: Model, **how: float) -> Stage:
        stages.append(Stage(model, **how))
        stages[-1].thinker.start()
        return stages[-1]

    yield start
    for stage in stages:
        stage.thinker.stop()
        assert not stage.thinker.worker.alive


@pytest.fixture
def stage_with(stage_of: StageOf) -> StageOf:
    """The same, and waits until the model is loaded."""

    def start(model: Model, **how: float) -> Stage:
        stage = stage_of(model, **how)
        assert stage.next() == FOUND
        return stage

    return start


def test_sentences_come_in_order_and_the_reply_is_counted(stage_with: StageOf) -> None:
    stage = stage_with(FakeModel(Reply("It is Paris. It lies on the Seine.\nYes")))
    turn = stage.ask()
    events = [stage.next() for _ in range(5)]
    assert isinstance(events[0], FirstToken)
    assert events[0].turn is turn
    assert events[1:] == [
        Sentence(turn, "It is Paris."),
        Sentence(turn, "It lies on the Seine."),
        Sentence(turn, "Yes"),
        Replied(turn, TokenCounts(prompt=50, evaluated=12, generated=9, per_second=5.0)),
    ]


def test_a_sentence_comes_while_the_next_one_is_made(stage_with: StageOf) -> None:
    heard = threading.Event()
    stage = stage_with(FakeModel(Reply("It is Paris. Yes it is.", before={5: heard.wait})))
    turn = stage.ask()
    assert stage.until(Sentence) == [Sentence(turn, "It is Paris.")]
    heard.set()
    assert stage.until(Replied)[0] == Sentence(turn, "Yes it is.")


def test_what_was_said_is_told_with_the_next_question(stage_with: StageOf) -> None:
    model = FakeModel(Reply("It is Paris."), Reply("Because. It is so."), Reply("Yes."))
    stage = stage_with(model)
    for question in ("Which?", "Why?", "So?"):
        stage.answer(question)
    first = Exchange(tokens_of("Which?"), tokens_of("It is Paris."))
    second = Exchange(tokens_of("Why?"), tokens_of("Because. It is so."))
    assert model.asked == [((), "Which?"), ((first,), "Why?"), ((first, second), "So?")]


def kept(stage: Stage, model: FakeModel) -> Tokens | None:
    """What is kept of the last reply."""
    model.replies.append(Reply("Done."))
    stage.answer()
    history = model.asked[-1][0]
    return history[-1].reply if history else None


@pytest.mark.parametrize(
    ("reply", "sentences", "is_kept"),
    [
        (Reply("It is Paris. It lies on", Ending.MAX_TOKENS), ["It is Paris."], "It is Paris."),
        (Reply("It is Paris. It lies. And", Ending.MAX_TOKENS), ["It is Paris.", "It lies."], "It is Paris. It lies."),
        (Reply("It lies on the", Ending.MAX_TOKENS), ["It lies on the"], "It lies on the"),
        (Reply("It is. la la la", Ending.REPEATS), ["It is."], "It is."),
        (Reply("la la la", Ending.REPEATS), ["la la la"], "la la la"),
        (Reply("I like cheese. I like cheese. I like cheese. So"), ["I like cheese."], "I like cheese."),
        (Reply("I like cheese.\nI like cheese"), ["I like cheese."], "I like cheese."),
        (
            Reply("Yes. I like cheese. Yes. I like cheese. Oh"),
            ["Yes.", "I like cheese.", "Yes."],
            "Yes. I like cheese. Yes.",
        ),
        (Reply("I like ham. ```x = 1``` So"), ["I like ham.", "So"], "I like ham. ```x = 1``` So"),
        (Reply(""), [phrases.NO_ANSWER], None),
        (Reply(" \n "), [phrases.NO_ANSWER], None),
        (Reply("```x = 1"), [phrases.NO_ANSWER], None),
    ],
)
def test_what_is_said_and_what_is_kept_of_a_reply(
    stage_with: StageOf, reply: Reply, sentences: list[str], is_kept: str | None
) -> None:
    model = FakeModel(reply)
    stage = stage_with(model)
    assert stage.answer() == sentences
    assert kept(stage, model) == (None if is_kept is None else tokens_of(is_kept))


def test_a_model_that_repeats_itself_is_stopped(stage_with: StageOf) -> None:
    model = FakeModel(Reply("I like cheese. " + "I like cheese. " * 50))
    stage = stage_with(model)
    assert stage.answer() == ["I like cheese."]
    assert model.cancelled == {1}
    model.replies.append(Reply("I like cheese."))
    assert stage.answer() == ["I like cheese."]


def test_a_cancelled_turn_says_nothing_more_and_is_not_kept(stage_with: StageOf) -> None:
    turn = Turn(7)
    model = FakeModel(Reply("It is Paris. It lies. On the Seine. So.", before={5: turn.cancel}), Reply("Yes."))
    stage = stage_with(model)
    stage.ask(turn=turn)
    assert stage.until(Sentence) == [Sentence(turn, "It is Paris.")]
    assert stage.answer() == ["Yes."]
    assert model.cancelled == {1}
    assert [history for history, _ in model.asked] == [(), ()]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ((), None),
        (("It is Paris.",), "It is Paris."),
        (("It is Paris.", "It lies"), "It is Paris. It lies"),
        (("It is Paris.", "It lies on the Seine."), "It is Paris. It lies on the Seine."),
        (("It is Paris.", "I have lost the microphone."), "It is Paris."),
    ],
)
@pytest.mark.parametrize("amid", [True, False])
def test_of_an_interrupted_reply_that_is_kept_which_was_heard(
    stage_with: StageOf, said: tuple[str, ...], kept: str | None, amid: bool
) -> None:
    turn = Turn(7)
    text = "It is Paris. It lies on the Seine. And so on. And on."
    model = FakeModel(Reply(text, before={10: turn.cancel} if amid else {}), Reply("Yes."))
    stage = stage_with(model)
    stage.ask("Where?", turn)
    if not amid:
        stage.until(Replied)
        turn.cancel()
    stage.thinker.worker.post(Cancel(turn, said))
    stage.ask("And then?")
    stage.until(Replied)
    history = model.asked[-1][0]
    assert history == ((Exchange(tokens_of("Where?"), tokens_of(kept)),) if kept else ())


def test_what_was_said_of_an_older_reply_changes_nothing(stage_with: StageOf) -> None:
    model = FakeModel(Reply("It is Paris."), Reply("It is Rome."), Reply("Yes."))
    stage = stage_with(model)
    first = stage.ask("Where?")
    stage.until(Replied)
    stage.answer("Or where?")
    stage.thinker.worker.post(Cancel(first, ()))
    stage.answer("Sure?")
    assert len(model.asked[-1][0]) == 2


def test_a_call_is_carried_out_and_told_by_us_and_its_result_by_the_model(stage_with: StageOf) -> None:
    model = FakeModel(Reply("It was loud.", calls={0: Call("ring_bell", {})}), Reply("Yes."))
    stage = stage_with(model)
    turn = stage.ask("ring the bell")
    assert stage.until(Replied)[:-1] == [
        Did(turn, "ring_bell", True),
        Sentence(turn, "I rang the bell."),
        Sentence(turn, "It was loud."),
    ]
    assert stage.box.n_used == len(model.answers) == 1
    stage.answer("and then?")
    assert len(model.asked[-1][0]) == 1


def test_a_call_of_a_turn_that_was_cancelled_is_not_carried_out(stage_with: StageOf) -> None:
    model = FakeModel()
    stage = stage_with(model)
    turn = stage.turn()
    model.replies.append(Reply("Wait for it.", before={1: turn.cancel}, calls={2: Call("ring_bell", {})}))
    model.cancel = lambda number: None  # type: ignore[method-assign]  # it has not heard of it yet
    stage.ask("ring the bell", turn)
    model.replies.append(Reply("Yes."))
    assert stage.answer() == ["Yes."]
    assert stage.box.n_used == 0


def test_a_faulty_call_and_a_claim_do_not_end_in_silence(stage_with: StageOf) -> None:
    model = FakeModel(Reply("I've rung the bell.", calls={0: Call("ring_gong", {})}))
    stage = stage_with(model)
    assert stage.answer("ring the bell") == [phrases.NOT_DONE]
    assert stage.box.n_used == 0


def test_an_empty_promise_is_not_spoken_and_not_remembered(stage_with: StageOf) -> None:
    model = FakeModel(Reply("I've turned on the lights."), Reply("Yes."))
    stage = stage_with(model)
    assert stage.answer("turn on the lights") == [phrases.NOT_DONE]
    stage.answer()
    assert [len(history) for history, _ in model.asked] == [0, 0]


def test_the_conversation_can_be_forgotten_in_part_and_as_a_whole(stage_with: StageOf) -> None:
    model = FakeModel(*(Reply(f"{word}.") for word in ("One", "Two", "Three", "Four")))
    stage = stage_with(model)
    stage.answer()
    stage.answer()
    stage.thinker.worker.post(Forget(everything=False))
    stage.answer()
    stage.thinker.worker.post(Forget(everything=True))
    stage.answer()
    assert [len(history) for history, _ in model.asked] == [0, 1, 1, 0]


def test_a_conversation_in_which_nobody_spoke_for_long_is_over(stage_with: StageOf) -> None:
    model = FakeModel(*(Reply("Yes.") for _ in range(3)))
    stage = stage_with(model, remember_s=0.2)
    stage.answer()
    stage.answer()
    stage.thinker.worker.post(Note("(Bin day is Tuesday.)"))
    assert soon(lambda: bool(model.prompts))
    stage.answer()
    assert model.prompts == ["All facts."]
    assert [len(history) for history, _ in model.asked] == [0, 1, 0]
    assert model.asked[-1][1] == "Why?"  # the note is in the prompt now


def test_the_model_is_told_once_what_it_is_to_know(stage_with: StageOf) -> None:
    model = FakeModel(Reply("Tuesday."), Reply("Yes."))
    stage = stage_with(model)
    stage.thinker.worker.post(Note("(Bin day is Tuesday.)"))
    stage.answer("When is bin day?")
    stage.answer("Why?")
    assert [question for _, question in model.asked] == ["(Bin day is Tuesday.)\nWhen is bin day?", "Why?"]


def test_a_turn_that_was_cancelled_before_is_not_thought_about(stage_with: StageOf) -> None:
    model = FakeModel(Reply("Yes."))
    stage = stage_with(model)
    turn = stage.turn()
    turn.cancel()
    stage.ask("One?", turn)
    assert stage.answer("Two?") == ["Yes."]
    assert [question for _, question in model.asked] == ["Two?"]


def test_a_cancelled_turn_does_not_fail(stage_with: StageOf) -> None:
    for how in (Reply(ending=Ending.TOO_LONG), Reply("It", dies=True)):
        turn = Turn(1)
        how.before = {0: turn.cancel}
        stage = stage_with(FakeModel(how, Reply("Yes.")))
        stage.ask("One?", turn)
        stage.ask("Two?")
        assert not any(isinstance(event, Failed) for event in stage.until(Replied))


def test_a_history_that_is_too_long_is_forgotten_once(stage_with: StageOf) -> None:
    too_long = Reply(ending=Ending.TOO_LONG)
    model = FakeModel(Reply("Yes."), too_long, Reply("No."), too_long, too_long, Reply("So."))
    stage = stage_with(model)
    assert stage.answer("One?") == ["Yes."]
    assert stage.answer("Two?") == ["No."]
    turn = stage.ask("Three?")
    assert stage.next() == Failed(turn, phrases.TOO_LONG)
    assert stage.answer("Four?") == ["So."]
    one, two = (Exchange(tokens_of(q), tokens_of(r)) for q, r in (("One?", "Yes."), ("Two?", "No.")))
    assert model.asked == [
        ((), "One?"),
        ((one,), "Two?"),
        ((), "Two?"),
        ((two,), "Three?"),
        ((), "Three?"),
        ((), "Four?"),
    ]


def test_a_first_question_that_is_too_long_is_not_tried_again(stage_with: StageOf) -> None:
    model = FakeModel(Reply(ending=Ending.TOO_LONG))
    stage = stage_with(model)
    turn = stage.ask()
    assert stage.next() == Failed(turn, phrases.TOO_LONG)
    assert len(model.asked) == 1


def test_the_history_leaves_room_for_question_and_reply(stage_with: StageOf) -> None:
    loaded = loaded_with(n_ctx=512, n_prefix=40)
    model = FakeModel(*(Reply("word " * 20 + ".") for _ in range(12)), loaded=loaded)
    stage = stage_with(model)
    lengths = []
    for _ in range(12):
        stage.answer()
        history = model.asked[-1][0]
        lengths.append(len(history))
        used = sum(len(e.question) + len(e.reply) + loaded.n_around for e in history)
        assert loaded.n_prefix + used + 256 + loaded.n_around + MAX_TOKENS <= loaded.n_ctx
    assert lengths == [0, 1, 2, 3, 4, 2, 3, 4, 2, 3, 4, 2]


def test_a_death_amid_a_reply_is_told_and_mended(stage_with: StageOf) -> None:
    model = FakeModel(Reply("It is Paris. It", dies=True), Reply("Yes."))
    stage = stage_with(model)
    turn = stage.ask()
    assert stage.until(PartFound) == [
        Sentence(turn, "It is Paris."),
        Failed(turn, phrases.THINKING_FAILED),
        PartLost(LANGUAGE_MODEL, "its process ended: signal SIGKILL", phrases.MODEL_LOST),
        FOUND,
    ]
    stage.thinker.model_died()  # is told late
    assert stage.answer() == ["Yes."]
    assert model.asked[-1][0] == ()
    assert len(model.started_at_s) == 2


def test_a_death_while_idle_is_mended(stage_with: StageOf) -> None:
    model = FakeModel(Reply("Yes."))
    stage = stage_with(model)
    model.alive = False
    stage.thinker.model_died()
    assert stage.until(PartFound) == [PartLost(LANGUAGE_MODEL, "its process ended", phrases.MODEL_LOST), FOUND]
    assert stage.answer() == ["Yes."]


def test_a_question_wakes_a_model_that_died_unnoticed(stage_with: StageOf) -> None:
    model = FakeModel(Reply("Yes."))
    stage = stage_with(model, first_retry_s=60)
    model.alive = False
    turn = stage.ask()
    lost, *rest = stage.until(Replied)
    assert isinstance(lost, PartLost)
    assert rest[:2] == [FOUND, Sentence(turn, "Yes.")]


def test_a_model_that_keeps_dying_is_started_less_and_less_often(stage_with: StageOf) -> None:
    model = FakeModel(Reply("Yes."))
    stage = stage_with(model, first_retry_s=0.1)

    def die() -> None:
        model.alive = False
        stage.thinker.model_died()
        stage.until(PartFound)

    for _ in range(3):
        die()
    stage.answer()
    die()
    waits_s = [b - a for a, b in itertools.pairwise(model.started_at_s)]
    assert all(wait_s > least_s for wait_s, least_s in zip(waits_s, (0.1, 0.2, 0.4, 0.1), strict=True))
    assert waits_s[3] < 0.7  # it would be 0.8 s, had the reply not counted


@pytest.mark.parametrize("error", [ModelError("it is broken"), ModelDiedError("it is broken")])
def test_a_model_that_does_not_start_is_lost_once_and_tried_again(stage_of: StageOf, error: Exception) -> None:
    model = FakeModel(Reply("Yes."), starts=(error, error, error))
    stage = stage_of(model)
    for _ in range(3):  # the process that died tells too
        stage.thinker.model_died()
    assert stage.until(PartFound) == [PartLost(LANGUAGE_MODEL, "it is broken", phrases.CANNOT_THINK), FOUND]
    waits_s = [b - a for a, b in itertools.pairwise(model.started_at_s)]
    assert len(waits_s) == 3
    assert all(wait_s > least_s for wait_s, least_s in zip(waits_s, (0.05, 0.1, 0.2), strict=True))
    assert stage.answer() == ["Yes."]


def test_a_question_without_a_model_fails_and_the_next_is_answered(stage_of: StageOf) -> None:
    model = FakeModel(Reply("Yes."), starts=(ModelError("one"), ModelError("two")))
    stage = stage_of(model, first_retry_s=60)
    assert isinstance(stage.next(), PartLost)
    turn = stage.ask()
    assert stage.next() == Failed(turn, phrases.CANNOT_THINK)
    turn = stage.ask()
    assert stage.until(Replied)[:2] == [FOUND, Sentence(turn, "Yes.")]


def test_a_fault_of_our_own_costs_one_turn(stage_with: StageOf) -> None:
    def stumble() -> None:
        raise ZeroDivisionError("of our own")

    stage = stage_with(FakeModel(Reply("It is", before={1: stumble}), Reply("Yes.")))
    turn = stage.ask()
    assert stage.until(Failed) == [Failed(turn, phrases.THINKING_FAILED)]
    assert stage.answer() == ["Yes."]


SYSTEM = "You are a voice assistant. Answer in one short sentence."
STORY = "Write a long story about a dragon."
QUESTIONS = ("What is the capital of France?", STORY, "Is ice cold?", "Who wrote Hamlet?", STORY, "How are you?")


@pytest.fixture
def load(starter: dict[str, Path]) -> Load:
    return Load(starter["llm"], SYSTEM, 2048, 2, MAX_TOKENS, 0.0, 64, 0.95)


def stage_and_process(stage_of: StageOf, load: Load) -> tuple[Stage, ModelProcess]:
    """Wired as in the daemon."""

    def died() -> None:
        stage.thinker.model_died()

    process = ModelProcess(load, died)
    stage = stage_of(process)
    return stage, process


def pid_of(process: ModelProcess) -> int:
    assert process.pid is not None
    return process.pid


def test_each_turn_evaluates_its_own_new_tokens_only(stage_with: StageOf, load: Load) -> None:
    real = Watched(ModelProcess(load))
    stage = stage_with(real)
    for question in QUESTIONS:
        assert stage.answer(question)
    assert len(real.finished) == len(QUESTIONS)
    for finished in real.finished:
        assert finished.n_evaluated <= len(finished.question) + real.loaded.n_around + 8
    assert real.finished[-1].n_prompt > 150


def test_a_model_that_is_killed_amid_a_reply_comes_back(stage_with: StageOf, load: Load) -> None:
    stage, process = stage_and_process(stage_with, load)
    turn = stage.ask(STORY)
    assert isinstance(stage.next(), FirstToken)
    os.kill(pid_of(process), signal.SIGKILL)
    *_, failed, lost, found = stage.until(PartFound)
    assert failed == Failed(turn, phrases.THINKING_FAILED)
    assert lost == PartLost(LANGUAGE_MODEL, "its process ended: signal SIGKILL", phrases.MODEL_LOST)
    assert found == FOUND
    assert "Paris" in " ".join(stage.answer(QUESTIONS[0]))


def test_a_model_that_is_killed_while_idle_comes_back(stage_with: StageOf, load: Load) -> None:
    stage, process = stage_and_process(stage_with, load)
    os.kill(pid_of(process), signal.SIGKILL)
    assert [type(event) for event in stage.until(PartFound)] == [PartLost, PartFound]
    assert "Paris" in " ".join(stage.answer(QUESTIONS[0]))


def test_a_cancelled_reply_makes_room_for_the_next_at_once(stage_with: StageOf, load: Load) -> None:
    stage, _ = stage_and_process(stage_with, load)
    turn = stage.ask(STORY)
    assert isinstance(stage.next(), FirstToken)
    turn.cancel()
    cancelled_s = time.monotonic()
    next_turn = stage.ask(QUESTIONS[0])
    while getattr(event := stage.next(), "turn", None) is not next_turn:
        assert isinstance(event, Sentence)
    assert time.monotonic() - cancelled_s < 2
    stage.until(Replied)


@pytest.mark.parametrize("moment", ["loading", "replying", "waiting"])
def test_stopping_ends_the_model_whatever_it_does(stage_of: StageOf, load: Load, tmp_path: Path, moment: str) -> None:
    path = load.path if moment != "waiting" else tmp_path / "missing.gguf"
    stage, process = stage_and_process(stage_of, replace(load, path=path, max_tokens=1000))
    wanted = {"loading": (), "replying": (PartFound, FirstToken), "waiting": (PartLost,)}[moment]
    if moment == "replying":
        stage.ask(STORY)
    for kind in wanted:
        assert isinstance(stage.next(), kind)
    stopped_s = time.monotonic()
    stage.thinker.stop()
    assert time.monotonic() - stopped_s < 4
    assert not stage.thinker.worker.alive
    assert process.pid is None
    while not stage.events.empty():
        assert isinstance(stage.next(), Sentence)
