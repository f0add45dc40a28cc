"""Models of each kind that are whole and tiny, and a server that hands out files as well or badly as a test wants."""

import hashlib
import io
import json
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from gguf import GGUFWriter

from assistant.models.catalogue import CatalogueModel, ModelFile, Purpose, Source, Web

VOICE_CONFIG = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "en-us"},
    "num_symbols": 256,
    "num_speakers": 1,
    "phoneme_id_map": {"_": [0]},
}


def gguf_bytes(folder: Path, n_tokens: int = 3) -> bytes:
    """A GGUF file with two tensors, as the gguf package writes it."""
    path = folder / "written.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_token_list([f"token {number}" for number in range(n_tokens)])
    writer.add_token_scores([0.0] * n_tokens)
    writer.add_tensor("token_embd.weight", np.zeros((4, 32), np.float32))
    writer.add_tensor("output.weight", np.zeros((4, 32), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    content = path.read_bytes()
    path.unlink()
    return content


def onnx_bytes() -> bytes:
    """The outermost fields of an ONNX file: version 8, a graph of 200 bytes, an operator set."""
    return b"\x08\x08" + b"\x3a\xc8\x01" + bytes(200) + b"\x42\x02\x10\x0f"


def voice_files() -> dict[str, bytes]:
    return {"tiny.onnx": onnx_bytes(), "tiny.onnx.json": json.dumps(VOICE_CONFIG).encode()}


def vosk_files() -> dict[str, bytes]:
    """What a Vosk model must hold, by the first bytes of each file."""
    fst = struct.pack("<i", 2125659606)
    return {
        "am/final.mdl": b"\0B<TransitionModel>",
        "conf/mfcc.conf": b"--use-energy=false\n",
        "conf/model.conf": b"--beam=11.0\n",
        "graph/Gr.fst": fst + b"grammar",
        "graph/HCLr.fst": fst + b"lexicon",
    }


def zip_of(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def model_of(purpose: Purpose, files: dict[str, bytes], *source: Source, archive: bool = False) -> CatalogueModel:
    """A catalogue entry named tiny for these files."""
    listed = tuple(
        ModelFile(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()
    )
    source = source or (Web("http://127.0.0.1:9/nowhere"),)
    return CatalogueModel("tiny", purpose, "en", "CC0-1.0", "for tests", listed, source, archive=archive)


@dataclass
class FileServer:
    """What a server on this machine has, how it misbehaves, and what it was asked."""

    files: dict[str, bytes]
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)  # how much of each of the next answers goes out before the line drops
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path and Range of each request
    url: str = ""


@contextmanager
def serve(files: dict[str, bytes], certificate: Path | None = None) -> Iterator[FileServer]:
    """Runs the server for as long as the block lasts, over TLS if it has a certificate (with its key)."""
    state = FileServer(files)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, state)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that has gone away is no news."""

    server = Server(("127.0.0.1", 0), Answer)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    state.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, state: FileServer) -> None:
    wanted = request.headers["Range"]
    state.asked.append((request.path, wanted))
    if request.path in state.redirects:
        request.send_response(302)
        request.send_header("Location", state.redirects[request.path])
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    content = state.files.get(request.path.partition("?")[0])
    if content is None:
        request.send_error(404)
        return
    start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and state.ranges else 0
    if start >= len(content) > 0:
        request.send_error(416)
        return
    request.send_response(206 if wanted and state.ranges else 200)
    if wanted and state.ranges:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    request.send_header("Content-Length", str(len(content) - start))
    request.end_headers()
    end = start + state.cuts.pop(0) if state.cuts else len(content)
    request.wfile.write(content[start:end])
    request.close_connection = True
