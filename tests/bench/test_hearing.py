"""The bench as a person runs it, in its short form: the stages work together, in rooms, over replies and noise."""

import json
import subprocess
from collections.abc import Callable

import pytest

from assistant.bench.hearing import GOALS


@pytest.mark.timeout(600)
def test_the_short_bench_gives_every_figure(assistant: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    done = assistant("bench", "hearing", "--quick", "--json", timeout=580)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    for goal in GOALS:
        scene, field = goal.field.split(".")
        assert field in figures[scene], goal
    # So coarse that chance does not fail it, and fine enough that a stage that does not work does.
    assert figures["wake"]["recall_clean"] >= 0.9
    assert figures["wake"]["false_per_hour"] <= 10
    assert figures["echo"]["recall_cancel"] > figures["echo"]["recall_off"] + 0.3
    assert figures["echo"]["erle_linear_db"] > 12
    assert figures["echo"]["self_wakes"] == 0
    assert figures["endpoint"]["cut_off_rate"] <= 0.15
    assert figures["endpoint"]["command_p50_s"] < figures["endpoint"]["question_p50_s"] < 1.0
    assert figures["followup"]["self_capture"] == 0
    assert figures["followup"]["recall"] >= 0.7
