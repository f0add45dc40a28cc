"""Speaker and microphone: a chirp is played, and heard."""

from collections.abc import Iterator

from assistant.audio.round_trip import try_round_trip
from assistant.doctor.finding import Finding, Patient, ill, untried, well
from assistant.errors import DeviceError

QUIET_DB = -50.0  # a chirp that comes back softer is too soft for a voice to be heard in the same room


def sound(patient: Patient) -> Iterator[Finding]:
    """Whether it can be heard, and hears; with an assistant that runs, what that one says of it."""
    if patient.status:
        yield from _as_it_runs(patient)
        return
    try:
        found = try_round_trip(patient.settings.audio)
    except DeviceError as error:
        yield ill("sound", str(error), "see which there are: assistant devices; then set audio.input and audio.output")
        return
    told = f"the chirp came back after {1000 * found.latency_s:.0f} ms at {found.level_db:.0f} dB"
    told += f" over {found.noise_db:.0f} dB of noise"
    if not found.heard:
        cure = "turn speaker and microphone up (alsamixer), or see whether the right ones are set: assistant devices"
        yield ill("sound", "both devices work, but the microphone does not hear the speaker", cure)
    elif found.clipped:
        yield ill("sound", f"{told}, and was too loud for the microphone", "turn the microphone down: alsamixer")
    elif found.level_db < QUIET_DB:
        yield ill("sound", f"{told}: very soft", "turn speaker or microphone up: alsamixer")
    else:
        yield well("sound", told)


def _as_it_runs(patient: Patient) -> Iterator[Finding]:
    status = patient.status or {}
    for part in ("microphone", "speaker"):
        if fault := patient.fault_of(part):
            yield ill(part, fault, "plug it in, or see which there are: assistant devices")
        elif part == "microphone" and status["muted"]:
            yield untried(part, "muted; open it with: assistant unmute")
        else:
            yield well(part, f"{status['devices'][part]} is at work in the assistant that runs")
    if fault := patient.fault_of("echo canceller"):
        yield ill("echo canceller", fault, "move the microphone away from the speaker, or turn the speaker down")
    yield untried("sound", "for a chirp to be played and heard, stop it first: sudo systemctl stop assistant")
