"""Starts the bench's programs that need a process of their own, and reads what they print. On the calling thread.

Here and not in those programs, since whoever imports them loads llama.cpp, which shares no process with Silero VAD.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.thinking.model_process import ENVIRONMENT

PATIENCE_S = 1800.0
ALL_ROWS = {"LLAMA_GEMMA4_ALL_ROWS": "1"}  # llama.cpp reads prompts of Gemma 4 as it does without our patch


def engine_figures(model: Path, *, quick: bool) -> dict[str, Any]:
    """The groups of figures that `assistant.bench.engine` measures. Raises AssistantError: it failed."""
    return run("assistant.bench.engine", str(model), *(["--quick"] if quick else []))


def naive_turns(scenario: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What became of each turn of `assistant.bench.naive`, which says what a scenario is.

    Raises:
        AssistantError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.json"
        path.write_text(json.dumps(scenario), encoding="utf-8")
        turns: list[dict[str, Any]] = run("assistant.bench.naive", str(path), environment=ALL_ROWS)["turns"]
    return turns


def run(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object that a module prints; its complaints go where ours go.

    Raises:
        AssistantError: it failed, took too long, or printed something else.
    """
    command = [sys.executable, "-m", module, *arguments]
    variables = {**os.environ, **ENVIRONMENT, **(environment or {})}
    try:
        done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=True)
        found = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        raise AssistantError(f"bench: {module} failed ({_how(error.returncode)}); see above") from error
    except subprocess.TimeoutExpired as error:
        raise AssistantError(f"bench: {module} was not done in {PATIENCE_S / 60:.0f} minutes") from error
    except ValueError as error:
        raise AssistantError(f"bench: {module} printed no JSON ({error})") from error
    if not isinstance(found, dict):
        raise AssistantError(f"bench: {module} printed no JSON object")
    return found


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
