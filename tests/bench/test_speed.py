"""What is asked of the programs, and what is made of what they tell; the programs are made up here."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from turns import naive_turn, our_turn

from assistant.bench.goals import NONE
from assistant.bench.report import save_last, table
from assistant.bench.scenario import Scenario
from assistant.bench.script import Spoken
from assistant.bench.speed import STOPS_S, Kit, measure

KIT = Kit(
    Path("model.gguf"),
    Path("voice"),
    Path("recognizer"),
    Path("full"),
    [Spoken("Why?", Path(f"{number}.wav"), 1.0) for number in range(10)],
)
ENGINE = {
    "decode": {"bandwidth_fraction": 0.8, "n_threads": 2},
    "prefill": dict.fromkeys(("speedup_256", "speedup_24", "max_logit_difference_ratio"), 1.0),
    "boot": {"restore_speedup": 100.0},
    "reuse": {"evaluated_ratio": 1.0, "rebuilt_tokens_idle": 9, "equal": True},
    "pipe": {"p95_ms": 0.1},
}


class FakePrograms:
    """Tells the same of every turn, and keeps what was wanted."""

    def __init__(self) -> None:
        self.live: list[Scenario] = []
        self.naive: list[Mapping[str, Any]] = []
        self.turn = our_turn()
        self.starts_s = [9.0]  # of each process; the last is that of all that follow
        self.quick: bool | None = None

    def engine_figures(self, model: Path, *, quick: bool) -> dict[str, Any]:
        assert model == KIT.model
        self.quick = quick
        return {group: dict(figures) for group, figures in ENGINE.items()}

    def naive_turns(self, scenario: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.naive.append(scenario)
        first = naive_turn(6.0)  # knows nothing yet, whatever the mode
        return [first if number == 0 or scenario["mode"] == "cold" else naive_turn() for number in range(9)][
            : len(scenario["turns"])
        ]

    def assistant_turns(self, scenario: Scenario, folder: Path) -> dict[str, Any]:
        assert Path(scenario.script).parent == folder
        self.live.append(scenario)
        took_s = self.starts_s.pop(0) if len(self.starts_s) > 1 else self.starts_s[0]
        return {
            "begin_s": 50.0,
            "listening_s": 50.0 + took_s,
            "ready_s": 51.0 + took_s,
            "peak_mib": 3000.4 if scenario.memory == "fast" else 2000.4,
            "anonymous_mib": 900.0,
            "turns": [
                self.turn if asked.stop_s is None else self.turn | {"silent_s": 0.01, "idle_s": asked.stop_s / 10}
                for asked in scenario.turns
            ],
        }


def measured(programs: FakePrograms, folder: Path, *, quick: bool) -> dict[str, Any]:
    return measure(KIT, folder, quick=quick, show=lambda line: None, programs=programs)


def names(figures: Mapping[str, Any]) -> set[str]:
    groups = {key: value for key, value in figures.items() if isinstance(value, dict) and key != "timeline"}
    return {f"{group}.{name}" for group, found in groups.items() for name in found} | set(figures)


def test_the_short_bench_has_the_figures_of_the_long_one_and_asks_for_a_part_of_it(tmp_path: Path) -> None:
    short, long = FakePrograms(), FakePrograms()
    assert names(measured(short, tmp_path, quick=True)) == names(measured(long, tmp_path, quick=False))
    assert (short.quick, long.quick) == (True, False)

    def asked(programs: FakePrograms) -> set[Any]:
        """Every turn with all that it is asked with."""
        ours = {(turn, str(replace(one, turns=[]))) for one in programs.live for turn in one.turns}
        theirs = {(one["mode"], turn["audio"], turn["reply"]) for one in programs.naive for turn in one["turns"]}
        return ours | theirs

    assert asked(short) < asked(long)


def test_every_figure_of_the_table_is_measured(tmp_path: Path) -> None:
    assert NONE not in table(measured(FakePrograms(), tmp_path, quick=True))


def test_the_result_is_kept_and_told_by_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assistant: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    save_last(measured(FakePrograms(), tmp_path, quick=True))
    done = assistant("bench", "report", "--out", tmp_path / "docs", env=os.environ)
    assert done.returncode == 0, done.stderr
    assert "| `latency.first_audio_p50_s`, from the end of speech to the first sound, the median | 0.9 |" in done.stdout
    assert "first sound after 0.9 s" not in done.stdout
    assert "first sound after 1.0 s" in (tmp_path / "docs" / "timeline.svg").read_text("utf-8")


def test_first_turns_of_the_naive_chain_are_cold_whatever_it_is_told(tmp_path: Path) -> None:
    for quick, n_cold, n_warm in ((True, 1, 2), (False, 2 + 2 * 3, 2 * 4)):
        found = measured(FakePrograms(), tmp_path, quick=quick)["latency"]
        assert (found["naive_cold_p50_s"], found["n_naive_cold"]) == (6.0, n_cold)
        assert (found["naive_warm_p50_s"], found["n_naive_warm"]) == (2.7, n_warm)


def test_starts_are_timed_but_the_first_which_finds_nothing_kept(tmp_path: Path) -> None:
    programs = FakePrograms()
    programs.starts_s = [30.0, 1.0, 2.0, 40.0]
    boot = measured(programs, tmp_path, quick=True)["boot"]
    assert boot == {"restore_speedup": 100.0, "listening_s": 1.5, "ready_to_answer_s": 2.5, "n": 2}


def test_gaps_over_a_fifth_of_a_second_are_counted(tmp_path: Path) -> None:
    programs = FakePrograms()
    programs.turn = our_turn(sayings=[[101.0, 0.5], [101.8, 1.0], [102.95, 1.0]])
    found = measured(programs, tmp_path, quick=False)["playback"]
    n_turns = 4 * 4  # paces, replies
    assert found == {"gaps_over_200ms": n_turns, "longest_gap_s": 0.3, "n": n_turns}
    paces = {turn.tokens_per_s for one in programs.live for turn in one.turns if turn.tokens_per_s}
    assert sorted(paces) == pytest.approx([4.2 * pace for pace in (1.2, 1.5, 2.0, 3.0)])


def test_of_an_interruption_counts_what_goes_on_longest(tmp_path: Path) -> None:
    found = measured(FakePrograms(), tmp_path, quick=True)["cancel"]
    assert found == {"p95_s": max(STOPS_S[:3]) / 10, "silent_p95_s": 0.01, "n": 3}


def test_no_reply_comes_twice_in_a_conversation_since_its_sound_would_be_kept(tmp_path: Path) -> None:
    programs = FakePrograms()
    measured(programs, tmp_path, quick=False)
    for replies in [
        *([turn.reply for turn in one.turns] for one in programs.live),
        *([turn["reply"] for turn in one["turns"]] for one in programs.naive),
    ]:
        assert len(set(replies)) == len(replies)


def test_memory_is_taken_with_a_full_recognizer_in_both_forms(tmp_path: Path) -> None:
    programs = FakePrograms()
    found = measured(programs, tmp_path, quick=True)["memory"]
    assert (found["peak_mib"], found["lean_peak_mib"], found["anonymous_mib"]) == (3000, 2000, 900)
    weighed = [one for one in programs.live if one.weigh]
    assert [(one.memory, one.recognizer) for one in weighed] == [("fast", "full"), ("lean", "full")]
