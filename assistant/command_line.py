"""What the commands share: their options, the settings, how they log and print. Main thread."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.config import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]


class Options:
    """What stands before the command."""

    config: Path | None = None
    verbose = False


def settings_of_the_file() -> "Settings":
    """The settings as the options choose them; engines are imported late."""
    from assistant.settings_file import load

    return load(Options.config)


def settings_path() -> Path:
    """The settings file, to be changed. Raises AssistantError: there is none."""
    from assistant.settings_file import default_path

    if path := Options.config or default_path():
        return path
    raise AssistantError("there is no settings file yet; name one: assistant --config FILE ...")


def log_to_stderr(level: str = "warning", form: str = "assistant: %(message)s") -> None:
    """Our own messages from this level on; of libraries only warnings, since Piper would log what it speaks."""
    # A descriptor of our own, since sounddevice sends the usual one to /dev/null while PortAudio starts.
    ours = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(level="WARNING", format=form, stream=ours)
    logging.getLogger("assistant").setLevel("DEBUG" if Options.verbose else level.upper())


def print_json(value: Any) -> None:
    """Prints one value, for programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
