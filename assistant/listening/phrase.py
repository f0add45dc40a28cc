"""A phrase as the owner writes it, in words. Pure."""

import re
import unicodedata
from collections.abc import Sequence

BUNDLED = ("hey jarvis", "okay nabu", "alexa", "hey mycroft")  # both engines have a trained model for each

# How a recognizer may write words of these phrases, whether it knows them or not.
ALIKE = {
    "okay": ("ok", "o k"),
    "nabu": ("nah boo", "na boo", "nab you", "nab who", "naboo"),
    "mycroft": ("my croft", "my craft"),
    "alexa": ("a lexa", "a lex a", "alex a"),
    "jarvis": ("jarvis's", "jar vis"),
}

# What people say that resembles these phrases; a model that knows the words can tell them apart.
RESEMBLING = {
    "hey jarvis": """hey travis, hey harvest, hey service, hey jar, hey john, hey james, hey charles, hey chavez, hey jobs,
        hey nervous, a garbage""",
    "okay nabu": """okay no, okay not, okay number, okay never, okay neighbor, okay maybe""",
    "alexa": """alexis, alexander, a lesson, a less on, lessons, alex, elections, all actions, electric, a lecture, relax, relaxer,
        election""",
    "hey mycroft": """hey microwave, hey microsoft, hey michael, hey mike, hey my friend, hey my, hey might, hey minecraft,
        hey craft, hey aircraft, hey mister""",
}


def words_of(text: str) -> tuple[str, ...]:
    """The words in lower case: "Hey_Jarvis!" is ("hey", "jarvis")."""
    return tuple(re.findall(r"[^\W_]+(?:'[^\W_]+)*", unicodedata.normalize("NFC", text).lower()))


def normalized(text: str) -> str:
    """The words with single spaces between them, as phrases are called everywhere in here."""
    return " ".join(words_of(text))


def find(words: tuple[str, ...], among: Sequence[str]) -> int | None:
    """Where `words` stand one after the other, if they do; the first time."""
    return next((at for at in range(len(among) - len(words) + 1) if tuple(among[at : at + len(words)]) == words), None)
