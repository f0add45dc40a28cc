import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.thinking.messages import Ending, Exchange, Finished, Load, Piece, Tokens
from assistant.thinking.model_process import ModelDiedError, ModelProcess

SYSTEM = "You are a voice assistant. Answer in one short sentence."
QUESTIONS = (
    "What is the capital of France?",
    "How many legs does a spider have?",
    "What color is the sky?",
    "Who wrote Hamlet?",
    "Is ice cold?",
    "What do cows drink?",
    "How are you?",
    "What is two plus two?",
    "Name a fruit.",
    "Good night!",
)
STORY = "Write a long story about a dragon."  # it does not end within a hundred tokens

turn_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def load(starter: dict[str, Path]) -> Load:
    return Load(starter["llm"], SYSTEM, n_ctx=2048, n_threads=2, max_tokens=40, temperature=0.0, top_k=64, top_p=0.95)


@pytest.fixture
def tiny_load(load: Load, tiny_gemma4: Path) -> Load:
    """Of a model that loads in no time and says gibberish."""
    return replace(load, path=tiny_gemma4, n_ctx=1024, sense=False)


@pytest.fixture(scope="module")
def model(load: Load) -> Iterator[ModelProcess]:
    model = ModelProcess(load)
    model.start()
    yield model
    model.close()


class Deaths:
    """Counts what it is told, from any thread."""

    def __init__(self) -> None:
        self._told = threading.Semaphore(0)

    def __call__(self) -> None:
        self._told.release()

    def wait(self) -> bool:
        return self._told.acquire(timeout=10)

    @property
    def more(self) -> bool:
        return self._told.acquire(timeout=0.2)


def run(model: ModelProcess, question: str, history: tuple[Exchange, ...] = ()) -> tuple[list[Piece], Finished]:
    *pieces, finished = model.reply(next(turn_numbers), history, question)
    assert all(isinstance(piece, Piece) for piece in pieces)
    assert isinstance(finished, Finished)
    return [piece for piece in pieces if isinstance(piece, Piece)], finished


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def tokens_of(pieces: list[Piece]) -> Tokens:
    return tuple(piece.token for piece in pieces)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def soon(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    deadline_s = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return condition()


def pid_of(model: ModelProcess) -> int:
    assert model.pid is not None
    return model.pid


def test_a_reply_comes_in_pieces_and_is_counted(model: ModelProcess) -> None:
    pieces, finished = run(model, QUESTIONS[0])
    assert "Paris" in text_of(pieces)
    assert finished.ending is Ending.END
    assert finished.n_generated == len(pieces)
    assert finished.per_second > 0
    assert finished.n_prompt > finished.n_evaluated > len(finished.question) > 0


def test_the_prefix_is_evaluated_before_the_first_question(load: Load) -> None:
    model = ModelProcess(load)
    loaded = model.start()
    _, finished = run(model, QUESTIONS[0])
    model.close()
    assert loaded.n_ctx == 2048
    assert finished.n_prompt - finished.n_evaluated == loaded.n_prefix
    assert loaded.n_around > finished.n_evaluated - len(finished.question) > 0


@pytest.mark.parametrize("kind", ["smollm2", "gemma4"])
def test_each_turn_evaluates_its_own_new_tokens_only(load: Load, tiny_load: Load, kind: str) -> None:
    chosen = load if kind == "smollm2" else tiny_load
    model = ModelProcess(replace(chosen, max_tokens=12))
    loaded = model.start()
    history: tuple[Exchange, ...] = ()
    for question in QUESTIONS:
        pieces, finished = run(model, question, history)
        assert finished.n_evaluated <= len(finished.question) + loaded.n_around + 8
        history += (Exchange(finished.question, tokens_of(pieces)),)
    model.close()
    assert finished.n_prompt > 200


def test_a_reply_whose_end_was_not_said_costs_nothing_either(model: ModelProcess) -> None:
    pieces, first = run(model, STORY)
    assert first.ending is Ending.MAX_TOKENS
    history = (Exchange(first.question, tokens_of(pieces)[:15]),)
    _, second = run(model, QUESTIONS[1], history)
    assert second.n_evaluated < len(second.question) + 20


def test_max_tokens_ends_a_reply(model: ModelProcess) -> None:
    pieces, finished = run(model, STORY)
    assert (finished.ending, finished.n_generated, len(pieces)) == (Ending.MAX_TOKENS, 40, 40)


def test_the_same_question_gets_the_same_reply_whatever_was_asked_between(model: ModelProcess) -> None:
    replies = [tokens_of(run(model, question)[0]) for question in (QUESTIONS[0], STORY, QUESTIONS[0])]
    assert replies[0] == replies[2]


def test_a_model_that_goes_round_in_circles_is_stopped(load: Load) -> None:
    model = ModelProcess(replace(load, max_tokens=400))
    model.start()
    _, finished = run(model, " la" * 40)
    song = Exchange(finished.question, finished.question)
    _, finished = run(model, " la" * 40, (song,))
    model.close()
    assert finished.ending is Ending.REPEATS
    assert finished.n_generated < 400


def test_a_question_that_does_not_fit_is_too_long_and_the_next_is_answered(model: ModelProcess) -> None:
    pieces, finished = run(model, "word " * 2100)
    assert (pieces, finished.ending) == ([], Ending.TOO_LONG)
    assert run(model, QUESTIONS[0])[1].ending is Ending.END


def test_a_reply_is_cancelled_at_once_and_the_next_one_is_whole(model: ModelProcess) -> None:
    number = next(turn_numbers)
    reply = model.reply(number, (), STORY)
    for _ in range(5):
        next(reply)
    model.cancel(number)
    cancelled_s = time.monotonic()
    *_, finished = reply
    assert time.monotonic() - cancelled_s < 2
    assert isinstance(finished, Finished)
    assert finished.ending is Ending.CANCELLED
    assert finished.n_generated < 40
    assert "Paris" in text_of(run(model, QUESTIONS[0])[0])


def test_a_long_question_is_cancelled_while_it_is_read(model: ModelProcess) -> None:
    number = next(turn_numbers)
    timer = threading.Timer(0.1, model.cancel, [number])  # reading takes seconds
    timer.start()
    *pieces, finished = model.reply(number, (), "word " * 1800)
    timer.join()
    assert isinstance(finished, Finished)
    assert (pieces, finished.ending, finished.n_evaluated) == ([], Ending.CANCELLED, 0)
    assert "Paris" in text_of(run(model, QUESTIONS[0])[0])


def test_a_cancel_that_comes_before_its_question_holds(model: ModelProcess) -> None:
    number = next(turn_numbers)
    model.cancel(number)
    messages = list(model.reply(number, (), STORY))
    assert [message.ending for message in messages if isinstance(message, Finished)] == [Ending.CANCELLED]
    assert len(messages) == 1
    assert run(model, QUESTIONS[0])[1].ending is Ending.END


def test_a_cancel_that_comes_late_does_not_harm_the_next_turn(model: ModelProcess) -> None:
    number = next(turn_numbers)
    list(model.reply(number, (), QUESTIONS[0]))
    model.cancel(number)
    reply = model.reply(next(turn_numbers), (), QUESTIONS[0])
    next(reply)
    model.cancel(number)
    *_, finished = reply
    assert isinstance(finished, Finished)
    assert finished.ending is Ending.END


def test_what_is_left_of_an_abandoned_reply_is_not_taken_for_the_next(model: ModelProcess) -> None:
    abandoned = model.reply(next(turn_numbers), (), STORY)
    next(abandoned)
    del abandoned
    assert "Paris" in text_of(run(model, QUESTIONS[0])[0])


def test_bytes_that_are_no_text_do_not_kill_the_process(model: ModelProcess) -> None:
    pid = pid_of(model)
    run(model, "What is a caf\udce9?")
    assert pid_of(model) == pid
    assert model.alive


def test_a_process_that_is_killed_amid_a_reply_is_a_death(load: Load) -> None:
    deaths = Deaths()
    model = ModelProcess(load, deaths)
    model.start()
    reply = model.reply(next(turn_numbers), (), STORY)
    next(reply)
    os.kill(pid_of(model), signal.SIGKILL)
    with pytest.raises(ModelDiedError, match="its process ended: signal SIGKILL"):
        list(reply)
    assert deaths.wait()
    assert not model.alive
    with pytest.raises(ModelDiedError):
        run(model, QUESTIONS[0])
    model.start()
    assert "Paris" in text_of(run(model, QUESTIONS[0])[0])
    model.close()
    assert not deaths.more


def test_a_process_that_is_killed_while_idle_is_started_again(tiny_load: Load) -> None:
    deaths = Deaths()
    model = ModelProcess(tiny_load, deaths)
    model.start()
    first = pid_of(model)
    os.kill(first, signal.SIGKILL)
    assert deaths.wait()
    assert not model.alive
    model.start()
    assert model.alive
    assert pid_of(model) != first
    assert run(model, QUESTIONS[0])[1].n_generated > 0
    model.close()
    assert not deaths.more


def test_a_process_that_hangs_is_noticed_and_killed(tiny_load: Load) -> None:
    deaths = Deaths()
    model = ModelProcess(tiny_load, deaths, silence_timeout_s=1.5)
    model.start()
    pid = pid_of(model)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ModelDiedError, match=r"it said nothing for 1\.5 s"):
        run(model, QUESTIONS[0])
    assert deaths.wait()
    assert not is_running(pid)
    model.start()
    assert run(model, QUESTIONS[0])[1].n_generated > 0
    model.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_processes_is_not_for_the_model(tiny_load: Load, number: signal.Signals) -> None:
    model = ModelProcess(tiny_load)
    model.start()
    os.kill(pid_of(model), number)
    assert run(model, QUESTIONS[0])[1].n_generated > 0
    assert os.getsid(pid_of(model)) != os.getsid(0)
    model.close()


def test_the_kernel_would_end_the_model_first(tiny_load: Load) -> None:
    model = ModelProcess(tiny_load)
    model.start()
    assert Path(f"/proc/{model.pid}/oom_score_adj").read_text().strip() == "800"
    assert os.getpriority(os.PRIO_PROCESS, pid_of(model)) > os.getpriority(os.PRIO_PROCESS, 0)
    model.close()


def test_an_unreadable_model_is_refused_and_leaves_no_process(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "garbage.gguf"
    path.write_bytes(b"GGUF" + bytes(1000))
    model = ModelProcess(replace(load, path=path))
    with pytest.raises(ModelError, match=r"llama\.cpp refuses garbage\.gguf"):
        model.start()
    assert not model.alive


def test_a_system_prompt_that_does_not_fit_is_refused_in_one_line(tiny_load: Load) -> None:
    model = ModelProcess(replace(tiny_load, system_prompt="Be brief. " * 400))
    with pytest.raises(ModelError, match=r"^the system prompt has \d+ tokens, too many for n_ctx 1024$"):
        model.start()
    model.close()


def test_closing_leaves_no_process_and_reports_no_death(tiny_load: Load) -> None:
    deaths = Deaths()
    model = ModelProcess(tiny_load, deaths)
    model.start()
    pid = pid_of(model)
    model.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert model.pid is None
    assert not model.alive
    assert not deaths.more
    model.close()
    model.cancel(1)
    for call in (model.start, lambda: run(model, QUESTIONS[0])):
        with pytest.raises(ModelDiedError):
            call()


@pytest.mark.parametrize("moment", ["loading", "replying"])
def test_closing_from_another_thread_ends_what_goes_on(load: Load, moment: str) -> None:
    model = ModelProcess(load)
    if moment == "replying":
        model.start()
        reply = model.reply(next(turn_numbers), (), STORY)
        next(reply)
        model.close()
        with pytest.raises(ModelDiedError):
            list(reply)
    else:

        def close_soon() -> None:
            soon(lambda: model.pid is not None)
            model.close()

        closer = threading.Thread(target=close_soon)
        closer.start()
        with pytest.raises(ModelDiedError):
            model.start()
        closer.join()
    assert not model.alive


def test_a_cancel_during_the_start_does_no_harm(tiny_load: Load) -> None:
    model = ModelProcess(tiny_load)
    started = threading.Event()

    def cancel_all_the_time() -> None:
        while not started.wait(0.0005):
            model.cancel(0)

    thread = threading.Thread(target=cancel_all_the_time)
    thread.start()
    try:
        model.start()
    finally:
        started.set()
        thread.join()
    assert run(model, QUESTIONS[0])[1].n_generated > 0
    model.close()


def test_a_process_that_cannot_be_started_is_a_death(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ModelDiedError, match=r"its process does not start: .*/nowhere/python"):
        ModelProcess(load).start()


def test_fifty_deaths_leave_nothing_behind(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    def n_open() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    deaths = Deaths()
    model = ModelProcess(load, deaths)
    before, threads_before = n_open(), threading.active_count()
    for _ in range(50):
        with pytest.raises(ModelDiedError, match="its process ended: exit code 1"):
            model.start()
        assert deaths.wait()
    model.close()
    assert soon(lambda: n_open() <= before)
    assert soon(lambda: threading.active_count() <= threads_before)


PARENT = """
import sys
from pathlib import Path
from assistant.thinking.messages import Load
from assistant.thinking.model_process import ModelProcess

model = ModelProcess(Load(Path(sys.argv[1]), "Be brief.", 1024, 1, 900, 1.0, 64, 0.95))
model.start()
reply = model.reply(1, (), "Tell me a story.")
next(reply)
print(model.pid, flush=True)
sys.stdin.read()
"""


def test_the_process_ends_with_the_one_that_started_it(load: Load) -> None:
    command = [sys.executable, "-c", PARENT, str(load.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    assert soon(lambda: not is_running(pid), within_s=5)


def test_another_prompt_is_evaluated_before_it_is_needed_and_holds_after_a_restart(load: Load) -> None:
    model = ModelProcess(load)
    first = model.start()
    _, before = run(model, QUESTIONS[0])
    model.set_prompt(f"{SYSTEM}\n{SYSTEM}")
    assert soon(lambda: run(model, QUESTIONS[0])[1].n_evaluated <= before.n_evaluated)
    _, after = run(model, QUESTIONS[0])
    assert after.n_prompt > before.n_prompt
    assert after.n_evaluated < first.n_prefix
    os.kill(pid_of(model), signal.SIGKILL)
    assert model.start().n_prefix == after.n_prompt - before.n_prompt + first.n_prefix
    model.close()


def test_a_prompt_that_would_not_fit_changes_nothing(load: Load) -> None:
    model = ModelProcess(load)
    model.start()
    _, before = run(model, QUESTIONS[0])
    model.set_prompt("word " * load.n_ctx)
    assert run(model, QUESTIONS[0])[1].n_prompt == before.n_prompt
    model.close()


@pytest.mark.parametrize("known", ["", "What is the"])
def test_a_question_that_comes_while_another_is_read_ahead_is_answered_as_ever(model: ModelProcess, known: str) -> None:
    story, finished = run(model, STORY)
    history = (Exchange(finished.question, tokens_of(story)),) * 20
    model.prepare(history, known)
    pieces, finished = run(model, QUESTIONS[0])
    assert finished.ending is Ending.END
    assert "Paris" in text_of(pieces)


def test_a_model_that_says_gibberish_is_refused_and_leaves_no_process(tiny_load: Load) -> None:
    model = ModelProcess(replace(tiny_load, sense=True))
    with pytest.raises(ModelError, match="it takes plain sentences for nonsense") as refused:
        model.start()
    assert "\n" not in str(refused.value)
    assert not model.alive
