from typing import Any

import pytest

from assistant.bench.goals import AT_LEAST, AT_MOST, EXACTLY, Figure, table, told


@pytest.mark.parametrize(
    ("direction", "missed"),
    [(AT_LEAST, [True, False, False]), (AT_MOST, [False, False, True]), (EXACTLY, [True, False, True])],
)
def test_a_goal_is_reached_or_missed(direction: str, missed: list[bool]) -> None:
    figure = Figure("wake.recall", 0.5, direction)
    assert [figure.is_missed({"wake": {"recall": value}}) for value in (0.4, 0.5, 0.6)] == missed


def test_figures_stand_in_groups_or_alone() -> None:
    assert Figure("wake.recall").value({"wake": {"recall": 0.9}}) == 0.9
    assert Figure("recall").value({"recall": 0.9}) == 0.9
    missing: list[dict[str, Any]] = [{}, {"wake": None}, {"wake": {}}]
    assert [Figure("wake.recall").value(result) for result in missing] == [None] * 3


def test_the_table_has_a_line_for_each_figure() -> None:
    figures = (Figure("accuracy", 0.98), Figure("latency.p95_s", 1.0, AT_MOST), Figure("decode.n_threads"))
    lines = table(figures, {"accuracy": 0.97, "latency": {"p95_s": 0.5}}).splitlines()
    assert [line.split() for line in lines] == [
        ["accuracy", "0.97", "≥", "0.98", "missed"],
        ["latency.p95_s", "0.5", "≤", "1"],
        ["decode.n_threads", "–"],
    ]


def test_a_value_has_as_many_digits_as_anybody_can_use() -> None:
    assert [told(one) for one in (0.12345, 12.345, 1234.5, 3, True, False, None, "much")] == [
        *("0.123", "12.3", "1,234", "3", "yes", "no", "–", "much")
    ]
