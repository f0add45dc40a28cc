import contextlib
import sqlite3
from pathlib import Path

import pytest

from assistant.refuge import Refuge
from assistant.schema import MIGRATIONS
from assistant.store import Store, StoreError, store_path


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


def change(path: Path | None, **settings: int) -> None:
    assert path
    store = Store(path)
    for key, value in settings.items():
        store.put(key, value)
    store.close()


def test_what_was_kept_is_there_and_all_of_it_goes_back(tmp_path: Path) -> None:
    change(store_path(), before=1, changed=1)
    refuge = Refuge()
    refuge.take()
    change(refuge.path, changed=2, new=2)
    refuge.leave()
    home = Store(store_path())
    assert [home.get(key) for key in ("before", "changed", "new")] == [1, 2, 2]
    assert refuge.path is None
    assert not list((tmp_path / "run").iterdir())


def test_what_is_only_in_the_log_of_the_store_comes_along() -> None:
    store = Store(store_path())
    store.put("volume", 40)  # it is not closed, so its log is not worked in
    refuge = Refuge()
    refuge.take()
    assert refuge.path
    assert Store(refuge.path).get("volume") == 40


def test_a_place_that_cannot_be_written_yet_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    refuge = Refuge()
    refuge.take()
    change(refuge.path, new=2)
    with pytest.raises(StoreError):
        refuge.leave()
    assert refuge.path
    assert Store(refuge.path).get("new") == 2


def test_what_could_not_be_read_is_not_overwritten() -> None:
    store_path().mkdir(parents=True)
    refuge = Refuge()
    refuge.take()
    assert not refuge.whole
    change(refuge.path, volume=2)
    store_path().rmdir()
    change(store_path(), volume=1)
    refuge.leave()
    assert Store(store_path()).get("volume") == 1


def test_one_of_a_newer_version_is_done_without_and_left_as_it_is() -> None:
    change(store_path(), volume=1)
    with contextlib.closing(sqlite3.connect(store_path())) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    refuge = Refuge()
    refuge.take()
    change(refuge.path, volume=2)
    with pytest.raises(StoreError, match="newer"):
        refuge.leave()


def test_of_a_damaged_one_the_spare_copy_comes_along() -> None:
    store = Store(store_path())
    store.put("volume", 40)
    store.make_spare(rest_s=0.0)
    store.close()
    store_path().write_bytes(b"not a database" * 1000)
    refuge = Refuge()
    refuge.take()
    assert refuge.path
    assert Store(refuge.path).get("volume") == 40


def test_without_any_memory_it_is_a_store_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "none"))
    with pytest.raises(StoreError, match=r"none.*nothing can be kept anywhere"):
        Refuge().take()
