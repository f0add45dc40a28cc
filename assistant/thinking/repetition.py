"""Notices that a small language model has begun to go round in circles. Pure logic, any thread."""

import re
from collections.abc import Sequence

MAX_PERIOD = 64  # tokens; a longer loop is noticed by its sentences
MIN_TIMES = 4
MIN_TOKENS = 32  # short loops have to go on for longer: the zeros of a quintillion are meant

_ITEM_NUMBER = re.compile(r"^[\s*_#>-]*\d{1,3}[.)][\s*_]")
_AROUND_WORDS = "*_`#\"'“”‘’()[]{},;:.!?…"


def repeats(tokens: Sequence[int]) -> bool:
    """Whether `tokens` end in a loop: up to 64 tokens that come four times or more, 32 tokens in all or more.

    It looks at the last 256 tokens and takes about 10 us, so it can be asked after every token.
    """
    tail = tokens[-MAX_PERIOD * MIN_TIMES :]
    if len(tail) < MIN_TOKENS:
        return False
    periods = range(1, len(tail) // MIN_TIMES + 1)
    return any(tail[-1 - period] == tail[-1] and _ends_in_loop(tail, period) for period in periods)


def _ends_in_loop(tail: Sequence[int], period: int) -> bool:
    n_loop = max(MIN_TOKENS, period * MIN_TIMES)
    return tail[-n_loop:-period] == tail[period - n_loop :]


class SaidBefore:
    """Tells whether a sentence was already said; each reply has its own.

    Case, punctuation, markup and the number of a list item make no difference. One or two words ("Of course.") may
    always come again.
    """

    def __init__(self) -> None:
        self._said: set[tuple[str, ...]] = set()

    def __call__(self, sentence: str) -> bool:
        """Whether this sentence came before; from now on it did."""
        words = _words(sentence)
        if len(words) < 3:
            return False
        known = words in self._said
        self._said.add(words)
        return known

    def begins(self, text: str) -> bool:
        """Whether a sentence that came before begins with these words."""
        words = _words(text)
        return any(said[: len(words)] == words for said in self._said)


def _words(text: str) -> tuple[str, ...]:
    stripped = (word.strip(_AROUND_WORDS) for word in _ITEM_NUMBER.sub("", text).casefold().split())
    return tuple(word for word in stripped if word)
