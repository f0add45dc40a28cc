"""Commands with a limit of time, and what is built once and kept under the hash of what shapes it."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant"
KEPT = CACHE / "arm64"


class StepError(Exception):
    """A step failed; one line that says why."""


def run(*command: str | Path, within_s: float) -> str:
    """What a command prints.

    Raises:
        StepError: it failed, or did not end in time.
    """
    limited = ["timeout", "--signal=KILL", str(within_s), "nice", "-n", "10", *map(str, command)]
    done = subprocess.run(limited, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        name = Path(command[0]).name
        if done.returncode == -signal.SIGKILL:
            raise StepError(f"{name} was not done after {within_s:g} s")
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise StepError(f"{name} ended with {done.returncode}: {last[:200]}")
    return done.stdout


def kept(name: str, recipe: object, make: Callable[[Path], object]) -> Path:
    """The folder that `make` fills, from an earlier run where the recipe is the same; older ones of the name go."""
    folder = KEPT / name / hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT, prefix="building-") as building:
            made = Path(building) / "made"
            made.mkdir()
            make(made)
            for old in folder.parent.iterdir():
                shutil.rmtree(old)
            made.rename(folder)
    return folder
