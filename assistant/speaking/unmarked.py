"""What a voice should read of a written sentence in any language: the words, not the marks. Pure, any thread.

What numbers, times and symbols are called is left to espeak, the reader inside of Piper, which knows the language.
"""

import re
import unicodedata

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`#|~^<>{}\[\]\\]|(?m:^\s*[-•]\s+)")
_PICTURES = frozenset({"So", "Sk", "Cs", "Co"})  # Unicode's categories of emoji and the like
_SPOKEN_SYMBOLS = "°©®™"


def unmarked(text: str) -> str:
    """Without markup and emoji; empty where nothing is left to say."""
    plain = _MARKS.sub(" ", _LINK.sub(r"\1", text))
    words = "".join(" " if unicodedata.category(c) in _PICTURES and c not in _SPOKEN_SYMBOLS else c for c in plain)
    told = " ".join(words.replace("\ufe0f", "").replace("\u200d", "").split())
    return told if any(c.isalnum() for c in told) else ""
