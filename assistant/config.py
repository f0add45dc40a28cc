"""The settings: a frozen dataclass a section, each field with its default, its meaning and its limits. Any thread."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from assistant.errors import ConfigError

SYSTEM_MODELS = Path("/var/lib/assistant/models")
BOARDS = ("none", "plain", "respeaker-2mic", "respeaker-4mic", "aiy-voice-hat", "voice-bonnet", "codec-zero")
LAST_PIN = 27  # of the 40 on the header, by its BCM number

T = TypeVar("T")


def setting(
    default: T,
    doc: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    entry: type | None = None,
) -> T:
    """A field with its meaning and limits in the metadata; the default None is written `auto` in the file.

    With `entry`, the field is a list of such sections.
    """
    limits = {"unit": unit, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata={"doc": doc, "entry": entry, **limits})


@dataclass(frozen=True, slots=True)
class Audio:
    """The sound card it hears and speaks through."""

    input: str = setting("default", "The microphone: the name of a device, or a part of it.")
    output: str = setting("default", "The speaker: the name of a device, or a part of it.")
    latency_s: float = setting(
        0.1,
        "How much sound waits in the card: less answers sooner, more survives a busy CPU.",
        unit="s",
        low=0.02,
        high=1.0,
    )
    echo: str = setting(
        "cancel",
        "Its own voice in the microphone: cancel takes it out, gate is deaf while it speaks, none leaves it.",
        choices=("cancel", "gate", "none"),
    )
    earcons: float = setting(
        0.3, "How loud the sounds are that say it listens or has heard; 0 is none.", low=0.0, high=1.0
    )
    lead_in_s: float = setting(
        0.1,
        "Silence before the first sound: more where a sleeping speaker swallows the first word.",
        unit="s",
        low=0.0,
        high=3.0,
    )


@dataclass(frozen=True, slots=True)
class Wake:
    """The words that wake it."""

    engine: str = setting(
        "micro", "What listens for the phrase: micro needs far less of the CPU.", choices=("micro", "open")
    )
    phrase: tuple[str, ...] = setting(
        ("hey_jarvis",),
        "What to say to wake it, one phrase or a [list]: hey_jarvis, okay_nabu, alexa, hey_mycroft, or words of yours.",
    )
    sensitivity: float = setting(
        0.5, "How readily it wakes: more where it overhears you, less where it wakes uncalled.", low=0.0, high=1.0
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """When an utterance is over."""

    patience: float = setting(
        1.0, "How long a pause may be: 2 is twice the usual, for who speaks slowly.", low=0.5, high=4.0
    )
    no_speech_s: float = setting(
        5.0, "How long it waits for the first word after it was woken.", unit="s", low=1.0, high=30.0
    )
    max_speech_s: float = setting(15.0, "The longest utterance it listens to.", unit="s", low=3.0, high=60.0)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How it takes turns."""

    follow_up_s: float = setting(
        4.0, "How long it listens after a reply without being called; 0 is not at all.", unit="s", low=0.0, high=30.0
    )
    answer_s: float = setting(
        6.0, "How long it waits for an answer when it asked something; 0 is not at all.", unit="s", low=0.0, high=30.0
    )
    remember_s: float = setting(
        600.0, "How long after the last reply it still knows what was talked about.", unit="s", low=10.0, high=86400.0
    )


@dataclass(frozen=True, slots=True)
class Recognizer:
    """Speech to text."""

    model: str = setting("auto", "A name from the catalogue, a path, or auto: what suits the language and this device.")


@dataclass(frozen=True, slots=True)
class Llm:
    """The language model that thinks of an answer."""

    model: str = setting("auto", "A name from the catalogue, a path, or auto: what suits this device.")
    n_ctx: int = setting(
        4096,
        "How much of the conversation it sees at once; more takes more memory.",
        unit="tokens",
        low=512,
        high=131072,
    )
    threads: int = setting(0, "How many CPU cores it thinks with; 0 is as many as prove fastest here.", low=0, high=64)
    memory: str = setting(
        "auto",
        "Less memory (1.2 GB with Gemma 4 E2B) for slower answers: lean, or fast; auto is lean below 6 GB of memory.",
        choices=("auto", "fast", "lean"),
    )
    max_tokens: int = setting(200, "The longest answer.", unit="tokens", low=16, high=2048)
    temperature: float | None = setting(
        None, "How freely it picks words: 0 is always the likeliest, auto what its makers recommend.", low=0.0, high=2.0
    )
    top_k: int = setting(64, "How many of the likeliest words it picks from.", low=1, high=1000)
    top_p: float = setting(0.95, "The share of the likelihood it picks from.", low=0.05, high=1.0)
    system_prompt: str = setting(
        "You are a voice assistant in a home, and your answers are spoken aloud. "
        "Answer in one to three short, plain sentences, without lists, markdown or emoji. "
        "When you do not know something, say so.",
        "What it is told before every conversation.",
    )


@dataclass(frozen=True, slots=True)
class Voice:
    """Text to speech."""

    model: str = setting("auto", "A name from the catalogue, a path, or auto: a voice of the language.")
    rate: float = setting(1.0, "How fast it speaks; 1 is the voice's own pace, 2 twice as fast.", low=0.5, high=2.0)
    sentence_gap_s: float = setting(0.2, "The pause between two sentences.", unit="s", low=0.0, high=2.0)


@dataclass(frozen=True, slots=True)
class Models:
    """Where the models are kept."""

    folder: str = setting(
        "auto", "A path, or auto: /var/lib/assistant/models if it exists, else ~/.local/share/assistant/models."
    )


@dataclass(frozen=True, slots=True)
class Panel:
    """Buttons and lights on the GPIO pins, which are given by their BCM numbers."""

    board: str = setting(
        "none",
        "What carries them: a sound board by its name, plain for buttons and lights of your own, or none.",
        choices=BOARDS,
    )
    talk: str = setting(
        "press", "The talk button: press it and speak, or hold it for as long as you speak.", choices=("press", "hold")
    )
    talk_pin: int | None = setting(None, "The pin of the talk button; auto is the board's.", low=0, high=LAST_PIN)
    stop_pin: int | None = setting(None, "The pin of a stop button; auto is the board's.", low=0, high=LAST_PIN)
    mute_pin: int | None = setting(None, "The pin of a mute button; auto is the board's.", low=0, high=LAST_PIN)
    buttons_active_high: bool = setting(False, "Whether a button joins its pin to 3.3 V, and not to ground.")
    led: str = setting(
        "auto",
        "The lights: a single LED, one that can be dimmed, one of three colors, a strip; auto is the board's.",
        choices=("auto", "none", "single", "pwm", "rgb", "apa102"),
    )
    led_pin: int | None = setting(None, "The pin of a single or pwm LED; auto is the board's.", low=0, high=LAST_PIN)
    red_pin: int | None = setting(None, "The pin of an rgb LED's red.", low=0, high=LAST_PIN)
    green_pin: int | None = setting(None, "The pin of an rgb LED's green.", low=0, high=LAST_PIN)
    blue_pin: int | None = setting(None, "The pin of an rgb LED's blue.", low=0, high=LAST_PIN)
    data_pin: int | None = setting(
        None, "The data pin of an apa102 strip; auto is the board's, else that of SPI, 10.", low=0, high=LAST_PIN
    )
    clock_pin: int | None = setting(
        None, "The clock pin of an apa102 strip; auto is the board's, else that of SPI, 11.", low=0, high=LAST_PIN
    )
    n_leds: int | None = setting(
        None, "How many LEDs an apa102 strip has; auto is as many as the board has.", low=1, high=128
    )
    led_active_high: bool = setting(True, "Whether an LED is lit by 3.3 V at its pin, and not by ground.")
    brightness: float = setting(0.3, "How bright the lights are; a single LED has no choice.", low=0.0, high=1.0)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day."""

    always_right: bool = setting(
        False,
        "Whether the system time is right though no time server and no clock chip says so; if not, it tells no time.",
    )


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is kept of what people say."""

    log_speech: bool = setting(False, "Whether what people say may appear in the log.")
    history: int = setting(0, "How many questions and replies are kept; 0 is none.", low=0, high=10000)


@dataclass(frozen=True, slots=True)
class Log:
    """What it tells about its work."""

    level: str = setting(
        "info", "The least important messages still written.", choices=("debug", "info", "warning", "error")
    )


@dataclass(frozen=True, slots=True)
class Output:
    """A pin that the owner's commands switch."""

    name: str = setting("", "What the commands call it.")
    pin: int | None = setting(None, "Its pin, by its BCM number.", low=0, high=LAST_PIN)
    active_high: bool = setting(True, "Whether it is on when its pin has 3.3 V, and not ground.")
    pulse_s: float = setting(0.5, "How long a pulse is.", unit="s", low=0.05, high=60.0)
    initial: str = setting("off", "Its state at the start, and again at the end.", choices=("off", "on"))
    place: str = field(default="", compare=False)  # file and line, once it is read from one; no setting


@dataclass(frozen=True, slots=True)
class OwnerCommand:
    """A command of the owner's own: sentences, and what is done when one of them is said."""

    sentences: tuple[str, ...] = setting(
        (), "What to say: words, (one|another), [perhaps], and {name} where any words may stand."
    )
    say: str = setting("", "What it answers; {name} is what was said there.")
    output: str = setting("", "The output that is switched.")
    state: str = setting("", "What becomes of the output.", choices=("on", "off", "toggle", "pulse"))
    run: tuple[str, ...] = setting(
        (), "The program that is run, by its full path, and its arguments; {name} is what was said there."
    )
    timeout_s: float = setting(10.0, "How long the program may take before it is ended.", unit="s", low=1.0, high=60.0)
    speak_output: bool = setting(False, "Whether what the program prints is spoken.")
    place: str = field(default="", compare=False)  # file and line, once it is read from one; no setting


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, as `settings.llm.n_ctx`: the names are the keys of the file."""

    language: str = setting("en", "The language it hears and speaks.", choices=("en", "de", "es"))
    audio: Audio = Audio()
    wake: Wake = Wake()
    endpoint: Endpoint = Endpoint()
    dialogue: Dialogue = Dialogue()
    recognizer: Recognizer = Recognizer()
    llm: Llm = Llm()
    voice: Voice = Voice()
    models: Models = Models()
    panel: Panel = Panel()
    clock: Clock = Clock()
    privacy: Privacy = Privacy()
    log: Log = Log()
    outputs: tuple[Output, ...] = setting((), "Pins that your own commands switch.", entry=Output)
    commands: tuple[OwnerCommand, ...] = setting(
        (), "Commands of your own, which switch an output, run a program or only say something.", entry=OwnerCommand
    )


def models_folder(settings: Settings) -> Path:
    """Where the models are kept, which need not exist yet."""
    folder = settings.models.folder
    if folder == "auto":
        if exists(SYSTEM_MODELS):
            return SYSTEM_MODELS
        folder = (os.environ.get("XDG_DATA_HOME") or "~/.local/share") + "/assistant/models"
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"models.folder is {folder}, a home that is not known; write the path in full") from error


def exists(path: Path) -> bool:
    """Whether it exists, even where this user may not look: who opens it then learns that, and not a lie."""
    try:
        return path.exists()
    except PermissionError:
        return True
