"""Which sound devices there are, and which one a name means. Runs on the sound card's thread or at start."""

import contextlib
import re
from dataclasses import dataclass
from typing import Any, Literal

import sounddevice

from assistant.errors import DeviceError

Direction = Literal["input", "output"]
RATES_HZ = (48_000, 44_100, 16_000, 32_000, 22_050, 8_000)


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device as PortAudio knows it now; indices change with every re-initialization, names do not."""

    index: int
    name: str  # without the numbers of card and device, which change between boots
    n_inputs: int
    n_outputs: int
    rate_hz: int

    def channels(self, direction: Direction) -> int:
        return self.n_inputs if direction == "input" else self.n_outputs


def restart() -> None:
    """Has PortAudio look for devices anew. Every open stream dies, so they are closed before."""
    with contextlib.suppress(sounddevice.PortAudioError):  # it was not started, as the last try failed
        sounddevice._terminate()
    sounddevice._initialize()


def all_devices() -> list[Device]:
    """Those that are there now.

    Raises:
        DeviceError: PortAudio cannot tell.
    """
    try:
        found = sounddevice.query_devices()
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"the sound devices cannot be listed: {error}") from error
    return [_device(entry) for entry in found]


def _device(entry: dict[str, Any]) -> Device:
    return Device(
        index=entry["index"],
        name=re.sub(r"\s*\(hw:\d+,\d+\)$", "", entry["name"]).removesuffix(": -"),
        n_inputs=entry["max_input_channels"],
        n_outputs=entry["max_output_channels"],
        rate_hz=round(entry["default_samplerate"]),
    )


def find_device(name: str, direction: Direction) -> Device:
    """The device that `name` means: `default`, a whole name, or a part that only one has.

    Raises:
        DeviceError: there is none, or more than one.
    """
    usable = [device for device in all_devices() if device.channels(direction)]
    setting = f"audio.{direction}"
    if not usable:
        raise DeviceError(f"there is no sound {direction} device: is it plugged in?")
    if name == "default":
        return _default(usable, direction)
    whole = [device for device in usable if device.name == name]
    matches = whole or [device for device in usable if name.lower() in device.name.lower()]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(f'"{device.name}"' for device in (matches or usable))
    if matches:
        raise DeviceError(f'{setting} is "{name}", which could be any of {names}: write more of the name')
    raise DeviceError(f'{setting} is "{name}", but there is only {names}')


def _default(usable: list[Device], direction: Direction) -> Device:
    index = sounddevice.default.device[direction]
    return next((device for device in usable if device.index == index), usable[0])


def stream_format(device: Device, direction: Direction) -> tuple[int, int]:
    """Channels and rate in Hz at which the device opens with 16-bit samples: its own rate and one channel if it can.

    Raises:
        DeviceError: it opens with none that is known.
    """
    check = sounddevice.check_input_settings if direction == "input" else sounddevice.check_output_settings
    reason: Exception | None = None
    for channels in (1, 2, device.channels(direction)):
        for rate_hz in (device.rate_hz, *RATES_HZ):
            try:
                check(device=device.index, channels=channels, dtype="int16", samplerate=rate_hz)
            except (sounddevice.PortAudioError, ValueError) as error:
                reason = reason or error
            else:
                return channels, rate_hz
    raise DeviceError(f'the sound {direction} "{device.name}" cannot be opened: {reason}')
