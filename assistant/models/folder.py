"""The folder of fetched models: where each lies, and whether it is whole. Called from the commands and once at start.

    FOLDER/llm/NAME.gguf    FOLDER/voice/NAME.onnx and .onnx.json    FOLDER/recognizer/NAME/

Hashing 3 GB takes a Raspberry Pi most of a minute. So a full hash leaves a stamp beside the model (NAME.gguf.checked),
and while length, time and inode of each file are those of the stamp, a start compares no more than these.
"""

import hashlib
import importlib.util
import json
import logging
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from assistant.errors import ModelError
from assistant.models.catalogue import CatalogueModel, ModelFile
from assistant.models.files import fault_of

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # bytes done, bytes in all

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Stamp:
    """What a file was when it was last hashed."""

    sha256: str
    n_bytes: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path, sha256: str) -> Self:
        stat = path.stat()
        return cls(sha256, stat.st_size, stat.st_mtime_ns, stat.st_ino)


def no_progress(done_bytes: int, total_bytes: int) -> None:
    """For those who do not watch."""


def refused(model: CatalogueModel, fault: str, path: Path | None = None) -> ModelError:
    """The error that names the model, what is wrong with it, and the cure."""
    place = f" ({path})" if path else ""
    cure = f"install the Python package {model.bundled.package} again" if model.bundled else cure_of(model)
    return ModelError(f"models: {model.name}{place} {fault}; {cure}")


def cure_of(model: CatalogueModel) -> str:
    """The command that fetches it."""
    return f"run: assistant models get {model.name}"


@dataclass(frozen=True)
class ModelFolder:
    """Where models are kept; it need not exist yet."""

    path: Path

    def home_of(self, model: CatalogueModel) -> Path:
        """The folder in which the model's files have their names."""
        if bundled := model.bundled:
            spec = importlib.util.find_spec(bundled.package)  # finds a package without running it
            if spec is None or not spec.submodule_search_locations:
                raise refused(model, "is not installed")
            return Path(spec.submodule_search_locations[0], bundled.folder)
        return self.path / model.purpose / (model.name if model.archive else "")

    def path_of(self, model: CatalogueModel) -> Path:
        """What an engine opens: the GGUF file, the voice's .onnx, or a folder."""
        home = self.home_of(model)
        return home if model.archive or model.bundled else home / model.files[0].name

    def installed(self, model: CatalogueModel) -> bool:
        """Whether it is there, whole or not."""
        try:
            return self.path_of(model).exists()
        except ModelError:
            return False

    def check(self, model: CatalogueModel, progress: Progress = no_progress) -> None:
        """Raises a ModelError unless it is there and whole; quick, if it was hashed before and not touched since."""
        self._look(model)
        if self._stamped(model):
            return
        if not model.bundled:  # these are small and never stamped
            log.info("models: hashing %s", model.name)
        self.verify(model, progress)

    def verify(self, model: CatalogueModel, progress: Progress = no_progress) -> None:
        """Reads every byte of it; raises a ModelError unless it is there and whole.

        The catalogue knows no hashes of what an archive holds; there the first reading sets what later ones must find.
        """
        self._look(model)
        path = self.path_of(model)
        if not model.bundled and (fault := fault_of(path, model.purpose)):
            raise refused(model, fault, path)
        expected = self._expected(model) or self._found(model)
        total_bytes, done_bytes = sum(file.n_bytes for file in expected), 0
        hashed = []
        for file in expected:
            path = self.home_of(model) / file.name
            sha256 = hash_of(path, progress, done_bytes, total_bytes)
            done_bytes += file.n_bytes
            if file.sha256 not in ("", sha256):
                raise refused(model, f"has the wrong checksum: sha256 {sha256} instead of {file.sha256}", path)
            hashed.append(replace(file, sha256=sha256))
        self.stamp(model, hashed)

    def stamp(self, model: CatalogueModel, hashed: Iterable[ModelFile]) -> None:
        """Remembers that these files of the model were hashed just now."""
        if model.bundled:
            return
        stamps = {file.name: asdict(Stamp.of(self.home_of(model) / file.name, file.sha256)) for file in hashed}
        path = self._stamp_path(model)
        half = path.with_name(f"{path.name}.part")
        with suppress(OSError):  # in a folder that is only read, each start hashes anew
            half.write_text(json.dumps(stamps, indent=1), "utf-8")
            half.replace(path)

    def remove(self, model: CatalogueModel) -> int:
        """Removes all files of a model, those of a broken-off download too; gives how many bytes that were.

        Raises:
            ModelError: it is not there, belongs to a Python package, or may not be removed.
        """
        if model.bundled:
            raise ModelError(f"models: {model.name} is part of the Python package {model.bundled.package}; it stays")
        home = self.home_of(model)
        files = [home] if model.archive else [home / file.name for file in model.files]
        there = [*(one for one in files if one.exists()), *(self.path / model.purpose).glob(f"*{model.name}*.part")]
        if not there:
            raise ModelError(f"models: {model.name} is not installed; see: assistant models list")
        n_bytes = sum(file.stat().st_size for one in there for file in (one, *one.rglob("*")) if file.is_file())
        try:
            for one in there:
                if one.is_dir():
                    shutil.rmtree(one)
                else:
                    one.unlink()
            self._stamp_path(model).unlink(missing_ok=True)
        except OSError as error:
            raise ModelError(f"models: {model.name}: {error.strerror}; use: sudo -u assistant") from error
        return n_bytes

    def forget(self, model: CatalogueModel) -> None:
        """Removes an unpacked model and its stamp."""
        path = self.path_of(model)
        if path.is_dir():
            shutil.rmtree(path)
        self._stamp_path(model).unlink(missing_ok=True)

    def _look(self, model: CatalogueModel) -> None:
        """Raises a ModelError unless all its files are there with the right lengths."""
        if not self.installed(model):
            raise refused(model, "is not installed")
        for file in self._expected(model):
            path = self.home_of(model) / file.name
            if not path.is_file():
                raise refused(model, "is missing", path)
            n_bytes = path.stat().st_size
            if n_bytes < file.n_bytes:
                raise refused(model, f"is truncated: {n_bytes:,} of {file.n_bytes:,} bytes", path)
            if n_bytes > file.n_bytes:
                raise refused(model, f"is too long: {n_bytes:,} bytes instead of {file.n_bytes:,}", path)

    def _expected(self, model: CatalogueModel) -> tuple[ModelFile, ...]:
        """Its files as they must be; none for what an archive holds until it was hashed once."""
        if not model.archive:
            return model.files
        return tuple(ModelFile(name, stamp.n_bytes, stamp.sha256) for name, stamp in self._stamps(model).items())

    def _found(self, model: CatalogueModel) -> tuple[ModelFile, ...]:
        home = self.home_of(model)
        files = sorted(path for path in home.rglob("*") if path.is_file())
        return tuple(ModelFile(path.relative_to(home).as_posix(), path.stat().st_size, "") for path in files)

    def _stamped(self, model: CatalogueModel) -> bool:
        stamps, home = self._stamps(model), self.home_of(model)
        now = {file.name: Stamp.of(home / file.name, file.sha256) for file in self._expected(model)}
        return bool(stamps) and stamps == now

    def _stamps(self, model: CatalogueModel) -> dict[str, Stamp]:
        try:
            table = json.loads(self._stamp_path(model).read_text("utf-8"))
            return {name: Stamp(**stamp) for name, stamp in table.items()}
        except (OSError, ValueError, TypeError, AttributeError):  # there is none, or it is not one
            return {}

    def _stamp_path(self, model: CatalogueModel) -> Path:
        path = self.path_of(model)
        return path.with_name(f"{path.name}.checked")


def hash_of(path: Path, progress: Progress, done_bytes: int, total_bytes: int) -> str:
    """The sha256 of a file, which follows `done_bytes` of others."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            sha256.update(block)
            done_bytes += len(block)
            progress(done_bytes, total_bytes)
    return sha256.hexdigest()
