"""Which model serves: from a word of the settings to a path an engine may open. Called by commands and at start."""

from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelError
from assistant.models.catalogue import CatalogueModel, Purpose, best_llm, catalogue, find
from assistant.models.files import fault_of
from assistant.models.folder import ModelFolder, cure_of

_KINDS: dict[Purpose, str] = {
    "llm": "a language model",
    "recognizer": "a recognizer",
    "voice": "a voice",
    "wake": "wake words",
    "vad": "a voice activity detector",
}


@dataclass(frozen=True)
class Chosen:
    """The model that serves."""

    path: Path  # a GGUF file, a voice's .onnx, or the folder of a Vosk model
    model: CatalogueModel | None  # None for one that is named by its path
    better: str | None = None  # a line that names a better one and the command that gets it


def memory_bytes(meminfo: Path = Path("/proc/meminfo")) -> int:
    """The memory of this device as the kernel counts it, without what firmware and GPU keep."""
    for line in meminfo.read_text("ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    raise ModelError(f"models: {meminfo} does not tell how much memory there is; name the models in the settings")


def choose(folder: ModelFolder, purpose: Purpose, word: str, language: str, memory_bytes: int) -> Chosen:
    """The model for this purpose: `auto`, a name of the catalogue, or a path (with a / or the file's extension).

    Raises a ModelError for what is missing, truncated, of the wrong kind or of the wrong checksum.
    """
    if "/" in word or word.endswith((".gguf", ".onnx")):
        return _by_path(purpose, Path(word).expanduser())
    model = _automatic(folder, purpose, language, memory_bytes) if word == "auto" else _by_name(purpose, word)
    folder.check(model)
    better = _better(model, memory_bytes) if word == "auto" or purpose == "recognizer" else None
    return Chosen(folder.path_of(model), model, better)


def _by_path(purpose: Purpose, path: Path) -> Chosen:
    if fault := fault_of(path, purpose):
        raise ModelError(f"models: {path} {fault}; name another, or see what there is: assistant models list")
    return Chosen(path, None)


def _by_name(purpose: Purpose, name: str) -> CatalogueModel:
    model = find(name)
    if model.purpose != purpose:
        other = next(other.name for other in catalogue() if other.purpose == purpose)
        raise ModelError(f"models: {name} is {_KINDS[model.purpose]}, not {_KINDS[purpose]}; name one such as {other}")
    return model


def _automatic(folder: ModelFolder, purpose: Purpose, language: str, memory_bytes: int) -> CatalogueModel:
    """The best that is installed: the largest language model that fits, a fetched voice rather than the starter's."""
    models = [model for model in catalogue() if model.purpose == purpose]
    if purpose != "llm":
        models = [model for model in models if model.speaks(language)]
    if not models:
        raise ModelError(f"models: the catalogue has no {purpose} for {language}; give the path of one in the settings")
    installed = [model for model in models if folder.installed(model) and model.fits(memory_bytes)]
    if not installed:
        raise ModelError(f"models: no {purpose} that fits this memory is installed; run: assistant models get starter")
    if purpose == "llm":
        return max(installed, key=lambda model: model.least_memory_gib)
    exact = language.replace("-", "_")
    return max(installed, key=lambda model: (model.pack != "starter", model.language == exact, model.pack == "real"))


def _better(model: CatalogueModel, memory_bytes: int) -> str | None:
    """A line about a better model than this one, if there is one for this memory."""
    if model.purpose == "llm":
        best = best_llm(memory_bytes)
        if best.least_memory_gib > model.least_memory_gib:
            return f"{best.name} fits this memory and answers better than {model.name}; {cure_of(best)}"
    if model.purpose == "recognizer" and model.pack == "starter":
        real = next(
            other
            for other in catalogue()
            if other.purpose == model.purpose and other.pack == "real" and other.speaks(model.language)
        )
        return f"{model.name} {model.note}; {cure_of(real)}"
    return None
