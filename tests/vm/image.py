"""What the machine boots from, kept between runs under a hash of all that goes into it."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant" / "vm"
BUILD_S = 1800
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
SOURCE = "assistant scripts systemd setup.sh config.yaml pyproject.toml constraints.txt README.md CHANGELOG.md LICENSE"
BUNDLED = "pyproject.toml constraints.txt scripts/bundle scripts/steps.sh scripts/build-llama"


@dataclass(frozen=True, slots=True)
class Image:
    """A kernel, what finds the disk for it, and the disk, which is never written to."""

    folder: Path

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd"

    @property
    def disk(self) -> Path:
        return self.folder / "disk"

    def copy_on_write(self, disk: Path) -> Path:
        """A disk that begins as this one and keeps apart what is written to it."""
        bounded("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(self.disk), str(disk))
        return disk


def bare_image() -> Image:
    """Debian of this machine's release, without the assistant. About a minute once, and Debian's mirror."""
    name = release()
    return Image(
        _kept(
            "bare",
            [name.encode(), (HERE / "build-image").read_bytes()],
            lambda folder: bounded(*AS_ROOT, str(HERE / "build-image"), "bare", str(folder), name),
        )
    )


def installed_image() -> Image:
    """The same with the assistant as it is now, installed as an image is made. Some 40 s for each change of it."""
    bare, parts = bare_image(), bundle()
    recipe = [bare.folder.name.encode(), parts.name.encode(), *_contents(SOURCE)]

    def build(folder: Path) -> None:
        source = copy_source(folder / "source")
        arguments = (folder, bare.folder, source, parts)
        bounded(*AS_ROOT, str(HERE / "build-image"), "installed", *map(str, arguments))
        shutil.rmtree(source)

    return Image(_kept("installed", recipe, build))


def bundle() -> Path:
    """What `setup.sh install --offline` takes everything from, with a llama.cpp for the CPU that is emulated too."""
    patches = " ".join(str(path.relative_to(PROJECT)) for path in sorted(PROJECT.glob("scripts/*.patch")))
    recipe = [release().encode(), *_contents(f"{BUNDLED} {patches}")]
    collect = str(PROJECT / "scripts/bundle"), "--portable"
    return _kept("bundle", recipe, lambda folder: bounded(*collect, str(folder)))


def copy_source(folder: Path) -> Path:
    """The project, as far as `setup.sh` needs it."""
    folder.mkdir()
    for name in SOURCE.split():
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(PROJECT / name, folder / name)
    return folder


def release() -> str:
    """The Debian release of this machine: the bundle is for its Python and its libraries."""
    found = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    return found[1] if found else "bookworm"


def bounded(*command: str) -> None:
    """Runs a command, for BUILD_S at most. Raises CalledProcessError with the end of what it said."""
    whole = ["timeout", "--signal=KILL", str(BUILD_S), *command]
    done = subprocess.run(whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise RuntimeError(f"{' '.join(command)} gave {done.returncode}:\n{said}")


def _contents(names: str) -> list[bytes]:
    """Names and contents of files and of what is in folders."""
    paths: list[Path] = []
    for name in names.split():
        path = PROJECT / name
        paths += sorted(path.rglob("*")) if path.is_dir() else [path]
    whole = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    return [part for path in whole for part in (str(path.relative_to(PROJECT)).encode(), path.read_bytes())]


def _kept(kind: str, recipe: list[bytes], build: Callable[[Path], object]) -> Path:
    """The folder that `build` fills, or has filled from the same recipe before; older ones of its kind go."""
    CACHE.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in recipe)).hexdigest()[:16]
    folder = CACHE / f"{kind}-{key}"
    with (CACHE / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            print(f"preparing the virtual machine: {kind}", flush=True)
            for older in CACHE.glob(f"{kind}-*"):
                shutil.rmtree(older)
            with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as building:
                unfinished = Path(building) / kind
                unfinished.mkdir()
                build(unfinished)
                unfinished.rename(folder)
    return folder
