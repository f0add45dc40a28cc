"""The scripts, as far as they can be tried in a moment; `setup.sh try` itself is what the tests stand on."""

import itertools
import os
import re
import subprocess
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_setup_without_a_command_tells_how_to_use_it() -> None:
    done = run("./setup.sh")
    assert done.returncode == 2
    assert "./setup.sh try" in done.stderr


def test_a_step_that_fails_says_what_failed_and_what_to_do() -> None:
    done = run("./setup.sh", "try", PYTHON="/nowhere/python")
    assert done.returncode == 1
    what, cure = done.stderr.splitlines()[-2:]
    assert what == "setup.sh failed: there is no Python 3.11, 3.12 or 3.13"
    assert cure == "  what to do: install one (apt install python3) or set PYTHON"


def test_a_built_wheel_is_not_built_again() -> None:
    first, second = (run("scripts/build-llama", ".venv/bin/python") for _ in range(2))
    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout
    assert Path(first.stdout.strip()).name.startswith("llama_cpp_python-0.3.36-")


def test_the_constraints_pin_every_dependency() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    names = {normal(re.split(r"[=<>[]", requirement)[0]) for requirement in wanted}
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    pinned = {normal(line.partition("==")[0]) for line in lines if "==" in line}
    built_here = {"llama-cpp-python", "assistant"}
    assert names - pinned - built_here == set()


def normal(name: str) -> str:
    return name.strip().lower().replace("_", "-")
