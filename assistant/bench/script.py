"""What is asked and answered in `assistant bench speed`: spoken questions, fixed replies, a prompt of some length.

A voice keeps what it said before, so no reply comes twice in a conversation.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from assistant.audio.recording import read_sound, write_sound
from assistant.bench.clips import speech_bounds_s
from assistant.speaking.voice import Piper
from assistant.turn import Turn

SEED = 1
QUESTIONS = (
    "What is the name of the big river in the south of France?",
    "Why is the sky blue during the day and red in the evening?",
    "How do birds know where to fly in the winter?",
    "Tell me something about the history of the city of Rome.",
    "Why do people dream when they sleep at night?",
    "What is the difference between a lake and a sea?",
    "How does a plane stay in the air for so many hours?",
    "Who wrote the book about the old man and the sea?",
    "Why does bread rise when it is in the oven?",
    "What should I do when my plants have yellow leaves?",
)
# About 40 tokens of Gemma 4 each, so that one comes every turn: the first clause differs in length.
REPLIES = (
    "Paris is the capital of France, and about two million people live there. It lies on the river Seine, in the north "
    "of the country, and is known for its museums and its food.",
    "When light from the sun meets the air, blue is scattered more than red. In the evening its way through the air is "
    "longer, so mostly red and orange are left for us to see.",
    "Many birds feel the magnetic field of the earth, and they also watch the sun and the stars. Young birds often "
    "follow the older ones, and so they learn the way by heart.",
    "Rome began as a few villages on seven hills, nearly three thousand years ago. It grew into the center of an "
    "empire, and many of its old roads and walls still stand today.",
    "Nobody knows for certain why we dream, but it seems to help the brain to sort what happened. Most dreams come "
    "in the second half of the night, when our sleep is light.",
)
SYSTEM_PROMPT = (
    "You are a voice assistant in a home, and your answers are spoken aloud. Answer in one to three short, plain "
    "sentences, without lists, markdown or emoji. When you do not know something, say so. The people who talk to you "
    "stand in a kitchen, often with wet hands, and cannot look at a screen. Be friendly, but do not flatter, and never "
    "repeat the question. Say numbers as a person would say them. Use the units that are usual where the people live. "
    "When a question could mean two things, answer the likelier one, and say in a few words what you assumed. When "
    "somebody asks for advice on health, law or money, say what is generally known, and name who could tell more. "
    "When somebody is in danger, say first of all which number to call. Children may ask you too: explain things so "
    "that a child of eight understands them, and leave out what is not meant for children. You have no access to the "
    "internet, so you know nothing of the weather, the news, or what happened lately, and you say so when you are "
    "asked. Everything that is said to you stays on this device, and you may say that too."
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A question as a WAV file, and where in it the speech ends."""

    text: str
    audio: Path
    end_s: float


def speak(questions: tuple[str, ...], voice: Path, folder: Path) -> list[Spoken]:
    """Has the questions spoken into files. Raises ModelError, AudioFileError."""
    onnxruntime.set_seed(SEED)  # Piper draws noise: so a question sounds the same in every run
    piper = Piper(voice, 1.0)
    spoken = []
    for number, text in enumerate(questions):
        path = folder / f"question{number}.wav"
        write_sound(path, piper.synthesize(text, Turn(number)), piper.rate_hz)
        spoken.append(Spoken(text, path, speech_bounds_s(read_sound(path))[1]))
    return spoken


def rambling(seed: int) -> str:
    """All that the replies say, in an order of its own."""
    words = " ".join(REPLIES).split()
    random.Random(seed).shuffle(words)
    return " ".join(words)


def write_script(path: Path, reply: str, tokens_per_s: float | None) -> None:
    """What `forced_child` is to reply next, and no faster than `tokens_per_s`."""
    path.write_text(json.dumps({"reply": reply, "tokens_per_s": tokens_per_s}), encoding="utf-8")
