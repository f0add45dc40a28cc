"""What the owner asked to be remembered. Any thread, as the store is guarded."""

import re
import time
from dataclasses import dataclass

from assistant.errors import AssistantError
from assistant.store import Store

MOST_FACTS = 200
LONGEST_FACT = 300  # characters

# Words, in the languages that the assistant speaks, that say nothing of what a fact is about.
_SMALL_WORDS = frozenset(
    "a about an and are at do i in is it my of on that the to was what you "
    "am an das dass der die ein eine ich im in ist mein meine mit über und von was zu "
    "con de del el en es la las los mi mis que sobre un una y".split()
)


class TooMuchError(AssistantError):
    """A fact is too long to be remembered, or one too many."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to remember, in the owner's words."""

    id: int
    text: str


class Memory:
    """All facts, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def remember(self, fact: str) -> int:
        """Keeps a fact and gives its id, that of the old one when it is known already.

        TooMuchError when it is empty or longer than LONGEST_FACT, or when there are MOST_FACTS.
        """
        text = " ".join(fact.split())
        if not 0 < len(text) <= LONGEST_FACT:
            raise TooMuchError(f"a fact of {len(text)} characters: say it in 1 to {LONGEST_FACT}")
        for known in self.facts():
            if known.text.casefold() == text.casefold():
                return known.id
        with self._store.transaction() as db:
            (n,) = db.execute("SELECT COUNT(*) FROM facts").fetchone()
            if n >= MOST_FACTS:
                raise TooMuchError(f"{n} facts are remembered already; have some forgotten first")
            added = db.execute("INSERT INTO facts (fact, noted_utc_s) VALUES (?, ?)", (text, time.time()))
        assert added.lastrowid is not None
        return added.lastrowid

    def facts(self) -> list[Fact]:
        """All that is remembered, the oldest first."""
        return [Fact(row["id"], row["fact"]) for row in self._store.rows("SELECT id, fact FROM facts ORDER BY id")]

    def forget(self, text: str) -> list[Fact]:
        """Forgets the facts that hold more than half of the words that matter in a text, of these the best; gives them.

        Several go only when they fit equally well.
        """
        wanted = _words(text)
        shares = {fact: len(wanted & _words(fact.text)) / len(wanted) for fact in self.facts()} if wanted else {}
        best = max(shares.values(), default=0.0)
        return self._forget([fact for fact, share in shares.items() if share == best > 0.5])

    def forget_id(self, id_: int) -> list[Fact]:
        """Forgets one by its id; gives it, or nothing when there is none."""
        return self._forget([fact for fact in self.facts() if fact.id == id_])

    def forget_last(self) -> list[Fact]:
        """Forgets what was remembered last; gives it, or nothing when nothing is remembered."""
        return self._forget(self.facts()[-1:])

    def forget_all(self) -> list[Fact]:
        """Forgets everything; gives it."""
        return self._forget(self.facts())

    def _forget(self, facts: list[Fact]) -> list[Fact]:
        if facts:
            with self._store.transaction() as db:
                db.executemany("DELETE FROM facts WHERE id = ?", [(fact.id,) for fact in facts])
            self._store.forget_copies()
        return facts


def _words(text: str) -> frozenset[str]:
    words = frozenset(re.findall(r"\w+", text.casefold()))
    return words - _SMALL_WORDS or words
