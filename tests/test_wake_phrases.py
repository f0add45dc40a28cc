from dataclasses import replace
from pathlib import Path

import pytest

from assistant.config import Models, Recognizer, Settings, Wake
from assistant.errors import ConfigError
from assistant.wake_phrases import check_wake_phrases


def settings(folder: Path, *phrases: str) -> Settings:
    return Settings(models=Models(folder=str(folder)), wake=Wake(phrase=phrases))


def test_phrases_whose_words_the_recognizer_knows_are_taken(models_folder: Path) -> None:
    check_wake_phrases(settings(models_folder, "hello kitchen", "hey_jarvis", "good morning"))


def test_a_word_that_it_does_not_know_is_refused_with_the_nearest(models_folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        check_wake_phrases(settings(models_folder, "alexa", "hello kitschen", "hey blorb"))
    first, second = caught.value.faults
    assert first.startswith("wake.phrase: the recognizer does not know the word 'kitschen'")
    assert "kitchen" in first.rpartition("it knows")[2]
    assert "'blorb'" in second


def test_a_bundled_phrase_is_taken_whatever_the_recognizer_knows(models_folder: Path) -> None:
    check_wake_phrases(settings(models_folder, "hey_mycroft", "Okay Nabu"))


def test_without_a_recognizer_there_is_nothing_to_tell(tmp_path: Path) -> None:
    missing = Recognizer(model=str(tmp_path / "none"))
    check_wake_phrases(replace(settings(tmp_path, "hello kitschen"), recognizer=missing))
