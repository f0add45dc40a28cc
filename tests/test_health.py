from pathlib import Path

import pytest

from assistant import phrases
from assistant.doing import device
from assistant.events import Event, PartFound, PartLost
from assistant.health import LOOK_S, Health


class Board:
    """A board whose sensors are set by hand, looked at each time that is due."""

    def __init__(self) -> None:
        self.degrees_c: float | None = 50.0
        self.weak = False
        self.events: list[Event] = []
        self.health = Health(self.events.append, lambda: self.degrees_c, lambda: self.weak)
        self.now_s = 0.0

    def look(self, degrees_c: float | None = 50.0, *, weak: bool = False) -> list[str]:
        self.degrees_c, self.weak = degrees_c, weak
        self.now_s += LOOK_S
        self.events.clear()
        self.health.look(self.now_s)
        return [
            f"{type(event).__name__} {event.part}" for event in self.events if isinstance(event, PartLost | PartFound)
        ]


def test_a_hot_processor_is_told_once_until_it_has_cooled_down() -> None:
    board = Board()
    assert [board.look(degrees_c) for degrees_c in (79.9, 80.0, 85.0, 76.0, 74.0, 80.0)] == [
        [],
        ["PartLost cooling"],
        [],
        [],
        ["PartFound cooling"],
        ["PartLost cooling"],
    ]


def test_what_is_said_of_it_has_a_reason_for_the_log() -> None:
    board = Board()
    board.look(82.0)
    assert board.events == [PartLost("cooling", "the processor has 82 °C and slows down", phrases.TOO_HOT)]


def test_a_weak_power_supply_is_told_once_until_it_is_better() -> None:
    board = Board()
    assert [board.look(weak=weak) for weak in (False, True, True, False)] == [
        [],
        ["PartLost power supply"],
        [],
        ["PartFound power supply"],
    ]


def test_a_board_without_sensors_is_well() -> None:
    assert Board().look(None) == []


def test_it_looks_no_oftener_than_it_must() -> None:
    board = Board()
    board.look()
    board.degrees_c = 90.0
    board.health.look(board.now_s + LOOK_S - 0.1)
    assert board.events == []


@pytest.mark.parametrize(("alarm", "low"), [("1\n", True), ("0\n", False), (None, False)])
def test_the_voltage_is_what_the_kernels_sensor_says(
    alarm: str | None, low: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "SYS", tmp_path)
    if alarm:
        (tmp_path / "class/hwmon/hwmon1").mkdir(parents=True)
        (tmp_path / "class/hwmon/hwmon1/in0_lcrit_alarm").write_text(alarm)
    assert device.has_low_voltage() is low
