"""`assistant config` as the owner types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.settings_edit import replace_checked
from assistant.settings_file import load
from assistant.settings_origin import names

TEMPLATE = Path(__file__).parent.parent / "config.yaml"


class Owner:
    """Has a settings file, and types commands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.editor = "true"
        self.answers = ""

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "assistant", "--config", str(self.path), "config", *words]
        environment = {"PATH": "/usr/bin:/bin", "EDITOR": self.editor, "HOME": str(self.path.parent)}
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, input=self.answers, timeout=60
        )

    def type(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def edits(self, before: str, after: str) -> None:
        """From now on the editor is this change."""
        self.editor = f"sed -i 's/{before}/{after}/'"


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    (tmp_path / "config.yaml").write_text(TEMPLATE.read_text())
    (tmp_path / "config.yaml").chmod(0o640)
    return Owner(tmp_path / "config.yaml")


def test_each_setting_is_shown_with_where_it_comes_from(owner: Owner) -> None:
    (owner.path.parent / "config.d").mkdir()
    (owner.path.parent / "config.d" / "kitchen.yaml").write_text("# mine\nwake:\n  sensitivity: 0.7\n")
    owner.path.write_text("voice: {rate: 1.1}\n")
    shown = {line.split()[0]: line for line in owner.type("show").splitlines()}
    assert set(shown) == set(names())
    assert shown["voice.rate"].endswith("config.yaml:1")
    assert shown["wake.sensitivity"].endswith("config.d/kitchen.yaml:3")
    assert shown["llm.n_ctx"].split()[1:] == ["4096", "default"]
    assert owner.type("get", "wake.sensitivity") == "0.7\n"
    assert "wake.sensitivity: 0.7  (default 0.5; " in owner.type("diff")
    assert "voice.rate: 1.1  (default 1.0; " in owner.type("diff")


def test_the_template_differs_from_no_default(owner: Owner) -> None:
    assert owner.type("diff") == "all settings are the defaults\n"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("voice.rate", "1.2", "  rate: 1.2"),
        ("language", "de", "language: de"),
        ("wake.phrase", "[hey_jarvis, alexa]", "  phrase: [hey_jarvis, alexa]"),
        ("privacy.log_speech", "true", "  log_speech: true"),
        ("audio.input", "USB PnP: Mono", "  input: 'USB PnP: Mono'"),
        ("llm.temperature", "auto", "  temperature: auto"),
    ],
)
def test_one_value_is_changed_and_every_other_line_stays(owner: Owner, name: str, value: str, line: str) -> None:
    before = owner.path.read_text().splitlines()
    said = owner.type("set", name, value)
    assert said.startswith(f"{name}: ")
    assert "assistant reload" in said
    after = owner.path.read_text().splitlines()
    assert [new for new, old in zip(after, before, strict=True) if new != old] in ([line], [])
    assert line in after
    assert owner.path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in owner.path.parent.iterdir()] == ["config.yaml"]


def test_a_section_that_is_not_in_the_file_is_added(owner: Owner) -> None:
    owner.path.write_text("# mine\nlanguage: en  # for now\n")
    owner.type("set", "voice.rate", "1.2")
    assert owner.path.read_text() == "# mine\nlanguage: en  # for now\nvoice:\n  rate: 1.2\n"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("voice.rate", "7", "voice.rate is 7"),
        ("voice.rate", "quick", "voice.rate"),
        ("voice.speed", "1", "voice.speed is not a setting"),
        ("voice", "1", "voice is not a setting"),
        ("language", "klingon", "language is"),
        ("wake.phrase", "[", "wake.phrase"),
        ("panel.talk_pin", "99", "talk_pin"),
    ],
)
def test_what_would_be_wrong_is_not_written(owner: Owner, name: str, value: str, fault: str) -> None:
    before = owner.path.read_text()
    done = owner.run("set", name, value)
    assert done.returncode == 78
    assert fault in done.stderr
    assert "draft" not in done.stderr
    assert "Traceback" not in done.stderr
    assert owner.path.read_text() == before
    assert [file.name for file in owner.path.parent.iterdir()] == ["config.yaml"]


def test_a_file_with_a_fault_is_not_changed_by_program_but_the_fault_is_named(owner: Owner) -> None:
    owner.path.write_text("voice: {rate: 1.0\n")
    done = owner.run("set", "voice.rate", "1.2")
    assert done.returncode == 78
    assert "config.yaml:1" in done.stderr
    assert owner.path.read_text() == "voice: {rate: 1.0\n"


def test_it_is_told_when_another_file_says_otherwise(owner: Owner) -> None:
    (owner.path.parent / "config.d").mkdir()
    (owner.path.parent / "config.d" / "kitchen.yaml").write_text("voice: {rate: 0.9}\n")
    said = owner.type("set", "voice.rate", "1.2")
    assert "voice.rate: 0.9" in said
    assert "config.d/kitchen.yaml:1 says otherwise, and counts" in said


def test_a_file_that_may_not_be_written_is_told_with_the_cure(unprivileged: None) -> None:
    with pytest.raises(AssistantError, match=r"/etc/assistant-of-a-test.yaml: Permission denied; use sudo"):
        replace_checked(Path("/etc/assistant-of-a-test.yaml"), "language: en\n", load)


def test_what_the_editor_made_of_it_is_checked_and_then_counts(owner: Owner) -> None:
    owner.edits("rate: 1.0", "rate: 1.3")
    assert "changed" in owner.type("edit")
    assert owner.type("get", "voice.rate") == "1.3\n"


def test_a_fault_is_named_and_the_owner_may_leave_the_file_as_it_was(owner: Owner) -> None:
    before = owner.path.read_text()
    owner.edits("rate: 1.0", "rate: 9")
    owner.answers = "w\n"
    said = owner.type("edit")
    assert "voice.rate is 9" in said
    assert "nothing was changed" in said
    assert owner.path.read_text() == before


def test_a_fault_may_be_mended_in_the_editor(owner: Owner) -> None:
    owner.editor = "sed -i 's/rate: 9/rate: 1.4/; s/rate: 1.0/rate: 9/'"  # wrong first, right then
    owner.answers = "e\n"
    said = owner.type("edit")
    assert "voice.rate is 9" in said
    assert owner.type("get", "voice.rate") == "1.4\n"


def test_an_editor_that_changes_nothing_or_is_missing_changes_nothing(owner: Owner) -> None:
    assert owner.type("edit") == "nothing was changed\n"
    owner.editor = "no-such-editor"
    done = owner.run("edit")
    assert done.returncode == 1
    assert "$EDITOR" in done.stderr
