import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.doing.memory import Memory
from assistant.schema import MIGRATIONS
from assistant.spare import spare_of
from assistant.store import Store, StoreError, StoreFullError, state_folder, store_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "assistant.db"


def names_beside(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir())


def test_settings_are_kept_over_restarts(path: Path) -> None:
    store = Store(path)
    store.put("volume", 0.4)
    store.put("volume", 0.5)
    store.put("voice", "joe")
    store.close()
    again = Store(path)
    assert (again.get("volume"), again.get("voice"), again.get("rate")) == (0.5, "joe", None)


def test_only_the_owner_may_read_it(path: Path) -> None:
    Store(path).put("volume", 1)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}


def test_each_commit_is_synced_and_read_by_others_at_once(path: Path) -> None:
    store = Store(path)
    assert [store.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")] == [
        "wal",
        2,
        1,
    ]
    other = Store(path)
    store.put("volume", 3)
    assert other.get("volume") == 3


def test_a_transaction_is_kept_as_a_whole_or_not_at_all(path: Path) -> None:
    store = Store(path)
    with pytest.raises(KeyError), store.transaction() as db:
        db.execute("INSERT INTO settings VALUES ('volume', 1)")
        raise KeyError
    assert store.get("volume") is None
    store.put("volume", 2)
    assert store.get("volume") == 2


def test_several_threads_may_use_it(path: Path) -> None:
    store = Store(path)
    store.put("count", 0)

    def count() -> None:
        for _ in range(50):
            with store.transaction() as db:
                (n,) = db.execute("SELECT value FROM settings WHERE key = 'count'").fetchone()
                db.execute("UPDATE settings SET value = ? WHERE key = 'count'", (n + 1,))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("count") == 200


@pytest.mark.parametrize("damage", [b"this is no database at all" * 400, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_damaged_file_is_put_aside_and_a_new_one_begun(
    path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    store = Store(path)
    assert store.put_aside is not None
    assert store.put_aside.read_bytes() == damage
    assert re.fullmatch(r"assistant\.db\.damaged-\d{8}T\d{6}\.\d{6}Z", store.put_aside.name)
    assert "put aside as assistant.db.damaged" in caplog.text
    store.put("volume", 1)
    store.close()
    again = Store(path)
    assert again.put_aside is None
    assert again.get("volume") == 1


def test_damage_within_a_table_is_found(path: Path) -> None:
    store = Store(path)
    for number in range(300):
        store.put(f"key {number}", "x" * 200)
    store.close()
    whole = bytearray(path.read_bytes())
    assert len(whole) > 40_000
    whole[-20_000:-10_000] = os.urandom(10_000)
    path.write_bytes(whole)
    assert Store(path).put_aside is not None


def test_damaged_files_do_not_pile_up(path: Path) -> None:
    for number in range(5):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"damage %d" % number * 100)
        Store(path).close()
    aside = [path.with_name(name).read_bytes()[:8] for name in names_beside(path) if "damaged" in name]
    assert aside == [b"damage 2", b"damage 3", b"damage 4"]


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(StoreError, match="written by a newer assistant"):
        Store(path)
    assert not [name for name in names_beside(path) if "damaged" in name]


def test_a_file_of_an_older_version_is_brought_up(path: Path) -> None:
    path.parent.mkdir()
    sqlite3.connect(path).close()
    store = Store(path)
    assert store.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)


def test_what_cannot_be_opened_is_told_in_one_line_with_a_cure(unprivileged: None) -> None:
    folder = Path("closed")
    folder.mkdir(0o500)
    with pytest.raises(StoreError, match=r"^closed/assistant.db: .*give this user the right"):
        Store(folder / "assistant.db")
    Path("file").touch()
    with pytest.raises(StoreError, match=r"^file/assistant.db: "):
        Store(Path("file") / "assistant.db")


def test_a_closed_store_is_a_store_error(path: Path) -> None:
    store = Store(path)
    store.close()
    with pytest.raises(StoreError):
        store.get("volume")


def test_a_full_file_is_told_apart_and_nothing_half_kept(path: Path) -> None:
    store = Store(path)
    with store.transaction() as db:
        (n_pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {n_pages + 1}")
    with pytest.raises(StoreFullError, match=r"assistant\.db: the disk is full; make room"), store.transaction() as db:
        db.execute("INSERT INTO settings VALUES ('small', 1)")
        db.execute("INSERT INTO settings VALUES ('large', ?)", ("x" * 100_000,))
    assert store.get("small") is None
    assert store.rows("PRAGMA integrity_check")[0][0] == "ok"


FULL_DISK = """
import os
from pathlib import Path
from assistant.doing.memory import Memory
from assistant.spare import spare_of
from assistant.store import Store, StoreFullError

def fill():
    with open("disk/filler", "ab", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass

def attempt(work):
    try:
        work()
    except StoreFullError as error:
        print(error)

def put_much():
    for number in range(40):  # the log has some room left
        store.put(f"key {number}", "x" * 3000)

store = Store(Path("disk/assistant.db"))
store.put("volume", 1)
fill()
attempt(put_much)
store.urgently(lambda: store.put("urgent", 2))
print(store.get("volume"), store.get("urgent"), Path("disk/assistant.db.reserve").exists())
fill()
attempt(lambda: Store(Path("disk/other/assistant.db")))
os.unlink("disk/filler")
store.put("later", 3)
print(store.get("later"), Path("disk/assistant.db.reserve").exists(), store.rows("PRAGMA integrity_check")[0][0])
store.close()
fill()
print(Store(Path("disk/assistant.db")).get("later"))
"""


def in_a_small_disk(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a Python program beside a disk of 800 kB that only it sees."""
    (folder / "disk").mkdir()
    (folder / "program.py").write_text(program)
    script = 'mount -t tmpfs -o size=800k none disk && exec "$0" program.py'
    command = ["unshare", "--mount", "--user", "--map-root-user", "sh", "-c", script, sys.executable]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def can_mount(folder: Path) -> bool:
    return bool(shutil.which("unshare")) and in_a_small_disk("", folder).returncode == 0


def test_on_a_full_disk_what_is_urgent_has_room_in_reserve(tmp_path: Path) -> None:
    (tmp_path / "try").mkdir()
    if not can_mount(tmp_path / "try"):
        pytest.skip("this system lets no user mount a disk of their own")
    (tmp_path / "real").mkdir()
    done = in_a_small_disk(FULL_DISK, tmp_path / "real")
    full = ": the disk is full; make room on it"
    assert done.stdout.splitlines() == [
        f"disk/assistant.db{full}",
        "1 2 False",
        f"disk/other/assistant.db{full}",
        "3 True ok",
        "3",
    ], done.stderr
    assert done.stderr.count("using the room held in reserve") == 2  # for what was urgent, and for the last opening


def test_the_store_is_in_the_users_folder_where_there_is_none_for_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.store.SYSTEM_FOLDER", tmp_path / "none")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert store_path() == tmp_path / "assistant" / "assistant.db"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/to/be/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "assistant"
    (tmp_path / "none").mkdir()
    assert state_folder() == tmp_path / "none"


def damage(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"not a database" * 1000)
    path.with_name(f"{path.name}-wal").unlink(missing_ok=True)


def test_a_damaged_file_is_replaced_by_its_spare_copy(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(path)
    store.put("volume", 40)
    store.make_spare(rest_s=0.0)
    store.put("volume", 50)
    store.close()
    damage(path)
    again = Store(path)
    assert (again.restored, again.get("volume")) == (True, 40)
    assert again.put_aside
    assert "its copy takes its place" in caplog.text
    again.put("volume", 60)
    again.close()
    assert Store(path).get("volume") == 60


def test_where_the_copy_is_damaged_too_a_new_file_is_begun(path: Path) -> None:
    store = Store(path)
    store.put("volume", 40)
    store.make_spare(rest_s=0.0)
    store.close()
    damage(path)
    damage(spare_of(path))
    again = Store(path)
    assert (again.restored, again.get("volume")) == (False, None)


def test_the_copy_is_made_once_after_a_change_and_not_before_there_was_a_rest(path: Path) -> None:
    store = Store(path)
    store.make_spare(rest_s=0.0)
    assert not spare_of(path).exists()
    store.put("volume", 40)
    store.make_spare(rest_s=60.0)
    assert not spare_of(path).exists()
    store.make_spare(rest_s=0.0)
    first = spare_of(path).stat()
    assert first.st_mode & 0o777 == 0o600
    store.make_spare(rest_s=0.0)
    assert spare_of(path).stat().st_ino == first.st_ino


def test_what_is_forgotten_is_gone_from_the_copies_too(path: Path) -> None:
    damage(path)
    store = Store(path)
    memory = Memory(store)
    memory.remember("the safe is behind the picture")
    store.make_spare(rest_s=0.0)
    memory.forget_all()
    assert not spare_of(path).exists()
    assert not list(path.parent.glob("*.damaged-*"))
    for file in path.parent.iterdir():
        assert b"behind the picture" not in file.read_bytes()


def test_a_copy_that_cannot_be_made_is_a_store_error_and_leaves_nothing(path: Path) -> None:
    store = Store(path)
    store.put("volume", 40)
    spare_of(path).mkdir()
    with pytest.raises(StoreError):
        store.make_spare(rest_s=0.0)
    assert not list(path.parent.glob("*.part"))
    assert store.get("volume") == 40
