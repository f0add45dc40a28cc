import threading

from assistant.turn import Turn


def test_a_cancelled_turn_stays_cancelled() -> None:
    turn = Turn(1)
    assert not turn.cancelled
    turn.cancel()
    turn.cancel()
    assert turn.cancelled


def test_those_who_asked_are_told_once() -> None:
    turn, told = Turn(1), []
    turn.on_cancel(lambda: told.append("before"))
    turn.cancel()
    turn.cancel()
    turn.on_cancel(lambda: told.append("after"))
    assert told == ["before", "after"]


def test_no_one_is_missed_when_asking_and_cancelling_meet() -> None:
    for _ in range(200):
        turn, told = Turn(1), threading.Event()
        thread = threading.Thread(target=turn.cancel)
        thread.start()
        turn.on_cancel(told.set)
        thread.join()
        assert told.is_set()
