"""Sentences that were synthesized before, kept for when they are said again. Pure; the talker's thread owns it."""

from collections import OrderedDict
from collections.abc import Collection

from assistant.audio.chunk import Samples

MOST_BYTES = 24 * 2**20  # 9 minutes of speech at 22 kHz


class Rendered:
    """Keeps sound by its text; what was not asked for longest leaves first, but what is common stays."""

    def __init__(self, n_bytes: int = MOST_BYTES, common: Collection[str] = ()) -> None:
        """What is `common` is few: it has to fit into `n_bytes` with room for others."""
        self._n_most = n_bytes
        self._n_bytes = 0
        self._common = frozenset(common)
        self._stays: dict[str, Samples] = {}
        self._leaves: OrderedDict[str, Samples] = OrderedDict()

    def __contains__(self, text: str) -> bool:
        return text in self._stays or text in self._leaves

    def get(self, text: str) -> Samples | None:
        """The sound of the text, int16 `(n,)`; None where it is not kept."""
        if text in self._leaves:
            self._leaves.move_to_end(text)
            return self._leaves[text]
        return self._stays.get(text)

    def keep(self, text: str, samples: Samples) -> None:
        """Keeps the sound of a text that is not kept yet."""
        (self._stays if text in self._common else self._leaves)[text] = samples
        self._n_bytes += samples.nbytes
        while self._leaves and self._n_bytes > self._n_most:
            _, oldest = self._leaves.popitem(last=False)
            self._n_bytes -= oldest.nbytes

    def clear(self) -> None:
        self._stays.clear()
        self._leaves.clear()
        self._n_bytes = 0
