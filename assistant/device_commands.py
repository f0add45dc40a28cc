"""`assistant devices`: which sound devices there are, and whether those that are set work. Called from the CLI."""

import sys
from dataclasses import asdict

from assistant.audio.devices import all_devices
from assistant.audio.round_trip import try_round_trip
from assistant.command_line import print_json
from assistant.config import Audio
from assistant.device_trials import meter, play_tone
from assistant.errors import DeviceError


def list_devices(as_json: bool) -> None:
    """Prints each device with what it is and its rate."""
    found = all_devices()
    if as_json:
        print_json([asdict(device) for device in found])
        return
    if not found:
        raise DeviceError("there is no sound device: is one plugged in?")
    for device in found:
        use = [word for word, n in (("microphone", device.n_inputs), ("speaker", device.n_outputs)) if n]
        print(f"{device.name}  ({' and '.join(use)}, {device.rate_hz} Hz)")


def try_out(settings: Audio, *, tone: bool, level: bool, round_trip: bool) -> None:
    """Tries the devices of the settings. Raises DeviceError: one is missing, or the chirp does not come back."""
    if tone:
        play_tone(settings)
        print("a tone was played; if you did not hear it, see audio.output in the settings, and alsamixer")
    if round_trip:
        found = try_round_trip(settings)
        if not found.heard:
            raise DeviceError("the microphone does not hear the speaker: turn both up, or see whether they are right")
        loud = "; it clips: turn the microphone down" if found.clipped else ""
        print(f"the chirp came back after {1000 * found.latency_s:.0f} ms at {found.level_db:.0f} dB{loud}")
    if level:
        live = sys.stdout.isatty()
        meter(settings, lambda line: print(f"\r\033[K{line}" if live else line, end="" if live else "\n", flush=True))
