"""Rules that rewrite text: patterns, and what becomes of what they match. Pure logic, any thread."""

import re
from collections.abc import Callable, Iterable

Becomes = str | Callable[[re.Match[str]], str]

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
NUMBER_STARTS = r"(?<![\w.,])"  # where no longer number is under way; keeps every pattern linear, too


class Rules:
    """Applies its rules in order; each sees what the one before has left."""

    def __init__(self, *rules: tuple[str, Becomes]) -> None:
        self._rules = tuple((re.compile(pattern), becomes) for pattern, becomes in rules)

    def __call__(self, text: str) -> str:
        for pattern, becomes in self._rules:
            text = pattern.sub(becomes, text)
        return text


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest that fits."""
    return f"(?:{'|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))})"
