"""A phrase as the owner writes it, in words. Pure."""

import re
import unicodedata

BUNDLED = ("hey jarvis", "okay nabu", "alexa", "hey mycroft")  # the wake word engines have a model for each


def words_of(text: str) -> tuple[str, ...]:
    """The words in lower case: "Hey_Jarvis!" is ("hey", "jarvis")."""
    return tuple(re.findall(r"[^\W_]+(?:'[^\W_]+)*", unicodedata.normalize("NFC", text).lower()))


def normalized(text: str) -> str:
    """The words with single spaces between them, as phrases are called everywhere in here."""
    return " ".join(words_of(text))
