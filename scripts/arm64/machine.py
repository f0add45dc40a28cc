"""A virtual machine with a gpiochip and memory in pages of 16 KiB, as a Raspberry Pi 5 has; qemu's `virt` board.

Its disk is in memory: the Debian of `boards`, the aarch64 packages and the project.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from arm64.boards import BOOKWORM, MIRROR, PI_5, TRIXIE, root_of, unpack
from arm64.bounded import PROJECT, StepError, kept, run

KERNEL = "linux-image-arm64-16k"  # of Debian 13
BOOT_S = 300.0


@dataclass(frozen=True, slots=True)
class Job:
    """A command for the machine, which finds the packages and the project below /."""

    name: str
    within_s: float
    command: tuple[str, ...]


def kernel() -> Path:
    """Debian's kernel."""

    def make(folder: Path) -> None:
        root = folder / "root"
        unpack(TRIXIE, KERNEL, root)
        (image,) = (root / "boot").glob("vmlinuz-*")
        image.rename(folder / "vmlinuz")
        shutil.rmtree(root)

    return kept("kernel", (KERNEL, MIRROR), make) / "vmlinuz"


def done_in_machine(jobs: Sequence[Job], folders: Sequence[Path]) -> dict[str, Any]:
    """What each job found, by its name; a job that failed is told of under the key `failed`.

    Raises:
        StepError: the machine did not do them all.
    """
    with tempfile.TemporaryDirectory() as folder:
        disk, control, init = (Path(folder) / name for name in ("disk.cpio", "control", "init"))
        shutil.copy(Path(__file__).with_name("guest.py"), init)
        init.chmod(0o755)
        (Path(folder) / "jobs.json").write_text(json.dumps([[job.name, job.within_s, job.command] for job in jobs]))
        for where, what in (
            (root_of(BOOKWORM), "."),
            *((path, ".") for path in folders),
            (PROJECT, "assistant scripts"),
            (Path(folder), "init jobs.json"),
        ):
            pack = f'cd "$0" && find {what} -name __pycache__ -prune -o -print | cpio --quiet -o -H newc >>"$1"'
            run("sh", "-c", pack, where, disk, within_s=120)
        within_s = BOOT_S + sum(job.within_s for job in jobs)
        command = (
            *("timeout", "--signal=KILL", str(within_s), "nice", "-n", "10"),
            *("qemu-system-aarch64", "-M", "virt", "-cpu", PI_5.cpu, "-smp", str(os.cpu_count()), "-m", "4G"),
            *("-kernel", kernel(), "-initrd", disk, "-append", "console=ttyAMA0 rdinit=/init panic=-1 quiet"),
            *("-nic", "none", "-no-reboot", "-nographic", "-monitor", "none", "-qmp", f"unix:{control},server,nowait"),
        )
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, text=True, errors="replace", **pipes) as machine:  # type: ignore[call-overload]
            lines = list(_attended(machine.stdout, control))
    found: dict[str, Any] = dict(map(json.loads, lines))
    if missing := [job.name for job in jobs if job.name not in found]:
        raise StepError(f"the machine was not done with {missing[0]}")
    return found


def _attended(console: IO[str], control: Path) -> Iterator[str]:
    """What the machine found, as it tells it; presses its power button when it asks for that."""
    for line in console:
        told = line.strip().removeprefix("@@")
        if told == "press":
            with socket.socket(socket.AF_UNIX) as qmp:
                qmp.connect(str(control))
                with qmp.makefile("rw") as talk:
                    for command in ("qmp_capabilities", "system_powerdown"):
                        talk.write(json.dumps({"execute": command}))
                        talk.flush()
                        while "return" not in talk.readline():
                            pass
        elif told != line.strip():
            yield told
