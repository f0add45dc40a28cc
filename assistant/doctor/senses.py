"""The models at work: it says something, and hears whether it understands itself; and it answers a question."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assistant.ask import Question, ask, has_wake_word
from assistant.audio.recording import read_sound
from assistant.config import models_folder
from assistant.doctor.finding import Finding, Patient, ill, untried, well
from assistant.errors import AssistantError, ConfigError, ModelError
from assistant.listening.phrase import normalized
from assistant.models import ModelFolder
from assistant.parts import Purpose, build_commands, build_ears, model_of
from assistant.tryout import say

TRIALS = {"en": "what time is it", "de": "wie spät ist es", "es": "qué hora es"}
QUESTION = "Say the word yes."
PURPOSES: dict[Purpose, str] = {"llm": "language model", "recognizer": "recognizer", "voice": "voice"}


def models(patient: Patient) -> Iterator[Finding]:
    """Whether each model that the settings mean is there and whole, byte for byte."""
    folder = ModelFolder(models_folder(patient.settings))
    for purpose, name in PURPOSES.items():
        part = f"{name} file"
        try:
            chosen = model_of(patient.settings, purpose)
            if chosen.model:
                folder.verify(chosen.model)
        except ModelError as error:
            yield ill(part, str(error), "fetch it anew: assistant models get starter, or get real")
        else:
            checked = "its checksum is right" if chosen.model else "no checksum is known for it"
            yield well(part, f"{chosen.path.name}; {checked}")


def voice_and_ears(patient: Patient) -> Iterator[Finding]:
    """Whether it hears its wake phrase, and understands what its own voice says."""
    settings = patient.settings
    phrase, trial = normalized(settings.wake.phrase[0]), TRIALS[settings.language]
    with tempfile.TemporaryDirectory(prefix="assistant-doctor-") as folder:
        spoken = Path(folder) / "spoken.wav"
        try:
            say(settings, f"{phrase}, {trial}?", spoken)
            yield well("voice", "speaks")
        except AssistantError as error:
            yield ill("voice", str(error), "fetch a voice: assistant models get starter")
            yield untried("wake word", "there is no voice to say it")
            return
        samples = read_sound(spoken)
    try:
        ears = build_ears(settings, build_commands(settings))
    except (ModelError, ConfigError) as error:
        yield ill("recognizer", str(error), "fetch one: assistant models get starter, or get real")
        return
    if has_wake_word(ears, settings.endpoint, samples):
        yield well("wake word", f'"{phrase}" is heard')
    else:
        yield ill("wake word", f'"{phrase}", as its own voice says it, is not heard', "raise wake.sensitivity")
    ears.recognizer.start()
    ears.recognizer.hear(samples)
    heard = " ".join(word.text for word in ears.recognizer.finish())
    if trial in heard:
        yield well("recognizer", f'understands "{trial}"')
    else:
        cure = "fetch a better one: assistant models get real"
        yield ill("recognizer", f'hears "{heard}" where its own voice says "{trial}"', cure)


def answer(patient: Patient) -> Iterator[Finding]:
    """Whether the language model replies."""
    part = "language model"
    if patient.status:
        if fault := patient.fault_of(part):
            yield ill(part, fault, "see: journalctl -u assistant; assistant models verify")
        else:
            yield well(part, f"{patient.status['models'].get(part)} is at work in the assistant that runs")
        return
    began_s = time.monotonic()
    try:
        found = ask(patient.settings, Question(QUESTION))
    except AssistantError as error:
        yield ill(part, str(error), "see: assistant models verify; a smaller model: assistant models list")
        return
    tokens = found.record.tokens
    pace = f", {tokens.per_second:.1f} tokens/s" if tokens else ""
    yield well(part, f"{found.model} replies, {time.monotonic() - began_s:.0f} s after it was started{pace}")
