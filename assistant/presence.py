"""Whether a daemon runs: it holds a lock on a file beside the store, which ends with its process. Main thread."""

import errno
import fcntl
import logging
import os
from io import FileIO
from pathlib import Path
from typing import IO

from assistant import systemd
from assistant.errors import AssistantError
from assistant.store import state_folder

log = logging.getLogger(__name__)

FILE_NAME = "daemon.lock"


def announce() -> IO[bytes]:
    """A daemon runs from now on, until this file is closed; a service does also where it cannot be told.

    Raises:
        AssistantError: another one does, or its folder cannot be written.
    """
    folder = state_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _opened(folder / FILE_NAME)
    except OSError as error:
        if systemd.is_told():
            log.warning("%s: %s; other programs do not see that the assistant runs", folder, error.strerror)
            return Path(os.devnull).open("rb")
        raise AssistantError(f"{folder}: {error.strerror}; give this user the right to write there") from error
    if not _lock(file):
        file.close()
        raise AssistantError(f"an assistant runs already with {folder}; end it first, or give this one another folder")
    return file


def daemon_runs() -> bool:
    """Whether one does."""
    try:
        with (state_folder() / FILE_NAME).open("rb") as file:
            return not _lock(file)
    except OSError:
        return False


def _opened(path: Path) -> IO[bytes]:
    """The file of the lock, which on a card that has become read-only must be there from before."""
    try:
        return path.open("ab")
    except OSError as error:
        if error.errno != errno.EROFS or not path.exists():
            raise
        return path.open("rb")


def _lock(file: IO[bytes] | FileIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
