"""The named outputs, switched by the owner's commands. Runs in the calling thread; a pulse ends on gpiozero's."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from gpiozero import DigitalOutputDevice

from assistant.config import Output
from assistant.errors import OutputError
from assistant.panel.gpio import opened, pin_errors


class NamedOutputs:
    """Pins by their names: in their initial state from `open` on, and brought back to it by `close`.

    A closed pin is an input, which drives nothing.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = {output.name: output for output in outputs}
        self._devices: dict[str, Any] = {}

    def open(self) -> None:
        """Takes the pins; one that cannot be taken is told of and left out."""
        for name, output in self._outputs.items():
            if device := opened(f"the output {name}", partial(_device, output)):
                self._devices[name] = device

    def switch(self, name: str, state: str) -> None:
        """Makes the output `on` or `off`, or does `toggle` or `pulse`; OutputError when it cannot."""
        if name not in self._devices:
            why = "its pin could not be opened" if name in self._outputs else "there is no such output"
            raise OutputError(f"the output {name} cannot be switched: {why}")
        device = self._devices[name]
        try:
            match state:
                case "on":
                    device.on()
                case "off":
                    device.off()
                case "toggle":
                    device.toggle()
                case "pulse":
                    device.blink(self._outputs[name].pulse_s, 0.0, n=1)
        except pin_errors() as error:
            raise OutputError(f"the output {name} cannot be switched: {error}") from error

    def close(self) -> None:
        """Brings each to its initial state and lets go of its pin."""
        for name, device in self._devices.items():
            opened(f"the output {name}", partial(_end, device, self._outputs[name]))
        self._devices.clear()


def _device(output: Output) -> Any:
    assert output.pin is not None
    return DigitalOutputDevice(int(output.pin), active_high=output.active_high, initial_value=output.initial == "on")


def _end(device: Any, output: Output) -> None:
    device.value = output.initial == "on"
    device.close()
