"""A reply as it comes: pieces in, sentences or their parts out that may be said. Pure; the thinker's thread owns it.

A sentence that was said before is the beginning of a loop, and the reply ends there. One that claims a deed is
withheld where a deed was asked for: what was done, our own words say.
"""

from collections.abc import Callable, Sequence

from assistant.thinking.clauses import ClauseCutter, Part
from assistant.thinking.conversation import tokens_until
from assistant.thinking.messages import Piece, Tokens
from assistant.thinking.repetition import SaidBefore


class Telling:
    """One reply."""

    def __init__(
        self, withholds: Callable[[str], bool], say: Callable[[str, bool], None], *, whole_sentences: bool
    ) -> None:
        """`say` gets what `withholds` lets through, and whether its sentence goes on after it.

        That is parts of sentences, unless `whole_sentences` are wanted since `withholds` can judge no less.
        """
        self._withholds = withholds
        self._say = say
        self._cutter, self._said_before = ClauseCutter(whole_sentences=whole_sentences), SaidBefore()
        self._sentence: list[str] = []  # the parts of the one under way
        self._n_told = 0  # of them
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
        for part in self._cutter.feed(piece.text):
            self._take(part)

    def end(self, *, whole: bool) -> Tokens:
        """The tokens of what was said; what was cut off of a sentence is left out, unless nothing else was said."""
        rest = self._cutter.finish()
        if rest and (whole or not self.said):
            self._take(rest)
        if whole and not self.repeats and not self.withheld:
            return tuple(piece.token for piece in self.pieces)
        return self.tokens_until(self.said)

    def tokens_until(self, said: Sequence[str]) -> Tokens:
        """The tokens of what was heard, and of every call and its result."""
        n_said = len(tokens_until(self.pieces, said))
        return tuple(piece.token for piece in self.pieces[: max(n_said, self._n_least)])

    def _take(self, part: Part) -> None:
        """Tells all that is certain to be new; what may yet turn out to be a loop waits for the words after it."""
        came_again = part.text in self._sentence
        self._sentence.append(part.text)
        sentence = " ".join(self._sentence)
        if part.part:
            waits = came_again or self._said_before.begins(sentence)
        else:
            waits = False
            self.repeats = self.repeats or self._said_before(sentence)
        if not self.repeats and not waits:
            self._tell(part.part)
        if not part.part:
            self._sentence, self._n_told = [], 0

    def _tell(self, goes_on: bool) -> None:
        """Tells the parts of the sentence that were not told yet; after the last of them it may go on."""
        for number in range(self._n_told, len(self._sentence)):
            text = self._sentence[number]
            if self._withholds(text):
                self.withheld = True
                continue
            self.said.append(text)
            self._say(text, goes_on or number < len(self._sentence) - 1)
        self._n_told = len(self._sentence)
