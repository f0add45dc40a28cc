import logging
from collections.abc import Iterator
from typing import Any

import pytest
from mock_pins import Watched, mock_pins

from assistant.config import Output
from assistant.doing.owner import Outputs
from assistant.errors import OutputError
from assistant.panel.outputs import NamedOutputs

HEATER = Output("heater", 5)
FAN = Output("fan", 6, active_high=False, initial="on")


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_pins(monkeypatch) as pins:
        yield pins


@pytest.fixture
def outputs(pins: Any) -> Iterator[NamedOutputs]:
    outputs = NamedOutputs([HEATER, FAN])
    outputs.open()
    yield outputs
    outputs.close()


def test_an_output_begins_as_it_is_told_to(pins: Any, outputs: NamedOutputs) -> None:
    assert (pins.pin(5).function, pins.pin(5).state) == ("output", False)
    assert (pins.pin(6).function, pins.pin(6).state) == ("output", False)


@pytest.mark.parametrize(
    ("states", "on"),
    [(["on"], True), (["on", "off"], False), (["toggle"], True), (["toggle", "toggle"], False), (["off"], False)],
)
def test_an_output_is_switched(pins: Any, outputs: NamedOutputs, states: list[str], on: bool) -> None:
    switches: Outputs = outputs
    for state in states:
        switches.switch("heater", state)
    assert pins.pin(5).state is on


def test_an_output_may_be_on_when_its_pin_is_low(pins: Any, outputs: NamedOutputs) -> None:
    outputs.switch("fan", "off")
    assert pins.pin(6).state is True
    outputs.switch("fan", "toggle")
    assert pins.pin(6).state is False


def test_a_pulse_ends_by_itself(pins: Any) -> None:
    outputs = NamedOutputs([Output("bell", 5, pulse_s=0.05)])
    outputs.open()
    pins.pin(5).states = bell = Watched()
    outputs.switch("bell", "pulse")
    assert (bell.next(), bell.next()) == (True, False)
    outputs.close()


def test_whoever_switches_during_a_pulse_ends_it(pins: Any, outputs: NamedOutputs) -> None:
    for state in ("on", "off"):
        outputs.switch("heater", "pulse")
        outputs.switch("heater", state)
        assert pins.pin(5).state is (state == "on")


def test_at_the_end_each_is_as_at_the_beginning_and_drives_nothing(pins: Any) -> None:
    outputs = NamedOutputs([HEATER, FAN])
    outputs.open()
    outputs.switch("heater", "on")
    outputs.switch("fan", "off")
    outputs.close()
    assert [state for _, state in pins.pin(5).states] == [False, True, False]
    assert [state for _, state in pins.pin(6).states] == [False, True, False]
    assert pins.pin(5).function == pins.pin(6).function == "input"


def test_an_output_that_is_not_there_or_not_open_cannot_be_switched(pins: Any, outputs: NamedOutputs) -> None:
    with pytest.raises(OutputError, match=r"^the output lamp cannot be switched: there is no such output$"):
        outputs.switch("lamp", "on")
    outputs.close()
    with pytest.raises(OutputError, match=r"^the output heater cannot be switched: its pin could not be opened$"):
        outputs.switch("heater", "on")


def test_a_pin_that_is_taken_is_told_and_the_others_work(pins: Any, caplog: pytest.LogCaptureFixture) -> None:
    first, second = NamedOutputs([HEATER]), NamedOutputs([Output("lamp", 5), FAN])
    first.open()
    with caplog.at_level(logging.WARNING):
        second.open()
    (line,) = caplog.messages
    assert line.startswith("the output lamp cannot be used: pin GPIO5 is already in use by ")
    second.switch("fan", "off")
    assert pins.pin(6).state is True
    first.close()
    second.close()


def test_a_pin_that_fails_is_an_error_of_the_output(pins: Any, outputs: NamedOutputs) -> None:
    pins.pin(5).function = "input"  # as if somebody else had taken it
    with pytest.raises(OutputError, match=r"^the output heater cannot be switched: cannot set state of pin GPIO5$"):
        outputs.switch("heater", "on")
