"""The written utterances are understood; what was never tuned for, less well, is measured by the bench itself."""

import json
import subprocess
from collections.abc import Callable

import pytest

from assistant.bench.commands import GOALS


@pytest.mark.timeout(300)
def test_the_bench_gives_every_figure(assistant: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    done = assistant("bench", "commands", "--json", timeout=280)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert {goal.field for goal in GOALS} <= set(figures)
    assert figures["n_utterances"] >= 600
    assert figures["n_unseen"] >= 200
    assert figures["n_questions"] >= 600
    assert figures["n_promise_cases"] >= 60
    assert figures["false_positives"] == 0, figures["misses"]
    assert [miss for miss in figures["misses"] if miss["kind"] == "seen"] == []
    assert figures["accuracy_unseen"] > 0.6
    assert figures["empty_promises"] <= 0.05
    assert figures["false_refusals"] <= 0.05
    assert figures["fast_path_first_audio_s"] < 1.0  # so coarse that a busy machine does not fail it
