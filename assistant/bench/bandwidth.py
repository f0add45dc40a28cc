"""How fast memory can be read here, which no decoder of a model can outrun: every token reads all of its weights.

Bench commands only; the calling thread waits while threads of its own read.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

READ_BYTES = 3 << 29  # 1.5 GiB, many times what any cache holds
ROUNDS = 5

_Words = npt.NDArray[Any]

# Maxima, since a sum of numpy's computes longer than memory takes; the first wins with one thread, the second with
# more. None of BLAS: it may start threads of its own, and more would read than were asked for.
_READERS: tuple[Callable[[_Words], object], ...] = (lambda words: np.max(words.view(np.int32)), np.max)


def read_bandwidth(n_threads: int, n_bytes: int = READ_BYTES) -> float:
    """The most bytes a second that so many threads read of `n_bytes` of memory, the best of five times."""
    words = np.empty(n_bytes // 8, np.int64)
    parts = np.array_split(words, n_threads)
    best_s = float("inf")
    with ThreadPoolExecutor(n_threads, "bandwidth") as threads:
        # Written first: pages that were never written are all one page, which the cache holds.
        list(threads.map(_write, parts))
        for _ in range(ROUNDS):
            for read in _READERS:
                began_s = time.perf_counter()
                list(threads.map(read, parts))
                best_s = min(best_s, time.perf_counter() - began_s)
    return words.nbytes / best_s


def _write(part: _Words) -> None:
    part.fill(1)
