"""What time it is, and whether that is known. Any thread.

A Raspberry Pi without a clock chip starts with the time of its last shutdown, or of its image, until a time server is
reached. Alarms and "what time is it" must not guess then, so the clock says whether it is right. Seconds since the
boot are always right; they go on while the system sleeps, and no setting of the time moves them.
"""

import ctypes
import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

log = logging.getLogger(__name__)

LOCALTIME = Path("/etc/localtime")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd makes it once a server has answered
CLOCK_CHIPS = Path("/sys/class/rtc")
WRITTEN_UTC_S = datetime(2026, 11, 1, tzinfo=UTC).timestamp()  # an earlier time than this program's cannot be right
STEP_S = 5.0  # a change of the system time by more is somebody's setting, not a correction of its rate
CHIP_TOLERANCE_S = 120.0  # a chip gives whole seconds, and drifts some seconds a day while the system runs
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized to a reliable server
TIMEX_BYTES = 512  # more than any platform's struct timex; zero in its first field, modes, changes nothing


class Clock(Protocol):
    """The time, as the room `doing` sees it."""

    def now(self) -> datetime:
        """The system time, aware, in the home's zone."""
        ...

    def boot_s(self) -> float:
        """Seconds since the boot."""
        ...

    def boot_id(self) -> str:
        """Which boot that was."""
        ...

    def is_right(self) -> bool:
        """Whether the system time is known to be right."""
        ...


def kernel_is_synchronized() -> bool:
    """Whether a time server, or another good source, steers the kernel's clock (adjtimex(2))."""
    return ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)) not in (-1, TIME_ERROR)


class SystemClock:
    """The machine's clock.

    It is right when a time server was reached in this boot and nobody has set another time since, or when a clock chip
    set the time at boot, still agrees with it, and is not behind the last time that was noted: a chip without a
    battery starts anywhere. Nothing earlier than this program is right.
    """

    def __init__(
        self,
        *,
        trusted: bool = False,
        noted_utc_s: float = 0.0,
        system_s: Callable[[], float] = time.time,
        synchronized: Callable[[], bool] = kernel_is_synchronized,
        timesync: Path = TIMESYNC,
        clock_chips: Path = CLOCK_CHIPS,
        localtime: Path = LOCALTIME,
    ) -> None:
        """`trusted`: the owner says that the time is right; `noted_utc_s`: when it was last known to be (Schedule)."""
        self._trusted = trusted
        self._noted_utc_s = noted_utc_s
        self._system_s = system_s
        self._synchronized = synchronized
        self._timesync = timesync
        self._clock_chips = clock_chips
        self._localtime = localtime
        self._boot_id = BOOT_ID.read_text().strip()
        self._zone: tuple[object, tzinfo] | None = None
        self._right_offset_s: float | None = None  # system time less boot clock, when a server last vouched for it

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._system_s(), self._home_zone())

    def boot_s(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        return self._boot_id

    def is_right(self) -> bool:
        system_s = self._system_s()
        if system_s < WRITTEN_UTC_S:
            return False
        return self._trusted or self._vouched_by_server(system_s) or self._vouched_by_chip(system_s)

    def _vouched_by_server(self, system_s: float) -> bool:
        offset_s = system_s - self.boot_s()
        # The kernel forgets its synchronization after hours without a server, and at once when somebody sets the time;
        # the first leaves the time as it was.
        if self._synchronized() or (self._right_offset_s is None and self._timesync.exists()):
            self._right_offset_s = offset_s
        return self._right_offset_s is not None and abs(offset_s - self._right_offset_s) < STEP_S

    def _vouched_by_chip(self, system_s: float) -> bool:
        return system_s > self._noted_utc_s - CHIP_TOLERANCE_S and any(
            abs(chip_s - system_s) < CHIP_TOLERANCE_S for chip_s in self._chips_s()
        )

    def _chips_s(self) -> list[float]:
        """What the chips say that the kernel set its clock by (Documentation/ABI/testing/sysfs-class-rtc)."""
        times_s = []
        for chip in self._clock_chips.glob("rtc*"):
            try:
                if (chip / "hctosys").read_text().strip() == "1":
                    times_s.append(float((chip / "since_epoch").read_text()))
            except (OSError, ValueError):  # a chip that lost its power cannot be read, and vouches for nothing
                continue
        return times_s

    def _home_zone(self) -> tzinfo:
        """TZ, else /etc/localtime, else UTC; read again when either changes."""
        name = os.environ.get("TZ", "").removeprefix(":")
        key = (name, _stamp(self._localtime))
        if self._zone is None or self._zone[0] != key:
            self._zone = (key, self._read_zone(name))
        return self._zone[1]

    def _read_zone(self, name: str) -> tzinfo:
        if name:
            try:
                return ZoneInfo(name)
            except (KeyError, OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
                log.warning("TZ=%s: not a time zone; using %s; set TZ to one like Europe/Berlin", name, self._localtime)
        try:
            with self._localtime.open("rb") as file:
                return ZoneInfo.from_file(file, key=_zone_name(self._localtime))
        except (OSError, ValueError) as error:
            log.warning("%s: not a time zone (%s); using UTC; set one with timedatectl", self._localtime, error)
            return UTC


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _zone_name(localtime: Path) -> str:
    """Such as Europe/Berlin, by where the link leads; "localtime" for a copy."""
    before, _, name = str(localtime.resolve()).partition("zoneinfo/")
    return name if before and name else "localtime"
