"""What an engine found on an emulated board against what it found on this machine. Pure."""

import statistics
from collections.abc import Callable, Mapping
from math import inf, log10, sqrt
from typing import Any

from arm64.bounded import StepError

Found = Mapping[str, Any]
Comparison = Callable[[Found, Found], str]


def same(key: str) -> Comparison:
    """Equal in every bit; tells what it is where that is short."""

    def compare(there: Found, here: Found) -> str:
        if there[key] != here[key]:
            raise StepError(f"{key} is {str(there[key])[:200]}, here {str(here[key])[:200]}")
        return f'"{there[key]}"' if isinstance(there[key], str) else f"same {key}"

    return compare


def near(key: str, tolerance: float) -> Comparison:
    """As many numbers, none of them off by more than `tolerance`."""

    def compare(there: Found, here: Found) -> str:
        if len(there[key]) != len(here[key]):
            raise StepError(f"{len(there[key])} {key}, here {len(here[key])}")
        off = max(abs(a - b) for a, b in zip(there[key], here[key], strict=True))
        if not off <= tolerance:
            raise StepError(f"{key} off by {off:.4g}, more than {tolerance:g}")
        return f"{key} off by {off:.2g} at most"

    return compare


def alike(key: str, least_db: float) -> Comparison:
    """Sound of the same length, of which what differs is at least `least_db` softer than it."""

    def compare(there: Found, here: Found) -> str:
        a, b = there[key], here[key]
        if len(a) != len(b):
            raise StepError(f"{len(a)} samples, here {len(b)}")
        noise = sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
        level_db = 10 * log10(sum(y * y for y in b) / noise) if noise else inf
        if not level_db >= least_db:
            raise StepError(f"what differs is {level_db:.1f} dB below the sound, and should be {least_db:g} or more")
        return "same samples" if level_db == inf else f"what differs is {level_db:.0f} dB below the sound"

    return compare


def spread(key: str, tolerance: float) -> Comparison:
    """Logits whose difference is at most `tolerance` of their spread, root mean square."""

    def compare(there: Found, here: Found) -> str:
        square = statistics.fmean((a - b) ** 2 for a, b in zip(there[key], here[key], strict=True))
        off = sqrt(square) / statistics.pstdev(here[key])
        if not off <= tolerance:
            raise StepError(f"{key} off by {off:.3f} of their spread, more than {tolerance:g}")
        return f"{key} off by {off:.3f} of their spread"

    return compare


def tokens(key: str, leads: str, tolerance: float) -> Comparison:
    """The same, but where the lead of the likeliest over the second is less than what the logits may be off by."""

    def compare(there: Found, here: Found) -> str:
        pairs = list(zip(there[key], here[key], here[leads], strict=True))
        if wrong := [f"{a}, here {b}" for a, b, lead in pairs if a != b and lead > tolerance]:
            raise StepError(f"{len(wrong)} tokens are others: {wrong[0]}")
        return f"{sum(a == b for a, b, _ in pairs)} of {len(pairs)} tokens the same, the others nearly even"

    return compare
