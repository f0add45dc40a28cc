"""The settings, with all that can be wrong with them beyond their form. Called from the CLI, and on reload."""

from pathlib import Path

from assistant.config import Settings
from assistant.doing.owner_check import check_commands
from assistant.panel.check import check_panel
from assistant.settings_file import load
from assistant.wake_phrases import check_wake_phrases


def checked_settings(path: Path | None) -> Settings:
    """The settings of this file, or of the usual one. Raises ConfigError, with a line for each fault."""
    settings = load(path)
    check_wake_phrases(settings)
    check_panel(settings.panel, settings.outputs)
    check_commands(settings.commands, settings.language, [output.name for output in settings.outputs])
    return settings
