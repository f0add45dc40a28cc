#!/usr/bin/python3
"""The first process of the virtual machine: does the jobs in /jobs.json, one by one, and switches it off."""

import contextlib
import ctypes
import json
import subprocess
import sys
from pathlib import Path

MS_BIND = 4096
LINUX_REBOOT_CMD_POWER_OFF = 0x4321FEDC
ENVIRONMENT = {"PATH": "/usr/bin:/usr/sbin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONPATH": "/:/packages"}
# By which gpiozero knows a Raspberry Pi, here a Pi 4.
REVISION = "\nRevision\t: c03115\n"


def mount(what: str, where: str, kind: str, flags: int = 0) -> None:
    """Mounts a file system, or binds a file to another name."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(what.encode(), where.encode(), kind.encode(), flags, None):
        raise OSError(ctypes.get_errno(), f"cannot mount {where}")


def main() -> None:
    """Tells of each job in a line that begins with @@."""
    for kind, where in (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("debugfs", "/sys/kernel/debug")):
        with contextlib.suppress(OSError):  # the kernel may have mounted it already
            mount(kind, where, kind)
    Path("/cpuinfo").write_text(Path("/proc/cpuinfo").read_text() + REVISION)
    mount("/cpuinfo", "/proc/cpuinfo", "", MS_BIND)
    jobs = json.loads(Path("/jobs.json").read_text())
    for name, within_s, command in jobs:
        try:
            done = subprocess.run(
                command, env=ENVIRONMENT, timeout=within_s, capture_output=True, text=True, check=False
            )
        except subprocess.TimeoutExpired:
            found = {"failed": f"not done after {within_s} s"}
        else:
            last = (done.stderr.strip().splitlines() or [""])[-1]
            found = (
                {"failed": f"{done.returncode}: {last}"}
                if done.returncode
                else json.loads(done.stdout.splitlines()[-1])
            )
        sys.stdout.write(f"\n@@{json.dumps([name, found])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    finally:
        sys.stdout.flush()
        ctypes.CDLL(None).reboot(LINUX_REBOOT_CMD_POWER_OFF)
