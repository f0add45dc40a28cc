"""What was asked and answered, kept only where the owner wants it. Any thread, as the store is guarded."""

from dataclasses import dataclass
from datetime import datetime

from assistant.store import Store


@dataclass(frozen=True, slots=True)
class PastExchange:
    """A question and its reply."""

    at: str  # local time, ISO 8601 to the second
    question: str
    reply: str


def exchange_now(question: str, reply: str) -> PastExchange:
    """One that has just been."""
    return PastExchange(datetime.now().isoformat(" ", "seconds"), question, reply)


class History:
    """The last exchanges, at most so many."""

    def __init__(self, store: Store, n_most: int) -> None:
        """With `n_most` 0 nothing is kept, and what was kept before is wiped."""
        self._store = store
        self._n_most = n_most
        if n_most == 0 and self.exchanges():
            self.forget_all()

    def add(self, exchange: PastExchange) -> None:
        """Keeps it, and of all only the newest."""
        if self._n_most == 0:
            return
        with self._store.transaction() as db:
            values = exchange.at, exchange.question, exchange.reply
            db.execute("INSERT INTO exchanges (at, question, reply) VALUES (?, ?, ?)", values)
            newest = "SELECT id FROM exchanges ORDER BY id DESC LIMIT ?"
            db.execute(f"DELETE FROM exchanges WHERE id NOT IN ({newest})", (self._n_most,))

    def exchanges(self) -> list[PastExchange]:
        """All that is kept, the oldest first."""
        rows = self._store.rows("SELECT at, question, reply FROM exchanges ORDER BY id")
        return [PastExchange(row["at"], row["question"], row["reply"]) for row in rows]

    def forget_all(self) -> int:
        """Wipes it, and gives how many there were."""
        with self._store.transaction() as db:
            n_forgotten = db.execute("DELETE FROM exchanges").rowcount
        self._store.forget_copies()
        return n_forgotten
