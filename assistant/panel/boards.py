"""Which pin does what: what the sound boards have, and what the settings say instead. BCM numbers. Pure, any thread."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant import config

I2C = frozenset({2, 3})
SPI = frozenset({8, 9, 10, 11})
I2S = frozenset({18, 19, 20, 21})
BUTTONS = ("talk_pin", "stop_pin", "mute_pin")
LED_PINS: dict[str, tuple[str, ...]] = {  # by the kind of light: the settings with its pins
    "none": (),
    "single": ("led_pin",),
    "pwm": ("led_pin",),
    "rgb": ("red_pin", "green_pin", "blue_pin"),
    "apa102": ("data_pin", "clock_pin"),  # both, or none and it is on SPI
}


@dataclass(frozen=True, slots=True)
class Board:
    """What is soldered to which pin."""

    led: str = "none"
    pins: Mapping[str, int] = field(default_factory=dict)  # by the names of the settings
    n_leds: int = 1
    led_power: int | None = None  # must be high for the lights to have power
    sound: frozenset[int] = frozenset()  # pins of which nothing else must be made


BOARDS = {
    "none": Board(),
    # Nothing but a button and an LED that somebody wired.
    "plain": Board("single", {"talk_pin": 17, "led_pin": 25}),
    # Button and strip: Seeed's wiki, ReSpeaker_2_Mics_Pi_HAT. The codec is on I2C and I2S.
    "respeaker-2mic": Board("apa102", {"talk_pin": 17}, n_leds=3, sound=I2C | I2S),
    # 12 LEDs that have power while 5 is high, and no button: respeaker/pixel_ring, examples/respeaker_4mic_array.py.
    "respeaker-4mic": Board("apa102", n_leds=12, led_power=5, sound=I2C | I2S),
    # google/aiyprojects-raspbian, docs/voice.md: 16 switches the amplifier on; the LED is dimmed in src/aiy/board.py.
    "aiy-voice-hat": Board("pwm", {"talk_pin": 23, "led_pin": 25}, sound=I2S | {16}),
    # Adafruit's guides to the Voice Bonnet and BrainCraft: button D17, DotStars on D5 (data) and D6 (clock).
    "voice-bonnet": Board("apa102", {"talk_pin": 17, "data_pin": 5, "clock_pin": 6}, n_leds=3, sound=I2C | I2S),
    # raspberrypi/documentation, Codec Zero: button 27, a green LED on 23 (and a red one on 24, which is left alone).
    "codec-zero": Board("single", {"talk_pin": 27, "led_pin": 23}, sound=I2C | I2S),
}


@dataclass(frozen=True, slots=True)
class Wiring:
    """The pins as they are used."""

    board: Board
    led: str  # the kind of light
    n_leds: int
    pins: Mapping[str, int]  # of the buttons and of that kind of light, by the names of the settings

    @property
    def on_spi(self) -> bool:
        """Whether the light is a strip on SPI."""
        return self.led == "apa102" and not {"data_pin", "clock_pin"} & self.pins.keys()


def wiring(settings: config.Panel) -> Wiring:
    """What the settings say, and where they leave it open the board."""
    board = BOARDS[settings.board]
    led = board.led if settings.led == "auto" else settings.led
    pins = {}
    for name in (*BUTTONS, *LED_PINS[led]):
        pin = getattr(settings, name)
        if (pin := board.pins.get(name) if pin is None else pin) is not None:
            pins[name] = int(pin)  # which is a float where it comes from the file
    return Wiring(board, led, int(settings.n_leds or board.n_leds), pins)
