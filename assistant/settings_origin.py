"""Where each setting comes from: the file and the line that last said it. Called from the CLI."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from assistant.config import Settings
from assistant.settings_file import compose, layers

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """The line of a file that says a setting."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def origins(path: Path | None) -> dict[str, Origin]:
    """Of each setting that a file says, by its name (`llm.n_ctx`), the line that counts. Raises as `compose`."""
    found: dict[str, Origin] = {}
    for file in layers(path):
        for name, node in _entries(compose(file), ""):
            found[name] = Origin(file, node.start_mark.line + 1)
    return found


def names() -> Iterator[str]:
    """Every setting, in the order of the file."""
    for top in fields(Settings):
        if is_dataclass(top.default):
            yield from (f"{top.name}.{one.name}" for one in fields(top.default))
        else:
            yield top.name


def value_of(settings: Settings, name: str) -> Any:
    """What the settings say; KeyError where there is no such setting."""
    value: Any = settings
    for part in name.split("."):
        if part not in {one.name for one in fields(value)}:
            raise KeyError(name)
        value = getattr(value, part)
        if not is_dataclass(value) and part != name.rpartition(".")[2]:
            raise KeyError(name)
    return value


def _entries(node: yaml.Node | None, prefix: str) -> Iterator[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        if isinstance(value, yaml.MappingNode):
            yield from _entries(value, f"{name}.")
        else:
            yield name, key
