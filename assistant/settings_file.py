"""The settings as files: the defaults, then the file, then config.d/*.yaml beside it. Called at start and on reload."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import Field, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.reader import ReaderError

from assistant.config import Settings, exists
from assistant.errors import ConfigError

SYSTEM_FILE = Path("/etc/assistant/config.yaml")
MAX_BYTES = 1 << 20
MAX_DEPTH = 16

_STR, _NULL, _BOOL, _INT, _FLOAT, _INFINITE = (
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "null", "bool", "int", "float", "infinite")
)
_CORE_SCHEMA = [  # https://yaml.org/spec/1.2.2/#103-core-schema; what no setting can be has a tag of its own
    (_NULL, re.compile(r"(null|Null|NULL|~|)\Z")),
    (_BOOL, re.compile(r"(true|True|TRUE|false|False|FALSE)\Z")),
    (_INT, re.compile(r"([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")),
    (_FLOAT, re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")),
    (_INFINITE, re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")),
]
_CURES = {  # what PyYAML says: what a person can do about it
    r"found character '\t'": "a tab stands where only spaces may; use spaces",
    "that cannot start any token": "a value begins with a sign that YAML keeps for itself; put the value in quotes",
    "mapping values are not allowed": "this does not follow from the line above; check its colons, or use quotes",
    "could not find expected ':'": "a name without a colon; write `name: value`",
    "expected <block end>": "this does not fit the lines above; check the indentation and the quotes",
    "unexpected end of stream": "a quote is opened and not closed; close it",
    "expected ',' or": "a bracket is opened and not closed, or a comma is missing; add it",
    "expected the node content": "a value is missing, or a bracket is opened and not closed; add it",
    "found another document": "`---` begins a second document; keep one",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PLACES: defaultdict[str, list[str]] = defaultdict(list)  # each name, and where it is a setting or a section
for _top in fields(Settings):
    _PLACES[_top.name].append(_top.name)
    for _field in fields(_top.default) if is_dataclass(_top.default) else ():
        _PLACES[_field.name].append(f"{_top.name}.{_field.name}")


def load(path: Path | None = None) -> Settings:
    """The settings of this file, or of `default_path()`; the ConfigError holds every fault of every file."""
    settings = Settings()
    faults: list[str] = []
    for file in layers(path or default_path()):
        try:
            settings = _overlaid(settings, compose(file), "", faults)
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(*faults)
    return settings


def default_path() -> Path | None:
    """$ASSISTANT_CONFIG, else the system's file, else the one in the checkout, else None."""
    if named := os.environ.get("ASSISTANT_CONFIG"):
        return Path(named)
    if exists(SYSTEM_FILE):
        return SYSTEM_FILE
    file = Path(__file__).resolve().parent.parent / "config.yaml"
    return file if file.exists() and file.with_name("pyproject.toml").exists() else None


def layers(path: Path | None) -> list[Path]:
    """The files to read, each overriding those before it."""
    if path is None:
        return []
    try:
        beside = sorted((path.parent / "config.d").iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return [path]
    except OSError:
        return [path, path.parent / "config.d"]  # reading it says why it cannot be read
    # A file whose name begins with a dot is an editor's, not the owner's.
    return [path, *(file for file in beside if file.suffix == ".yaml" and not file.name.startswith("."))]


class _Loader(yaml.SafeLoader):
    """Composes as the core schema of YAML 1.2 says, and refuses what settings have no use for."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name  # every mark carries it
        self.yaml_implicit_resolvers = {None: _CORE_SCHEMA}  # None: whatever the first character

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if event.anchor is not None or getattr(event, "tag", None) is not None:
            problem = "&, * and ! begin an anchor, an alias or a tag, of no use here; put the value in quotes"
            raise ComposerError(None, None, problem, event.start_mark)
        if len(self.indents) + self.flow_level > MAX_DEPTH:
            raise ComposerError(None, None, "nested too deeply; a setting stands in one section", event.start_mark)
        return super().compose_node(parent, index)


def compose(path: Path) -> yaml.Node | None:
    """The tree of a file, None if it holds only comments; a ConfigError says why there is none."""
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
        loader = _Loader(text, str(path))
        return loader.get_single_node()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: byte 0x{content[error.start]:02x} is not UTF-8; save it as UTF-8") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{path}:{line}: character 0x{error.character:02x} is not text; remove it") from error
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}:{_line_and_cure(error)}") from error
    except (ValueError, OverflowError) as error:  # PyYAML does not check the numbers in escapes and directives
        raise ConfigError(
            f"{path}:{loader.line + 1}: a number after \\ or % is out of range; write it otherwise"
        ) from error


def _line_and_cure(error: yaml.MarkedYAMLError) -> str:
    # What is left open is noticed at the end of the file, but mended where it begins.
    left_open = (error.context or "").startswith(("while scanning", "while parsing a flow"))
    mark: Any = (error.context_mark if left_open else None) or error.problem_mark
    problem = str(error.problem)
    return f"{mark.line + 1}: {next((cure for said, cure in _CURES.items() if said in problem), problem)}"


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES >> 20} MiB; is it a settings file?")
    return content


def _overlaid(settings: Any, node: yaml.Node | None, section: str, faults: list[str]) -> Any:
    """The settings, or those of one section, with what the file gives in their place; adds its faults to the list."""
    if node is None or node.tag == _NULL:  # all of it may be commented out
        return settings
    if not isinstance(node, yaml.MappingNode):
        faults.append(_at(node, f"{section or 'the file'} is {_shown(node)}, must be lines of `name: value`"))
        return settings
    known = {field.name: field for field in fields(settings) if field.compare}
    lines: dict[str, int] = {}
    changes: dict[str, object] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else _shown(key)
        full_name = f"{section}.{_clip(name)}".removeprefix(".") or '""'
        if name in lines:
            faults.append(_at(key, f"{full_name} is given twice, first in line {lines[name]}; keep one"))
        elif name not in known:
            faults.append(_at(key, f"{full_name} is not a setting{_nearest(name, known)}"))
        elif is_dataclass(known[name].default):
            changes[name] = _overlaid(getattr(settings, name), value, name, faults)
        elif entry := known[name].metadata["entry"]:
            changes[name] = tuple(_entries(value, entry, name, faults))
        elif value.tag == _NULL:
            faults.append(_at(value, f"{full_name} has no value; give it one or remove the line"))
        else:
            try:
                changes[name] = _value(value, known[name])
            except ValueError as error:
                faults.append(_at(value, f"{full_name} is {_shown(value)}, must be {error}"))
        lines.setdefault(name, key.start_mark.line + 1)
    return replace(settings, **changes)


def _entries(node: yaml.Node, entry: type, name: str, faults: list[str]) -> Iterator[Any]:
    """The sections of a list, each with its place in the file; adds their faults to the list."""
    if not isinstance(node, yaml.SequenceNode):
        if node.tag != _NULL:  # all of it may be commented out
            faults.append(_at(node, f"{name} is {_shown(node)}, must be a list, each entry begun with `-`"))
        return
    for index, item in enumerate(node.value):
        yield _overlaid(entry(place=_place(item)), item, f"{name}[{index}]", faults)


def _value(node: yaml.Node, field: Field[Any]) -> object:
    """The value of a setting; a ValueError says what it must be."""
    if field.metadata["choices"]:
        return _choice(node, field.metadata["choices"])
    if field.metadata["low"] is not None:
        return _number(node, field)
    if isinstance(field.default, tuple):
        entries = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not entries:
            raise ValueError("text, or a list of at least one")
        return tuple(_text(entry) for entry in entries)
    if not isinstance(field.default, bool):
        return _text(node)
    if node.tag != _BOOL:
        raise ValueError("true or false")
    return node.value.lower() == "true"


def _choice(node: yaml.Node, choices: tuple[str, ...]) -> str:
    if node.tag == _STR and node.value in choices:
        return str(node.value)
    near = get_close_matches(_clip(node.value), choices, n=1) if isinstance(node, yaml.ScalarNode) else ()
    raise ValueError(" or ".join(choices) + _did_you_mean(near))


def _number(node: yaml.Node, field: Field[Any]) -> float | None:
    whole, auto = isinstance(field.default, int), field.default is None
    if auto and node.tag == _STR and node.value == "auto":
        return None
    low, high = field.metadata["low"], field.metadata["high"]
    limits = f"{low:g} to {high:g}" + (", or auto" if auto else "")
    if node.tag not in ((_INT,) if whole else (_INT, _FLOAT)):
        raise ValueError(f"a {'whole ' if whole else ''}number from {limits}")
    # Decimals pass through float, for Python refuses to read an int of thousands of digits.
    number = int(node.value, 0) if node.value.startswith(("0o", "0x")) else float(node.value)
    if not low <= number <= high:
        raise ValueError(limits)
    return int(number) if whole else float(number)


def _text(node: yaml.Node) -> str:
    if node.tag != _STR:
        raise ValueError("text; put it in quotes" if isinstance(node, yaml.ScalarNode) else "text")
    if not node.value.strip() or _CONTROL.search(node.value):
        raise ValueError("text of visible characters")
    return str(node.value)


def _nearest(name: str, known: Iterable[str]) -> str:
    """The cure for a name that is no setting: the same name elsewhere, else a similar one here, else one elsewhere."""
    section, _, last = name.partition(".")
    if name in _PLACES.get(last, ()):
        return f"; write {last} in a line of its own below {section}:"
    word = _clip(name)
    elsewhere = [place for near in get_close_matches(word, _PLACES, n=1) for place in _PLACES[near]]
    return _did_you_mean(_PLACES.get(name) or get_close_matches(word, known, n=1) or elsewhere)


def _did_you_mean(names: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(names)}?" if names else ""


def _shown(node: yaml.Node) -> str:
    """A value as it stands in the file, text in quotes."""
    if not isinstance(node, yaml.ScalarNode):
        return "a list" if isinstance(node, yaml.SequenceNode) else "a section"
    return f'"{_clip(node.value)}"' if node.tag == _STR else _clip(node.value)


def _clip(text: str) -> str:
    """At most 40 characters of it, in one line."""
    text = text if len(text) <= 40 else text[:39] + "…"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _at(node: yaml.Node, fault: str) -> str:
    return f"{_place(node)}: {fault}"


def _place(node: yaml.Node) -> str:
    return f"{node.start_mark.name}:{node.start_mark.line + 1}"
