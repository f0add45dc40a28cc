"""What is told to systemd, received as systemd receives it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import systemd
from assistant.liveness import Liveness


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.settimeout(10.0)
        one.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield one


def nothing_came(manager: socket.socket) -> bool:
    manager.setblocking(False)
    try:
        manager.recv(4096)
    except BlockingIOError:
        return True
    return False


def test_assignments_come_a_line_each(manager: socket.socket) -> None:
    systemd.notify(systemd.READY, "STATUS=idle")
    assert manager.recv(4096) == b"READY=1\nSTATUS=idle"


def test_a_reload_is_told_with_its_time(manager: socket.socket) -> None:
    systemd.reloading()
    first, second = manager.recv(4096).decode().splitlines()
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdigit()


def test_an_abstract_socket_serves_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"assistant-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        systemd.notify("WATCHDOG=1")
        assert one.recv(4096) == b"WATCHDOG=1"


def test_without_systemd_and_with_one_that_is_gone_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify(systemd.READY)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    systemd.notify(systemd.READY)


@pytest.mark.parametrize(
    ("limit", "pid", "expected_s"),
    [
        ("30000000", "", 30.0),
        ("30000000", str(os.getpid()), 30.0),
        ("30000000", "1", None),
        ("soon", "", None),
        ("", "", None),
    ],
)
def test_the_watchdog_is_for_this_process_alone(
    limit: str, pid: str, expected_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert systemd.watchdog_s() == expected_s


def test_a_sign_of_life_is_given_while_all_parts_move(manager: socket.socket) -> None:
    ages_s = {"listener": 0.5, "thinker": 300.0}
    liveness = Liveness(lambda: ages_s, {"thinker": 400.0})
    assert liveness.look() == frozenset()
    assert manager.recv(4096) == b"WATCHDOG=1"


def test_a_part_that_does_not_move_is_named_once_and_no_sign_is_given(
    manager: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    ages_s = {"listener": 21.0, "talker": 1.0}
    liveness = Liveness(lambda: ages_s, {})
    assert liveness.look() == liveness.look() == {"listener"}
    assert nothing_came(manager)
    assert caplog.messages == ["listener has not moved for 21 s"]
    ages_s["listener"] = 0.0
    assert liveness.look() == frozenset()


def test_it_looks_by_itself_often_enough_for_the_watchdog(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    liveness = Liveness(dict, {})
    liveness.start()
    assert [manager.recv(4096) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    liveness.stop()
