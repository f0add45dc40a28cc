"""All examinations in their order, and what becomes of them: a list for people, an object, a file for a bug report."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.config import Settings
from assistant.doctor import board, build, senses, service, sound
from assistant.doctor.finding import Examine, Finding, Patient, Verdict

EXAMINATIONS: tuple[Examine, ...] = (
    service.settings,
    build.build,
    board.memory,
    board.disk,
    board.store,
    board.clock,
    board.temperature,
    board.power,
    senses.models,
    senses.voice_and_ears,
    senses.answer,
    sound.sound,
    service.gpio,
    service.unit,
    service.network,
)
PACKAGES = ("llama-cpp-python", "vosk", "piper-tts", "onnxruntime", "pymicro-wakeword", "sounddevice", "gpiozero")


def examine(patient: Patient) -> Iterator[Finding]:
    """Each finding as soon as it is known."""
    for examination in EXAMINATIONS:
        yield from examination(patient)


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing is ill; what could not be tried is not."""
    return all(finding.verdict is not Verdict.ILL for finding in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The object that `assistant doctor --json` prints."""
    parts = {
        one.part: {"verdict": one.verdict.value, "told": one.told, **({"cure": one.cure} if one.cure else {})}
        for one in findings
    }
    return {"well": is_well(findings), "parts": parts}


def report(findings: Sequence[Finding], patient: Patient) -> dict[str, Any]:
    """What a bug report needs, and nothing that anybody said or wrote: of the settings only which are changed."""
    status = {name: value for name, value in (patient.status or {}).items() if name not in ("timers", "wake_phrases")}
    return {
        "version": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "board": _board(),
        "packages": {name: _version(name) for name in PACKAGES},
        "changed_settings": sorted(_changed(patient.settings)),
        "status": status or None,
        **as_json(findings),
    }


def _changed(settings: Settings) -> Iterator[str]:
    usual = Settings()
    for section in fields(Settings):
        own, other = getattr(settings, section.name), getattr(usual, section.name)
        if own == other:
            continue
        names = [one.name for one in fields(own)] if hasattr(own, "__dataclass_fields__") else []
        yield from (f"{section.name}.{name}" for name in names if getattr(own, name) != getattr(other, name))
        if not names:
            yield section.name


def _board() -> str:
    """As the device tree names it: `Raspberry Pi 5 Model B Rev 1.0`."""
    try:
        return Path("/proc/device-tree/model").read_text("utf-8", "replace").rstrip("\0")
    except OSError:
        return "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
