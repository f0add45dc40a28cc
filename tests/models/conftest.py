from collections.abc import Iterator
from pathlib import Path

import pytest
from small_models import FileServer, serve

from assistant.models import ModelFolder


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({}) as running:
        yield running
