from collections.abc import Iterator
from dataclasses import Field, FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant import config
from assistant.config import Audio, Models, Output, OwnerCommand, Panel, Settings, exists, models_folder
from assistant.errors import ConfigError
from assistant.settings_file import load

TEMPLATE = Path(__file__).parent.parent / "config.yaml"


def every_setting() -> Iterator[Field[Any]]:
    for field in fields(Settings):
        yield from fields(field.default) if is_dataclass(field.default) else (field,)


def kept_in(folder: str) -> Path:
    return models_folder(Settings(models=Models(folder=folder)))


@pytest.fixture
def no_system_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SYSTEM_MODELS", tmp_path / "nowhere")


@pytest.mark.parametrize("field", list(every_setting()), ids=lambda field: field.name)
def test_a_setting_says_what_it_is_and_its_default_keeps_its_limits(field: Field[Any]) -> None:
    assert field.metadata["doc"].endswith(".")
    low, high, choices = (field.metadata[limit] for limit in ("low", "high", "choices"))
    if choices:
        assert field.default in choices
    elif isinstance(field.default, str | bool | tuple):
        assert low is high is None
    else:
        assert low < high
        assert field.default is None or low <= field.default <= high


def test_a_name_with_a_unit_agrees_with_it() -> None:
    assert all(field.name.endswith("_s") == (field.metadata["unit"] == "s") for field in every_setting())


@pytest.mark.parametrize("entry", [Output, OwnerCommand])
def test_an_entry_of_a_list_says_what_each_of_its_settings_is(entry: type[Output | OwnerCommand]) -> None:
    settings = [field for field in fields(entry) if field.compare]
    assert all(field.metadata["doc"].endswith(".") for field in settings)
    assert all(field.name.endswith("_s") == (field.metadata["unit"] == "s") for field in settings)


def test_a_panel_is_read_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("panel: {board: respeaker-2mic, talk: hold, stop_pin: 12, mute_pin: auto, led: none}\n")
    assert load(file).panel == Panel(board="respeaker-2mic", talk="hold", stop_pin=12, led="none")


@pytest.mark.parametrize("pin", ["28", "-1", "talk", "true"])
def test_a_pin_that_does_not_exist_is_a_fault(tmp_path: Path, pin: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"panel:\n  talk_pin: {pin}\noutputs:\n- pin: {pin}\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    first, second = caught.value.faults
    assert first.startswith(f"{file}:2: panel.talk_pin is ")
    assert second.startswith(f"{file}:4: outputs[0].pin is ")
    assert first.endswith("0 to 27, or auto")


def test_the_example_of_an_output_in_the_template_is_one(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    example = TEMPLATE.read_text("utf-8").split("For example:\n")[1].split("outputs: []\n")[0]
    file.write_text("outputs:\n" + example.replace("#  ", "  "))
    (output,) = load(file).outputs
    assert output == Output("heater", 26)
    assert output.place == f"{file}:2"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().audio.latency_s = 1.0  # type: ignore[misc]


def test_settings_that_say_the_same_are_equal() -> None:
    assert Settings() == Settings(audio=Audio(latency_s=0.1)) != Settings(audio=Audio(latency_s=0.2))
    assert len({Settings(), Settings()}) == 1


def test_models_are_kept_in_the_folder_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert kept_in("/srv/models") == Path("/srv/models")
    assert kept_in("~/models") == Path("/home/ada/models")


def test_models_are_kept_in_the_system_folder_if_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SYSTEM_MODELS", tmp_path)
    assert kept_in("auto") == tmp_path


@pytest.mark.usefixtures("no_system_folder")
@pytest.mark.parametrize(
    ("xdg", "folder"),
    [("/srv/ada", "/srv/ada/assistant/models"), ("", "/home/ada/.local/share/assistant/models")],
)
def test_models_are_else_kept_in_the_home(monkeypatch: pytest.MonkeyPatch, xdg: str, folder: str) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_DATA_HOME", xdg)
    assert kept_in("auto") == Path(folder)


def test_the_home_of_a_stranger_is_a_fault() -> None:
    with pytest.raises(ConfigError, match=r"^models\.folder is ~no-such-user/models, .*; write the path in full$"):
        kept_in("~no-such-user/models")


@pytest.mark.usefixtures("unprivileged")
def test_what_may_not_be_looked_at_counts_as_there() -> None:
    Path("closed").mkdir(mode=0)
    assert exists(Path("closed/file"))
    assert not exists(Path("file"))
