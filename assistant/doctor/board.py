"""The device: memory, disk, clock, warmth, power."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from assistant.config import models_folder
from assistant.doctor.finding import Finding, Patient, ill, untried, well
from assistant.doing import device
from assistant.doing.clock import SystemClock
from assistant.doing.device_actions import HOT_C
from assistant.errors import ModelError
from assistant.models import memory_bytes
from assistant.parts import model_of
from assistant.store import state_folder

LEAST_FREE_BYTES = 500 * 10**6
REST_BYTES = 500 * 2**20  # that Vosk, Piper and Python take beside the language model


def memory(patient: Patient) -> Iterator[Finding]:
    """Whether the language model fits."""
    has = memory_bytes()
    try:
        chosen = model_of(patient.settings, "llm")
    except ModelError:
        yield untried("memory", f"{has / 2**30:.1f} GiB; no language model to compare it with")
        return
    takes = chosen.path.stat().st_size
    told = f"{has / 2**30:.1f} GiB, for a model of {takes / 2**30:.1f} GiB"
    if has >= takes + REST_BYTES:
        yield well("memory", told)
    else:
        yield ill("memory", f"{told}: too little", "choose a smaller model: assistant models list")


def disk(patient: Patient) -> Iterator[Finding]:
    """Whether there is room where it keeps things, and whether it may write there."""
    places = {"state": state_folder(), "models": models_folder(patient.settings)}
    for name, folder in places.items():
        part = f"disk for {name}"
        there = next(one for one in (folder, *folder.parents) if one.exists())
        free = shutil.disk_usage(there).free
        told = f"{free / 1e9:.1f} GB free for {folder}"
        if free < LEAST_FREE_BYTES:
            yield ill(part, f"{told}: it will soon be full", "remove what is not needed: sudo apt clean; df -h")
        elif name == "state" and not os.access(there, os.W_OK):
            yield _unwritable(part, patient, there)
        else:
            yield well(part, told)


def _unwritable(part: str, patient: Patient, folder: Path) -> Finding:
    if patient.status:
        return untried(part, f"{folder} is not yours to write; the assistant that runs tells of it under store")
    return ill(
        part, f"{folder} cannot be written", "run it as the user assistant, or see whether the card is read-only"
    )


def store(patient: Patient) -> Iterator[Finding]:
    """Whether the running assistant can keep what it is told."""
    if not patient.status:
        return
    if fault := patient.fault_of("store"):
        yield ill("store", fault, "see `df -h` and `dmesg`; a worn-out card becomes read-only")
    else:
        yield well("store", "what is set is kept")


def clock(patient: Patient) -> Iterator[Finding]:
    """Whether the time is known."""
    right = SystemClock(trusted=patient.settings.clock.always_right).is_right()
    if right:
        yield well("clock", "the time of day is known")
    else:
        cure = "connect a clock chip, or let it reach a time server once; clock.always_right: true if you vouch for it"
        yield ill("clock", "nobody vouches for the time of day, so it tells no time and alarms wait", cure)


def temperature(patient: Patient) -> Iterator[Finding]:
    """Whether the processor is cool enough to work at full speed."""
    degrees_c = device.temperature_c()
    if degrees_c is None:
        yield untried("temperature", "no sensor tells it here")
    elif degrees_c >= HOT_C:
        yield ill("temperature", f"{degrees_c:.0f} °C: it slows down", "give it air, or a cooler with a fan")
    else:
        yield well("temperature", f"{degrees_c:.0f} °C")


def power(patient: Patient) -> Iterator[Finding]:
    """Whether the supply voltage is high enough."""
    if device.has_low_voltage():
        yield ill("power supply", "the voltage is too low", "use the power supply that is made for this board")
    else:
        yield well("power supply", "no alarm of low voltage")
