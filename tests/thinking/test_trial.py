import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from assistant.errors import ModelError
from assistant.thinking.findings import Findings
from assistant.thinking.trial import try_out

N_TOKENS = 40


class FakeModel:
    """Takes a time that depends on its threads: seconds a token by the number of threads, alone and in a batch."""

    def __init__(self, decode_s: Mapping[int, float], prefill_s: Mapping[int, float]) -> None:
        self.decode_s, self.prefill_s = decode_s, prefill_s
        self.likelihood = -2.5
        self.threads = (0, 0)
        self.n_tried = 0
        self.slow = range(0)  # the trials during which something else works here
        self.now_s = 0.0
        self.cached: list[int] = []

    def perf_counter(self) -> float:
        return self.now_s

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        assert text
        assert not special
        return list(range(N_TOKENS))

    def log_likelihood(self, tokens: Sequence[int]) -> float:
        return self.likelihood

    def set_threads(self, *, decode: int, prefill: int) -> None:
        self.threads = decode, prefill

    def evaluate(self, tokens: Sequence[int]) -> int:
        self._begin(tokens)
        n_new = len(tokens) - next((i for i, (a, b) in enumerate(zip(tokens, self.cached, strict=False)) if a != b), 0)
        self._take(self.prefill_s[self.threads[1]] * n_new)
        self.cached = list(tokens)
        return n_new

    def _begin(self, tokens: Sequence[int]) -> None:
        self.n_tried += len(tokens) == 1

    def append(self, token: int) -> None:
        self._take(self.decode_s[self.threads[0]])
        self.cached.append(token)

    def _take(self, seconds: float) -> None:
        self.now_s += seconds * (10 if self.n_tried in self.slow else 1)


QUICKER = {1: 1.0, 2: 0.6, 3: 0.5, 4: 0.4}
SLOWER = {1: 1.0, 2: 1.1, 3: 1.2, 4: 1.3}
HARDLY = {1: 1.0, 2: 0.98, 3: 0.975, 4: 0.971}


def tried(
    monkeypatch: pytest.MonkeyPatch, model: FakeModel, n_cpus: int, n_threads: int = 0, *, sense: bool = True
) -> Findings:
    monkeypatch.setattr(time, "perf_counter", model.perf_counter)
    stand_in: Any = model
    return try_out(stand_in, n_cpus, n_threads, sense=sense)


@pytest.mark.parametrize(
    ("decode_s", "prefill_s", "n_cpus", "threads"),
    [
        (QUICKER, QUICKER, 1, (1, 1)),
        (QUICKER, QUICKER, 2, (2, 2)),
        (QUICKER, QUICKER, 4, (3, 4)),  # of three and more, one core is left for ears and voice
        (SLOWER, QUICKER, 4, (1, 4)),
        (QUICKER, SLOWER, 4, (3, 1)),
        (HARDLY, HARDLY, 4, (1, 1)),
    ],
)
def test_as_many_threads_are_taken_as_make_it_faster(
    monkeypatch: pytest.MonkeyPatch,
    decode_s: dict[int, float],
    prefill_s: dict[int, float],
    n_cpus: int,
    threads: tuple[int, int],
) -> None:
    model = FakeModel(decode_s, prefill_s)
    assert tried(monkeypatch, model, n_cpus) == Findings(*threads, log_likelihood=-2.5)
    assert model.threads == threads


@pytest.mark.parametrize("first", [1, 4, 8, 11])
def test_what_else_works_here_for_a_moment_makes_no_difference(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    model = FakeModel(QUICKER, QUICKER)
    model.slow = range(first, first + 2)
    assert tried(monkeypatch, model, 2) == Findings(2, 2, log_likelihood=-2.5)
    assert model.n_tried >= first


def test_threads_that_were_chosen_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    model = FakeModel({}, {})
    assert tried(monkeypatch, model, 4, 3) == Findings(3, 3, log_likelihood=-2.5)
    assert model.threads == (3, 3)


@pytest.mark.parametrize("likelihood", [-12.5, -6.1, -math.inf, math.nan])
def test_a_model_that_takes_plain_sentences_for_nonsense_is_refused(
    monkeypatch: pytest.MonkeyPatch, likelihood: float
) -> None:
    model = FakeModel(QUICKER, QUICKER)
    model.likelihood = likelihood
    with pytest.raises(ModelError, match=r"plain sentences for nonsense .*assistant models verify$") as refused:
        tried(monkeypatch, model, 2)
    assert "\n" not in str(refused.value)
    assert tried(monkeypatch, model, 2, sense=False).log_likelihood == 0.0
