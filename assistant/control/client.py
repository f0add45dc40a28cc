"""Asks the daemon over its control socket. Called from the CLI, main thread."""

import json
import socket
from collections.abc import Iterator
from typing import Any

from assistant.control.protocol import PROTOCOL, ControlError, line_of, path_to_ask

PATIENCE_S = 5.0  # for the first word of the daemon; its main loop is never busy for so long


class NotRunningError(ControlError):
    """No daemon is there to be asked."""

    exit_code = 4


def ask_daemon(do: str, *, patience_s: float | None = PATIENCE_S, **members: Any) -> dict[str, Any]:
    """What the daemon answers in the end. Raises as `answers`."""
    *_, last = answers(do, patience_s=patience_s, **members)
    return last


def answers(do: str, *, patience_s: float | None = None, **members: Any) -> Iterator[dict[str, Any]]:
    """Each line of the daemon's answer, the last as well; None as patience is to wait for ever.

    Raises:
        NotRunningError: no daemon runs.
        ControlError: this user may not ask it, or it would not do it; the text is for a person.
    """
    with _connected(patience_s) as connection:
        connection.sendall(line_of({"do": do, "protocol": PROTOCOL, **members}))
        for line in _lines(connection):
            answer: dict[str, Any] = json.loads(line)
            if error := answer.get("error"):
                raise ControlError(error)
            yield answer
            if answer.get("done"):
                return
    raise ControlError("the assistant ended before it answered; see: journalctl -u assistant")


def _lines(connection: socket.socket) -> Iterator[bytes]:
    try:
        with connection.makefile("rb") as file:
            yield from file
    except TimeoutError as error:
        raise ControlError("the assistant does not answer; see: journalctl -u assistant") from error
    except ConnectionError:
        return


def _connected(patience_s: float | None) -> socket.socket:
    path = path_to_ask()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(patience_s)
    try:
        connection.connect(str(path))
    except PermissionError as error:
        connection.close()
        cure = "use sudo, or join its group: sudo adduser $USER assistant"
        raise ControlError(f"{path} is not open to you; {cure}") from error
    except OSError as error:
        connection.close()
        raise NotRunningError("no assistant runs; start it: systemctl start assistant, or assistant run") from error
    return connection
