import itertools
import queue
import threading
import time
from collections.abc import Callable

import pytest

from assistant import worker
from assistant.worker import Worker

Failure = tuple[str, str, object]


class Desk:
    """A worker that notes what it did; "wait" makes it wait until told to go on, "boom" makes it fall over."""

    def __init__(self, *, idle: Callable[[], float] | None = None, limit: int = 256) -> None:
        self.done: list[str] = []
        self.failures: list[Failure] = []
        self.waiting = threading.Event()
        self.go_on = threading.Event()
        self.worker = Worker[str](
            "desk", self._receive, failed=self._failed, idle=idle or worker.wait_one_beat, limit=limit
        )

    def _receive(self, message: str) -> None:
        if message == "wait":
            self.waiting.set()
            assert self.go_on.wait(10)
        if message == "boom":
            raise ValueError("boom happened")
        if message == "empty":
            raise queue.Empty
        self.done.append(message)

    def _failed(self, name: str, error: Exception, message: str | None) -> None:
        self.failures.append((name, f"{type(error).__name__} {error}".strip(), message))

    def finished(self) -> list[str]:
        assert self.worker.stop(10.0)
        return self.done


def test_posted_messages_come_in_order_and_none_is_dropped() -> None:
    desk = Desk(limit=2)
    desk.worker.start()
    messages = [str(number) for number in range(1000)]
    for message in messages:
        desk.worker.post(message)
    assert desk.finished() == messages
    assert desk.worker.n_dropped == 0


def test_what_was_posted_before_the_start_is_not_lost() -> None:
    desk = Desk()
    desk.worker.post("early")
    desk.worker.start()
    assert desk.finished() == ["early"]


def test_of_what_is_offered_no_more_than_the_limit_waits() -> None:
    desk = Desk(limit=2)
    desk.worker.start()
    desk.worker.post("wait")
    assert desk.waiting.wait(10)
    assert [desk.worker.offer(message) for message in "abcd"] == [True, True, False, False]
    assert desk.worker.n_dropped == 2
    desk.worker.post("posted")  # takes none of those places
    desk.go_on.set()
    assert desk.finished() == ["wait", "a", "b", "posted"]


def test_a_place_is_free_again_when_its_message_is_taken() -> None:
    desk = Desk(limit=1)
    desk.worker.start()
    for number in range(50):
        assert desk.worker.offer(str(number), wait_s=10.0)
    assert desk.finished() == [str(number) for number in range(50)]


def test_who_offers_may_wait_for_a_place_but_not_for_ever() -> None:
    desk = Desk(limit=1)
    desk.worker.start()
    desk.worker.post("wait")
    assert desk.waiting.wait(10)
    assert desk.worker.offer("a")
    begin_s = time.monotonic()
    assert not desk.worker.offer("b", wait_s=0.2)
    assert 0.15 < time.monotonic() - begin_s < 5.0
    desk.go_on.set()
    assert desk.finished() == ["wait", "a"]


@pytest.mark.parametrize(("message", "error"), [("boom", "ValueError boom happened"), ("empty", "Empty")])
def test_an_error_ends_its_message_and_not_the_thread(message: str, error: str) -> None:
    desk = Desk()
    desk.worker.start()
    for text in ("before", message, "after"):
        desk.worker.post(text)
    assert desk.finished() == ["before", "after"]
    assert desk.failures == [("desk", error, message)]


def test_an_error_in_what_was_offered_frees_its_place() -> None:
    desk = Desk(limit=1)
    desk.worker.start()
    assert all(desk.worker.offer("boom", wait_s=10.0) for _ in range(5))
    desk.finished()
    assert len(desk.failures) == 5


def test_with_nothing_to_do_it_is_called_as_often_as_it_says() -> None:
    times_s: list[float] = []
    enough = threading.Event()

    def idle() -> float:
        times_s.append(time.monotonic())
        if len(times_s) == 5:
            enough.set()
        return 0.05

    desk = Desk(idle=idle)
    desk.worker.start()
    assert enough.wait(10)
    desk.finished()
    assert min(b - a for a, b in itertools.pairwise(times_s)) >= 0.045


def test_an_error_while_idle_is_told_without_a_message() -> None:
    fell = threading.Event()

    def idle() -> float:
        fell.set()
        raise ValueError("idle hands")

    desk = Desk(idle=idle)
    desk.worker.start()
    assert fell.wait(10)
    desk.worker.post("after")
    assert desk.finished() == ["after"]
    assert ("desk", "ValueError idle hands", None) in desk.failures


def test_its_heart_beats_although_it_would_rest_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BEAT_S", 0.05)
    beats = threading.Semaphore(0)

    def idle() -> float:
        beats.release()
        return 3600.0

    desk = Desk(idle=idle)
    desk.worker.start()
    assert all(beats.acquire(timeout=10) for _ in range(3))
    assert time.monotonic() - desk.worker.last_beat_s < 5.0
    desk.finished()


def test_it_stops_after_the_messages_that_wait_already() -> None:
    desk = Desk()
    desk.worker.start()
    assert desk.worker.alive
    for number in range(100):
        desk.worker.post(str(number))
    assert len(desk.finished()) == 100
    assert not desk.worker.alive


def test_one_that_does_not_end_in_time_is_told() -> None:
    desk = Desk()
    desk.worker.start()
    desk.worker.post("wait")
    assert desk.waiting.wait(10)
    assert not desk.worker.stop(timeout_s=0.1)
    desk.go_on.set()
    assert desk.worker.stop(timeout_s=10.0)


def test_one_that_never_started_is_stopped() -> None:
    assert Desk().worker.stop()


def test_it_can_end_itself() -> None:
    ended: list[bool] = []
    worker_of_itself = Worker[str]("self", lambda message: ended.append(worker_of_itself.stop()), failed=print)
    worker_of_itself.start()
    worker_of_itself.post("end")
    assert worker_of_itself.stop(10.0)
    assert ended == [False]


def test_without_its_thread_it_works_off_what_waits() -> None:
    received: list[int] = []

    def receive(message: int) -> None:
        received.append(message)
        if message == 1:
            worked.post(3)
        if message == 2:
            raise ValueError("a fault")

    faults: list[int | None] = []
    worked = Worker[int]("test", receive, failed=lambda name, error, message: faults.append(message), limit=1)
    assert not worked.work_off()
    assert worked.offer(1)
    worked.post(2)
    assert worked.work_off()
    assert (received, faults) == ([1, 2, 3], [2])
    assert worked.offer(4)  # its place is free again
