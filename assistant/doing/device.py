"""What the device knows of itself, read from the kernel's files: no network socket is opened. Any thread."""

import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC, SYS = Path("/proc"), Path("/sys")


@dataclass(frozen=True, slots=True)
class Load:
    """How busy it is."""

    cpu_percent: float  # of all cores, over the last minute
    memory_free_gib: float
    up_s: float


def temperature_c() -> float | None:
    """Of the processor; None where no sensor tells."""
    for zone in sorted((SYS / "class/thermal").glob("thermal_zone*")):
        try:
            return int((zone / "temp").read_text()) / 1000
        except (OSError, ValueError):
            continue
    return None


def has_low_voltage() -> bool:
    """Whether the kernel's sensor of the supply voltage (the driver raspberrypi-hwmon) gives an alarm."""
    for alarm in (SYS / "class/hwmon").glob("hwmon*/in0_lcrit_alarm"):
        try:
            return alarm.read_text().strip() == "1"
        except OSError:
            continue
    return False


def load() -> Load:
    """As the kernel has it."""
    one_minute, _, _ = os.getloadavg()
    available = re.search(r"MemAvailable:\s+(\d+) kB", (PROC / "meminfo").read_text())
    up_s = float((PROC / "uptime").read_text().split()[0])
    cpu_percent = min(100.0, 100.0 * one_minute / (os.cpu_count() or 1))
    return Load(cpu_percent, int(available[1]) / 2**20 if available else 0.0, up_s)


def addresses() -> tuple[str, ...]:
    """Its own IPv4 addresses but the loopback's, from the routing table that the kernel shows as text.

    In /proc/net/fib_trie a leaf is a line `|-- 192.168.1.5`, and what it is stands below: `/32 host LOCAL`.
    """
    try:
        table = (PROC / "net/fib_trie").read_text()
    except OSError:
        return ()
    found = re.findall(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL", table)
    return tuple(dict.fromkeys(address for address in found if not address.startswith("127.")))


def process_age_s() -> float:
    """How long this process has been running (proc_pid_stat(5), field 22)."""
    n_ticks = int((PROC / "self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - n_ticks / os.sysconf("SC_CLK_TCK")


@cache
def network_is_locked() -> bool:
    """Whether the kernel refuses this process a network socket: where it filters system calls at all, one is tried.

    Without a filter none is tried, since one would be had.
    """
    if not filters_system_calls():
        return False
    try:
        socket.socket(socket.AF_INET).close()
    except OSError:
        return True
    return False


def filters_system_calls() -> bool:
    """Whether the kernel filters what this process may ask of it (proc_pid_status(5): `Seccomp: 2`).

    The unit's filter is what makes a network socket impossible; a process that was started by hand has none.
    """
    return re.search(r"^Seccomp:\s+2$", (PROC / "self/status").read_text(), re.MULTILINE) is not None


def n_network_sockets() -> int:
    """How many sockets this process and those that it started hold open, all but those of AF_UNIX."""
    found = [(link, inode) for pid in _family() for link, inode in _sockets(PROC / pid / "fd")]
    # A row of the table is `Num RefCount Protocol Flags Type St Inode Path`.
    _, *rows = (PROC / "self/net/unix").read_text().splitlines()
    unix = {row.split()[6] for row in rows}
    return len({inode for link, inode in found if inode not in unix and _inode(link) == inode})


def _sockets(folder: Path) -> Iterator[tuple[Path, str]]:
    for link in _files(folder):
        if inode := _inode(link):
            yield link, inode


def _inode(link: Path) -> str:
    """Of the socket that this descriptor is; empty where it is none, or closed meanwhile."""
    try:
        kind, _, rest = str(link.readlink()).partition(":[")
    except OSError:
        return ""
    return rest.removesuffix("]") if kind == "socket" else ""


def _family() -> Iterator[str]:
    """The process numbers of this process and all below it."""
    pids = ["self"]
    while pids:
        yield (pid := pids.pop())
        for task in _files(PROC / pid / "task"):
            try:
                pids += (task / "children").read_text().split()
            except OSError:
                continue


def _files(folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(folder.iterdir())
    except OSError:  # it ended meanwhile
        return ()


def host_name() -> str:
    """As it is called in the network."""
    return socket.gethostname()
