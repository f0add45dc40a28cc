"""What is kept in files so that a model starts fast: what was found out about it here, and the KV cache of its prompt.

Runs in the language model's process. Whatever the files depend on is part of their names, so none is ever wrong, only
unused; those that are no longer of use are removed.
"""

import hashlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.thinking.messages import Load

log = logging.getLogger(__name__)

VERSION = 1  # of what is measured, and how


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured of a model on this board."""

    decode_threads: int  # for a single token
    prefill_threads: int  # for a batch
    log_likelihood: float  # of plain sentences, a token; 0 where they were not tried


class KeptFiles:
    """The files of one model with one build of llama.cpp on one board."""

    def __init__(self, load: Load, library: Sequence[Path]) -> None:
        """`library` are the files of which llama.cpp consists. Without a folder nothing is kept."""
        self._folder = load.folder
        settings = load.n_ctx, load.lean, load.n_threads, load.sense
        parts = [VERSION, *map(_signature, [load.path, *library]), os.cpu_count(), _board(), *settings]
        self._key = _digest(parts)

    def findings(self) -> Findings | None:
        """What was found out at an earlier start."""
        if not self._folder:
            return None
        with suppress(OSError, ValueError, TypeError):
            return Findings(**json.loads(self._findings_path(self._folder).read_text(encoding="utf-8")))
        return None

    def keep_findings(self, findings: Findings) -> None:
        text = json.dumps(asdict(findings)).encode()
        if self._folder:
            name = self._findings_path(self._folder).name
            _write(self._folder, lambda path: path.write_bytes(text), lambda _: name, "*.json")

    def prefix(self, tokens: Sequence[int]) -> Path | None:
        """Where the KV cache of these tokens is, if it is kept and whole: llama.cpp dies of a damaged one."""
        for path in self._folder.glob(f"{self._name(tokens)}-*.kv") if self._folder else ():
            with suppress(OSError):
                if path.stem.endswith(f"-{_content(path)}"):
                    return path
                path.unlink()
        return None

    def keep_prefix(self, tokens: Sequence[int], save: Callable[[Path], object]) -> None:
        """Has the KV cache of these tokens written by `save`."""
        if self._folder:
            folder, name = self._folder, self._name(tokens)
            _write(folder, save, lambda scratch: f"{name}-{_content(scratch)}.kv", "*.kv")

    def _findings_path(self, folder: Path) -> Path:
        return folder / f"{self._key}.json"

    def _name(self, tokens: Sequence[int]) -> str:
        return f"{self._key}-{_digest(tokens)}"


def _write(folder: Path, save: Callable[[Path], object], name_of: Callable[[Path], str], others: str) -> None:
    """Writes a whole file or none, readable by its owner alone, in the place of `others`; a full disk does no harm."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder)
        scratch = Path(name)
        try:
            save(scratch)
            os.fsync(descriptor)
            path = scratch.rename(folder / name_of(scratch))
        finally:
            os.close(descriptor)
            scratch.unlink(missing_ok=True)
        for other in folder.glob(others):
            if other != path:
                other.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s: nothing can be kept there, so the next start takes longer: %s", folder, error)


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]


def _signature(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return path.name, status.st_size, status.st_mtime_ns


def _board() -> str:
    """What tells one kind of CPU from another."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        kinds = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
        return " ".join(sorted(kinds))
    return platform.machine()
