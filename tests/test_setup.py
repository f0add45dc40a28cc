"""The scripts, as far as they can be tried in a moment; `setup.sh try` is what the tests stand on.

`scripts/test-install` installs for real.
"""

import itertools
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_setup_without_a_command_tells_how_to_use_it() -> None:
    done = run("./setup.sh")
    assert done.returncode == 2
    assert "./setup.sh try" in done.stderr


def test_bundle_without_a_folder_tells_how_to_use_it() -> None:
    done = run("scripts/bundle")
    assert done.returncode == 2
    assert "scripts/bundle DIR" in done.stderr


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


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["instal"], "there is no command instal"),
        (["install", "--dryrun"], "there is no option --dryrun"),
        (["install", "--offline"], "--offline needs the folder that scripts/bundle has made"),
        (["install", "--purge"], "--purge belongs to uninstall"),
    ],
)
def test_what_setup_does_not_know_is_wrong_usage(arguments: list[str], fault: str) -> None:
    done = run("./setup.sh", *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"setup.sh: {fault}"
    assert "sudo ./setup.sh install" in done.stderr


def test_a_dry_run_tells_each_change_and_changes_nothing() -> None:
    before = changed_last()
    done = run("./setup.sh", "install", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    for change in (
        "making the release ",
        "fetching the starter models",
        "writing /etc/systemd/system/assistant.service",
    ):
        assert f"  {change}" in done.stdout
    assert changed_last() == before


def changed_last() -> dict[str, int]:
    """When what an installation makes was changed; 0 where it is not there."""
    folders = [f"{place}/assistant" for place in ("/opt", "/etc", "/var/lib", "/var/cache", "/usr/local/bin")]
    files = ["/etc/passwd", "/etc/group", "/etc/systemd/system/assistant.service", ".venv/installed", "reply.wav"]
    paths = [PROJECT / path for path in (*folders, *files)]
    return {str(path): path.lstat().st_mtime_ns if path.exists() else 0 for path in paths}


def test_a_folder_that_no_bundle_is_is_refused(tmp_path: Path) -> None:
    done = run("./setup.sh", "install", "--dry-run", "--offline", str(tmp_path))
    assert done.returncode == 1
    assert "was not made by scripts/bundle" in done.stderr


def test_a_bundle_for_another_system_is_refused(tmp_path: Path) -> None:
    (tmp_path / "platform").write_text("forky riscv64\n")
    done = run("./setup.sh", "install", "--dry-run", "--offline", str(tmp_path))
    assert done.returncode == 1
    assert f"setup.sh failed: {tmp_path} is for forky riscv64, and this is " in done.stderr


def test_a_damaged_bundle_is_refused(tmp_path: Path) -> None:
    platform = run("bash", "-c", ". scripts/steps.sh; platform").stdout
    (tmp_path / "platform").write_text(platform)
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  platform\n")
    done = run("./setup.sh", "install", "--dry-run", "--offline", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        f"setup.sh failed: {tmp_path} is damaged",
        "  what to do: copy it here again",
    ]


FAKE_SYSTEMCTL = """#!/bin/bash
# A service manager for whom a release is ready unless it is called bad, and then it spoils the state.
echo "$*" >>"$root/asked"
case $* in
--version) echo "systemd 252 (252)" ;;
*is-active*) exit 3 ;;
restart*)
    running=$(readlink "$root/opt/assistant/current")
    if [[ $running = *bad* ]]; then
        echo spoiled >"$root/var/lib/assistant/assistant.db"
        exit 1
    fi
    ;;
esac
"""


class System:
    """A folder that is taken for the system, with a service manager that only notes what it is told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("run/systemd/system", "var/lib/assistant", "var/cache/assistant", "bin"):
            (root / folder).mkdir(parents=True)
        self.state = root / "var/lib/assistant/assistant.db"
        self.unit = root / "etc/systemd/system/assistant.service"
        for name, script in (("systemctl", FAKE_SYSTEMCTL), ("journalctl", "#!/bin/sh\necho the last words\n")):
            (root / "bin" / name).write_text(script)
            (root / "bin" / name).chmod(0o755)

    def add_release(self, name: str) -> None:
        home = self.root / "opt/assistant/releases" / name
        (home / "systemd").mkdir(parents=True)
        for file in (PROJECT / "systemd").iterdir():
            (home / "systemd" / file.name).write_text(f"of {name}")
        (home / "config.yaml").write_text(f"of {name}")
        (home / "complete").touch()

    def switch_to(self, release: str) -> "subprocess.CompletedProcess[str]":
        sources = "; ".join(f". scripts/{name}.sh" for name in ("steps", "release", "service"))
        command = (
            f'set -euo pipefail; {sources}; switch_to {release}; tidy_releases {release} "$(current_release previous)"'
        )
        return run("bash", "-c", command, root=str(self.root), PATH=f"{self.root}/bin:{os.environ['PATH']}")

    def current(self) -> str:
        return (self.root / "opt/assistant/current").readlink().name

    def releases(self) -> list[str]:
        return sorted(path.name for path in (self.root / "opt/assistant/releases").iterdir())


@pytest.fixture
def system(tmp_path: Path) -> System:
    system = System(tmp_path)
    for name in ("1-old", "2-good", "3-bad"):
        system.add_release(name)
    return system


def test_a_release_that_becomes_ready_stays(system: System) -> None:
    assert system.switch_to("1-old").returncode == 0
    system.add_release("2-good")
    done = system.switch_to("2-good")
    assert (done.returncode, done.stderr) == (0, "")
    assert system.current() == "2-good"
    assert system.unit.read_text() == "of 2-good"
    assert (
        system.root / "usr/local/bin/assistant"
    ).readlink() == system.root / "opt/assistant/current/venv/bin/assistant"


def test_the_release_before_is_kept_and_older_ones_are_not(system: System) -> None:
    system.switch_to("1-old")
    for name in ("2-good", "4-newer"):
        system.add_release(name)
        assert system.switch_to(name).returncode == 0
    assert system.releases() == ["2-good", "4-newer"]


def test_one_that_does_not_become_ready_gives_way_to_the_one_before_with_its_state(system: System) -> None:
    system.switch_to("1-old")
    system.add_release("3-bad")
    system.state.write_text("timers")
    done = system.switch_to("3-bad")
    assert done.returncode == 1
    what, cure = done.stderr.splitlines()
    assert what == "bash failed: 3-bad does not become ready (the last words), so 1-old runs again"
    assert cure.startswith("  what to do: ")
    assert system.current() == "1-old"
    assert system.unit.read_text() == "of 1-old"
    assert system.state.read_text() == "timers"
    asked = (system.root / "asked").read_text().splitlines()
    assert asked[-1] == "restart assistant.service"
    assert not (system.root / "var/cache/assistant/state").exists()


def test_where_an_upgrade_was_interrupted_before_it_was_ready_the_next_goes_back_too(system: System) -> None:
    system.switch_to("1-old")
    system.add_release("3-bad")
    opt = system.root / "opt/assistant"
    (opt / "previous").symlink_to("releases/1-old")
    (opt / "current").unlink()
    (opt / "current").symlink_to("releases/3-bad")
    assert system.switch_to("3-bad").returncode == 1
    assert system.current() == "1-old"


def test_a_first_release_that_does_not_become_ready_is_said_to_be_so(system: System) -> None:
    done = system.switch_to("3-bad")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "bash failed: 3-bad does not become ready: the last words"
