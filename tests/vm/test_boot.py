"""The short form of the trials: the assistant starts with the machine and answers."""

import pytest

from vm.machine import slowness
from vm.room import Room


@pytest.mark.timeout(120 * slowness())
def test_it_starts_with_the_machine_and_answers_aloud(room: Room) -> None:
    assert room.shows("NRestarts") == "0"
    assert room.machine.run("ls /sys/class/net") == "lo"
    room.answers()
