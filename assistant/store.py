"""The SQLite file that keeps what must outlive a restart. Any thread; one connection, guarded by a lock.

What `transaction()` has committed survives a crash and a loss of power: the journal is a write-ahead log, synced at
every commit (`synchronous=FULL`). A damaged file is put aside, and its spare copy takes its place, or a new file is
begun, so that damage never becomes a loop of crashes; `put_aside` and `restored` tell of it.
"""

import errno
import fcntl
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from assistant.errors import AssistantError
from assistant.schema import MIGRATIONS
from assistant.spare import drop_spare, make_spare, take_spare

log = logging.getLogger(__name__)

SYSTEM_FOLDER = Path("/var/lib/assistant")
FILE_NAME = "assistant.db"
BUSY_TIMEOUT_S = 5.0
RESERVE_BYTES = 256 * 1024  # room for the log and the shared memory of a few small transactions
N_PUT_ASIDE = 3  # damaged files kept; older ones go, or a failing card would fill up with them
# What a full disk also shows as: SQLite tells of it plainly only when it writes, not when it opens or syncs.
NO_ROOM = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
CURES = {
    sqlite3.SQLITE_FULL: "the disk is full; make room on it",
    sqlite3.SQLITE_BUSY: "another program holds it; end that program",
    sqlite3.SQLITE_LOCKED: "another program holds it; end that program",
    sqlite3.SQLITE_READONLY: "it may not be written; check its owner, and whether the card has become read-only",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; give this user the right to write in its folder",
    sqlite3.SQLITE_PERM: "it cannot be opened; give this user the right to write in its folder",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write; check the card (dmesg tells more)",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restart the assistant, which puts it aside and begins a new one",
    sqlite3.SQLITE_NOTADB: "it is damaged; restart the assistant, which puts it aside and begins a new one",
}

Setting = int | float | str
Result = TypeVar("Result")


class StoreError(AssistantError):
    """What was to be kept could not be kept, or could not be read."""


class StoreFullError(StoreError):
    """What was to be kept could not be kept, because the disk is full."""


def state_folder() -> Path:
    """The unit's `StateDirectory=`, the system's folder if it may be written, or the user's (XDG_STATE_HOME)."""
    if given := os.environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(given)
    if os.access(SYSTEM_FOLDER, os.W_OK | os.X_OK):
        return SYSTEM_FOLDER
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if os.path.isabs(home) else Path.home() / ".local" / "state") / "assistant"  # noqa: PTH117


def store_path() -> Path:
    """Where the store is when nothing else is said."""
    return state_folder() / FILE_NAME


class Store:
    """One SQLite file, open."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file, its folder too; StoreError when that cannot be done."""
        self.path = path
        self.put_aside: Path | None = None  # where the damaged file went that was found instead of a sound one
        self.restored = False  # the spare copy took its place
        self.fault = ""  # why the last change could not be kept
        self._changed_s: float | None = None  # when something was last committed that the spare copy lacks
        self._lock = threading.RLock()
        self._reserve = path.with_name(f"{path.name}.reserve")
        self._db = self.urgently(self._open)
        self._keep_reserve()

    def close(self) -> None:
        """Ends it; whatever is asked of it afterwards is a StoreError."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done within, or nothing of it, is kept; it is durable once the block has been left.

        StoreFullError or StoreError when it could not be kept. Transactions do not nest.
        """
        with self._lock, self._noted_fault(), self._plain_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
                self._changed_s = time.monotonic()
                self.fault = ""
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            if not self._reserve.exists():
                self._keep_reserve()

    def check_room(self) -> None:
        """Raises StoreFullError: the disk is so full that there is no reserve for what is urgent."""
        if not self._reserve.exists():
            raise StoreFullError(f"{self.path}: {CURES[sqlite3.SQLITE_FULL]}")

    def take_over(self, other: "Store") -> None:
        """Holds from now on what the other one holds: all of it, or as before. Raises as `transaction` does."""
        with self._lock, other._lock, self._plain_errors():
            other._db.backup(self._db)
            self._changed_s = time.monotonic()

    def make_spare(self, rest_s: float) -> None:
        """Copies the file aside if it was changed since, and not within the last `rest_s`. Raises StoreError."""
        with self._lock, self._plain_errors():
            if self._changed_s is not None and time.monotonic() - self._changed_s >= rest_s:
                self._changed_s = None  # on an error too: the next change tries again
                make_spare(self._db, self.path)

    def forget_copies(self) -> None:
        """What was forgotten is gone from the copies too: the spare one, and those that were damaged."""
        with self._lock, self._plain_errors():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            drop_spare(self.path)
            for old in self.path.parent.glob(f"{self.path.name}.damaged-*"):
                with suppress(OSError):
                    old.unlink(missing_ok=True)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """What a SELECT finds."""
        with self._lock, self._plain_errors():
            return self._db.execute(query, parameters).fetchall()

    def urgently(self, work: Callable[[], Result]) -> Result:
        """Does work that must be kept though the disk is full: it may use the room held in reserve for it."""
        try:
            return work()
        except StoreFullError:
            if not self._reserve.exists():
                raise
            log.warning("%s: the disk is full; using the room held in reserve", self.path)
            with self._plain_errors():
                self._reserve.unlink(missing_ok=True)
            return work()

    def get(self, key: str) -> Setting | None:
        """A setting that was kept over restarts; None where there is none."""
        found = self.rows("SELECT value FROM settings WHERE key = ?", (key,))
        return found[0]["value"] if found else None

    def put(self, key: str, value: Setting) -> None:
        """Keeps a setting over restarts."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (key, value))

    def _open(self) -> sqlite3.Connection:
        with self._plain_errors(), _alone(self.path.parent):
            try:
                return self._open_sound()
            except sqlite3.DatabaseError as error:
                if _code(error) not in DAMAGED:
                    raise
                self.put_aside = _put_aside(self.path)
                self.restored = take_spare(self.path)
                instead = "its copy takes its place" if self.restored else "begun anew"
                log.error("%s: damaged (%s); put aside as %s, %s", self.path, error, self.put_aside.name, instead)
                return self._open_sound()

    def _open_sound(self) -> sqlite3.Connection:
        # SQLite gives its log and shared memory the rights of the file, so the file is made here, for the owner alone.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(self.path, BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone from the file too
            verdict = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                damage = sqlite3.DatabaseError(verdict)
                damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise damage
            self._migrate(db)
        except BaseException:
            db.close()
            raise
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        version: int = db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self.path}: written by a newer assistant (version {version} of the file, {len(MIGRATIONS)} is "
                "known here); install that one again, or move the file away"
            )
        for migration in MIGRATIONS[version:]:
            for statement in migration:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")

    def _keep_reserve(self) -> None:
        with suppress(OSError):  # without room for it there is none; the next transaction tries again
            file = os.open(self._reserve, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, RESERVE_BYTES)
            except OSError:
                self._reserve.unlink()
            finally:
                os.close(file)

    @contextmanager
    def _noted_fault(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            cause = error.__cause__
            if not (isinstance(cause, sqlite3.Error) and _code(cause) in BUSY):  # which passes
                self.fault = str(error)
            raise

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = _code(error)
            if code == sqlite3.SQLITE_FULL or (code in NO_ROOM and _is_full(self.path.parent)):
                raise StoreFullError(f"{self.path}: {CURES[sqlite3.SQLITE_FULL]}") from error
            raise StoreError(f"{self.path}: {CURES.get(code, error)}") from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreFullError(f"{self.path}: {CURES[sqlite3.SQLITE_FULL]}") from error
            if error.errno == errno.EROFS:
                raise StoreError(f"{self.path}: {CURES[sqlite3.SQLITE_READONLY]}") from error
            raise StoreError(f"{self.path}: {error.strerror}; give this user the right to write there") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Makes the folder, and keeps out others who open a store in it, lest two put the same file aside."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _put_aside(path: Path) -> Path:
    """Renames a damaged file, with its log, to a name with a time stamp; the oldest of these make room."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    for suffix in ("-wal", "-shm", ""):  # the file last: were this cut short, it is met again
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(path.with_name(f"{path.name}.damaged-{stamp}{suffix}"))
    for old in sorted(path.parent.glob(f"{path.name}.damaged-*Z"))[:-N_PUT_ASIDE]:
        for suffix in ("-wal", "-shm", ""):
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    return path.with_name(f"{path.name}.damaged-{stamp}")


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code (sqlite.org/rescode.html); 0 for an error of Python's module."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < RESERVE_BYTES
    except OSError:
        return False
