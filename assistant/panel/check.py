"""Checks the pins: what is missing, and what has two uses. Called before anything is opened, and from the CLI."""

from collections.abc import Iterator, Sequence
from dataclasses import fields

from assistant import config
from assistant.config import LAST_PIN, Output
from assistant.errors import ConfigError
from assistant.panel.boards import BUTTONS, LED_PINS, SPI, Wiring, wiring

_PINS = [field.name for field in fields(config.Panel) if field.name.endswith("_pin")]


def check_panel(panel: config.Panel, outputs: Sequence[Output]) -> None:
    """Raises a ConfigError that names every pin and every output that cannot be used."""
    if wrong := faults_of(panel, outputs):
        raise ConfigError(*wrong)


def faults_of(panel: config.Panel, outputs: Sequence[Output]) -> list[str]:
    """What is wrong with the pins and the outputs, one line a fault."""
    return [*_number_faults(panel, outputs), *_panel_faults(panel), *_output_faults(outputs), *_clashes(panel, outputs)]


def output_name(index: int, output: Output) -> str:
    """How a person finds it in the file."""
    return f"{output.place}: outputs[{index}]".removeprefix(": ")


def _number_faults(panel: config.Panel, outputs: Sequence[Output]) -> Iterator[str]:
    pins = [(f"panel.{name}", getattr(panel, name)) for name in _PINS]
    pins += [(f"{output_name(index, output)}.pin", output.pin) for index, output in enumerate(outputs)]
    for name, pin in pins:
        if pin is not None and pin not in range(LAST_PIN + 1):
            yield f"{name} is {pin:g}, must be a whole number from 0 to {LAST_PIN}"
    if panel.n_leds is not None and panel.n_leds % 1:
        yield f"panel.n_leds is {panel.n_leds:g}, must be a whole number"


def _panel_faults(panel: config.Panel) -> Iterator[str]:
    given = [name for name in _PINS if getattr(panel, name) is not None]
    if panel.board == "none":
        for name in given or (["led"] if panel.led not in ("auto", "none") else []):
            yield f"panel.{name} is given, but panel.board is none; write plain there, or remove it"
        return
    wired = wiring(panel)
    for name in LED_PINS[wired.led]:
        if name not in wired.pins and not wired.on_spi:
            yield f"panel.led is {wired.led}, but panel.{name} is not given; add it"
    for name in given:
        if name not in (*BUTTONS, *LED_PINS[wired.led]):
            kinds = " or ".join(kind for kind, pins in LED_PINS.items() if name in pins)
            yield f"panel.{name} is given, but panel.led is {wired.led}, must be {kinds}"


def _output_faults(outputs: Sequence[Output]) -> Iterator[str]:
    first: dict[str, int] = {}
    for index, output in enumerate(outputs):
        name = output_name(index, output)
        if not output.name:
            yield f"{name} has no name; add one"
        elif first.setdefault(output.name, index) != index:
            yield f'{name}.name is "{output.name}", as is outputs[{first[output.name]}]; give it another'
        if output.pin is None:
            yield f"{name} has no pin; add it"


def _clashes(panel: config.Panel, outputs: Sequence[Output]) -> Iterator[str]:
    """A pin that has two uses."""
    users: dict[int, str] = {}
    for user, pin in _uses(panel, wiring(panel), outputs):
        if users.setdefault(pin, user) != user:
            yield f"{user} is {pin}, which is taken by {users[pin]}; choose another"


def _uses(panel: config.Panel, wired: Wiring, outputs: Sequence[Output]) -> Iterator[tuple[str, int]]:
    """Every pin with what it is used for; those first that nobody can change."""
    for pin in wired.board.sound:
        yield f"the sound of {panel.board}", pin
    if wired.board.led_power is not None:
        yield f"the lights of {panel.board}", wired.board.led_power
    if wired.on_spi:
        yield from (("the strip on SPI", pin) for pin in SPI)
    for name, pin in wired.pins.items():
        yield f"panel.{name}", pin
    for index, output in enumerate(outputs):
        if output.pin is not None:
            yield f"{output_name(index, output)}.pin", int(output.pin)
