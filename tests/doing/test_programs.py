import json
import os
import sys
import time
from pathlib import Path

import pytest

from assistant.doing.programs import MAX_OUTPUT_BYTES, NICENESS, Ended, run_program

SHELL = ("/bin/sh", "-c")


def test_what_it_prints_and_how_it_ends_is_told() -> None:
    assert run_program([*SHELL, "echo warm; echo unheard >&2; exit 3"], 10.0) == Ended(3, b"warm\n")


def test_arguments_arrive_as_they_are() -> None:
    told = "import json, sys; print(json.dumps(sys.argv[1:]))"
    arguments = ["$(id)", "a b; c", "'\"", "*", ""]
    ended = run_program([sys.executable, "-c", told, *arguments], 10.0)
    assert json.loads(ended.printed) == arguments


def test_it_gets_no_input_and_little_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "1234")
    told = "import os, sys; print(sys.stdin.read(), 'SECRET' in os.environ, os.environ['PATH'], os.getcwd())"
    ended = run_program([sys.executable, "-c", told], 10.0)
    assert ended.printed.split() == [b"False", b"/usr/local/bin:/usr/bin:/bin", b"/"]


def test_past_its_time_it_is_killed_with_all_it_started(tmp_path: Path) -> None:
    started_s = time.monotonic()
    numbers = tmp_path / "numbers"
    script = f"sleep 60 & echo $! $$ > {numbers}; echo begun; wait"
    assert run_program([*SHELL, script], 0.5) == Ended(None, b"")
    assert time.monotonic() - started_s < 5.0
    child, program = map(int, numbers.read_text().split())
    with pytest.raises(ProcessLookupError):
        os.kill(program, 0)
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX"


def test_a_signal_that_it_ignores_does_not_save_it() -> None:
    assert run_program([*SHELL, "trap '' TERM INT HUP; while :; do :; done"], 0.3).exit_code is None


def test_endless_output_is_bounded_and_ends_in_time() -> None:
    assert run_program([*SHELL, "yes"], 0.3) == Ended(None, b"")
    much = run_program([*SHELL, "head -c 1000000 /dev/zero"], 10.0)
    assert much == Ended(0, b"\0" * MAX_OUTPUT_BYTES)


@pytest.mark.parametrize("left_running", ["sleep 3 &", "(timeout 3 yes) &"])
def test_what_it_leaves_running_is_not_waited_for(left_running: str) -> None:
    started_s = time.monotonic()
    ended = run_program([*SHELL, f"echo done; {left_running}"], 10.0)
    assert ended.exit_code == 0
    assert ended.printed.startswith(b"done")
    assert time.monotonic() - started_s < 2.0


def test_it_goes_on_after_closing_its_output(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert run_program([*SHELL, f"exec >&-; sleep 0.2; touch {file}"], 10.0) == Ended(0, b"")
    assert file.exists()


def test_a_program_that_is_not_there_or_not_one_is_an_os_error(tmp_path: Path) -> None:
    for program in (tmp_path / "none", tmp_path):
        with pytest.raises(OSError, match=r"No such file|Permission denied"):
            run_program([str(program)], 1.0)


def test_it_comes_after_the_ears() -> None:
    code = "import os, time; time.sleep(0.3); print(os.nice(0))"
    assert int(run_program([sys.executable, "-c", code], 20.0).printed) == NICENESS
