"""Named lists, such as the one for shopping. Any thread, as the store is guarded."""

import re

from assistant.errors import AssistantError
from assistant.store import Store

MOST_ITEMS = 200  # of a list
LONGEST_ITEM = 200

# In the languages that the assistant speaks; what an item begins with though it is not meant.
_ARTICLES = frozenset(
    "a an the some any my our der die das den dem ein eine einen einem el la los las un una unos unas".split()
)
_ENDINGS = (("sses", "ss"), ("ies", "y"), ("es", ""), ("en", ""), ("n", ""), ("s", ""), ("e", ""))
_SHORTEST_STEM = 3


class ListFullError(AssistantError):
    """A list has no room for a further item."""


class Lists:
    """All lists, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, list_: str, item: str) -> bool:
        """Puts an item at the end; False when it is there already. ListFullError when there is no room."""
        text = " ".join(item.split())[:LONGEST_ITEM]
        if not text:
            return False
        with self._store.transaction() as db:
            (n,) = db.execute("SELECT COUNT(*) FROM list_items WHERE list = ?", (_name(list_),)).fetchone()
            if n >= MOST_ITEMS:
                raise ListFullError(f"the {_name(list_)} list holds {n} items already; remove one first")
            added = db.execute(
                "INSERT OR IGNORE INTO list_items (list, item, key) VALUES (?, ?, ?)", (_name(list_), text, _key(text))
            )
            return added.rowcount > 0

    def remove(self, list_: str, item: str) -> bool:
        """Takes an item off, in singular or plural, with or without an article; whether it was there."""
        with self._store.transaction() as db:
            gone = db.execute("DELETE FROM list_items WHERE list = ? AND key = ?", (_name(list_), _key(item)))
            return gone.rowcount > 0

    def items(self, list_: str) -> list[str]:
        """What is on a list, as it was said, the oldest first."""
        rows = self._store.rows("SELECT item FROM list_items WHERE list = ? ORDER BY id", (_name(list_),))
        return [row["item"] for row in rows]

    def names(self) -> list[str]:
        """The lists that hold something."""
        return [row["list"] for row in self._store.rows("SELECT DISTINCT list FROM list_items ORDER BY list")]

    def clear(self, list_: str) -> int:
        """Takes everything off; gives how much that was."""
        with self._store.transaction() as db:
            return db.execute("DELETE FROM list_items WHERE list = ?", (_name(list_),)).rowcount


def _name(list_: str) -> str:
    return " ".join(list_.casefold().split())


def _key(item: str) -> str:
    """What is the same for an item however it is said."""
    words = re.findall(r"\w+(?:['’]\w+)*", item.casefold())
    meant = [word for word in words if word not in _ARTICLES] or words
    return " ".join(map(_stem, meant)) or item.casefold().strip()


def _stem(word: str) -> str:
    """A word without its ending: rough, but the same for singular and plural of most nouns."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending) + instead
    return word
