import json
from typing import Any

import pytest

from assistant.bench.projection import Asked, Measured, largest_speedup, project

PLAIN = Measured(bandwidth_fraction=0.75, prefill_speedup_24=2.0, prefill_speedup_256=2.5)


def board(key: str, measured: Measured = PLAIN, asked: Asked | None = None) -> dict[str, Any]:
    projected: Any = project(measured, asked)[key]
    return dict(projected)


def test_what_is_gained_by_leaving_layers_out_is_bounded_by_the_arithmetic_left() -> None:
    assert largest_speedup(1) == 1.0  # its only row is read
    assert largest_speedup(24) == pytest.approx(2.92, abs=0.01)
    assert largest_speedup(1_000_000) == pytest.approx(3.25, abs=0.01)


def test_decoding_is_the_reached_part_of_the_bandwidth_over_the_bytes_of_a_token() -> None:
    # 0.75 * 11.6 / 1.407 and 0.75 * 13.2 / 1.407
    assert board("projection_pi_5")["projection_decode_tokens_per_s"] == [6.2, 7.0]


def test_no_board_decodes_better_than_was_ever_seen() -> None:
    perfect = Measured(1.0, 2.0, 2.5)
    # 0.85 * 11.6 / 1.407
    assert board("projection_pi_5", perfect)["projection_decode_tokens_per_s"][0] == 7.0
    assert board("projection_pi_4", perfect)["projection_decode_tokens_per_s"] == [1.7, 1.7]


def test_a_gain_beyond_the_arithmetic_is_not_believed() -> None:
    lucky = board("projection_pi_5", Measured(0.75, 9.0, 9.0))
    assert lucky["projection_prefill_tokens_per_s"] == [81.7, 93.4]  # 28 and 32 times 2.918


def test_a_long_prompt_is_read_with_the_gain_of_long_prompts() -> None:
    assert board("projection_pi_5")["projection_prefill_tokens_per_s"] == [56.0, 64.0]
    assert board("projection_pi_5", asked=Asked(n_prompt_tokens=300))["projection_prefill_tokens_per_s"] == [70.0, 80.0]


def test_first_audio_is_the_sum_of_what_comes_before_it() -> None:
    asked = Asked(silence_s=0.5, n_prompt_tokens=41, n_clause_tokens=17, clause_s=2.0)
    # 0.5 + 41 / (4.1 * 2) + 17 / (0.75 / 0.8 * 1.7) + 2.0 * 0.77
    assert board("projection_pi_4", asked=asked)["projection_first_audio_s"] == [17.7, 17.7]
    low, high = board("projection_pi_5", asked=asked)["projection_first_audio_s"]
    assert low < high


def test_every_figure_says_that_it_is_a_projection_and_the_assumptions_go_with_it() -> None:
    projected: Any = json.loads(json.dumps(project(PLAIN)))
    assert all(key.startswith("projection_") for key in projected)
    for key in ("projection_pi_5", "projection_pi_4"):
        assert all(name.startswith(("projection_", "published_")) for name in projected[key])
    told = "\n".join(projected["projection_assumptions"])
    for figure in (
        "11.6 GB/s",
        "13.2 GB/s",
        "28 to 32",
        "4.1 tokens/s",
        "1.7 tokens/s",
        "0.77 s",
        "0.25 to 0.30",
        "0.75",
    ):
        assert figure in told, figure
