"""The control socket as it is: real clients, polite and otherwise."""

import contextlib
import json
import os
import random
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.control import server as server_module
from assistant.control.client import NotRunningError, answers, ask_daemon
from assistant.control.protocol import MAX_REQUEST_BYTES, ControlError
from assistant.control.server import ControlServer, Reply

PATIENCE_S = 20.0


class Served:
    """A server whose requests are answered by the test, or at once with what was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.later: list[Reply] = []
        self.more = threading.Condition()
        self.server = ControlServer(path, self.answer)
        self.server.start()

    def answer(self, request: dict[str, Any], reply: Reply) -> None:
        match request["do"]:
            case "echo":
                reply.end({"echo": request.get("text")})
            case "count":
                for number in range(request["to"]):
                    reply.send({"number": number})
                reply.end()
            case "later":
                with self.more:
                    self.later.append(reply)
                    self.more.notify()
            case "fail":
                raise ControlError("not today; try tomorrow")
            case "break":
                raise ZeroDivisionError

    def held(self, n_replies: int = 1) -> list[Reply]:
        """The replies that were put off, once there are so many."""
        with self.more:
            assert self.more.wait_for(lambda: len(self.later) >= n_replies, PATIENCE_S)
            return self.later

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(PATIENCE_S)
        client.connect(str(self.path))
        return client

    def raw(self, sent: bytes) -> bytes:
        """All that it answers to these bytes."""
        with self.connect() as client:
            with contextlib.suppress(OSError):
                client.sendall(sent)
            return b"".join(iter(lambda: _received(client), b""))


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionError:
        return b""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("ASSISTANT_SOCKET", str(tmp_path / "control.sock"))
    one = Served(tmp_path / "control.sock")
    yield one
    one.server.stop()


def test_a_request_is_answered(served: Served) -> None:
    assert ask_daemon("echo", text="größer ☕") == {"echo": "größer ☕", "done": True, "protocol": 1}


def test_an_answer_may_have_many_lines(served: Served) -> None:
    *numbers, last = answers("count", to=5000, patience_s=PATIENCE_S)
    assert [one["number"] for one in numbers] == list(range(5000))
    assert last["done"]


def test_an_answer_may_come_later_and_from_another_thread(served: Served) -> None:
    def end() -> None:
        (reply,) = served.held()
        reply.send({"first": 1})
        reply.end({"second": 2})

    threading.Thread(target=end).start()
    assert [set(one) & {"first", "second"} for one in answers("later", patience_s=PATIENCE_S)] == [
        {"first"},
        {"second"},
    ]


def test_what_is_refused_or_breaks_is_an_error_for_a_person_and_the_next_is_answered(served: Served) -> None:
    with pytest.raises(ControlError, match="not today; try tomorrow"):
        ask_daemon("fail")
    with pytest.raises(ControlError, match="that failed"):
        ask_daemon("break")
    assert ask_daemon("echo", text="still here")["echo"] == "still here"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"hello\n", "not a line of JSON"),
        (b"\xff\xfe\n", "not a line of JSON"),
        (b"[" * 5000 + b"\n", "not a line of JSON"),
        (b"[]\n", "not an object"),
        (b'{"do": 7, "protocol": 1}\n', "not an object"),
        (b'{"do": "echo"}\n', "speaks protocol 1"),
        (b'{"do": "echo", "protocol": 2}\n', "speaks protocol 1"),
        (b"x" * (MAX_REQUEST_BYTES + 1), "longer than 8192 bytes"),
    ],
)
def test_what_is_no_request_is_told_so(served: Served, sent: bytes, error: str) -> None:
    (line,) = served.raw(sent).splitlines()
    assert error in json.loads(line)["error"]


def test_a_client_that_says_nothing_is_let_go_and_keeps_nobody_waiting(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE_S", 0.2)
    silent = served.connect()
    assert ask_daemon("echo", text="me first")["echo"] == "me first"
    assert silent.recv(1) == b""


def test_a_client_that_does_not_read_is_let_go(served: Served) -> None:
    client = served.connect()
    client.sendall(b'{"do": "later", "protocol": 1}\n')
    (reply,) = served.held()
    for _ in range(100):
        reply.send({"much": "x" * 65536})
    assert reply.gone
    assert ask_daemon("echo", text="next")["echo"] == "next"


def test_an_answer_to_somebody_who_left_goes_nowhere(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b'{"do": "later", "protocol": 1}\n')
        (reply,) = served.held()
    ask_daemon("echo")
    reply.send({"late": True})
    reply.end()
    ask_daemon("echo")
    assert reply.gone


def test_more_clients_than_there_is_room_for_are_turned_away_and_room_is_made_again(served: Served) -> None:
    crowd = [served.connect() for _ in range(server_module.MAX_CLIENTS)]
    deadline_s = time.monotonic() + PATIENCE_S
    with pytest.raises(ControlError):
        while time.monotonic() < deadline_s:
            ask_daemon("echo")
    for client in crowd:
        client.close()
    while True:
        with contextlib.suppress(ControlError):
            ask_daemon("echo")
            break
        assert time.monotonic() < deadline_s


def test_only_its_group_may_talk_to_it_and_the_socket_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("left over from a daemon that was killed")
    server = ControlServer(path, lambda request, reply: reply.end())
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    server.start()
    server.stop()
    assert not path.exists()


def test_a_place_that_cannot_be_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"nowhere/control.sock: No such file.*ASSISTANT_SOCKET"):
        ControlServer(tmp_path / "nowhere" / "control.sock", lambda request, reply: None)
    with pytest.raises(ControlError, match=r"too long.*ASSISTANT_SOCKET"):
        ControlServer(tmp_path / ("x" * 120), lambda request, reply: None)


def test_where_no_daemon_runs_that_is_said_with_an_exit_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_SOCKET", str(tmp_path / "none.sock"))
    with pytest.raises(NotRunningError, match="no assistant runs; start it") as caught:
        ask_daemon("status")
    assert caught.value.exit_code == 4


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode), st.just(b"y" * 9000)))
def test_whatever_is_sent_is_answered_with_json_or_not_at_all(served: Served, sent: bytes) -> None:
    for line in served.raw(sent + b"\n").splitlines():
        assert "error" in json.loads(line)


def test_ten_thousand_clients_of_all_kinds_leave_nothing_behind(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE_S", 0.5)
    chance = random.Random(1)
    kinds = [
        b'{"do": "echo", "protocol": 1}\n',
        b"{",
        b"",
        b"\n",
        b"z" * 20_000,
        b'{"do": "count", "to": 50, "protocol": 1}\n',
    ]
    ask_daemon("echo")  # the server has begun
    n_descriptors, n_threads = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208

    def crowd(sent: list[bytes]) -> None:
        for one in sent:
            with contextlib.suppress(OSError), served.connect() as client:
                client.sendall(one)
                if len(one) > 20:
                    client.recv(100)

    crowds = [threading.Thread(target=crowd, args=(chance.choices(kinds, k=1250),)) for _ in range(8)]
    for one in crowds:
        one.start()
    for one in crowds:
        one.join()
    assert ask_daemon("echo", text="alive")["echo"] == "alive"
    deadline_s = time.monotonic() + PATIENCE_S
    while len(os.listdir("/proc/self/fd")) > n_descriptors:  # noqa: PTH208
        assert time.monotonic() < deadline_s, "descriptors are left open"
        ask_daemon("echo")
    assert threading.active_count() == n_threads
