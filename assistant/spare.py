"""Copies of the store's file: a spare one for when that is damaged, and one to go on with where it cannot be written.

In the thread that has the store.
"""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path


def spare_of(path: Path) -> Path:
    """Where the spare copy of this file is."""
    return path.with_name(f"{path.name}.spare")


def make_spare(db: sqlite3.Connection, path: Path) -> None:
    """Copies the open database at `path`, whole or not at all. Raises sqlite3.Error or OSError."""
    part = path.with_name(f"{path.name}.spare.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        _replace(part, spare_of(path))
    finally:
        part.unlink(missing_ok=True)


def take_spare(path: Path) -> bool:
    """Puts the spare copy in the place of the store's file; False where there is none, or it is damaged as well."""
    spare = spare_of(path)
    try:
        with closing(sqlite3.connect(f"file:{spare}?mode=ro", uri=True)) as copy:
            if copy.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                return False
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(spare.read_bytes())
        part.chmod(0o600)
        _replace(part, path)
    except (sqlite3.Error, OSError):
        return False
    return True


def drop_spare(path: Path) -> None:
    """What was forgotten is gone from the copy too: it goes, and another is made after a while."""
    with suppress(OSError):
        spare_of(path).unlink(missing_ok=True)


def copy_into(folder: Path, path: Path) -> bool:
    """Copies the store's file, closed, with its log and its spare copy; False where one is there but cannot be read."""
    for name in (path.name, f"{path.name}-wal", spare_of(path).name):
        try:
            shutil.copyfile(path.with_name(name), folder / name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return False
    return True


def _replace(part: Path, path: Path) -> None:
    """Renames it so that a loss of power leaves the old file or the new one."""
    _sync(part)
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
