"""What was understood: words with their times, and what of them was meant for the assistant. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

FILLERS = frozenset("a ah eh er hm hmm huh i oh the uh uhm um".split())
LEAST_CONFIDENCE = 0.4  # the mean of noise taken for words lies below
LIKE_THE_PHRASE = 0.7  # similarity of letters from which words count as the wake phrase
VOICE_LAG_S = 0.1  # the voice activity of a word may begin later than the word
PHRASE_TAIL_S = 0.25  # a word that began longer than this before the wake word fired belongs to it


@dataclass(frozen=True, slots=True)
class Word:
    """A recognized word; times in seconds since the first sound that was fed."""

    text: str
    start_s: float
    end_s: float
    confidence: float  # 0 to 1


def text_of(words: Sequence[Word]) -> str:
    """The words alone."""
    return " ".join(word.text for word in words)


def says_something(words: Sequence[Word]) -> bool:
    """False for a cough, a filler, or noise that was taken for words."""
    if all(word.text in FILLERS for word in words):
        return False
    return sum(word.confidence for word in words) / len(words) >= LEAST_CONFIDENCE


def spoken(words: Sequence[Word], voice_s: Sequence[float]) -> list[Word]:
    """Those words during which somebody spoke; `voice_s` are the times at which there was a voice.

    A recognizer makes words of any noise, and is as sure of them as of others.
    """
    return [
        word
        for word in words
        if any(word.start_s - VOICE_LAG_S <= at_s <= word.end_s + VOICE_LAG_S for at_s in voice_s)
    ]


def without_phrase(words: Sequence[Word], phrase: str, fired_s: float) -> list[Word]:
    """What follows the wake phrase, where the words begin with it.

    `fired_s` is when the wake word fired, on the clock of the words. A phrase that was recognized as something
    that sounds alike, or not in the model's vocabulary, is told from the command by that time.
    """
    n = phrase_length([word.text for word in words], phrase)
    if n:
        return list(words[n:])
    return [word for word in words if word.start_s >= fired_s - PHRASE_TAIL_S]


def phrase_length(words: Sequence[str], phrase: str) -> int:
    """How many leading words are the wake phrase, nearly or as far as it goes; 0 when they are something else."""
    wanted = re.sub(r"\W|_", "", phrase).lower()
    if wanted.startswith("".join(words)):
        return len(words)
    n_words = len(re.split(r"\W|_", phrase))
    likeness = {
        n: SequenceMatcher(None, "".join(words[:n]), wanted).ratio() for n in range(1, min(len(words), n_words + 2) + 1)
    }
    best = max(likeness, key=lambda n: likeness[n], default=0)
    return best if likeness.get(best, 0.0) >= LIKE_THE_PHRASE else 0
