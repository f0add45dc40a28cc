"""`assistant models`: the catalogue as people see it. Called from the CLI."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from assistant.config import Settings, models_folder
from assistant.errors import ModelError
from assistant.models import CatalogueModel, ModelFolder, Progress, catalogue, expand, find, memory_bytes
from assistant.models.downloads import fetch
from assistant.settings_edit import set_value
from assistant.settings_file import load


def _folder(settings: Settings) -> ModelFolder:
    return ModelFolder(models_folder(settings))


def list_models(settings: Settings, as_json: bool) -> None:
    """Prints every model of the catalogue and whether it is installed."""
    folder, memory = _folder(settings), memory_bytes()
    if as_json:
        print(json.dumps([_entry(model, folder, memory) for model in catalogue()], indent=2))
        return
    print(f"in {folder.path}; this device has {memory / 2**30:.1f} GiB of memory")
    for model in catalogue():
        state = "installed" if folder.installed(model) else "fits" if model.fits(memory) else "too large"
        size = f"{model.n_bytes / 1e6:,.0f} MB" if model.n_bytes else "?"
        print(f"  {model.name:18} {model.purpose:11} {size:>9}  {state:10} {model.license:12} {model.note}".rstrip())
    print("get one: assistant models get NAME; all that is needed: assistant models get starter, or get real")


def _entry(model: CatalogueModel, folder: ModelFolder, memory: int) -> dict[str, object]:
    return {
        "name": model.name,
        "purpose": model.purpose,
        "language": model.language,
        "bytes": model.n_bytes,
        "license": model.license,
        "least_memory_gib": model.least_memory_gib,
        "note": model.note,
        "installed": folder.installed(model),
        "fits": model.fits(memory),
    }


def get(settings: Settings, name: str) -> None:
    """Fetches a model, or all of a pack."""
    folder = _folder(settings)
    for model in expand(name, memory_bytes(), settings.language):
        with _progress(model) as progress:
            path = fetch(model, folder, progress)
        print(f"{model.name}: {path}", flush=True)


def verify(settings: Settings) -> None:
    """Hashes what is installed, names each damaged model, and fails if there is one."""
    folder = _folder(settings)
    faults = []
    for model in catalogue():
        if not folder.installed(model):
            continue
        try:
            with _progress(model) as progress:
                folder.verify(model, progress)
        except ModelError as error:
            faults.append(str(error))
            print(f"{model.name}: damaged")
        else:
            print(f"{model.name}: OK")
    if faults:
        raise ModelError("\n".join(faults))


def remove(settings: Settings, name: str) -> None:
    """Removes a model, unless the settings name it."""
    model = find(name)
    if name in (settings.llm.model, settings.recognizer.model, settings.voice.model):
        raise ModelError(f"models: {name} is what the settings name; choose another first: assistant models use NAME")
    n_bytes = _folder(settings).remove(model)
    print(f"{name} is removed; {n_bytes / 1e6:,.0f} MB are free again")


def use(settings: Settings, path: Path, name: str) -> None:
    """Has the settings file name the model, which must be whole and fit."""
    model, folder = find(name), _folder(settings)
    folder.check(model)
    if not model.fits(memory_bytes()):
        raise ModelError(f"models: {name} needs {model.least_memory_gib:g} GiB of memory, and there is less")
    set_value(path, f"{model.purpose}.model", name, load)
    print(f"{model.purpose}.model: {name}; a running assistant takes it with: assistant reload")


@contextmanager
def _progress(model: CatalogueModel) -> Iterator[Progress]:
    """A progress bar on stderr, or a line for each tenth where nobody watches."""
    if not sys.stderr.isatty():
        yield _Tenths(model.name)
        return
    name = TextColumn("{task.description}")
    columns = (name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(model.name, total=model.n_bytes or None)
        yield lambda done_bytes, total_bytes: bar.update(task, completed=done_bytes, total=total_bytes)


class _Tenths:
    """Progress as lines, for a log."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown = 0

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        tenth = 10 * done_bytes // max(1, total_bytes)
        if tenth > self._shown:
            self._shown = tenth
            print(f"  {self._name}: {10 * tenth} % of {total_bytes / 1e6:,.0f} MB", file=sys.stderr, flush=True)
