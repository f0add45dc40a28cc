"""What the device knows of itself, read from the kernel's files: no network socket is opened. Any thread."""

import os
import re
import socket
from dataclasses import dataclass
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


def host_name() -> str:
    """As it is called in the network."""
    return socket.gethostname()
