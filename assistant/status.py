"""What it is doing and how it is: an object for programs, a screen for people. Reads the kernel's files; any thread."""

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.doing import device

if TYPE_CHECKING:  # whoever only shows it needs no engines
    from assistant.assembly import Assembly
    from assistant.daemon import Daemon
    from assistant.doing.schedule import Entry
    from assistant.faults import Fault

Status = dict[str, Any]


def status(
    daemon: "Daemon", parts: "Assembly", faults: "tuple[Fault, ...]", since_s: float, settings_fault: str
) -> Status:
    """All of it; durations in seconds. `since_s` is when the state began, `settings_fault` why a reload was refused."""
    now_s = time.monotonic()
    settings, record = parts.settings, daemon.record
    last_turn = None
    if record.turn:
        last_turn = {
            "number": record.turn.number,
            "timings": record.timings(),
            "actions": [one.action for one in record.did],
            "tokens_per_s": record.tokens.per_second if record.tokens else None,
            "failed": record.failed is not None,
        }
    return {
        "version": __version__,
        "state": daemon.state.phase.value,
        "since_s": round(now_s - since_s, 1),
        "up_s": round(device.process_age_s(), 1),
        "muted": daemon.state.muted,
        "models": dict(parts.models),
        "wake_phrases": list(settings.wake.phrase),
        "devices": parts.sound.devices(),
        "echo": settings.audio.echo,
        "last_turn": last_turn,
        "timers": [_timer(entry, parts.kept.schedule.left_s(entry)) for entry in parts.kept.schedule.entries()],
        "temperature_c": device.temperature_c(),
        "faults": [
            {"part": one.part, "reason": one.reason, "since_s": round(now_s - one.since_s, 1)} for one in faults
        ],
        "settings_fault": settings_fault or None,
        "network": {"locked": device.network_is_locked(), "open_sockets": device.n_network_sockets()},
    }


def _timer(entry: "Entry", left_s: float) -> Status:
    return {"kind": entry.kind.value, "name": entry.name, "state": entry.state.value, "left_s": round(left_s, 1)}


def screen(status: Status) -> str:
    """The same for a person, in a line or some for each thing."""
    return "\n".join(f"{name + ':':<16}{told}" for name, told in _lines(status))


def _lines(status: Status) -> Iterator[tuple[str, str]]:
    yield "state", f"{status['state']} for {_ago(status['since_s'])}, running for {_ago(status['up_s'])}"
    yield "wake phrase", " or ".join(phrase.replace("_", " ") for phrase in status["wake_phrases"])
    for purpose, name in status["models"].items():
        yield purpose, name
    for kind in ("microphone", "speaker"):
        yield kind, status["devices"].get(kind) or "none open"
    yield "last turn", _turn(status["last_turn"])
    for timer in status["timers"]:
        name = f' "{timer["name"]}"' if timer["name"] else ""
        yield timer["kind"], f"{timer['state']}{name}, due in {_ago(timer['left_s'])}"
    if status["temperature_c"] is not None:
        yield "temperature", f"{status['temperature_c']:.0f} °C"
    network = status["network"]
    lock = "closed by the kernel" if network["locked"] else "not locked (only the installed service is)"
    yield "network", f"{lock}; {network['open_sockets']} sockets open"
    for fault in status["faults"]:
        yield "fault", f"{fault['part']}, for {_ago(fault['since_s'])}: {fault['reason']}"
    if status["settings_fault"]:
        yield "settings", f"the new ones were refused, the old ones stay: {status['settings_fault']}"
    if not (status["faults"] or status["settings_fault"]):
        yield "faults", "none"


def _turn(turn: Mapping[str, Any] | None) -> str:
    if turn is None:
        return "none yet"
    times = {name.removesuffix("_s").replace("_", " "): s for name, s in turn["timings"].items() if s is not None}
    told = [f"{name} {s:.2f} s" for name, s in times.items()] + turn["actions"] + (["failed"] if turn["failed"] else [])
    return ", ".join(told) or "nothing was asked"


def _ago(duration_s: float) -> str:
    return str(timedelta(seconds=max(0, round(duration_s))))
