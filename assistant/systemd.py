"""What the service tells systemd, as in sd_notify(3); without systemd it tells nobody. Any thread."""

import os
import socket
import time

READY, STOPPING = "READY=1", "STOPPING=1"


def notify(*lines: str) -> None:
    """Sends these assignments (`READY=1`, `STATUS=...`); a service manager that is gone is no fault of ours."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not lines:
        return
    if address.startswith("@"):  # in the abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.settimeout(1.0)
        try:
            out.connect(address)
            out.send("\n".join(lines).encode())
        except OSError:
            return


def is_told() -> bool:
    """Whether this is a service of systemd's, which nobody watches on a terminal."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def reloading() -> None:
    """The settings are being read again; `READY=1` says that they have been."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def watchdog_s() -> float | None:
    """Within how many seconds systemd wants a sign of life; None where it wants none."""
    limit_us = os.environ.get("WATCHDOG_USEC", "")
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(limit_us) / 1e6 if meant and limit_us.isdigit() and int(limit_us) > 0 else None
