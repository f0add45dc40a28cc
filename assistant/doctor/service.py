"""The installed service: its unit, its network lock as the kernel enforces it, its settings, its GPIO."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from assistant.doctor.finding import Finding, Patient, ill, untried, well
from assistant.errors import ConfigError
from assistant.panel.check import check_panel
from assistant.panel.gpio import open_gpio, pin_errors

UNIT = "assistant.service"
SHOWN = "LoadState,ActiveState,UnitFileState,MainPID,RestrictAddressFamilies,IPAddressDeny,NRestarts"
SYSTEMD = Path("/run/systemd/system")  # which is there where systemd runs (sd_booted(3))
TIMEOUT_S = 10.0


def unit(patient: Patient) -> Iterator[Finding]:
    """Whether it is installed, starts at boot and runs."""
    shown = _shown()
    if shown is None:
        yield untried("unit", "there is no systemd here")
        return
    if shown.get("LoadState") != "loaded":
        yield untried("unit", "not installed; sudo ./setup.sh install makes it start at boot")
        return
    if shown.get("UnitFileState") != "enabled":
        yield ill("unit", "does not start at boot", "sudo systemctl enable assistant")
    elif shown.get("ActiveState") != "active":
        yield ill("unit", f"is {shown.get('ActiveState')}", "sudo systemctl start assistant; journalctl -u assistant")
    else:
        yield well("unit", f"runs, and starts at boot; started anew {shown.get('NRestarts', '0')} times since")
    yield from _lock(shown)


def _lock(shown: dict[str, str]) -> Iterator[Finding]:
    """The kernel's own word on it: `Seccomp: 2` in /proc/PID/status, and the unit's filters of addresses."""
    part, cure = "network lock", "install the unit anew: sudo ./setup.sh install"
    pid = shown.get("MainPID", "0")
    if pid == "0":
        yield untried(part, "the service does not run")
        return
    families, addresses = shown.get("RestrictAddressFamilies", ""), shown.get("IPAddressDeny", "")
    try:
        filtered = "\nSeccomp:\t2" in Path(f"/proc/{pid}/status").read_text()
    except OSError as error:
        yield untried(part, f"/proc/{pid} cannot be read: {error.strerror}; try: sudo assistant doctor")
        return
    if filtered and families == "AF_UNIX" and "::/0" in addresses:
        yield well(part, "the kernel lets it make no socket but of AF_UNIX, and drops every packet of it")
    else:
        told = f"families {families or 'any'}, addresses denied {addresses or 'none'}"
        yield ill(part, f"{told}, system calls {'filtered' if filtered else 'not filtered'}", cure)


def network(patient: Patient) -> Iterator[Finding]:
    """What the running assistant says of its own sockets."""
    if patient.status is None:
        return
    n_open = patient.status["network"]["open_sockets"]
    if n_open:
        yield ill(
            "network sockets", f"{n_open} are open", "this must not be; please report it: assistant doctor --report"
        )
    else:
        tried = ", and the kernel refused it one" if patient.status["network"]["locked"] else ""
        yield well("network sockets", f"none is open{tried}")


def settings(patient: Patient) -> Iterator[Finding]:
    """Whether a reload was refused."""
    if patient.status and (fault := patient.status["settings_fault"]):
        yield ill("settings", f"the new ones were refused: {fault}", "mend the file, then: assistant reload")
    else:
        yield well("settings", "no fault")


def gpio(patient: Patient) -> Iterator[Finding]:
    """Whether there are pins, where a panel or outputs are set up."""
    panel, outputs = patient.settings.panel, patient.settings.outputs
    if panel.board == "none" and not outputs:
        yield well("GPIO", "nothing is set up on it")
        return
    try:
        check_panel(panel, outputs)
        open_gpio()
    except ConfigError as error:
        yield ill("GPIO", str(error), "see: assistant check")
    except pin_errors() as error:
        cure = "on a Raspberry Pi: sudo apt install python3-lgpio, and be of the group gpio"
        yield ill("GPIO", f"cannot be opened: {error}", cure)
    else:
        yield well("GPIO", f"opens; board {panel.board}, {len(outputs)} outputs")


def _shown() -> dict[str, str] | None:
    """What systemd tells of the unit; None where there is no systemd."""
    if not shutil.which("systemctl") or not SYSTEMD.exists():
        return None
    command = ["systemctl", "show", UNIT, f"--property={SHOWN}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
