"""Changes the settings file so that it is whole and right at every moment. Called from the CLI.

A change is checked in a file beside it, with what config.d says over it, before that takes the place of the old one.
"""

import io
import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from assistant.errors import AssistantError, ConfigError
from assistant.settings_origin import names

Check = Callable[[Path], object]


def set_value(path: Path, name: str, text: str, check: Check) -> None:
    """Has the file say that the setting is the YAML value `text`; comments and order stay.

    Raises:
        ConfigError: there is no such setting, or it cannot be that, or the file has faults already.
        AssistantError: the file cannot be written.
    """
    if name not in set(names()):
        raise ConfigError(f"{name} is not a setting; see: assistant config show")
    before = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    yaml = _yaml()
    try:
        tree = yaml.load(before) or CommentedMap()
        _put(tree, name.split("."), _value(text))
    except (YAMLError, AttributeError, TypeError) as error:
        check(path)  # which tells better what is wrong with it
        raise ConfigError(f"{path} cannot be changed by program; use: assistant config edit") from error
    after = io.StringIO()
    yaml.dump(tree, after)
    replace_checked(path, after.getvalue(), check)


def edit(path: Path, check: Check, ask: Callable[[str], str], tell: Callable[[str], None]) -> bool:
    """Has the owner change a copy in an editor until it is right or given up; False when nothing was changed.

    `ask` puts a question to the owner, `tell` names the faults. Raises AssistantError: there is no editor.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    with tempfile.TemporaryDirectory(prefix="assistant-") as folder:
        copy = Path(folder) / path.name
        copy.write_text(before, encoding="utf-8")
        while True:
            _open_editor(copy)
            after = copy.read_text(encoding="utf-8", errors="replace")
            if after == before:
                return False
            try:
                replace_checked(path, after, check)
                return True
            except ConfigError as error:
                tell(str(error).replace(f"{_draft_of(path)}:", f"{path.name}:"))
            if ask("[e]dit again, or leave the file as it [w]as? ").strip().lower().startswith("w"):
                return False


def replace_checked(path: Path, text: str, check: Check) -> None:
    """Gives the file this text, if that is right: whole or not at all, with the rights that it had.

    Raises:
        ConfigError: it is not right; the faults name the draft.
        AssistantError: it cannot be written.
    """
    draft = _draft_of(path)
    try:
        with draft.open("w", encoding="utf-8") as file:
            if path.exists():
                had = path.stat()
                os.fchmod(file.fileno(), had.st_mode & 0o7777)
                with suppress(PermissionError):
                    os.fchown(file.fileno(), had.st_uid, had.st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            check(draft)
        except ConfigError as error:
            raise ConfigError(*(fault.replace(str(draft), str(path)) for fault in error.faults)) from error
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise AssistantError(f"{path}: {error.strerror}; use sudo, or see whether the card is read-only") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _draft_of(path: Path) -> Path:
    # Beside the file, so that config.d is the same; with a dot, so that nobody takes it for settings.
    return path.with_name(f".{path.stem}.draft{path.suffix}")


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096  # lines stay as they are
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _value(text: str) -> Any:
    """What the text means in YAML; where it is none, the text itself."""
    with suppress(YAMLError):
        value = _yaml().load(text)
        if value is not None and not isinstance(value, CommentedMap):
            return value
    return text


def _put(tree: Any, keys: list[str], value: Any) -> None:
    *sections, last = keys
    for section in sections:
        if tree.get(section) is None:
            tree[section] = CommentedMap()
        tree = tree[section]
    tree[last] = value


def _open_editor(copy: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "editor"
    try:
        done = subprocess.run(["sh", "-c", f'{editor} "$1"', "sh", str(copy)], check=False)
    except OSError as error:
        raise AssistantError(f"{editor}: {error.strerror}; name your editor in $EDITOR") from error
    if done.returncode:
        raise AssistantError(f"the editor {editor} ended with {done.returncode}; name another in $EDITOR")
