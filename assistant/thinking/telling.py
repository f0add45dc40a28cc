"""A reply as it comes: pieces in, sentences out that may be said. Pure; the thinker's thread owns it.

A sentence that was said before is the beginning of a loop, and the reply ends there. One that claims a deed is
withheld where a deed was asked for: what was done, our own words say.
"""

from collections.abc import Callable, Sequence

from assistant.thinking.conversation import tokens_until
from assistant.thinking.messages import Piece, Tokens
from assistant.thinking.repetition import SaidBefore
from assistant.thinking.sentences import SentenceCutter


class Telling:
    """One reply."""

    def __init__(self, withholds: Callable[[str], bool], say: Callable[[str], None]) -> None:
        """`say` gets the sentences that `withholds` lets through."""
        self._withholds = withholds
        self._say = say
        self._cutter, self._said_before = SentenceCutter(), SaidBefore()
        self.pieces: list[Piece] = []
        self.said: list[str] = []
        self.repeats = False
        self.withheld = False
        self._n_least = 0  # pieces that are kept in any case: calls, and what they gave
        self._after_call = False

    def called(self) -> None:
        """The pieces so far were a call; those without text that follow are its result."""
        self._n_least = len(self.pieces)
        self._after_call = True

    def feed(self, piece: Piece) -> None:
        """The next piece; once it `repeats`, nothing more is said."""
        self.pieces.append(piece)
        self._after_call = self._after_call and not piece.text
        if self._after_call:
            self._n_least = len(self.pieces)
        for sentence in self._cutter.feed(piece.text):
            self.repeats = self.repeats or self._said_before(sentence)
            if not self.repeats:
                self._tell(sentence)

    def end(self, *, whole: bool) -> Tokens:
        """The tokens of what was said; a sentence that was cut off is left out, unless there is no other."""
        rest = self._cutter.finish()
        whole = whole and not self.repeats
        if rest and whole and self._said_before(rest):
            whole = False
        elif rest and (whole or not self.said):
            self._tell(rest)
        if whole and not self.withheld:
            return tuple(piece.token for piece in self.pieces)
        return self.tokens_until(self.said)

    def tokens_until(self, said: Sequence[str]) -> Tokens:
        """The tokens of what was heard, and of every call and its result."""
        n_said = len(tokens_until(self.pieces, said))
        return tuple(piece.token for piece in self.pieces[: max(n_said, self._n_least)])

    def _tell(self, sentence: str) -> None:
        if self._withholds(sentence):
            self.withheld = True
            return
        self.said.append(sentence)
        self._say(sentence)
