"""How much sound must be at hand so that speech never waits for its next words. Pure; the talker's thread owns it.

The next part of a reply is there once it was written and then synthesized, and until then what is at hand has to last.
How long the part will be nobody knows: it is taken to be as long as parts get. As long as text is written and
synthesized faster than it is spoken, what was enough once stays enough.
"""

from collections.abc import Sequence

LONGEST = 74  # characters of a part, with those between it and the one before
FIRST_S_PER_CHARACTER = 1 / 15
FIRST_FACTOR = 0.3  # until the voice was measured
TYPICAL = 100  # characters after which a measured pace counts as much as all before it


class Headway:
    """What is known of the voice's speed, and what follows from it."""

    def __init__(self) -> None:
        self._s_per_character = FIRST_S_PER_CHARACTER
        self._factor = FIRST_FACTOR  # seconds of synthesis per second of speech
        self._measured = False

    def measure(self, n_characters: int, speech_s: float, synthesis_s: float) -> None:
        """So many characters became so much speech in so much time."""
        if n_characters == 0 or speech_s == 0.0:
            return
        weight = n_characters / (n_characters + TYPICAL)  # what is short says little of the pace
        self._s_per_character += weight * (speech_s / n_characters - self._s_per_character)
        factor = synthesis_s / speech_s
        if not self._measured:
            self._measured, self._factor = True, factor
        else:  # slower is believed at once, faster by and by
            self._factor = max(factor, self._factor + 0.2 * (factor - self._factor))

    def set_pace(self, times: float) -> None:
        """The voice speaks so many times as fast as it does by itself."""
        self._s_per_character = FIRST_S_PER_CHARACTER / times

    def keeps_up(self, written_per_s: float) -> bool:
        """Whether text that comes so fast, in characters, becomes sound faster than it is spoken."""
        return written_per_s * self._s_per_character >= 1.0 and self._factor < 1.0

    def needed_s(self, waiting: Sequence[int], unwritten_s: float = 0.0) -> float:
        """Seconds of sound that last until those have sound that wait to be synthesized, and the unknown next one.

        `waiting` are their lengths in characters; the next one is written in `unwritten_s` at the latest.
        """
        ready_s = gained_s = needed_s = 0.0
        for n_characters in waiting:
            ready_s += self._synthesis_s(n_characters)
            needed_s = max(needed_s, ready_s - gained_s)
            gained_s += n_characters * self._s_per_character
        ready_s = max(ready_s, unwritten_s) + self._synthesis_s(LONGEST)
        return max(needed_s, ready_s - gained_s)

    def _synthesis_s(self, n_characters: int) -> float:
        return n_characters * self._s_per_character * self._factor
