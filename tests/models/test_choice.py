from pathlib import Path

import pytest
from small_models import gguf_bytes, voice_files, vosk_files, write_files

from assistant.errors import ModelError
from assistant.models import Chosen, ModelFolder, Purpose, choose, find, memory_bytes
from assistant.models.folder import Stamp

GIB = 2**30


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


def install(folder: ModelFolder, *names: str) -> None:
    """Makes these models look installed and hashed, without their gigabytes: the files are holes."""
    for name in names:
        model = find(name)
        if model.archive:
            write_files(folder.path_of(model), vosk_files())
            continue
        home = folder.home_of(model)
        home.mkdir(parents=True, exist_ok=True)
        for file in model.files:
            with (home / file.name).open("wb") as made:
                made.truncate(file.n_bytes)
        folder.stamp(model, model.files)


def automatic(folder: ModelFolder, purpose: Purpose, memory_gib: float = 8.0, language: str = "en") -> Chosen:
    return choose(folder, purpose, "auto", language, int(memory_gib * GIB))


def name_of(chosen: Chosen) -> str:
    assert chosen.model
    return chosen.model.name


def refusal(folder: ModelFolder, purpose: Purpose, word: str, language: str = "en") -> str:
    with pytest.raises(ModelError) as refused:
        choose(folder, purpose, word, language, 8 * GIB)
    return str(refused.value)


@pytest.mark.parametrize(
    ("memory_gib", "chosen", "better"),
    [
        (2.0, "smollm2-135m", None),
        (3.5, "gemma-4-e2b", None),
        (15.0, "gemma-4-e4b", None),
    ],
)
def test_the_largest_installed_language_model_that_fits_is_taken(
    folder: ModelFolder, memory_gib: float, chosen: str, better: str | None
) -> None:
    install(folder, "smollm2-135m", "gemma-4-e2b", "gemma-4-e4b")
    found = automatic(folder, "llm", memory_gib)
    assert (name_of(found), found.better) == (chosen, better)
    assert found.path == folder.path / "llm" / f"{chosen}.gguf"


@pytest.mark.parametrize(
    ("memory_gib", "installed", "better"),
    [
        (2.0, "smollm2-135m", None),
        (4.0, "smollm2-135m", "gemma-4-e2b"),
        (16.0, "smollm2-135m", "gemma-4-e4b"),
        (16.0, "gemma-4-e2b", "gemma-4-e4b"),
    ],
)
def test_a_better_language_model_for_this_memory_is_named(
    folder: ModelFolder, memory_gib: float, installed: str, better: str | None
) -> None:
    install(folder, installed)
    line = (
        better and f"{better} fits this memory and answers better than {installed}; run: assistant models get {better}"
    )
    assert automatic(folder, "llm", memory_gib).better == line


def test_a_language_model_that_does_not_fit_is_not_taken_by_itself(folder: ModelFolder) -> None:
    install(folder, "gemma-4-e4b")
    assert refusal(folder, "llm", "auto") == (
        "models: no llm that fits this memory is installed; run: assistant models get starter"
    )


def test_a_language_model_that_is_named_is_taken_as_it_is(folder: ModelFolder) -> None:
    install(folder, "smollm2-135m", "gemma-4-e4b")
    assert name_of(choose(folder, "llm", "gemma-4-e4b", "en", 8 * GIB)) == "gemma-4-e4b"
    assert choose(folder, "llm", "smollm2-135m", "en", 8 * GIB).better is None


def test_a_damaged_model_is_refused_rather_than_passed_over(folder: ModelFolder) -> None:
    install(folder, "smollm2-135m", "gemma-4-e2b")
    path = folder.path / "llm" / "gemma-4-e2b.gguf"
    path.write_bytes(b"GGUF and more")
    assert refusal(folder, "llm", "auto") == (
        f"models: gemma-4-e2b ({path}) is truncated: 13 of 3,349,516,256 bytes; run: assistant models get gemma-4-e2b"
    )


def test_the_starter_recognizer_is_always_there_and_says_what_it_is(folder: ModelFolder) -> None:
    for word in ("auto", "vosk-en-synthetic"):
        found = choose(folder, "recognizer", word, "en", GIB)
        assert name_of(found) == "vosk-en-synthetic"
        assert (found.path / "am" / "final.mdl").is_file()
        assert found.better == (
            "vosk-en-synthetic understands synthetic voices only, for tests and demonstration;"
            " run: assistant models get vosk-small-en-us"
        )


def test_the_real_recognizer_is_taken_when_it_is_there(folder: ModelFolder) -> None:
    install(folder, "vosk-small-en-us")
    found = automatic(folder, "recognizer")
    assert (name_of(found), found.better) == ("vosk-small-en-us", None)
    assert found.path == folder.path / "recognizer" / "vosk-small-en-us"


@pytest.mark.parametrize(
    ("installed", "language", "taken"),
    [
        (["en_US-joe-medium"], "en", "en_US-joe-medium"),
        (["en_US-joe-medium", "en_US-lessac-medium"], "en", "en_US-lessac-medium"),
        (["en_US-joe-medium", "en_GB-alba-medium"], "en", "en_GB-alba-medium"),
        (["en_US-lessac-medium", "en_GB-alba-medium"], "en", "en_GB-alba-medium"),
        (["en_US-lessac-medium", "en_GB-alba-medium"], "en-GB", "en_GB-alba-medium"),
    ],
)
def test_a_voice_of_the_language_is_taken(folder: ModelFolder, installed: list[str], language: str, taken: str) -> None:
    install(folder, *installed)
    assert name_of(automatic(folder, "voice", language=language)) == taken


def test_nothing_installed_is_answered_with_the_starter_pack(folder: ModelFolder) -> None:
    assert "no voice that fits this memory is installed; run: assistant models get starter" in refusal(
        folder, "voice", "auto"
    )


def test_a_language_without_models_is_named(folder: ModelFolder) -> None:
    assert refusal(folder, "recognizer", "auto", "tlh") == (
        "models: the catalogue has no recognizer for tlh; give the path of one in the settings"
    )


def test_a_missing_model_that_is_named_is_refused(folder: ModelFolder) -> None:
    assert refusal(folder, "llm", "gemma-4-e2b") == (
        "models: gemma-4-e2b is not installed; run: assistant models get gemma-4-e2b"
    )


def test_a_model_for_something_else_is_refused(folder: ModelFolder) -> None:
    assert refusal(folder, "llm", "en_US-joe-medium") == (
        "models: en_US-joe-medium is a voice, not a language model; name one such as smollm2-135m"
    )


def test_an_unknown_name_is_answered_with_the_nearest(folder: ModelFolder) -> None:
    assert refusal(folder, "voice", "en_US-jo-medium").endswith("did you mean en_US-joe-medium?")


def test_models_may_be_named_by_their_paths(folder: ModelFolder, tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(gguf_bytes(tmp_path))
    write_files(tmp_path, voice_files())
    write_files(tmp_path / "vosk", vosk_files())
    paths: dict[Purpose, Path] = {
        "llm": tmp_path / "own.gguf",
        "voice": tmp_path / "tiny.onnx",
        "recognizer": tmp_path / "vosk",
    }
    for purpose, path in paths.items():
        assert choose(folder, purpose, str(path), "en", GIB) == Chosen(path, None, None)


def test_a_path_may_begin_at_home(folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.gguf").write_bytes(gguf_bytes(tmp_path))
    assert choose(folder, "llm", "~/own.gguf", "en", GIB).path == tmp_path / "own.gguf"


@pytest.mark.parametrize(
    ("content", "fault"),
    [(None, "does not exist"), (b"<html>", "is not a GGUF file"), (b"GGUF\x03\0\0\0", "is truncated: its 8 bytes")],
)
def test_a_path_to_what_is_no_model_is_refused(
    folder: ModelFolder, tmp_path: Path, content: bytes | None, fault: str
) -> None:
    path = tmp_path / "own.gguf"
    if content is not None:
        path.write_bytes(content)
    line = refusal(folder, "llm", str(path))
    assert line.startswith(f"models: {path} {fault}")
    assert line.endswith("; name another, or see what there is: assistant models list")


def test_memory_is_what_the_kernel_counts(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:        3884372 kB\nMemFree:          106584 kB\n")
    assert memory_bytes(meminfo) == 3884372 * 1024
    assert memory_bytes() > 0


def test_a_kernel_that_does_not_tell_is_an_error(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("")
    with pytest.raises(ModelError, match="does not tell how much memory there is"):
        memory_bytes(meminfo)


def test_a_stamp_names_what_a_file_was(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"four")
    stat = path.stat()
    assert Stamp.of(path, "ab") == Stamp("ab", 4, stat.st_mtime_ns, stat.st_ino)
