import os
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.thinking.findings import Findings, KeptFiles
from assistant.thinking.messages import Load

FOUND = Findings(decode_threads=2, prefill_threads=4, log_likelihood=-2.5)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"model")
    return Load(model, "", 512, 0, 64, 0.0, 1, 1.0, folder=tmp_path / "kept")


def test_what_was_found_out_is_found_again(load: Load) -> None:
    assert KeptFiles(load, []).findings() is None
    KeptFiles(load, []).keep_findings(FOUND)
    assert KeptFiles(load, []).findings() == FOUND


def test_it_holds_for_nothing_else(load: Load, tmp_path: Path) -> None:
    KeptFiles(load, []).keep_findings(FOUND)
    library = tmp_path / "libllama.so"
    library.write_bytes(b"library")
    assert KeptFiles(load, [library]).findings() is None
    assert KeptFiles(replace(load, n_ctx=1024), []).findings() is None
    assert KeptFiles(replace(load, lean=True), []).findings() is None
    load.path.write_bytes(b"another")
    assert KeptFiles(load, []).findings() is None


def test_a_prefix_is_kept_by_its_tokens_and_for_its_owner_alone(load: Load) -> None:
    kept = KeptFiles(load, [])
    kept.keep_prefix([1, 2], lambda path: path.write_text("first"))
    path = kept.prefix([1, 2])
    assert path is not None
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o077 == 0
    assert kept.prefix([1, 3]) is None


def test_of_each_kind_only_the_newest_stays(load: Load, tmp_path: Path) -> None:
    kept = KeptFiles(load, [])
    kept.keep_findings(FOUND)
    kept.keep_prefix([1], lambda path: path.write_text("old"))
    kept.keep_prefix([2], lambda path: path.write_text("new"))
    assert kept.prefix([1]) is None
    assert kept.findings() == FOUND
    assert len(os.listdir(tmp_path / "kept")) == 2  # noqa: PTH208


def test_a_write_that_fails_leaves_nothing_behind(load: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def full(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    kept = KeptFiles(load, [])
    kept.keep_prefix([1], full)
    assert kept.prefix([1]) is None
    assert list((tmp_path / "kept").iterdir()) == []
    assert "No space left" in caplog.text


def test_without_a_folder_nothing_is_kept(load: Load) -> None:
    kept = KeptFiles(replace(load, folder=None), [])
    kept.keep_findings(FOUND)
    kept.keep_prefix([1], lambda path: path.write_text("x"))
    assert kept.findings() is None
    assert kept.prefix([1]) is None


def test_a_prefix_that_was_damaged_is_not_used(load: Load) -> None:
    kept = KeptFiles(load, [])
    kept.keep_prefix([1], lambda path: path.write_text("whole"))
    path = kept.prefix([1])
    assert path is not None
    path.write_text("whale")
    assert kept.prefix([1]) is None
    assert not path.exists()


def test_a_folder_that_cannot_be_made_costs_a_warning(
    load: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept").write_text("in the way")
    kept = KeptFiles(load, [])
    kept.keep_findings(FOUND)
    kept.keep_prefix([1], lambda path: path.write_text("x"))
    assert caplog.text.count("nothing can be kept there, so the next start takes longer") == 2
    assert kept.findings() is None
    assert kept.prefix([1]) is None


@pytest.mark.parametrize("damaged", ["", "[]", '{"decode_threads": 2}', "\0"])
def test_findings_that_were_damaged_are_found_out_anew(load: Load, tmp_path: Path, damaged: str) -> None:
    kept = KeptFiles(load, [])
    kept.keep_findings(FOUND)
    (path,) = (tmp_path / "kept").iterdir()
    path.write_text(damaged)
    assert kept.findings() is None
    kept.keep_findings(FOUND)
    assert kept.findings() == FOUND
