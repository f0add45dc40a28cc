from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import RATE_HZ
from assistant.bench.clips import NOMINAL_DBFS, Clip, Shelf, active_rms, clip
from assistant.bench.material import Material, default_folder
from assistant.bench.noise import pink
from assistant.bench.rendering import recipe
from assistant.bench.rooms import save_rooms
from assistant.errors import AssistantError, ModelError
from assistant.models import ModelFolder


def sound(name: str, duration_s: float, text: str = "") -> Clip:
    return clip(name, pink(round(duration_s * RATE_HZ)), text, "somebody")


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """With a few sounds of each kind."""
    tmp_path = tmp_path_factory.mktemp("material")
    shelf = Shelf(tmp_path / "quick")
    for group, clips in {
        "human": [sound("Anna", 2.0), sound("Bert", 1.0)],
        "synthetic": [sound("robot", 4.0)],
        "music": [sound("tune", 5.0)],
        "noise": [sound("fan", 1.0)],
        "wake": [sound("1", 0.5, "alexa"), sound("2", 0.5, "hey jarvis")],
        "reply": [
            sound("reply/plain/0/0", 0.5, "It is late."),
            sound("reply/plain/0/1", 0.5, "Good night."),
            sound("reply/with_stop/0/0", 0.5, "The bus will stop."),
        ],
    }.items():
        shelf.put(group, recipe(group, quick=True), clips)
    save_rooms(shelf.folder)
    return Material(ModelFolder(tmp_path / "models"), quick=True, folder=tmp_path)


def test_people_are_heard_a_second_time_in_a_room_and_counted_apart(material: Material) -> None:
    pieces = list(material.other_sound())
    assert [(piece.kind, piece.repeated) for piece in pieces] == [
        ("human", False),
        ("human", False),
        ("synthetic", False),
        ("music", False),
        ("human", True),
        ("human", True),
    ]
    again = pieces[-1]
    assert again.name == "Bert in the small kitchen"
    assert 20 * np.log10(active_rms(again.samples) / 32768) == pytest.approx(NOMINAL_DBFS - 6.0, abs=0.3)
    hours = material.hours()
    assert hours["human"].hours == pytest.approx(2 * hours["human"].hours_distinct)
    for kind, figure in hours.items():
        heard_s = sum(len(piece.samples) for piece in pieces if piece.kind == kind) / RATE_HZ
        assert figure.hours * 3600 == pytest.approx(heard_s)


def test_sentences_are_gathered_into_replies(material: Material) -> None:
    assert [(reply.holds, reply.text) for reply in material.replies] == [
        ("plain", "It is late. Good night."),
        ("with_stop", "The bus will stop."),
    ]


def test_sounds_are_found_by_name(material: Material) -> None:
    assert [one.name for one in material.wake("hey jarvis")] == ["2"]
    assert len(material.wake()) == 2
    assert len(material.noise("fan")) == RATE_HZ
    assert len(material.rooms) == 6


def test_what_was_not_rendered_is_asked_for(tmp_path: Path) -> None:
    empty = Material(ModelFolder(tmp_path), folder=tmp_path)
    for read in (empty.wake, empty.hours, lambda: list(empty.other_sound()), lambda: empty.rooms):
        with pytest.raises(AssistantError, match="run: assistant bench"):
            read()


def test_the_voice_that_speaks_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="run: assistant models get"):
        Material(ModelFolder(tmp_path), folder=tmp_path).prepare(lambda line: None)


def test_it_lies_in_the_cache_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder().parent == tmp_path / "assistant" / "bench"
