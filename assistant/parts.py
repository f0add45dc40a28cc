"""Builds the parts that the settings choose; only here are concrete engines named. Main thread."""

import logging
from collections.abc import Callable, Sequence
from typing import Literal

from assistant import config
from assistant.audio.echo import EchoCanceller, Gate, NoEcho
from assistant.audio.sound_card import Echo
from assistant.config import Settings, models_folder
from assistant.doing.commands import Commands, Completeness
from assistant.doing.owner import OwnerCommands
from assistant.events import Event, PartFound, PartLost
from assistant.language import language_file
from assistant.listening.endpoint import Pause
from assistant.listening.listener import Ears, Listener
from assistant.listening.phrase import BUNDLED, normalized
from assistant.listening.recognizer import VoskModel, VoskRecognizer
from assistant.listening.spotting import SpottedWake
from assistant.listening.stop_words import StopWords
from assistant.listening.verifier import Verifier
from assistant.listening.vocabulary import Vocabulary, check_phrase
from assistant.listening.voice_activity import SileroActivity
from assistant.listening.wake import FirstStages, MicroWake, OpenWake, WakeWord
from assistant.models import Chosen, ModelFolder, choose, memory_bytes
from assistant.speaking.talker import Sound, Talker
from assistant.speaking.voice import Piper
from assistant.store import state_folder
from assistant.thinking.deeds import Toolbox
from assistant.thinking.messages import Load
from assistant.thinking.model_process import PROGRAM, ModelProcess
from assistant.thinking.thinker import Thinker

log = logging.getLogger(__name__)

WAKE_ENGINES: dict[str, Callable[[Sequence[str], float], WakeWord]] = {"micro": MicroWake, "open": OpenWake}
ECHOES: dict[str, Callable[[Callable[[str], None]], Echo]] = {"cancel": EchoCanceller, "gate": Gate, "none": NoEcho}
ECHO = "echo canceller"
PAUSES = {
    Completeness.COMPLETE: Pause.SHORT,
    Completeness.MAY_GO_ON: Pause.USUAL,
    Completeness.WANTS_MORE: Pause.LONG,
    Completeness.UNKNOWN: Pause.USUAL,
}
LEAN_BELOW_BYTES = 6 * 2**30  # a board of 4 GB has no room for a second copy of E2B's weights
OTHER_TEMPERATURE = 0.7  # for a model that the catalogue does not know

Post = Callable[[Event], None]
Purpose = Literal["llm", "recognizer", "voice"]


def model_of(settings: Settings, purpose: Purpose) -> Chosen:
    """The installed model that the settings mean.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    words = {"llm": settings.llm.model, "recognizer": settings.recognizer.model, "voice": settings.voice.model}
    folder = ModelFolder(models_folder(settings))
    return choose(folder, purpose, words[purpose], settings.language, memory_bytes())


def choose_model(settings: Settings, purpose: Purpose) -> Chosen:
    """The same, and tells the log of it."""
    chosen = model_of(settings, purpose)
    log.info("%s: %s", purpose, chosen.path.name)
    if chosen.better:
        log.warning("%s", chosen.better)
    return chosen


def check_models(settings: Settings) -> None:
    """Raises ModelError: a model that these settings mean is missing or damaged."""
    purposes: tuple[Purpose, ...] = ("recognizer", "voice", "llm")
    for purpose in purposes:
        model_of(settings, purpose)


def build_echo(settings: config.Audio, post: Post) -> Echo:
    """What takes its own voice out of what it hears, as the settings choose it. Raises DeviceError."""

    def changed(reason: str) -> None:
        if reason:
            log.warning("%s", reason)
        post(PartLost(ECHO, reason, "") if reason else PartFound(ECHO))

    return ECHOES[settings.echo](changed)


def build_wake(settings: config.Wake, model: VoskModel, vocabulary: Vocabulary) -> WakeWord:
    """What listens for the wake phrases: an engine for those that it was trained on, Vosk for those of the owner's.

    Raises:
        ConfigError: a typed phrase has a word that the recognizer does not know.
    """
    phrases = [normalized(phrase) for phrase in settings.phrase]
    typed = [phrase for phrase in phrases if phrase not in BUNDLED]
    stages: list[WakeWord] = []
    if trained := [phrase for phrase in phrases if phrase in BUNDLED]:
        stages.append(WAKE_ENGINES[settings.engine](trained, settings.sensitivity))
    if typed:
        for phrase in typed:
            check_phrase(phrase, vocabulary)
        stages.append(SpottedWake(typed, model, vocabulary, SileroActivity(), settings.sensitivity))
    return FirstStages(*stages)


def build_commands(settings: Settings) -> Commands:
    """The commands of the language and the owner's own; large, so the ears and the doer share them."""
    return Commands(settings.language, OwnerCommands(settings.commands).templates)


def build_ears(settings: Settings, commands: Commands) -> Ears:
    """The engines that hear, as the settings choose them.

    Raises:
        ModelError: the recognizer is missing or damaged.
        ConfigError: a typed wake phrase has a word that it does not know.
    """
    folder = choose_model(settings, "recognizer").path
    model, vocabulary = VoskModel(folder), Vocabulary.of(folder)
    verifier = Verifier(model, vocabulary, [normalized(phrase) for phrase in settings.wake.phrase])
    for phrase in verifier.unverified:
        log.warning('"%s" has no second look: the recognizer knows no words that sound like it', phrase)
    return Ears(
        wake=build_wake(settings.wake, model, vocabulary),
        verifier=verifier,
        stop_words=StopWords(model, vocabulary, language_file(settings.language)["stop_words"]),
        voice_activity=SileroActivity(),
        recognizer=VoskRecognizer(model),
        pause_after=lambda text: PAUSES[commands.completeness(text)],
    )


def build_listener(settings: Settings, commands: Commands, post: Post) -> Listener:
    """The ears at work. Raises as `build_ears`."""
    return Listener(build_ears(settings, commands), settings.endpoint, post)


def build_thinker(
    settings: Settings,
    chosen: Chosen,
    toolbox: Toolbox,
    told: Callable[[], str],
    post: Post,
    program: Sequence[str] = PROGRAM,
) -> Thinker:
    """The thinker, not started yet, with the model that it thinks with, its tools, and what it is to know."""
    llm = settings.llm

    def prompt() -> str:
        return "\n".join(filter(None, [llm.system_prompt, told()]))

    recommended = chosen.model.temperature if chosen.model else None
    temperatures = (llm.temperature, recommended, OTHER_TEMPERATURE)
    load = Load(
        path=chosen.path,
        system_prompt=prompt(),
        n_ctx=llm.n_ctx,
        n_threads=llm.threads,
        max_tokens=llm.max_tokens,
        temperature=next(temperature for temperature in temperatures if temperature is not None),
        top_k=llm.top_k,
        top_p=llm.top_p,
        tools=toolbox.tools,
        lean=llm.memory == "lean" or (llm.memory == "auto" and memory_bytes() < LEAN_BELOW_BYTES),
        folder=state_folder() / "model",
    )
    process = ModelProcess(load, program=program)
    thinker = Thinker(
        process,
        llm.max_tokens,
        post,
        toolbox=toolbox,
        language=settings.language,
        prompt=prompt,
        remember_s=settings.dialogue.remember_s,
    )
    process.died = thinker.model_died
    return thinker


def build_talker(settings: Settings, sound: Sound, common: Sequence[str] = ()) -> Talker:
    """The talker with the voice that the settings choose, which has said its first word. Raises ModelError."""
    voice = Piper(choose_model(settings, "voice").path, settings.voice.rate)
    talker = Talker(voice, sound, settings.voice.sentence_gap_s, common, settings.language)
    talker.warm()
    return talker
