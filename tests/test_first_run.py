"""`assistant setup`, answered by a made-up owner beside a sound card in software."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SoundServer, Speak

from assistant.errors import AssistantError
from assistant.first_run import FirstRun

Owner = Callable[[str], str]


class Evening:
    """The first run under way: what was told, and the answers by a part of the question."""

    def __init__(self, path: Path, answers: dict[str, str], does: Callable[[str], None] = lambda told: None) -> None:
        self.told: list[str] = []
        self._answers = answers
        self._does = does
        self.run = FirstRun(path, self._answer, self._tell).run

    def _answer(self, question: str) -> str:
        self.told.append(question)
        return next((answer for part, answer in self._answers.items() if part in question), "")

    def _tell(self, text: str) -> None:
        self.told.append(text)
        self._does(text)

    @property
    def screen(self) -> str:
        return "\n".join(self.told)


@pytest.fixture
def file(
    sound_server: SoundServer,
    models_folder: Path,
    starter: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "config.yaml"
    path.write_text(f"# mine\nmodels: {{folder: {models_folder}}}\n")
    return path


def test_who_only_presses_enter_changes_nothing(file: Path) -> None:
    before = file.read_text()
    evening = Evening(file, {})
    evening.run()
    assert file.read_text() == before
    assert "Done." in evening.screen
    assert "llm: smollm2-135m.gguf" in evening.screen
    assert "assistant models get" in evening.screen


def test_devices_are_chosen_by_number_and_tried(file: Path, sound_server: SoundServer) -> None:
    sound_server.loop_back()
    evening = Evening(file, {"number": "1", "tone": "y", "Did you hear": "yes", "chirp": "y"})
    evening.run()
    text = file.read_text()
    assert text.startswith("# mine\n")
    assert re.search(r"audio:\n  input: \w+\n  output: \w+", text), text
    assert re.search(r"heard at -\d+ dB over -\d+ dB of noise", evening.screen)


def test_a_number_that_is_none_is_asked_again(file: Path) -> None:
    answers = iter(["9999", "x", ""])
    told: list[str] = []

    def ask(question: str) -> str:
        return next(answers, "") if "number" in question else ""

    FirstRun(file, ask, told.append).run()
    assert sum("that is none of" in line for line in told) == 2


def test_the_wake_word_is_tried_and_missed_tries_make_it_more_sensitive(
    file: Path, sound_server: SoundServer, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.first_run.TRY_S", 4.0)
    hey = speak("Hey Jarvis.")

    def does(told: str) -> None:
        if told in {"  1: now", "  3: now"}:
            threading.Thread(target=sound_server.play, args=(hey,)).start()

    evening = Evening(file, {"times, from where": "y", "more readily": "y"}, does)
    evening.run()
    assert "  heard 2 of 3" in evening.told
    assert "sensitivity: 0.65" in file.read_text()


def test_without_a_sound_card_it_goes_on_to_what_it_can_do(file: Path, sound_server: SoundServer) -> None:
    sound_server.kill()
    evening = Evening(file, {"tone": "y", "chirp": "y", "times, from where": "y"})
    evening.run()
    assert "Done." in evening.screen
    assert "smollm2" in evening.screen


def test_a_file_that_cannot_be_written_is_said(file: Path) -> None:
    evening = Evening(file.parent / "nowhere" / "config.yaml", {"number": "1"})
    with pytest.raises(AssistantError):
        evening.run()
