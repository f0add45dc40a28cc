from typing import Any

import pytest
from turns import naive_turn, our_turn

from assistant.bench.latency import gaps_s, latency, speculation, timeline
from assistant.bench.timeline import PLAYS, READS, SILENCE, SPEAKS, WRITES
from assistant.errors import AssistantError


def latency_of(*firsts_s: float) -> dict[str, Any]:
    return latency([our_turn(first_s) for first_s in firsts_s], [naive_turn(2.7)], [naive_turn(4.0)])


def test_the_first_sound_is_counted_from_the_end_of_speech() -> None:
    found = latency_of(0.8, 0.9, 2.0)
    assert found["first_audio_p50_s"] == 0.9
    assert found["first_audio_p95_s"] == 2.0
    assert found["after_endpoint_p50_s"] == 0.2  # the endpoint came after 0.7 s


def test_the_naive_chain_took_so_many_times_as_long() -> None:
    found = latency_of(0.9)
    assert (found["naive_warm_p50_s"], found["speedup_warm"]) == (2.7, 3.0)
    assert (found["naive_cold_p50_s"], found["speedup_cold"]) == (4.0, 4.44)
    assert found["after_endpoint_speedup_warm"] == 10.0  # 2.0 s by 0.2 s


def test_a_sound_that_was_ready_before_the_endpoint_is_reckoned_as_ten_milliseconds() -> None:
    assert latency_of(0.6)["after_endpoint_speedup_warm"] == 200.0


def test_the_floor_is_the_first_clause_written_and_spoken() -> None:
    # 5 of 20 letters are 10 of 40 tokens, 0.5 s at 20 a second; its synthesis took 0.1 s.
    assert latency_of(1.3)["over_floor"] == 1.0


def test_the_middle_of_the_turns_is_told_and_how_many_there_were() -> None:
    found = latency([our_turn(s) for s in (1.0, 3.0, 1.2)], [naive_turn(s) for s in (9.0, 2.0, 3.0)], [naive_turn()])
    assert (found["first_audio_p50_s"], found["naive_warm_p50_s"]) == (1.2, 3.0)
    assert (found["n"], found["n_naive_warm"], found["n_naive_cold"]) == (3, 3, 1)


def test_a_question_that_was_not_heard_is_left_out_and_not_counted() -> None:
    unheard = our_turn(None, tokens_per_s=0.0, n_generated=0)
    found = latency([our_turn(0.9), unheard], [naive_turn()], [naive_turn()])
    assert (found["first_audio_p50_s"], found["n"]) == (0.9, 1)


def test_where_nothing_was_heard_there_is_no_latency() -> None:
    with pytest.raises(AssistantError, match="heard none of the questions"):
        latency([our_turn(None)], [naive_turn()], [naive_turn()])


def test_a_hit_is_a_reply_that_was_begun_ahead_and_kept() -> None:
    turns = [our_turn(ahead=True), our_turn(ahead=True), our_turn(ahead=False), our_turn(None, ahead=False)]
    assert speculation(turns)["hit_rate"] == 0.5


def test_tokens_in_vain_are_those_of_dropped_guesses() -> None:
    turns = [our_turn(n_generated=40, n_tokens_dropped=15), our_turn(n_generated=45)]
    assert speculation(turns)["wasted_tokens_ratio"] == 0.15


def test_a_hole_in_a_reply_is_a_gap() -> None:
    assert gaps_s([[1.0, 0.5], [1.8, 1.0], [2.8, 0.4]]) == pytest.approx([0.3, 0.0])
    assert gaps_s([[1.0, 0.5]]) == []


def spans_of(chain: list[dict[str, Any]], lane: str) -> list[tuple[float, float]]:
    return [(round(one["begin_s"], 3), round(one["end_s"], 3)) for one in chain if one["lane"] == lane]


def test_in_the_timeline_zero_is_the_end_of_speech() -> None:
    told = timeline([our_turn()], [naive_turn()])
    ours = told["ours"]
    assert spans_of(ours, SPEAKS) == [(-2.0, 0.0)]
    assert spans_of(ours, SILENCE) == [(0.0, 0.7)]
    assert spans_of(ours, READS) == [(0.2, 0.5)]  # until the first token
    assert spans_of(ours, WRITES) == [(0.5, 1.0)]
    assert spans_of(ours, PLAYS) == [(1.0, 2.5)]
    assert spans_of(told["naive"], SILENCE) == [(0.0, 0.7)]
    assert spans_of(told["naive"], PLAYS)[0][0] == 2.7
    assert told["endpoint_s"] == pytest.approx({"ours": 0.7, "naive": 0.7})


def test_the_timeline_shows_the_middle_turns() -> None:
    ours = [our_turn(s, endpoint_s=s - 0.1) for s in (0.9, 3.0, 0.5)]
    told = timeline([*ours], [naive_turn(s) for s in (5.0, 2.0, 3.0)])
    assert told["endpoint_s"]["ours"] == pytest.approx(0.8)
    assert spans_of(told["naive"], PLAYS)[0][0] == 3.0
