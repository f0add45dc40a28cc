import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.doing.clock import SystemClock, kernel_is_synchronized

ZONES = Path("/usr/share/zoneinfo")
NOW_S = datetime(2026, 12, 1, 12, tzinfo=UTC).timestamp()


class Machine:
    """What a SystemClock reads: the kernel's time, systemd's mark, clock chips, the zone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.system_s = NOW_S
        self.synchronized = False
        self.timesync = folder / "synchronized"
        self.chips = folder / "rtc"
        self.localtime = folder / "localtime"

    def clock(self, *, trusted: bool = False, noted_utc_s: float = 0.0) -> SystemClock:
        return SystemClock(
            trusted=trusted,
            noted_utc_s=noted_utc_s,
            system_s=lambda: self.system_s,
            synchronized=lambda: self.synchronized,
            timesync=self.timesync,
            clock_chips=self.chips,
            localtime=self.localtime,
        )

    def fit_chip(self, off_by_s: float = 0.0, *, set_the_system: bool = True) -> None:
        chip = self.chips / "rtc0"
        chip.mkdir(parents=True)
        (chip / "hctosys").write_text(f"{int(set_the_system)}\n")
        (chip / "since_epoch").write_text(f"{int(self.system_s + off_by_s)}\n")

    def live_in(self, zone: str) -> None:
        self.localtime.unlink(missing_ok=True)
        self.localtime.symlink_to(ZONES / zone)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.delenv("TZ", raising=False)
    return Machine(tmp_path)


def test_the_real_clock_gives_the_time_of_this_machine() -> None:
    clock = SystemClock()
    assert abs(clock.now().timestamp() - time.time()) < 5
    assert clock.now().utcoffset() == datetime.now().astimezone().utcoffset()
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(clock.boot_s() - uptime_s) < 5
    assert len(clock.boot_id()) == 36
    assert clock.boot_id() == SystemClock().boot_id()
    assert kernel_is_synchronized() in (True, False)


def test_without_a_time_server_or_a_chip_the_time_is_not_known(machine: Machine) -> None:
    assert not machine.clock().is_right()


def test_the_owner_may_vouch_for_the_clock_but_not_for_a_time_before_this_program(machine: Machine) -> None:
    clock = machine.clock(trusted=True)
    assert clock.is_right()
    machine.system_s = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert not clock.is_right()


def test_a_time_server_makes_it_right(machine: Machine) -> None:
    clock = machine.clock()
    machine.synchronized = True
    assert clock.is_right()


def test_it_stays_right_when_the_server_is_gone_until_somebody_sets_the_time(machine: Machine) -> None:
    machine.synchronized = True
    clock = machine.clock()
    assert clock.is_right()
    machine.synchronized = False
    assert clock.is_right()
    for jump_s in (5 * 3600, -10 * 3600):
        machine.system_s += jump_s
        assert not clock.is_right()
    machine.synchronized = True
    assert clock.is_right()


def test_the_mark_of_systemd_counts_for_a_program_that_starts_later(machine: Machine) -> None:
    machine.timesync.touch()
    clock = machine.clock()
    assert clock.is_right()
    machine.system_s += 3600
    assert not clock.is_right()


def test_a_chip_that_set_the_system_makes_it_right(machine: Machine) -> None:
    machine.fit_chip(off_by_s=2)
    assert machine.clock().is_right()


def test_a_chip_that_the_kernel_did_not_use_vouches_for_nothing(machine: Machine) -> None:
    machine.fit_chip(set_the_system=False)
    assert not machine.clock().is_right()


def test_a_chip_without_a_battery_vouches_for_nothing(machine: Machine) -> None:
    machine.fit_chip(off_by_s=-50 * 365 * 86_400)  # systemd has since moved the system clock on to its last shutdown
    assert not machine.clock().is_right()


def test_a_chip_behind_the_last_known_time_vouches_for_nothing(machine: Machine) -> None:
    machine.fit_chip()
    assert not machine.clock(noted_utc_s=NOW_S + 3600).is_right()
    assert machine.clock(noted_utc_s=NOW_S - 3600).is_right()


def test_a_chip_that_cannot_be_read_vouches_for_nothing(machine: Machine) -> None:
    machine.fit_chip()
    (machine.chips / "rtc0" / "since_epoch").unlink()
    assert not machine.clock().is_right()


def test_the_zone_is_read_again_when_it_changes(machine: Machine) -> None:
    machine.live_in("Europe/Berlin")
    clock = machine.clock()
    assert clock.now().isoformat() == "2026-12-01T13:00:00+01:00"
    assert str(clock.now().tzinfo) == "Europe/Berlin"
    assert clock.now().tzinfo is clock.now().tzinfo
    machine.live_in("America/New_York")
    assert clock.now().isoformat() == "2026-12-01T07:00:00-05:00"
    machine.localtime.unlink()
    shutil.copy(ZONES / "Asia/Tokyo", machine.localtime)
    assert clock.now().utcoffset() == timedelta(hours=9)


def test_the_environment_comes_before_the_file(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.live_in("Europe/Berlin")
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert machine.clock().now().utcoffset() == timedelta(hours=9)


@pytest.mark.parametrize("name", ["Nowhere/Land", "../../etc/passwd", "/etc/localtime"])
def test_a_wrong_zone_in_the_environment_is_told_and_passed_over(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    machine.live_in("Europe/Berlin")
    monkeypatch.setenv("TZ", name)
    clock = machine.clock()
    assert clock.now().utcoffset() == clock.now().utcoffset() == timedelta(hours=1)
    assert caplog.text.count("not a time zone") == 1


def test_without_a_zone_it_is_utc(machine: Machine) -> None:
    assert machine.clock().now().utcoffset() == timedelta(0)
    machine.localtime.write_bytes(os.urandom(100))
    assert machine.clock().now().utcoffset() == timedelta(0)


def test_the_zone_knows_daylight_saving(machine: Machine) -> None:
    machine.live_in("Europe/Berlin")
    machine.system_s = datetime(2027, 7, 1, 12, tzinfo=UTC).timestamp()
    assert machine.clock().now().hour == 14
