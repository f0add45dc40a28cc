"""Tells what is left of our own voice, after its echo was subtracted, from somebody else's. Pure.

Where the echo canceller is a fraction of a sample off, as while it follows two clocks that differ, most of what it
leaves is still a linear function of what was played; what a person says is not.
"""

import numpy as np

from assistant.audio.chunk import Samples

N_TAPS = 160  # the canceller gives what was played 80 samples before its echo
MOST_SAMPLES = 8192  # more would only take longer
TINY = 1e-6


def own_share(heard: Samples, played: Samples) -> float:
    """The share of the power of `heard` that is explained by `played`, 0 to 1; both int16 `(n,)`, n over 1000.

    Least squares over a filter of `N_TAPS`.
    """
    wanted = heard[-MOST_SAMPLES:].astype(np.float32)
    sent = np.concatenate([np.zeros(N_TAPS - 1, np.float32), played[-len(wanted) :].astype(np.float32)])
    delayed = np.lib.stride_tricks.sliding_window_view(sent, N_TAPS)
    correlation = delayed.T @ delayed
    correlation[np.diag_indices(N_TAPS)] += TINY * np.trace(correlation) / N_TAPS + 1.0
    taps = np.linalg.solve(correlation, delayed.T @ wanted)
    total = float(wanted @ wanted)
    rest = wanted - delayed @ taps
    return max(0.0, 1.0 - float(rest @ rest) / total) if total else 0.0
