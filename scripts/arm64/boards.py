"""Raspberry Pis that qemu-user can stand for, and the Debian that runs on them: its root and the Python packages."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from arm64.bounded import CACHE, KEPT, PROJECT, kept, run

MIRROR = "http://deb.debian.org/debian"
# What scripts/steps.sh installs on a Pi, and what a system needs that is only unpacked, never set up.
PACKAGES = """base-files libc-bin dash coreutils ca-certificates
    python3 libportaudio2 libspeexdsp1 libgomp1 libatomic1 libstdc++6"""
WITHOUT_WHEELS = ("srt",)  # pure Python
OF_LLAMA = ("diskcache",)  # what llama-cpp-python, which is built, needs besides
# Which come with the system on a Pi; for Python 3.13 there is no wheel of lgpio.
PINS = {"3.11": ("gpiod>=2.3", "lgpio>=0.2"), "3.13": ("gpiod>=2.3",)}


@dataclass(frozen=True, slots=True)
class Board:
    """A Raspberry Pi."""

    name: str
    cpu: str  # as qemu calls it
    cpuinfo: str  # features, variant, part and revision of a core
    march: str  # what to build llama.cpp for


PI_4 = Board("Pi 4", "cortex-a72", "fp asimd evtstrm crc32 cpuid|0x0|0xd08|3", "armv8-a+crc")
PI_5 = Board(
    "Pi 5",
    "cortex-a76",
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp|0x4|0xd0b|1",
    "armv8.2-a+dotprod+fp16",
)


@dataclass(frozen=True, slots=True)
class Debian:
    """A release of Debian, which Raspberry Pi OS is built on, and its Python."""

    name: str
    python: str
    glibc: int  # the minor version of glibc 2


BOOKWORM, TRIXIE = Debian("bookworm", "3.11", 36), Debian("trixie", "3.13", 41)


def unpack(debian: Debian, packages: str, folder: Path) -> None:
    """Unpacks arm64 packages of Debian and what they depend on; nothing is set up, as that would run their programs."""
    without = [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("man", "doc", "locale")]
    run(
        *("mmdebstrap", "--mode=root", "--variant=extract", "--architectures=arm64", *without),
        *("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--aptopt=APT::Install-Recommends false"),
        *(f"--include={','.join(packages.split())}", debian.name, folder, MIRROR),
        within_s=600,
    )


def root_of(debian: Debian) -> Path:
    """The root folder of an arm64 Debian, unpacked; programs of it run with `emulated` only."""

    def make(folder: Path) -> None:
        unpack(debian, PACKAGES, folder / "root")
        run(*_in(folder / "root", PI_5), "/sbin/ldconfig", within_s=60)  # by which Python finds PortAudio

    return kept(f"root-{debian.name}", (debian, MIRROR, PACKAGES), make) / "root"


def packages_of(debian: Debian, python: Path) -> Path:
    """A folder with the aarch64 packages, in the pinned versions, that the assistant needs; `python` has pip."""
    needed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    wanted = [*(one for one in needed if not one.startswith("llama-cpp-python")), *OF_LLAMA, *PINS[debian.python]]
    pins = PROJECT / "constraints.txt"
    quiet = ("--quiet", "--disable-pip-version-check", f"--constraint={pins}")

    def make(folder: Path) -> None:
        pure = folder / "pure"
        run(python, "-m", "pip", "wheel", *quiet, "--no-deps", f"--wheel-dir={pure}", *WITHOUT_WHEELS, within_s=120)
        platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in range(17, debian.glibc + 1)]
        run(
            *(python, "-m", "pip", "install", *quiet, "--only-binary=:all:", f"--find-links={pure}"),
            *("--implementation=cp", f"--python-version={debian.python}", f"--target={folder / 'packages'}"),
            *(*platforms, "--platform=manylinux2014_aarch64", *wanted),
            within_s=600,
        )

    return kept(f"packages-{debian.python}", (debian, wanted, pins.read_text()), make) / "packages"


def emulated(debian: Debian, board: Board, python_path: list[Path], *arguments: str | Path) -> list[str | Path]:
    """The command that runs Python with these arguments on the board."""
    path = ":".join(map(str, (*python_path, PROJECT)))
    settings = (f"PYTHONPATH={path}", "PYTHONDONTWRITEBYTECODE=1", "OMP_WAIT_POLICY=passive")
    return [*_in(root_of(debian), board), *settings, "python3", *arguments]


def _in(root: Path, board: Board) -> list[str | Path]:
    """The command that another is appended to, settings first, to run it there."""
    folder = KEPT / "cpuinfo"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / board.cpu).write_text(_cpuinfo(board))
    inside = ("unshare", "--user", "--map-root-user", "--mount", "sh", Path(__file__).with_name("enter.sh"))
    return [*inside, root, board.cpu, folder / board.cpu, PROJECT, CACHE, "--"]


def _cpuinfo(board: Board) -> str:
    features, variant, part, revision = board.cpuinfo.split("|")
    core = (
        f"BogoMIPS\t: 108.00\nFeatures\t: {features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
        f"CPU variant\t: {variant}\nCPU part\t: {part}\nCPU revision\t: {revision}\n\n"
    )
    # As many as there are in /sys, which is this machine's.
    return "".join(f"processor\t: {number}\n{core}" for number in range(os.cpu_count() or 1))
