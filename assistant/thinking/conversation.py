"""What was said so far, as far as the model can still be told. Pure; the thinker's thread owns it."""

import re
from collections.abc import Sequence

from assistant.thinking.messages import Exchange, Piece, Tokens

QUESTION_TOKENS = 256  # kept free for the next question
_BETWEEN_WORDS = r"\s*(?:```.*?```\s*)*"


class Conversation:
    """The exchanges that stand in the prompt, oldest first."""

    def __init__(self, *, n_budget: int, n_around: int) -> None:
        """`n_budget` tokens may be used by all exchanges together, each with `n_around` of the template."""
        self._n_budget = n_budget
        self._n_around = n_around
        self._exchanges: list[Exchange] = []

    @property
    def history(self) -> tuple[Exchange, ...]:
        return tuple(self._exchanges)

    def add(self, exchange: Exchange) -> None:
        """Adds the newest; where they no longer fit, the oldest leave in one block, until half of the room is free.

        A block, since each time that something leaves, all that follows must be evaluated again.
        """
        self._exchanges.append(exchange)
        if self._n_tokens() > self._n_budget:
            while self._exchanges and self._n_tokens() > self._n_budget // 2:
                del self._exchanges[0]

    def take_back(self, exchange: Exchange) -> None:
        """Removes it, if it is the newest."""
        if self._exchanges and self._exchanges[-1] is exchange:
            del self._exchanges[-1]

    def drop_last(self) -> None:
        """Removes the newest, if there is one."""
        del self._exchanges[-1:]

    def forget(self) -> None:
        self._exchanges.clear()

    def _n_tokens(self) -> int:
        return sum(len(e.question) + len(e.reply) + self._n_around for e in self._exchanges)


def tokens_until(pieces: Sequence[Piece], sentences: Sequence[str]) -> Tokens:
    """The leading tokens of a reply up to the end of these sentences, which are parts of it in this order.

    White space makes no difference, nor does the code that is left out, so they may come in parts or joined. One that
    is no part of the reply, such as what we said of a tool, is passed over.
    """
    text = "".join(piece.text for piece in pieces)
    end = 0
    for sentence in sentences:
        found = re.compile(_BETWEEN_WORDS.join(map(re.escape, sentence.split())), re.DOTALL).search(text, end)
        end = found.end() if found else end
    n_characters = 0
    tokens: list[int] = []
    for piece in pieces:
        if n_characters >= end:
            break
        n_characters += len(piece.text)
        tokens.append(piece.token)
    return tuple(tokens)
