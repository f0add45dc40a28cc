"""What it keeps, as the owner sees it from the shell."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.config import Privacy, Settings
from assistant.doing.history import exchange_now
from assistant.kept import Kept

Assistant = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_a_timer_that_was_asked_for_is_listed_and_needs_no_model(assistant: Assistant) -> None:
    assert assistant("timers").stdout == "nothing is set\n"
    done = assistant("ask", "set a pasta timer for ten minutes", "--json")
    answer = json.loads(done.stdout)
    assert answer["path"] == "command"
    assert answer["actions"] == [{"action": "set_timer", "done": True}]
    assert answer["reply"] == "Pasta timer set for 10 minutes. Nothing will ring until the assistant runs."
    assert "timer     in " in assistant("timers").stdout
    (timer,) = json.loads(assistant("timers", "--json").stdout)
    assert (timer["kind"], timer["name"], timer["state"]) == ("timer", "pasta", "set")
    assert 580 < timer["left_s"] <= 600


def test_what_is_remembered_can_be_seen_and_forgotten(assistant: Assistant) -> None:
    assistant("ask", "remember that bin day is tuesday")
    assert "bin day is tuesday" in assistant("memory", "list").stdout
    (fact,) = json.loads(assistant("memory", "list", "--json").stdout)
    assert assistant("memory", "forget", str(fact["id"] + 1)).returncode == 2
    assert assistant("memory", "forget").returncode == 2
    assert assistant("memory", "forget", str(fact["id"])).returncode == 0
    assert assistant("memory", "list").stdout == "nothing is remembered\n"


def test_history_is_kept_only_where_it_is_wanted_and_bounded(assistant: Assistant) -> None:
    wanted, unwanted = Settings(privacy=Privacy(history=2)), Settings()
    Kept(unwanted).history.add(exchange_now("One?", "One."))
    assert Kept(wanted).history.exchanges() == []
    for word in ("One", "Two", "Three"):
        Kept(wanted).history.add(exchange_now(f"{word}?", f"{word}."))
    assert [one.question for one in Kept(wanted).history.exchanges()] == ["Two?", "Three?"]
    assert Kept(unwanted).history.exchanges() == []


def test_history_is_shown_and_wiped(assistant: Assistant, config_file: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(config_file.read_text() + "privacy: {history: 10}\n")
    Kept(Settings(privacy=Privacy(history=10))).history.add(exchange_now("Why?", "Because."))
    shown = assistant("history", "show", config=config).stdout
    assert "Why?" in shown
    assert "Because." in shown
    assert assistant("history", "forget", config=config).stdout == "forgot 1 exchanges\n"
    assert "Why?" not in "".join(path.read_bytes().decode("latin-1") for path in (tmp_path / "assistant").glob("*.db"))
    assert assistant("history", "show", config=config).stdout.startswith("nothing is kept")


def test_an_own_command_that_clashes_is_named_by_check(assistant: Assistant, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "commands:\n  - sentences: [cancel the timer]\n    say: No.\n"
        "  - sentences: [lamp on]\n    output: lamp\n    state: on\n"
    )
    done = assistant("check", config=config)
    assert done.returncode == 1
    assert 'output is "lamp"' in done.stdout
    config.write_text("commands:\n  - sentences: [cancel the timer]\n    say: No.\n")
    done = assistant("check", config=config)
    assert done.returncode == 1
    assert re.search(r"config.yaml:2: commands\[0\]: 'cancel the timer' is also .*cancel_timer", done.stdout)
