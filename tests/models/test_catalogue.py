import re

import pytest

from assistant.errors import ModelError
from assistant.models.catalogue import Bundled, Carrier, Hub, Web, best_llm, catalogue, expand, find

GIB = 2**30


def names(word: str, memory_bytes: int, language: str = "en") -> list[str]:
    return [model.name for model in expand(word, memory_bytes, language)]


def test_every_file_is_known_by_length_and_hash() -> None:
    for model in catalogue():
        assert model.files
        for file in model.files:
            assert file.n_bytes >= 0
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_every_source_names_a_path_for_every_file() -> None:
    for model in catalogue():
        assert model.source
        for source in model.source:
            match source:
                case Carrier(_, version, paths):
                    assert version
                    assert len(paths) == len(model.files)
                case Hub(_, revision, paths):
                    assert revision
                    assert len(paths) == len(model.files)
                case Web(url):
                    assert url.startswith("https://")
                    assert len(model.files) == 1
                case Bundled():
                    assert model.source == (source,)


def test_names_are_unique_and_files_stay_in_their_folder() -> None:
    assert len({model.name for model in catalogue()}) == len(catalogue())
    for model in catalogue():
        assert not any(".." in file.name or file.name.startswith("/") for file in model.files)


def test_language_models_say_what_memory_and_temperature_they_want() -> None:
    wanted = {
        model.name: (model.least_memory_gib, model.temperature) for model in catalogue() if model.purpose == "llm"
    }
    assert wanted == {"smollm2-135m": (0.0, 0.2), "gemma-4-e2b": (3.5, 1.0), "gemma-4-e4b": (15.0, 1.0)}


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"models: gemma-4-e2 is not in the catalogue; did you mean gemma-4-e2b\?"):
        find("gemma-4-e2")


def test_a_name_near_to_none_is_answered_with_the_command_that_lists_them() -> None:
    with pytest.raises(
        ModelError, match="models: parrot is not in the catalogue; to see it run: assistant models list"
    ):
        find("parrot")


@pytest.mark.parametrize(
    ("memory_gib", "name"),
    [(1, "smollm2-135m"), (3.4, "smollm2-135m"), (3.5, "gemma-4-e2b"), (14.9, "gemma-4-e2b"), (15, "gemma-4-e4b")],
)
def test_the_best_language_model_is_the_largest_that_fits(memory_gib: float, name: str) -> None:
    assert best_llm(int(memory_gib * GIB)).name == name


def test_the_starter_pack_is_one_model_of_each_kind() -> None:
    assert names("starter", 64 * GIB) == ["smollm2-135m", "vosk-en-synthetic", "en_US-joe-medium"]


@pytest.mark.parametrize(("memory_gib", "llm"), [(2, "smollm2-135m"), (4, "gemma-4-e2b"), (16, "gemma-4-e4b")])
def test_the_real_set_has_the_language_model_that_fits(memory_gib: int, llm: str) -> None:
    assert names("real", memory_gib * GIB) == [llm, "vosk-small-en-us", "en_GB-alba-medium"]


def test_any_other_word_is_the_name_of_a_model() -> None:
    assert names("en_GB-alba-medium", GIB) == ["en_GB-alba-medium"]


@pytest.mark.parametrize(
    ("language", "recognizer", "voice"),
    [("de", "vosk-small-de", "de_DE-thorsten-medium"), ("es", "vosk-small-es", "es_ES-davefx-medium")],
)
def test_each_language_has_a_real_set_of_its_own(language: str, recognizer: str, voice: str) -> None:
    assert names("real", 8 * GIB, language) == ["gemma-4-e2b", recognizer, voice]
