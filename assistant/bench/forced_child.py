"""The language model's process for benches: it computes as always, and says what a script wants.

`python -m assistant.bench.forced_child SCRIPT PIPE`; the script is a JSON object that is read anew for every reply: the
`reply`, and `tokens_per_s`, which it is not to exceed, or null.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.thinking import model_child
from assistant.thinking.language_model import LanguageModel


class ForcedModel(LanguageModel):
    """Chooses the tokens of the script, at the price of any others."""

    def __init__(self, path: Path, **settings: Any) -> None:
        super().__init__(path, **settings)
        self._left: list[int] | None = None
        self._token_s = self._due_s = 0.0

    def evaluate(self, tokens: Sequence[int], *rest: Any) -> int:
        self._left = None
        return super().evaluate(tokens, *rest)

    def sample(self, *, likeliest: bool = False) -> int:
        super().sample(likeliest=likeliest)
        if self._left is None:
            script = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
            self._left = self.tokenize(script["reply"] + "<turn|>", special=True)
            self._token_s = 1 / script["tokens_per_s"] if script["tokens_per_s"] else 0.0
            self._due_s = time.monotonic()
        return self._left.pop(0)

    def append(self, token: int) -> None:
        super().append(token)
        self._due_s += self._token_s
        time.sleep(max(0.0, self._due_s - time.monotonic()))

    def log_likelihood(self, tokens: Sequence[int]) -> float:
        """Random weights find nothing likely."""
        return 0.0


if __name__ == "__main__":
    model_child.main(ForcedModel)
