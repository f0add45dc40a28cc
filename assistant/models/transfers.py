"""Fetches one file over HTTP, going on where an earlier attempt ended. Called from `assistant models get`.

The hash of the file is known beforehand. So a part on the disk can be continued from any server that has the file, and
needs no ETag to tell whether it belongs: what is not the file shows as a wrong length at once, or as a wrong hash at
the end. Ranges are those of RFC 9110, section 14.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from assistant.models.catalogue import ModelFile
from assistant.models.folder import Progress

TIMEOUT_S = 60.0  # without a byte
MAX_ATTEMPTS = 50  # in one go, as long as each brings something

_BLOCK_BYTES = 1 << 18


class SourceError(Exception):
    """Why a source did not deliver, as a sentence of its own."""


class Part:
    """The part of a file that has come so far, and its hash; what is there already counts as progress."""

    def __init__(self, file: BinaryIO, total_bytes: int, progress: Progress) -> None:
        self._file = file
        self._total_bytes = total_bytes
        self._progress = progress
        self._sha256 = hashlib.sha256()
        self.n_bytes = 0
        file.seek(0)
        while block := file.read(_BLOCK_BYTES):
            self._count(block)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def add(self, block: bytes) -> None:
        self._file.write(block)
        self._count(block)

    def restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._sha256 = hashlib.sha256()
        self.n_bytes = 0

    def _count(self, block: bytes) -> None:
        self._sha256.update(block)
        self.n_bytes += len(block)
        self._progress(self.n_bytes, self._total_bytes)


def receive(url: str, file: ModelFile, path: Path, progress: Progress) -> None:
    """Completes what is at `path` to the file, on the disk and with the right hash; `progress` counts this file alone.

    Raises SourceError; what came until then stays for the next attempt, unless its hash is wrong.
    """
    with path.open("a+b") as opened:
        part = Part(opened, file.n_bytes, progress)
        if part.n_bytes > file.n_bytes:
            part.restart()
        attempts = 0
        while part.n_bytes < file.n_bytes:
            before_bytes, attempts = part.n_bytes, attempts + 1
            try:
                for block in _blocks(url, file, part):
                    part.add(block)
            except ConnectionError as error:
                if part.n_bytes == before_bytes or attempts == MAX_ATTEMPTS:
                    raise SourceError(f"{error}, after {part.n_bytes:,} of {file.n_bytes:,} bytes") from error
        opened.flush()
        os.fsync(opened.fileno())
    if part.sha256 != file.sha256:
        path.unlink()
        raise SourceError(f"what came has the wrong checksum and was removed (sha256 {part.sha256})")


def _blocks(url: str, file: ModelFile, part: Part) -> Iterator[bytes]:
    """What the server sends of what is missing; ConnectionError when it ends too early."""
    request = Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "assistant"})
    if part.n_bytes:
        request.add_header("Range", f"bytes={part.n_bytes}-")
    try:
        with urlopen(request, timeout=TIMEOUT_S) as response:
            _judge(response, url, file, part)
            while part.n_bytes <= file.n_bytes and (block := response.read1(_BLOCK_BYTES)):
                yield block
    except HTTPError as error:
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.n_bytes:
            part.restart()
        raise ConnectionError(f"the server answered {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise ConnectionError(f"the connection failed ({getattr(error, 'reason', error)})") from error
    if part.n_bytes < file.n_bytes:
        raise ConnectionError("the connection broke off")


def _judge(response: HTTPResponse, url: str, file: ModelFile, part: Part) -> None:
    """Makes the part ready for what this response brings; SourceError if it brings another file."""
    if url.startswith("https:") and not response.url.startswith("https:"):
        raise SourceError(f"the server leads to {response.url}, which anyone on the way could change")
    length, start = response.headers["Content-Length"], 0
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        content_range = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers["Content-Range"] or "")
        if content_range is None:
            raise SourceError("the server sent a range that does not say where it begins")
        start, length = int(content_range[1]), content_range[2]
    if length not in {None, "*", str(file.n_bytes)}:
        raise SourceError(f"the server has another file: {length} bytes instead of {file.n_bytes}")
    if start != part.n_bytes:  # it does not know ranges, or sends another than it was asked for
        part.restart()
    if start != part.n_bytes:
        raise ConnectionError(f"the server sent a range from {start} instead of the one asked for")
