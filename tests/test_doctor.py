"""Each fault that is staged here is named by the doctor, with its cure."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import SoundServer

from assistant.config import Audio, Clock, Llm, Models, Output, OwnerCommand, Panel, Settings, Voice, Wake
from assistant.doctor import board, build, examination, senses, service, sound
from assistant.doctor.finding import Examine, Finding, Patient, Verdict
from assistant.doing import device

STATUS: dict[str, Any] = {
    "faults": [],
    "settings_fault": None,
    "muted": False,
    "models": {"language model": "gemma.gguf"},
    "devices": {"microphone": "USB", "speaker": "USB"},
    "network": {"locked": True, "open_sockets": 0},
    "timers": [{"name": "secret pasta"}],
    "wake_phrases": ["secret words"],
}


@pytest.fixture
def patient(models_folder: Path, starter: dict[str, Path]) -> Patient:
    return Patient(Settings(models=Models(str(models_folder)), clock=Clock(always_right=True)), None)


@pytest.fixture
def own_models(patient: Patient, models_folder: Path, tmp_path: Path) -> Patient:
    """With a copy of the models that may be spoilt."""
    shutil.copytree(models_folder, tmp_path / "models", symlinks=True)
    return replace(patient, settings=replace(patient.settings, models=Models(str(tmp_path / "models"))))


def findings(examine: Examine, patient: Patient) -> dict[str, Finding]:
    return {finding.part: finding for finding in examine(patient)}


def only_ill(examine: Examine, patient: Patient) -> Finding:
    (found,) = [finding for finding in examine(patient) if finding.verdict is Verdict.ILL]
    assert found.cure
    return found


def running(patient: Patient, **status: Any) -> Patient:
    return replace(patient, status=STATUS | status)


def lost(part: str, reason: str) -> dict[str, Any]:
    return {"faults": [{"part": part, "reason": reason, "since_s": 5.0}]}


def test_what_is_well_is_said_to_be(patient: Patient) -> None:
    for examine in (board.memory, board.disk, board.clock, build.build, senses.models, senses.voice_and_ears):
        assert {finding.verdict for finding in examine(patient)} == {Verdict.WELL}, examine


def test_the_language_model_is_asked_for_real(patient: Patient) -> None:
    (found,) = senses.answer(patient)
    assert found.verdict is Verdict.WELL
    assert "smollm2-135m replies" in found.told
    assert "tokens/s" in found.told


def test_a_model_that_is_missing(patient: Patient) -> None:
    settings = replace(patient.settings, llm=Llm(model="gemma-4-e2b"))
    found = only_ill(senses.models, replace(patient, settings=settings))
    assert found.part == "language model file"
    assert "gemma-4-e2b" in found.told


def test_a_model_of_which_a_byte_is_another(own_models: Patient) -> None:
    (voice,) = Path(own_models.settings.models.folder).rglob("*.onnx")
    content = bytearray(voice.read_bytes())
    content[len(content) // 2] ^= 1
    before = voice.stat()
    voice.unlink()
    voice.write_bytes(content)
    os.utime(voice, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = only_ill(senses.models, own_models)
    assert (found.part, "checksum" in found.told or "damaged" in found.told) == ("voice file", True)


def test_a_voice_that_is_not_there(own_models: Patient) -> None:
    for voice in Path(own_models.settings.models.folder).rglob("*.onnx"):
        voice.unlink()
    told = findings(senses.voice_and_ears, own_models)
    assert told["voice"].verdict is Verdict.ILL
    assert told["wake word"].verdict is Verdict.UNTRIED


def test_a_wake_phrase_that_is_not_heard(patient: Patient) -> None:
    settings = replace(patient.settings, wake=Wake(sensitivity=0.0), voice=Voice(rate=2.0))  # it gabbles
    told = findings(senses.voice_and_ears, replace(patient, settings=settings))
    assert told["wake word"].verdict is Verdict.ILL
    assert "wake.sensitivity" in told["wake word"].cure


def test_a_language_model_that_cannot_be_started(patient: Patient, tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    settings = replace(patient.settings, llm=Llm(model=str(tmp_path / "broken.gguf")))
    assert "broken.gguf" in only_ill(senses.answer, replace(patient, settings=settings)).told


def test_memory_that_is_too_small(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "memory_bytes", lambda: 512 * 2**20)
    assert "too little" in only_ill(board.memory, patient).told


def test_a_disk_that_is_nearly_full(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "LEAST_FREE_BYTES", 10**18)
    told = findings(board.disk, patient)
    assert {finding.verdict for finding in told.values()} == {Verdict.ILL}
    assert "soon be full" in told["disk for state"].told


def test_a_clock_for_which_nobody_vouches(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "SystemClock", lambda trusted: type("Unknown", (), {"is_right": lambda self: trusted})())
    settings = replace(patient.settings, clock=Clock())
    assert "clock chip" in only_ill(board.clock, replace(patient, settings=settings)).cure


def sensors(folder: Path, monkeypatch: pytest.MonkeyPatch, *, degrees_c: int, alarm: int) -> None:
    (folder / "class/thermal/thermal_zone0").mkdir(parents=True)
    (folder / "class/thermal/thermal_zone0/temp").write_text(f"{degrees_c}000\n")
    (folder / "class/hwmon/hwmon0").mkdir(parents=True)
    (folder / "class/hwmon/hwmon0/in0_lcrit_alarm").write_text(f"{alarm}\n")
    monkeypatch.setattr(device, "SYS", folder)


def test_a_processor_that_is_too_hot(patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sensors(tmp_path, monkeypatch, degrees_c=84, alarm=0)
    assert "84 °C" in only_ill(board.temperature, patient).told
    assert findings(board.power, patient)["power supply"].verdict is Verdict.WELL


def test_a_power_supply_that_is_too_weak(patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sensors(tmp_path, monkeypatch, degrees_c=50, alarm=1)
    assert "voltage" in only_ill(board.power, patient).told
    assert findings(board.temperature, patient)["temperature"].verdict is Verdict.WELL


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ('print(\'{"fault": "", "skips_unread": false}\')', "lacks gemma4-prefill.patch"),
        ('print(\'{"fault": "computes wrongly", "skips_unread": true}\')', "computes wrongly"),
        ("import os; os.abort()", "ended with -6"),
        ("print('hello')", "does not answer"),
    ],
)
def test_a_build_of_llama_cpp_that_is_not_as_it_should_be(
    program: str, told: str, patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\n{program}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    found = only_ill(build.build, patient)
    assert told in found.told
    assert "setup.sh" in found.cure


def test_a_sound_card_that_is_not_there(patient: Patient) -> None:
    settings = replace(patient.settings, audio=Audio(input="kazoo"))
    assert re.search("kazoo|no sound input device", only_ill(sound.sound, replace(patient, settings=settings)).told)


@pytest.fixture
def room(sound_server: SoundServer, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> Patient:
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    return replace(patient, settings=replace(patient.settings, audio=Audio(input="pulse", output="pulse")))


def test_a_microphone_that_does_not_hear_the_speaker(room: Patient) -> None:
    assert "does not hear the speaker" in only_ill(sound.sound, room).told


def test_a_speaker_that_is_heard(room: Patient, sound_server: SoundServer) -> None:
    sound_server.loop_back()
    (found,) = sound.sound(room)
    assert found.verdict is Verdict.WELL
    assert "the chirp came back after" in found.told


@pytest.mark.parametrize(
    ("examine", "part", "status"),
    [
        (sound.sound, "microphone", lost("microphone", "the microphone was unplugged")),
        (sound.sound, "speaker", lost("speaker", "the speaker is busy")),
        (sound.sound, "echo canceller", lost("echo canceller", "it does not listen while it speaks")),
        (senses.answer, "language model", lost("language model", "its process ended")),
        (board.store, "store", lost("store", "the card is read-only")),
        (service.settings, "settings", {"settings_fault": "wake.sensitivity is 7"}),
        (service.network, "network sockets", {"network": {"locked": False, "open_sockets": 2}}),
    ],
)
def test_what_the_running_assistant_misses(
    examine: Examine, part: str, status: dict[str, Any], patient: Patient
) -> None:
    found = only_ill(examine, running(patient, **status))
    assert found.part == part
    reasons = [fault["reason"] for fault in status.get("faults", [])]
    assert all(reason in found.told for reason in reasons)


def test_what_the_running_assistant_has_is_well(patient: Patient) -> None:
    for examine in (sound.sound, senses.answer, board.store, service.settings, service.network):
        assert Verdict.ILL not in {finding.verdict for finding in examine(running(patient))}


def test_pins_where_there_are_none(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    settings = replace(patient.settings, panel=Panel(board="plain"))
    assert "python3-lgpio" in only_ill(service.gpio, replace(patient, settings=settings)).cure


Shows = Callable[..., None]


@pytest.fixture
def shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shows:
    """A systemctl that shows this of the unit."""

    def show(**properties: str) -> None:
        program = tmp_path / "systemctl"
        lines = "".join(f"echo '{name}={value}'\n" for name, value in properties.items())
        program.write_text(f"#!/bin/sh\n{lines}")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setattr(service, "SYSTEMD", tmp_path)

    return show


def test_a_unit_that_does_not_start_at_boot_or_does_not_run(patient: Patient, shows: Shows) -> None:
    shows(LoadState="loaded", UnitFileState="disabled", ActiveState="active", MainPID="0")
    assert "enable" in only_ill(service.unit, patient).cure
    shows(LoadState="loaded", UnitFileState="enabled", ActiveState="failed", MainPID="0")
    assert "journalctl" in only_ill(service.unit, patient).cure
    shows(LoadState="not-found")
    assert findings(service.unit, patient)["unit"].verdict is Verdict.UNTRIED


def test_a_service_that_the_kernel_does_not_keep_from_the_network(patient: Patient, shows: Shows) -> None:
    families, addresses = "AF_UNIX", "0.0.0.0/0 ::/0"
    unit = {"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "MainPID": str(os.getpid())}
    shows(**unit, RestrictAddressFamilies=families, IPAddressDeny=addresses)  # this process is not filtered
    found = only_ill(service.unit, patient)
    assert (found.part, "not filtered" in found.told) == ("network lock", True)


def test_the_report_holds_nothing_that_anybody_said_or_wrote(patient: Patient) -> None:
    settings = replace(
        patient.settings,
        llm=Llm(system_prompt="my secret prompt"),
        commands=(OwnerCommand(("my secret command",), say="my secret answer"),),
        outputs=(Output(name="secret lamp", pin=5),),
    )
    told = json.dumps(
        examination.report([Finding("clock", Verdict.WELL, "known")], running(replace(patient, settings=settings)))
    )
    assert "secret" not in told
    changed = json.loads(told)["changed_settings"]
    assert {"llm.system_prompt", "commands", "outputs", "clock.always_right"} <= set(changed)


def test_ill_is_what_makes_it_fail_and_untried_is_not() -> None:
    fine = [Finding("clock", Verdict.WELL, "known"), Finding("unit", Verdict.UNTRIED, "no systemd")]
    assert examination.as_json(fine)["well"] is True
    ill = examination.as_json([*fine, Finding("sound", Verdict.ILL, "none", "plug one in")])
    assert (ill["well"], ill["parts"]["sound"]["cure"]) == (False, "plug one in")
