"""What is spoken over the control socket, and where it is.

A client connects and sends one line, a JSON object: `{"protocol": 1, "do": "status"}`, with further members as the
request takes them. It gets lines, each a JSON object, of which the last has `"done": true`, or `"error"` with one
line for a person; then the connection is closed. A request takes at most `MAX_REQUEST_BYTES`.

The socket is `control.sock` in the service's runtime folder, or in the state folder of a daemon that was started by
hand; `$ASSISTANT_SOCKET` is another place. Whoever may write to it (the group `assistant`) may do all of this.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.config import exists
from assistant.errors import AssistantError
from assistant.store import state_folder

PROTOCOL = 1
MAX_REQUEST_BYTES = 8192
RUNTIME_FOLDER = Path("/run/assistant")
FILE_NAME = "control.sock"


class ControlError(AssistantError):
    """The daemon could not be asked, or would not."""


def path_to_serve() -> Path:
    """Where a daemon puts its socket: the unit's `RuntimeDirectory=`, or beside its state."""
    if chosen := os.environ.get("ASSISTANT_SOCKET"):
        return Path(chosen)
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return (Path(folder) if folder else state_folder()) / FILE_NAME


def path_to_ask() -> Path:
    """Where the daemon is asked: one that was started by hand comes before the system's."""
    own = path_to_serve()
    system = RUNTIME_FOLDER / FILE_NAME
    return system if not exists(own) and exists(system) else own


def request_of(line: bytes) -> dict[str, Any]:
    """The request that a line holds. Raises ControlError, in words for a person."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ControlError("the request is not a line of JSON") from error
    if not isinstance(request, dict) or not isinstance(request.get("do"), str):
        raise ControlError('the request is not an object with "do"')
    if request.get("protocol") != PROTOCOL:
        raise ControlError(f"this assistant speaks protocol {PROTOCOL}; restart it, or use its own program")
    return request


def line_of(value: Mapping[str, Any]) -> bytes:
    """An answer or a request as it goes over the socket."""
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace") + b"\n"
