import subprocess
import sys
from pathlib import Path

import pytest

from assistant.config import Output, Panel
from assistant.errors import ConfigError
from assistant.panel.check import check_panel, faults_of

PLAIN = Panel(board="plain")
HEATER = Output("heater", 5)


@pytest.mark.parametrize(
    ("panel", "outputs", "fault"),
    [
        (
            Panel(board="plain", stop_pin=17),
            (),
            "panel.stop_pin is 17, which is taken by panel.talk_pin; choose another",
        ),
        (
            Panel(board="plain", mute_pin=25),
            (),
            "panel.led_pin is 25, which is taken by panel.mute_pin; choose another",
        ),
        (
            PLAIN,
            (Output("lamp", 25, place="config.yaml:7"),),
            "config.yaml:7: outputs[0].pin is 25, which is taken by panel.led_pin; choose another",
        ),
        (PLAIN, (HEATER, Output("lamp", 5)), "outputs[1].pin is 5, which is taken by outputs[0].pin; choose another"),
        (
            Panel(board="aiy-voice-hat"),
            (Output("amplifier", 16),),
            "outputs[0].pin is 16, which is taken by the sound of aiy-voice-hat; choose another",
        ),
        (
            Panel(board="respeaker-2mic", stop_pin=10),
            (),
            "panel.stop_pin is 10, which is taken by the strip on SPI; choose another",
        ),
        (
            Panel(board="respeaker-4mic", talk_pin=5),
            (),
            "panel.talk_pin is 5, which is taken by the lights of respeaker-4mic; choose another",
        ),
        (
            Panel(board="plain", led="rgb", red_pin=5, green_pin=6),
            (),
            "panel.led is rgb, but panel.blue_pin is not given; add it",
        ),
        (
            Panel(board="plain", led="apa102", data_pin=5),
            (),
            "panel.led is apa102, but panel.clock_pin is not given; add it",
        ),
        (
            Panel(board="codec-zero", red_pin=24),
            (),
            "panel.red_pin is given, but panel.led is single, must be rgb",
        ),
        (
            Panel(board="plain", led="none", led_pin=24),
            (),
            "panel.led_pin is given, but panel.led is none, must be single or pwm",
        ),
        (
            Panel(talk_pin=17),
            (),
            "panel.talk_pin is given, but panel.board is none; write plain there, or remove it",
        ),
        (Panel(led="single"), (), "panel.led is given, but panel.board is none; write plain there, or remove it"),
        (PLAIN, (Output("", 5),), "outputs[0] has no name; add one"),
        (PLAIN, (Output("heater"),), "outputs[0] has no pin; add it"),
        (PLAIN, (HEATER, Output("heater", 6)), 'outputs[1].name is "heater", as is outputs[0]; give it another'),
        (Panel(board="plain", talk_pin=28), (), "panel.talk_pin is 28, must be a whole number from 0 to 27"),
        (PLAIN, (Output("heater", 40),), "outputs[0].pin is 40, must be a whole number from 0 to 27"),
        (
            Panel(board="plain", led="apa102", n_leds=2.5),  # type: ignore[arg-type]
            (),
            "panel.n_leds is 2.5, must be a whole number",
        ),
    ],
)
def test_what_is_wrong_is_named(panel: Panel, outputs: tuple[Output, ...], fault: str) -> None:
    assert faults_of(panel, outputs) == [fault]


def test_a_broken_pin_is_not_rounded() -> None:
    panel = Panel(board="plain", talk_pin=17.5)  # type: ignore[arg-type]
    assert faults_of(panel, ()) == ["panel.talk_pin is 17.5, must be a whole number from 0 to 27"]


def test_outputs_need_no_board() -> None:
    assert faults_of(Panel(), (HEATER, Output("lamp", 6))) == []


def test_a_pin_is_free_where_the_board_s_light_is_not_used() -> None:
    assert faults_of(Panel(board="plain", led="none"), (Output("lamp", 25),)) == []


def test_every_fault_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        check_panel(Panel(board="plain", stop_pin=17), (Output("", 17),))
    assert len(caught.value.faults) == 3


def test_the_command_check_names_what_is_wrong_with_the_pins_and_then_with_the_commands(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    outputs = "outputs:\n- {name: heater, pin: 5}\n- {name: lamp, pin: 5}\n"
    command = "commands:\n- {sentences: boiler on, output: boiler, state: on}\n"
    file.write_text(outputs + command)
    assert checked(file) == f"{file}:3: outputs[1].pin is 5, which is taken by {file}:2: outputs[0].pin; choose another"
    file.write_text(outputs.replace("lamp, pin: 5", "lamp, pin: 6") + command)
    assert checked(file) == f'{file}:5: commands[0].output is "boiler", must be heater or lamp'
    file.write_text(outputs.replace("lamp, pin: 5", "boiler, pin: 6") + command)
    assert checked(file) == "OK"


def checked(file: Path) -> str:
    program = [sys.executable, "-m", "assistant", "check", str(file)]
    return subprocess.run(program, capture_output=True, text=True, check=False).stdout.strip()
