import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_models import FileServer, gguf_bytes, model_of, names_in, serve, vosk_files, write_files, zip_of

from assistant.errors import ModelError
from assistant.models import ModelFolder
from assistant.models.catalogue import CatalogueModel, Web, find
from assistant.models.downloads import fetch


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({}) as running:
        yield running


def recognizer_on(server: FileServer, files: dict[str, bytes]) -> CatalogueModel:
    server.files["/tiny.zip"] = zip_of(files)
    return model_of("recognizer", {"tiny.zip": server.files["/tiny.zip"]}, Web(f"{server.url}/tiny.zip"), archive=True)


def vosk_zip(top: str = "vosk-model-tiny/") -> dict[str, bytes]:
    return {f"{top}{name}": content for name, content in vosk_files().items()}


def llm_on(server: FileServer, folder: Path) -> CatalogueModel:
    server.files["/tiny.gguf"] = gguf_bytes(folder)
    return model_of("llm", {"tiny.gguf": server.files["/tiny.gguf"]}, Web(f"{server.url}/tiny.gguf"))


def refusal(model: CatalogueModel, folder: ModelFolder) -> str:
    with pytest.raises(ModelError) as refused:
        fetch(model, folder)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_what_is_bundled_needs_no_fetching(folder: ModelFolder) -> None:
    assert fetch(find("vosk-en-synthetic"), folder).name == "vosk-en-synthetic"
    assert not folder.path.exists()


def test_a_model_appears_only_when_it_is_whole(folder: ModelFolder, server: FileServer, tmp_path: Path) -> None:
    model = llm_on(server, tmp_path)
    server.cuts = [100, 0]
    assert "after 100 of" in refusal(model, folder)
    assert names_in(folder.path / "llm") == ["tiny.gguf.part"]
    fetch(model, folder)
    assert names_in(folder.path / "llm") == ["tiny.gguf", "tiny.gguf.checked"]
    assert server.asked[-1] == ("/tiny.gguf", "bytes=100-")


def test_a_damaged_model_is_fetched_again(folder: ModelFolder, server: FileServer, tmp_path: Path) -> None:
    model = llm_on(server, tmp_path)
    write_files(folder.path / "llm", {"tiny.gguf": b"damaged"})
    fetch(model, folder)
    folder.verify(model)


def test_a_wrong_hash_leaves_nothing_behind(folder: ModelFolder, server: FileServer, tmp_path: Path) -> None:
    model = llm_on(server, tmp_path)
    server.files["/tiny.gguf"] = bytes(model.n_bytes)
    assert "what came has the wrong checksum and was removed" in refusal(model, folder)
    assert names_in(folder.path / "llm") == []


def test_the_second_source_goes_on_where_the_first_broke_off(
    folder: ModelFolder, server: FileServer, tmp_path: Path
) -> None:
    content = gguf_bytes(tmp_path)
    server.files = {"/first": content, "/second": content}
    server.cuts = [100, 0]
    fetch(model_of("llm", {"tiny.gguf": content}, Web(f"{server.url}/first"), Web(f"{server.url}/second")), folder)
    assert server.asked == [("/first", None), ("/first", "bytes=100-"), ("/second", "bytes=100-")]


def test_when_no_source_delivers_each_says_why(folder: ModelFolder, server: FileServer) -> None:
    first, second = f"{server.url}/first", f"{server.url}/second"
    assert refusal(model_of("llm", {"tiny.gguf": b"x"}, Web(first), Web(second)), folder) == (
        f"models: tiny did not come from {first}: the server answered 404 Not Found, after 0 of 1 bytes;"
        f" from {second}: the server answered 404 Not Found, after 0 of 1 bytes;"
        " to go on from there, run: assistant models get tiny"
    )


def test_a_full_disk_is_seen_before_anything_is_asked_for(
    folder: ModelFolder, server: FileServer, tmp_path: Path
) -> None:
    model = llm_on(server, tmp_path)
    with pytest.raises(ModelError) as refused:
        fetch(model, folder, free_bytes=lambda path: 10)
    assert str(refused.value) == (
        f"models: tiny needs 0 MB in {folder.path / 'llm'}, where 0 MB are free: make room;"
        " run: assistant models get tiny"
    )
    assert server.asked == []


def test_what_came_before_counts_towards_the_room_it_needs(
    folder: ModelFolder, server: FileServer, tmp_path: Path
) -> None:
    model = llm_on(server, tmp_path)
    write_files(folder.path / "llm", {"tiny.gguf.part": server.files["/tiny.gguf"][:-10]})
    fetch(model, folder, free_bytes=lambda path: 10)
    folder.verify(model)


def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(folder: ModelFolder) -> None:
    folder.path.write_text("a file")
    assert refusal(model_of("llm", {"tiny.gguf": b"x"}), folder) == (
        f"models: tiny cannot be written to {folder.path / 'llm'} (Not a directory); run: assistant models get tiny"
    )


def test_two_fetches_do_not_write_to_one_folder(folder: ModelFolder, server: FileServer, tmp_path: Path) -> None:
    model, home = llm_on(server, tmp_path), folder.path / "llm"
    home.mkdir(parents=True)
    other = os.open(home, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert f"must wait for another fetch into {home}" in refusal(model, folder)
    os.close(other)
    fetch(model, folder)


def test_a_recognizer_is_unpacked_and_remembered(folder: ModelFolder, server: FileServer) -> None:
    model = recognizer_on(server, vosk_zip())
    assert fetch(model, folder) == folder.path / "recognizer" / "tiny"
    assert names_in(folder.path / "recognizer") == ["tiny", "tiny.checked"]
    grammar = folder.path_of(model) / "graph" / "Gr.fst"
    grammar.write_bytes(grammar.read_bytes().replace(b"grammar", b"grammer"))
    with pytest.raises(ModelError, match=r"Gr\.fst\) has the wrong checksum"):
        folder.check(model)
    fetch(model, folder)
    folder.verify(model)


def test_what_a_killed_fetch_left_is_cleared_away(folder: ModelFolder, server: FileServer) -> None:
    write_files(folder.path / "recognizer" / ".scratch" / "vosk-model-other", {"am/final.mdl": b"half"})
    fetch(recognizer_on(server, vosk_zip()), folder)
    assert names_in(folder.path / "recognizer") == ["tiny", "tiny.checked"]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (vosk_zip("../"), "came as a zip with a file outside of its folder (../am/final.mdl)"),
        (vosk_zip("/tmp/"), "came as a zip with a file outside of its folder (/tmp/am/final.mdl)"),
        ({"vosk-model-tiny/README": b"none"}, "came as a zip of something else: vosk-model-tiny is not the folder"),
        ({}, "came as a zip of something else"),
    ],
)
def test_a_zip_of_something_else_is_refused(
    folder: ModelFolder, server: FileServer, files: dict[str, bytes], fault: str
) -> None:
    model = recognizer_on(server, files)
    assert fault in refusal(model, folder)
    assert not folder.installed(model)


def test_a_zip_that_is_none_is_refused(folder: ModelFolder, server: FileServer) -> None:
    server.files["/tiny.zip"] = b"<html>"
    model = model_of("recognizer", {"tiny.zip": b"<html>"}, Web(f"{server.url}/tiny.zip"), archive=True)
    assert "came as a damaged zip" in refusal(model, folder)
