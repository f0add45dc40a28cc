"""The machine and the room of the trials, and the line that tells what came of each."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Speak, Understand

from vm.image import Image, bare_image, bundle, installed_image
from vm.machine import Machine
from vm.room import Room

NEEDED = ("qemu-system-x86_64", "qemu-img", "mmdebstrap")


@pytest.fixture(scope="session")
def tools() -> None:
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        pytest.skip(f"no virtual machine without {', '.join(missing)}: run scripts/test-vm, which installs them")


def machine_of(image: Image) -> Iterator[Machine]:
    """A machine that is switched off; nothing of it is left in the end."""
    with tempfile.TemporaryDirectory(prefix="vm-") as folder:  # a socket's path must be short
        machine = Machine(image, bundle(), Path(folder))
        try:
            yield machine
        finally:
            machine.cut_power()


@pytest.fixture
def bare_machine(tools: None) -> Iterator[Machine]:
    """One in which nothing is installed."""
    yield from machine_of(bare_image())


@pytest.fixture(scope="module")
def machine(tools: None) -> Iterator[Machine]:
    """One in which the assistant is installed."""
    yield from machine_of(installed_image())


@pytest.fixture
def room(machine: Machine, speak: Speak, understand: Understand) -> Room:
    """The room around the machine, switched on and ready; what a trial broke for good is broken for it alone."""
    room = Room(machine, speak, understand)
    if not machine.is_on:
        machine.start()
        room.wait_until_ready()
    return room


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """A line a trial: what it is, what came of it, how long it took, what was seen."""
    if report.when != "call" or "trials.py" not in report.nodeid:
        return None
    name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    seen = dict(report.user_properties).get("seen", "")
    return report.outcome, f"{name}: {report.outcome}, {report.duration:.0f} s  {seen}\n", report.outcome.upper()
