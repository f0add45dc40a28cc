"""`assistant config`: the settings seen, compared and changed. Called from the CLI."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from assistant.checks import checked_settings
from assistant.command_line import AsJson, Options, print_json, settings_path
from assistant.config import Settings
from assistant.errors import ConfigError
from assistant.settings_edit import edit as edit_file
from assistant.settings_edit import set_value
from assistant.settings_file import default_path, load
from assistant.settings_origin import DEFAULT, Origin, names, origins, value_of

config_app = typer.Typer(help="The settings: see, compare and change them.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="A setting, such as llm.n_ctx.", show_default=False)]


def _path() -> Path | None:
    return Options.config or default_path()


def shown(value: Any) -> str:
    """A value as it stands in the file, on one line."""
    if value is None:
        return "auto"
    if isinstance(value, tuple):
        value = [str(one.sentences[0] if hasattr(one, "sentences") else getattr(one, "name", one)) for one in value]
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6).split("\n...")[0].strip()


def _rows() -> Iterator[tuple[str, Any, Origin | str]]:
    path = _path()
    settings, origin_of = load(path), origins(path)
    for name in names():
        yield name, value_of(settings, name), origin_of.get(name, DEFAULT)


@config_app.command()
def show(as_json: AsJson = False) -> None:
    """Show each setting, its value, and where it comes from."""
    rows = list(_rows())
    if as_json:
        print_json({name: {"value": shown(value), "from": str(origin)} for name, value, origin in rows})
        return
    for name, value, origin in rows:
        print(f"{name:24} {_short(shown(value)):40} {origin}")


@config_app.command()
def get(name: Key) -> None:
    """Print the value of one setting."""
    try:
        print(shown(value_of(load(_path()), name)))
    except KeyError:
        raise ConfigError(f"{name} is not a setting; see: assistant config show") from None


@config_app.command("set")
def set_(
    name: Key,
    value: Annotated[str, typer.Argument(help="Its value, as in the file: 0.5, true, [alexa, hey_jarvis].")],
) -> None:
    """Change one setting in the file; what would be wrong is not written.

    assistant config set voice.rate 1.2

    assistant config set wake.phrase "[hey_jarvis, alexa]"
    """
    path = settings_path()
    set_value(path, name, value, checked_settings)
    print(f"{name}: {shown(value_of(load(path), name))}")
    origin = origins(path).get(name)
    if origin and origin.file != path:
        print(f"note: {origin} says otherwise, and counts")
    print("a running assistant takes it with: assistant reload")


@config_app.command()
def edit() -> None:
    """Change the file in your editor ($EDITOR); it is checked before it counts."""
    changed = edit_file(
        settings_path(), checked_settings, lambda question: typer.prompt(question, prompt_suffix=""), print
    )
    print("changed; a running assistant takes it with: assistant reload" if changed else "nothing was changed")


@config_app.command()
def diff() -> None:
    """Show what differs from the defaults, and where that comes from."""
    usual = Settings()
    differing = [row for row in _rows() if row[1] != value_of(usual, row[0])]
    for name, value, origin in differing:
        print(f"{name}: {shown(value)}  (default {_short(shown(value_of(usual, name)))}; {origin})")
    if not differing:
        print("all settings are the defaults")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
