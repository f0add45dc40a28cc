"""The errors a person can read: one line with the place, the thing, the value and the cure."""


class AssistantError(Exception):
    """Something the owner can mend; its text is the one line they are shown."""

    exit_code = 1


class ConfigError(AssistantError):
    """The settings cannot be used; one line a fault (the exit code tells systemd not to restart)."""

    exit_code = 78

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class ModelError(AssistantError):
    """A model is missing, damaged, of the wrong kind, or could not be fetched or loaded."""


class DeviceError(AssistantError):
    """A sound device is missing, busy or refuses what it is asked for."""


class OutputError(AssistantError):
    """An output could not be switched."""


class VoiceError(AssistantError):
    """A sentence could not be synthesized."""


class AudioFileError(AssistantError):
    """A file is not audio that can be read."""

    exit_code = 2


class NoSpeechError(AssistantError):
    """Nobody speaks in a recording."""

    exit_code = 3
