"""Arithmetic of the figures that benches print. Pure."""

import math
from collections.abc import Sequence


def share(hits: Sequence[bool]) -> float | None:
    """The part of them that is true; None of nothing."""
    return round(sum(hits) / len(hits), 4) if hits else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest of the values that so many percent of them do not exceed; None of nothing."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)], 3)


def upper_bound(n_events: int, hours: float, confidence: float = 0.95) -> float:
    """The rate an hour that would give so few events with a chance of 1 - `confidence` (Poisson, one-sided)."""
    low, high = 0.0, 10.0 * (n_events + 1)
    for _ in range(60):
        middle = (low + high) / 2
        at_most = sum(math.exp(-middle) * middle**k / math.factorial(k) for k in range(n_events + 1))
        low, high = (middle, high) if at_most > 1 - confidence else (low, middle)
    return round(high / hours, 3)


def decibels(ratio: float) -> float:
    """Of a ratio of powers."""
    return round(10 * math.log10(ratio), 1)
