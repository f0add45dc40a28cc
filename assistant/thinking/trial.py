"""Tries a model that was just loaded: how many threads are fastest, and does it make sense. In the model's process."""

import time
from collections.abc import Callable, Sequence

from assistant.errors import ModelError
from assistant.thinking.findings import Findings
from assistant.thinking.language_model import LanguageModel

# Plain words that any instruct model finds likely, whatever its language: the beginning of the Universal Declaration of
# Human Rights, Article 1.
PARAGRAPH = (
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and "
    "should act towards one another in a spirit of brotherhood."
)
LEAST_LIKELIHOOD = -6.0  # a token: Gemma 3 270M reaches -1.2, SmolLM2 135M -1.9, a guess among 262,144 tokens -12.5
N_DECODED, N_PREFILLED = 4, 32  # tokens a trial
N_TRIALS = 3  # the fastest counts: whatever else works here makes it slower, never faster
WORTH = 0.97  # a thread more has to save 3 % of the time: the voice and the ears could use that core


def try_out(model: LanguageModel, n_cpus: int, n_threads: int, *, sense: bool) -> Findings:
    """Leaves the model with the threads that serve it best, or with `n_threads` unless 0.

    Raises:
        ModelError: it finds plain sentences unlikely.
    """
    tokens = model.tokenize(PARAGRAPH, special=False)
    likelihood = _likelihood(model, tokens) if sense else 0.0
    if n_threads:
        decode = prefill = n_threads
    else:
        # One core is left for ears and voice where there are three or more.
        decode = _fewest(lambda n: _decode_s(model, tokens, n), n_cpus - (n_cpus > 2))
        prefill = _fewest(lambda n: _prefill_s(model, tokens, n), n_cpus)
    model.set_threads(decode=decode, prefill=prefill)
    return Findings(decode, prefill, likelihood)


def _likelihood(model: LanguageModel, tokens: Sequence[int]) -> float:
    likelihood = model.log_likelihood(tokens)
    if not likelihood >= LEAST_LIKELIHOOD:
        raise ModelError(
            f"it takes plain sentences for nonsense ({likelihood:.1f} a token, {LEAST_LIKELIHOOD:.1f} is the least); "
            "check the file: assistant models verify"
        )
    return likelihood


def _fewest(seconds: Callable[[int], float], n_most: int) -> int:
    """The number of threads that is fastest, or nearly so with fewer."""
    times_s = [min(seconds(n) for _ in range(N_TRIALS)) for n in range(1, n_most + 1)]
    best, best_s = 1, times_s[0]
    for n, taken_s in enumerate(times_s, 1):
        if taken_s < WORTH * best_s:
            best, best_s = n, taken_s
    return best


def _decode_s(model: LanguageModel, tokens: Sequence[int], n_threads: int) -> float:
    model.set_threads(decode=n_threads, prefill=n_threads)
    model.evaluate(tokens[:1])
    begin_s = time.perf_counter()
    for token in tokens[1 : N_DECODED + 1]:
        model.append(token)
    return time.perf_counter() - begin_s


def _prefill_s(model: LanguageModel, tokens: Sequence[int], n_threads: int) -> float:
    model.set_threads(decode=n_threads, prefill=n_threads)
    model.evaluate(tokens[-1:])  # another beginning, so that nothing is kept of the time before
    begin_s = time.perf_counter()
    model.evaluate(tokens[:N_PREFILLED])
    return time.perf_counter() - begin_s
