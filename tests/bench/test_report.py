from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.goals import AT_LEAST, EXACTLY
from assistant.bench.projection import Measured, project
from assistant.bench.report import FIGURES, load_last, render, result_path, save_last, table
from assistant.errors import AssistantError

TIMELINE = {
    "ours": [
        {"lane": "person speaks", "begin_s": -1.5, "end_s": 0.0, "label": ""},
        {"lane": "speaker plays", "begin_s": 0.9, "end_s": 3.0, "label": "reply"},
    ],
    "naive": [{"lane": "speaker plays", "begin_s": 3.2, "end_s": 5.0, "label": "reply"}],
    "endpoint_s": {"ours": 0.7, "naive": 0.7},
}


@pytest.fixture
def at_its_goals() -> dict[str, Any]:
    """A result whose every figure is exactly at its goal, or 1 where there is none."""
    result: dict[str, Any] = {"machine": "two cores of something"}
    for figure in FIGURES:
        group, name = figure.field.split(".")
        result.setdefault(group, {})[name] = 1 if figure.goal is None else figure.goal
    return result


def row(report: str, field: str) -> list[str]:
    [line] = [line for line in report.splitlines() if line.startswith(f"| `{field}`")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_result_at_its_goals_misses_none(at_its_goals: dict[str, Any], tmp_path: Path) -> None:
    assert "missed" not in table(at_its_goals)
    assert "**" not in render(at_its_goals, tmp_path)


@pytest.mark.parametrize("figure", [one for one in FIGURES if one.goal is not None], ids=lambda one: one.field)
def test_beyond_its_goal_every_figure_is_told_as_missed(
    figure: Any, at_its_goals: dict[str, Any], tmp_path: Path
) -> None:
    group, name = figure.field.split(".")
    beyond: dict[str, Callable[[Any], Any]] = {AT_LEAST: lambda goal: goal * 0.9, EXACTLY: lambda goal: not goal}
    at_its_goals[group][name] = beyond.get(figure.direction, lambda goal: goal * 1.1 + 1)(figure.goal)
    [line] = [line for line in table(at_its_goals).splitlines() if line.endswith("missed")]
    assert line.split()[0] == figure.field
    assert row(render(at_its_goals, tmp_path), figure.field)[1].startswith("**")


def test_a_row_has_the_figure_in_words_the_value_and_the_goal(at_its_goals: dict[str, Any], tmp_path: Path) -> None:
    at_its_goals["decode"]["bandwidth_fraction"] = 0.71234
    at_its_goals["reuse"]["equal"] = False
    at_its_goals["memory"]["peak_mib"] = 3344.6
    report = render(at_its_goals, tmp_path)
    named, *numbers = row(report, "decode.bandwidth_fraction")
    assert named.startswith("`decode.bandwidth_fraction`, bytes read a second")
    assert numbers == ["**0.712**", "0.83"]
    assert row(report, "reuse.equal")[1:] == ["**no**", "yes"]
    assert row(report, "memory.peak_mib")[1:] == ["3,345", "3,500"]
    assert row(report, "memory.lean_peak_mib")[1:] == ["1", "–"]
    assert "Measured on two cores of something." in report


def test_what_a_short_run_left_out_is_a_dash_and_misses_nothing(tmp_path: Path) -> None:
    short: dict[str, Any] = {"decode": {"bandwidth_fraction": 0.9}, "prefill": {"speedup_24": None}}
    assert "missed" not in table(short)
    report = render(short, tmp_path)
    assert row(report, "prefill.speedup_24")[1:] == ["–", "2"]
    assert row(report, "cancel.p95_s")[1:] == ["–", "0.1"]
    assert list(tmp_path.iterdir()) == []  # no timeline, no picture


def test_the_picture_is_drawn_beside_the_report_which_shows_it(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    report = render({"timeline": TIMELINE}, folder)
    assert "(timeline.svg)" in report.splitlines()[0]
    svg = (folder / "timeline.svg").read_text("utf-8")
    for told in ("first sound after 0.9 s", "first sound after 3.2 s", "endpoint"):
        assert told in svg


def test_the_projection_is_called_one_and_stands_with_its_assumptions(tmp_path: Path) -> None:
    projection = project(Measured(0.75, 2.2, 2.7))
    report = render({"projection": projection}, tmp_path)
    assert "A projection, not a measurement" in report
    assert row(report, "projection_decode_tokens_per_s")[1:] == ["6.2 to 7", "1.6"]
    assumptions: Any = projection["projection_assumptions"]
    for one in assumptions:
        assert f"\n- {one}" in report


def test_the_last_result_is_kept_in_the_cache_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(AssistantError, match=r"^bench: there is no result yet; run: assistant bench speed$"):
        load_last()
    save_last({"machine": "eins", "timeline": TIMELINE})
    save_last({"machine": "größer", "timeline": TIMELINE})
    assert load_last() == {"machine": "größer", "timeline": TIMELINE}
    assert [one.name for one in (tmp_path / "assistant" / "bench").iterdir()] == ["speed.json"]


@pytest.mark.parametrize("text", ['{"machine": ', "[1, 2]"])
def test_a_damaged_result_is_told_in_a_line(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    save_last({})
    result_path().write_text(text, "utf-8")
    with pytest.raises(AssistantError, match=r"speed\.json .*; run: assistant bench speed$"):
        load_last()
