"""Starts the bench's programs that need a process of their own, and reads what they print. On the calling thread.

Here and not in those programs, since whoever imports them loads llama.cpp, which shares no process with Silero VAD.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.bench.scenario import Scenario
from assistant.errors import AssistantError
from assistant.thinking.model_process import ENVIRONMENT

PATIENCE_S = 1800.0
ALL_ROWS = {"LLAMA_GEMMA4_ALL_ROWS": "1"}  # llama.cpp reads prompts of Gemma 4 as it does without our patch


def engine_figures(model: Path, *, quick: bool) -> dict[str, Any]:
    """The groups of figures that `assistant.bench.engine` measures. Raises AssistantError: it failed."""
    return run("assistant.bench.engine", str(model), *(["--quick"] if quick else []), environment=ENVIRONMENT)


def naive_turns(scenario: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What became of each turn of `assistant.bench.naive`, which says what a scenario is.

    Raises:
        AssistantError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.json"
        path.write_text(json.dumps(scenario), encoding="utf-8")
        found = run("assistant.bench.naive", str(path), environment=ENVIRONMENT | ALL_ROWS)
    turns: list[dict[str, Any]] = found["turns"]
    return turns


def assistant_turns(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """What `assistant.bench.live` tells, and `begin_s`, when its process was started; its state is kept in the folder.

    Raises:
        AssistantError: it failed.
    """
    path = folder / "scenario.json"
    path.write_text(json.dumps(asdict(scenario)), encoding="utf-8")
    begin_s = time.monotonic()
    state = {"XDG_STATE_HOME": str(folder / "state")}
    return run("assistant.bench.live", str(path), environment=state, log=folder / "live.log") | {"begin_s": begin_s}


def run(
    module: str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    patience_s: float = PATIENCE_S,
) -> dict[str, Any]:
    """The JSON object that a module prints; its complaints go where ours go, or into the `log`.

    Raises:
        AssistantError: it failed, took too long, or printed something else.
    """
    command = [sys.executable, "-m", module, *arguments]
    variables = {**os.environ, **(environment or {})}
    try:
        with log.open("w") if log else nullcontext() as stderr:
            done = subprocess.run(
                command, env=variables, stdout=subprocess.PIPE, stderr=stderr, timeout=patience_s, check=True
            )
        found = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        reason = _last_line(log) if log else "see above"
        raise AssistantError(f"bench: {module} failed ({_how(error.returncode)}); {reason}") from error
    except subprocess.TimeoutExpired as error:
        raise AssistantError(f"bench: {module} was not done in {patience_s / 60:.3g} minutes") from error
    except ValueError as error:
        raise AssistantError(f"bench: {module} printed no JSON ({error})") from error
    if not isinstance(found, dict):
        raise AssistantError(f"bench: {module} printed no JSON object")
    return found


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
