from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sounddevice
from conftest import SoundServer

from assistant.audio import devices
from assistant.audio.devices import Device, all_devices, find_device, stream_format
from assistant.errors import DeviceError

Plug = Callable[..., None]


@pytest.fixture
def plug(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Plug]:
    """Makes ALSA know devices of these names, besides those of the sound server: pulse and default."""
    path = tmp_path / "asound.conf"
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(path))

    def plug_in(*names: str) -> None:
        pcms = [f'pcm."{name}" {{ type pulse }}' for name in names]
        path.write_text("\n".join(["</usr/share/alsa/alsa.conf>", *pcms, ""]))
        devices.restart()

    plug_in()
    yield plug_in
    monkeypatch.undo()
    devices.restart()


def names() -> list[str]:
    return [device.name for device in all_devices()]


def test_devices_are_listed_with_what_they_can_do(plug: Plug) -> None:
    plug("Kitchen Microphone")
    assert {"Kitchen Microphone", "pulse", "default"} <= set(names())
    device = find_device("pulse", "input")
    assert device.n_inputs > 0
    assert device.n_outputs > 0
    assert device.rate_hz >= 8_000
    assert stream_format(device, "input") == stream_format(device, "output") == (1, device.rate_hz)


def test_what_was_plugged_in_is_seen_after_a_restart(plug: Plug) -> None:
    assert "Kitchen Microphone" not in names()
    plug("Kitchen Microphone")
    assert "Kitchen Microphone" in names()
    plug()
    assert "Kitchen Microphone" not in names()


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("USB PnP Sound Device: Audio (hw:2,0)", "USB PnP Sound Device: Audio"),
        ("snd_rpi_wsp: - (hw:12,1)", "snd_rpi_wsp"),
        ("vc4-hdmi-0: MAI PCM i2s-hifi-0 (hw:0,0)", "vc4-hdmi-0: MAI PCM i2s-hifi-0"),
        ("default", "default"),
    ],
)
def test_a_name_does_not_hold_the_numbers_that_change(monkeypatch: pytest.MonkeyPatch, listed: str, name: str) -> None:
    entry: dict[str, Any] = {"index": 3, "name": listed, "max_input_channels": 1, "max_output_channels": 0}
    monkeypatch.setattr(sounddevice, "query_devices", lambda: [entry | {"default_samplerate": 44_100.0}])
    assert all_devices() == [Device(3, name, 1, 0, 44_100)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("default", "default"),
        ("Hall Microphone", "Hall Microphone"),
        ("Kitchen", "Kitchen Microphone"),
        ("kitchen mic", "Kitchen Microphone"),
        ("HALL", "Hall Microphone"),
        ("PULSE", "pulse"),
    ],
)
def test_a_device_is_found_by_its_name_or_a_part_of_it(plug: Plug, wanted: str, found: str) -> None:
    plug("Kitchen Microphone", "Hall Microphone")
    assert find_device(wanted, "input").name == found
    assert find_device(wanted, "output").name == found


def test_a_whole_name_is_not_ambiguous_although_others_hold_it(plug: Plug) -> None:
    plug("Kitchen", "Kitchen Microphone")
    assert find_device("Kitchen", "input").name == "Kitchen"


def test_a_part_of_several_names_is_ambiguous(plug: Plug) -> None:
    plug("Kitchen Microphone", "Hall Microphone")
    with pytest.raises(DeviceError) as refusal:
        find_device("microphone", "input")
    assert str(refusal.value) == (
        'audio.input is "microphone", which could be any of "Kitchen Microphone", "Hall Microphone": '
        "write more of the name"
    )


def test_a_device_that_is_not_there_is_answered_with_those_that_are(plug: Plug) -> None:
    plug("Kitchen Microphone")
    with pytest.raises(DeviceError, match=r'^audio.output is "cellar", but there is only .*"Kitchen Microphone"'):
        find_device("cellar", "output")


def test_without_any_device_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounddevice, "query_devices", list)
    with pytest.raises(DeviceError, match=r"^there is no sound input device: is it plugged in\?$"):
        find_device("default", "input")
