"""A virtual machine: Debian in qemu, without a network, with a sound card in software.

Where the processor cannot help, it is emulated, and then the machine's clock goes by what it has computed
(`-icount`): to itself it is a computer of one core and 1 GHz that hears and speaks in real time, though all of it
takes some five times as long, on a busy host twenty times. All durations here are the machine's own, and `slowness`
says how much longer they may take outside. Everything is bounded: a machine ends by itself after its life.
"""

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import time
from functools import cache
from pathlib import Path

from vm.agent import Agent, MachineError
from vm.image import Image

KVM_GET_API_VERSION = 0xAE00
MEMORY = "1536M"
BOOT_S = 40.0
LIFE_S = 400.0
DIES_WITH_US = "setpriv", "--pdeathsig", "KILL"
KERNEL_OPTIONS = "root=/dev/vda rw console=ttyS0 quiet mitigations=off cryptomgr.notests systemd.show_status=0 panic=-1"


@cache
def has_kvm() -> bool:
    """Whether the processor can run it; a node in /dev alone says nothing."""
    if not re.search(r"^flags.*\b(vmx|svm)\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
        return False
    try:
        with open("/dev/kvm", "rb+", buffering=0) as kvm:  # noqa: PTH123  # no file that could be a Path's
            return fcntl.ioctl(kvm, KVM_GET_API_VERSION) == 12
    except OSError:
        return False


def slowness() -> float:
    """How many times as long as in the machine something may take."""
    return 2.0 if has_kvm() else 25.0


def processor() -> list[str]:
    """Options of qemu. TCG with a clock of its own does not start a second core."""
    if has_kvm():
        return ["-accel", "kvm", "-cpu", "host", "-smp", "2"]
    return ["-accel", "tcg,thread=single,tb-size=512", "-cpu", "max", "-smp", "1", "-icount", "shift=0,sleep=on"]


class Machine:
    """One machine with its disk, which lives on from one start to the next."""

    def __init__(self, image: Image, bundle: Path, folder: Path) -> None:
        """`folder` is for its disk, its console, and the room: a folder that is /room inside."""
        self._image = image
        self._bundle = bundle
        self._folder = folder
        self._qemu: subprocess.Popen[bytes] | None = None
        self._agent: Agent | None = None
        self.room = folder / "room"
        self.room.mkdir(parents=True)
        self._disk = image.copy_on_write(folder / "disk")

    def start(self, *, clock_s: float | None = None) -> None:
        """Boots, and returns when commands can be run.

        `clock_s` is what its clock shows then, in seconds since 1970, instead of the time.

        Raises:
            MachineError: it did not come up in time.
        """
        agent = self._folder / "agent"
        agent.unlink(missing_ok=True)
        clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() if clock_s is None else clock_s))
        command = [*DIES_WITH_US, "timeout", "--signal=KILL", str(LIFE_S * slowness())]
        command += [*DIES_WITH_US, "qemu-system-x86_64", *processor()]
        command += ["-nodefaults", "-display", "none", "-nic", "none", "-no-reboot", "-m", MEMORY]
        command += ["-machine", "q35,sata=off,smbus=off", "-rtc", f"base={clock},clock=vm", "-device", "virtio-rng-pci"]
        command += ["-kernel", str(self._image.kernel), "-initrd", str(self._image.initrd), "-append", KERNEL_OPTIONS]
        command += ["-drive", f"file={self._disk},if=virtio,format=qcow2,cache=writeback,discard=unmap"]
        command += ["-virtfs", f"local,path={self.room},mount_tag=room,security_model=none"]
        command += ["-virtfs", f"local,path={self._bundle},mount_tag=bundle,security_model=none,readonly=on"]
        command += ["-serial", f"file:{self._folder / 'console'}", "-device", "virtio-serial"]
        command += ["-chardev", f"socket,path={agent},server=on,wait=off,id=agent"]
        command += ["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
        with (self._folder / "qemu").open("wb") as told:
            self._qemu = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, start_new_session=True
            )
        self._agent = Agent(agent, self._qemu)
        try:
            self._agent.wait_until_up(BOOT_S * slowness())
        except MachineError as error:
            raise MachineError(f"it did not boot: {error}\n{self.last_words()}") from error

    def open_bundle(self) -> str:
        """Where the bundle is inside, from now on."""
        options = "trans=virtio,version=9p2000.L,msize=524288,ro"
        self.run(f"mkdir -p /mnt/bundle && mount -t 9p -o {options} bundle /mnt/bundle")
        return "/mnt/bundle"

    @property
    def is_on(self) -> bool:
        return self._qemu is not None and self._qemu.poll() is None

    def run(self, command: str, within_s: float = 20.0) -> str:
        """What a command of bash prints in the machine.

        Raises:
            MachineError: it failed, or took too long.
        """
        code, output = self.wait_for(self.spawn(command), within_s, command)
        if code:
            raise MachineError(f"{command!r} gave {code}:\n{output.strip()[-3000:]}")
        return output.strip()

    def spawn(self, command: str) -> int:
        """Starts a command of bash; gives its number for `wait_for`."""
        return self._told.spawn(command)

    def wait_for(self, pid: int, within_s: float, command: str = "a command") -> tuple[int, str]:
        """Exit code and output of a command when it has ended. Raises MachineError: it took too long."""
        done = self._told.wait_for(pid, within_s * slowness())
        if done is None:
            raise MachineError(f"{command!r} took more than {within_s:.0f} s of the machine's")
        return done

    def cut_power(self) -> None:
        """Ends it at once: what was not written to its disk is lost."""
        if self._qemu:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._qemu.pid, signal.SIGKILL)
            self._qemu.wait()
        if self._agent:
            self._agent.close()
        self._qemu = self._agent = None

    def shut_down(self) -> None:
        """Ends it in good order. Raises MachineError: that took too long."""
        assert self._qemu
        self.spawn("systemctl poweroff")
        try:
            self._qemu.wait(30 * slowness())
        except subprocess.TimeoutExpired:
            raise MachineError(f"it does not shut down:\n{self.last_words()}") from None
        finally:
            self.cut_power()

    def last_words(self) -> str:
        """Those of its console and of qemu itself."""
        return "\n".join((self._folder / name).read_text(errors="replace")[-1500:] for name in ("console", "qemu"))

    @property
    def _told(self) -> Agent:
        if not self._agent:
            raise MachineError("the machine is switched off")
        return self._agent
