"""The panel: buttons, lights and outputs together. Main thread, but for what its modules say of theirs."""

import logging
import time
from collections.abc import Callable, Sequence

from assistant import config
from assistant.config import Output
from assistant.events import Event, PartFound, PartLost
from assistant.panel.apa102 import BITWISE_FRAME_S, Strip, open_pins, open_spi
from assistant.panel.boards import LED_PINS, Wiring, wiring
from assistant.panel.buttons import Buttons, Later, later
from assistant.panel.check import check_panel
from assistant.panel.gpio import open_gpio, opened, pin_errors
from assistant.panel.leds import FRAME_S, PwmLed, RgbLed, SingleLed
from assistant.panel.lights import Light, Lights
from assistant.panel.outputs import NamedOutputs
from assistant.states import Phase

log = logging.getLogger(__name__)

PANEL = "panel"


class Panel:
    """What a person can press and see. Where a pin or all of them do not work, the log says so and it does without."""

    def __init__(
        self,
        settings: config.Panel,
        outputs: Sequence[Output],
        post: Callable[[Event], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        later: Later = later,
    ) -> None:
        """A ConfigError names every pin that is missing or has two uses."""
        check_panel(settings, outputs)
        self.outputs = NamedOutputs(outputs)
        self._needed = settings.board != "none" or bool(outputs)
        self._settings = settings
        self._post = post
        self._clock = clock
        self._later = later
        self._buttons: Buttons | None = None
        self._lights: Lights | None = None

    def start(self) -> None:
        """Opens the pins: from now on presses are posted, and outputs can be switched."""
        if not self._needed:
            return
        try:
            open_gpio()
        except pin_errors() as error:
            log.warning(
                "there is no GPIO, so no panel and no outputs: %s; "
                "it takes a Raspberry Pi, the package python3-lgpio and a user of the group gpio",
                error,
            )
            self._post(PartLost(PANEL, f"there is no GPIO: {error}", ""))
            return
        self._post(PartFound(PANEL))
        wired = wiring(self._settings)
        self.outputs.open()
        self._buttons = Buttons(self._settings, wired, self._post, self._clock, self._later)
        if wired.led != "none" and (light := opened("the lights", lambda: light_of(self._settings, wired))):
            self._lights = Lights(light)
            self._lights.start()

    def show(self, phase: Phase) -> None:
        """Has the lights show it; never waits for them."""
        if self._lights:
            self._lights.show(phase)

    def stop(self) -> None:
        """Lights off, outputs as they were at the start, all pins let go."""
        if self._buttons:
            self._buttons.close()
        if self._lights:
            self._lights.stop()
        self.outputs.close()
        self._post(PartFound(PANEL))  # whoever comes next tells what it misses


def light_of(settings: config.Panel, wired: Wiring) -> Light:
    """The light that the settings choose. Raises one of `pin_errors`."""
    brightness, active_high = settings.brightness, settings.led_active_high
    pins = wired.pins
    match wired.led:
        case "single":
            return SingleLed(pins["led_pin"], active_high=active_high)
        case "pwm":
            return PwmLed(pins["led_pin"], active_high=active_high, brightness=brightness)
        case "rgb":
            three = [pins[name] for name in LED_PINS["rgb"]]
            return RgbLed(three, active_high=active_high, brightness=brightness)
        case _:
            wire = open_spi() if wired.on_spi else open_pins(pins["data_pin"], pins["clock_pin"])
            return Strip(
                wire,
                wired.n_leds,
                brightness=brightness,
                frame_s=FRAME_S if wired.on_spi else BITWISE_FRAME_S,
                power_pin=wired.board.led_power,
            )
