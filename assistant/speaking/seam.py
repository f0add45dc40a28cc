"""The seam between two parts of a sentence that are synthesized apart. Pure logic, any thread.

Piper lets silence follow a part, 0.05 to 0.25 s, and precede it, 0.03 to 0.06 s. Of both as much is left as makes a
short pause after a clause, and hardly one where a clause was cut in two.
"""

import re

import numpy as np

from assistant.audio.chunk import Samples

CLAUSE_S, CUT_S = 0.11, 0.02  # of silence before the seam
BEHIND_S = 0.04  # of silence behind it
QUIET = 200  # of 32,768: noise and the very ends of sounds

_CLAUSE_END = re.compile(r"[,;:—–，、；：]['\"”’»)\]*_]*\s*$")


def ends_clause(text: str) -> bool:
    """Whether a text as written ends with a mark after which a sentence goes on."""
    return bool(_CLAUSE_END.search(text))


def before_seam(samples: Samples, rate_hz: int, *, clause: bool) -> Samples:
    """Sound that the sentence goes on after, without most of the silence at its end; `clause` is what ends there."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    return samples[: loud[-1] + 1 + round((CLAUSE_S if clause else CUT_S) * rate_hz)] if len(loud) else samples


def behind_seam(samples: Samples, rate_hz: int) -> Samples:
    """Sound that the sentence goes on with, without most of the silence at its beginning."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    return samples[max(0, loud[0] - round(BEHIND_S * rate_hz)) :] if len(loud) else samples
