"""Whether llama.cpp, as it was built, computes rightly on this CPU. Called in the language model's process.

A build for another CPU may load, run and babble. So a tiny gemma4 model, whose matrices llama.cpp repacks as it does
those of the real one, reads a prompt, and its logits are compared with those that are kept with it, which come from
kernels without repacking (scripts/make-self-test). As the inputs of a layer are rounded to 8 bits, right kernels differ
by 0.01 to 0.05 of the logits' spread: those of x86 and, emulated, of a Pi 4 and a Pi 5, with and without repacking and
flash attention, and exact arithmetic. A window of one token more makes 0.5, a single matrix in the wrong order 0.3 to
0.7, and all of them 1 to 1.4.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from assistant.errors import ModelError
from assistant.thinking.language_model import LanguageModel

MODEL = Path(__file__).with_name("self_test.gguf")
TOLERANCE = 0.15  # of the logits' spread, the root mean square of the difference


@dataclass(frozen=True, slots=True)
class Reference:
    """What is right: the logits after so many tokens of a prompt, one a token of the vocabulary."""

    tokens: tuple[int, ...]
    logits: Mapping[int, tuple[float, ...]]


@cache
def reference() -> Reference:
    """The logits kept for the model."""
    kept = json.loads(MODEL.with_suffix(".json").read_text())
    return Reference(tuple(kept["tokens"]), {int(n): tuple(logits) for n, logits in kept["logits"].items()})


def check_build(n_threads: int, right: Reference | None = None) -> None:
    """Compares what llama.cpp computes with what is right, within some 20 ms.

    Raises:
        ModelError: they differ, or llama.cpp does not load the model at all.
    """
    right = right or reference()
    with LanguageModel(MODEL, n_ctx=len(right.tokens), n_threads=n_threads) as model:
        off = np.max([_off(model, right, n) for n in _evaluate(model, right)])  # as max is not, aware of NaN
    if not off <= TOLERANCE:
        raise ModelError(
            f"llama.cpp, as it was built for this CPU, computes wrongly (logits off by {off:.2f} of their spread); "
            "build it anew: sudo ./setup.sh uninstall && sudo ./setup.sh install (settings and state stay)"
        )


def _evaluate(model: LanguageModel, right: Reference) -> Iterator[int]:
    """Reads the prompt in parts, the last one token by token, then at once; each time logits are known, how many."""
    *parts, whole = sorted(right.logits)
    for n in (*parts, *range(parts[-1] + 1, whole + 1)):
        model.evaluate(right.tokens[:n])
        if n in right.logits:
            yield n
    model.evaluate(right.tokens[1:2])  # forgets the prompt
    model.evaluate(right.tokens[:whole])
    yield whole


def _off(model: LanguageModel, right: Reference, n: int) -> float:
    logits = np.array(right.logits[n])
    return float(np.sqrt(np.mean((np.array(model.logits()) - logits) ** 2)) / logits.std())
