import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_models import FileServer, serve, voice_files, write_files

from assistant.models import ModelFolder

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FETCH_FROM_HUB = """
import sys
from pathlib import Path
from small_models import model_of, voice_files
from assistant.models.catalogue import Hub
from assistant.models.downloads import fetch
from assistant.errors import ModelError
from assistant.models import ModelFolder
source = Hub("org/voices", "v1.0.0", ("en/tiny.onnx", "en/tiny.onnx.json"))
try:
    print(fetch(model_of("voice", voice_files(), source), ModelFolder(Path(sys.argv[1]))))
except ModelError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({}) as running:
        yield running


def hub_on(server: FileServer, files: dict[str, bytes]) -> None:
    """Makes the server answer as the hub does: metadata, and addresses that lead to where the files are."""
    siblings = []
    for name, content in files.items():
        sibling: dict[str, object] = {"rfilename": f"en/{name}", "size": len(content), "blobId": "0" * 40}
        if not name.endswith(".json"):
            sha256 = hashlib.sha256(content).hexdigest()
            sibling["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 133}
        siblings.append(sibling)
        server.files[f"/store/{name}"] = voice_files().get(name, b"")
        server.redirects[f"/org/voices/resolve/{COMMIT}/en/{name}"] = f"{server.url}/store/{name}"
    about = {"id": "org/voices", "sha": COMMIT, "siblings": siblings}
    server.files["/api/models/org/voices/revision/v1.0.0"] = json.dumps(about).encode()


def fetch_from_hub(folder: ModelFolder, endpoint: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, because huggingface_hub reads HF_ENDPOINT when it is imported."""
    environment = os.environ | {"HF_ENDPOINT": endpoint, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", FETCH_FROM_HUB, str(folder.path)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_model_comes_from_a_hub_at_the_commit_it_names(folder: ModelFolder, server: FileServer) -> None:
    hub_on(server, voice_files())
    write_files(folder.path / "voice", {"tiny.onnx.part": voice_files()["tiny.onnx"][:50]})
    done = fetch_from_hub(folder, server.url)
    assert (done.stdout.strip(), done.stderr) == (str(folder.path / "voice" / "tiny.onnx"), "")
    assert server.asked[0][0].startswith("/api/models/org/voices/revision/v1.0.0?blobs=")
    assert server.asked[1:3] == [
        (f"/org/voices/resolve/{COMMIT}/en/tiny.onnx", "bytes=50-"),
        ("/store/tiny.onnx", "bytes=50-"),
    ]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            voice_files() | {"tiny.onnx": b"another"},
            "the hub has another en/tiny.onnx than the catalogue: 7 bytes, sha256",
        ),
        (
            voice_files() | {"tiny.onnx.json": b"{}"},
            "the hub has another en/tiny.onnx.json than the catalogue: 2 bytes",
        ),
        ({"tiny.onnx.json": b""}, "the hub has no en/tiny.onnx at v1.0.0"),
    ],
)
def test_a_hub_that_reports_other_files_is_asked_for_none(
    folder: ModelFolder, server: FileServer, files: dict[str, bytes], fault: str
) -> None:
    hub_on(server, files)
    done = fetch_from_hub(folder, server.url)
    assert done.returncode == 1
    assert done.stderr.startswith(f"models: tiny did not come from Hugging Face org/voices: {fault}")
    assert len(server.asked) == 1


def test_a_hub_that_does_not_know_the_model_is_an_error_of_one_line(folder: ModelFolder, server: FileServer) -> None:
    done = fetch_from_hub(folder, server.url)
    assert "the hub could not be asked (" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_hub_that_is_not_there_is_an_error_of_one_line(folder: ModelFolder) -> None:
    done = fetch_from_hub(folder, "http://127.0.0.1:9")
    assert "the hub could not be asked (" in done.stderr
    assert done.stderr.count("\n") == 1
