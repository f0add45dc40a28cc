"""The units as systemd itself reads and judges them; `scripts/test-install` boots them."""

import subprocess
import sys
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parent.parent / "systemd"
INSTALLED = "/opt/assistant/current/venv/bin/assistant"
UNITS = {"assistant.service": "assistant.service", "assistant-models@.service": "assistant-models@real.service"}


def analyze(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_has_nothing_to_say_against_a_unit(name: str, tmp_path: Path) -> None:
    text = (SYSTEMD / name).read_text()
    assert INSTALLED in text
    unit = tmp_path / UNITS[name]
    unit.write_text(text.replace(INSTALLED, sys.executable))  # it wants a program that is there
    done = analyze("verify", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_would_say_so_were_something_wrong(tmp_path: Path) -> None:
    unit = tmp_path / "assistant.service"
    unit.write_text((SYSTEMD / unit.name).read_text().replace(INSTALLED, sys.executable).replace("Nice=", "Nicely="))
    assert "Nicely" in analyze("verify", unit).stderr


def test_the_service_is_confined() -> None:
    done = analyze("security", "--offline=true", "--threshold=10", SYSTEMD / "assistant.service")  # 10 is 1.0
    assert done.returncode == 0, done.stdout
