"""Sentences that were synthesized before, kept for when they are said again. Pure; the talker's thread owns it."""

from collections import OrderedDict

from assistant.audio.chunk import Samples

MOST_BYTES = 24 * 2**20  # 9 minutes of speech at 22 kHz


class Rendered:
    """Keeps sound by its text; what was not asked for longest leaves first."""

    def __init__(self, n_bytes: int = MOST_BYTES) -> None:
        self._n_most = n_bytes
        self._n_bytes = 0
        self._kept: OrderedDict[str, Samples] = OrderedDict()

    def __contains__(self, text: str) -> bool:
        return text in self._kept

    def get(self, text: str) -> Samples | None:
        """The sound of the text, int16 `(n,)`; None where it is not kept."""
        samples = self._kept.get(text)
        if samples is not None:
            self._kept.move_to_end(text)
        return samples

    def keep(self, text: str, samples: Samples) -> None:
        self._kept[text] = samples
        self._n_bytes += samples.nbytes
        while self._n_bytes > self._n_most:
            _, oldest = self._kept.popitem(last=False)
            self._n_bytes -= oldest.nbytes

    def clear(self) -> None:
        self._kept.clear()
        self._n_bytes = 0
