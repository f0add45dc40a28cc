"""Programs that end well and badly, in processes of their own."""

from pathlib import Path
from typing import Any

import pytest

from assistant.bench.children import run
from assistant.errors import AssistantError

Programs = dict[str, str]


@pytest.fixture
def here(tmp_path: Path) -> Programs:
    """The environment in which `python -m program` is what was written there."""
    return {"PYTHONPATH": str(tmp_path)}


def program(here: Programs, text: str) -> str:
    Path(here["PYTHONPATH"], "program.py").write_text(text)
    return "program"


def test_what_it_prints_is_given_back(here: Programs) -> None:
    module = program(
        here, "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['MORE']]).join(['{\"a\": ', '}']))"
    )
    found: dict[str, Any] = run(module, "one", "two", environment=here | {"MORE": "yes"})
    assert found == {"a": [["one", "two"], "yes"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise SystemExit('no')", r"failed \(exit code 1\); see above"),
        ("import os; os.kill(os.getpid(), 9)", r"failed \(signal 9\); see above"),
        ("print('a')", "printed no JSON "),
        ("print([1])", "printed no JSON object"),
    ],
)
def test_how_it_ended_is_told_with_its_name(text: str, told: str, here: Programs) -> None:
    with pytest.raises(AssistantError, match=rf"^bench: program {told}"):
        run(program(here, text), environment=here)


def test_where_its_complaints_are_kept_the_last_is_told(here: Programs, tmp_path: Path) -> None:
    log = tmp_path / "program.log"
    module = program(here, "import sys; sys.stderr.write('careful\\n'); sys.exit('the model is no model')")
    with pytest.raises(AssistantError, match=r"^bench: program failed \(exit code 1\); the model is no model$"):
        run(module, environment=here, log=log)
    assert log.read_text() == "careful\nthe model is no model\n"
    with pytest.raises(AssistantError, match=r"exit code 3\); it said nothing$"):
        run(program(here, "raise SystemExit(3)"), environment=here, log=log)


def test_one_that_hangs_is_not_waited_for(here: Programs) -> None:
    module = program(here, "import threading; threading.Event().wait()")
    with pytest.raises(AssistantError, match=r"^bench: program was not done in 0\.005 minutes$"):
        run(module, environment=here, patience_s=0.3)
