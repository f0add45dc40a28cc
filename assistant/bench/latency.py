"""What became of the turns of `live` and `naive`, in figures and as a timeline. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assistant.bench.figures import percentile
from assistant.bench.timeline import PLAYS, READS, RECOGNIZER, SILENCE, SPEAKS, SYNTHESIZES, WRITES, Span
from assistant.errors import AssistantError

Turns = list[dict[str, Any]]


def median(values: Sequence[float]) -> float:
    """To the millisecond."""
    return round(statistics.median(values), 3)


def latency(ours: Turns, warm: Turns, cold: Turns) -> dict[str, Any]:
    """How soon the first sound came, against later (`warm`) and first (`cold`) turns of the naive chain.

    Raises:
        AssistantError: the model answered none of ours.
    """
    answered = [turn for turn in ours if turn["first_sound_s"] is not None and turn["tokens_per_s"]]
    if not answered:
        raise AssistantError("bench: the assistant heard none of the questions; try another recognizer or voice")
    first_s = [turn["first_sound_s"] - turn["speech_end_s"] for turn in answered]
    after_s = [turn["first_sound_s"] - turn["endpoint_s"] for turn in answered]
    warm_s, cold_s = ([turn["first_audio_s"] for turn in turns] for turns in (warm, cold))
    warm_after_s = [turn["first_audio_s"] - turn["endpoint_s"] for turn in warm]
    return {
        "first_audio_p50_s": median(first_s),
        "first_audio_p95_s": percentile(first_s, 95),
        "after_endpoint_p50_s": median(after_s),
        "naive_warm_p50_s": median(warm_s),
        "naive_cold_p50_s": median(cold_s),
        "speedup_cold": _times(cold_s, first_s),
        "speedup_warm": _times(warm_s, first_s),
        # Where the sound is ready before the endpoint nothing is left to be done, so it is reckoned from 10 ms on.
        "after_endpoint_speedup_warm": _times(warm_after_s, after_s, least_s=0.01),
        "over_floor": median([after / _floor_s(turn) for after, turn in zip(after_s, answered, strict=True)]),
        "n": len(answered),
        "n_naive_warm": len(warm),
        "n_naive_cold": len(cold),
    }


def _times(theirs_s: Sequence[float], ours_s: Sequence[float], least_s: float = 0.0) -> float:
    return round(statistics.median(theirs_s) / max(least_s, statistics.median(ours_s)), 2)


def _floor_s(turn: dict[str, Any]) -> float:
    """What the first clause takes at the least: its tokens at the rate of the reply, and its synthesis."""
    sounded_s, text = turn["first_sound_s"], turn["sentences"][0][1]
    n_tokens = turn["n_generated"] * len(text) / max(1, sum(len(part) for _, part in turn["sentences"]))
    spans = [span for span in turn["busy"].get("talker", []) if span[0] <= sounded_s]
    synthesis_s = spans[-1][1] - spans[-1][0] if spans else 0.0
    return float(n_tokens / turn["tokens_per_s"] + min(synthesis_s, 1.0))


def speculation(ours: Turns) -> dict[str, Any]:
    """How often the reply was begun ahead of the end, and how many tokens that cost in vain."""
    n_kept = sum(turn["ahead"] for turn in ours)
    n_dropped = sum(turn["n_tokens_dropped"] for turn in ours)
    n_generated = sum(turn["n_generated"] for turn in ours)
    return {
        "hit_rate": round(n_kept / len(ours), 3),
        "wasted_tokens_ratio": round(n_dropped / (n_dropped + n_generated), 3),
    }


def gaps_s(sayings: Sequence[Sequence[float]]) -> list[float]:
    """The silence between two parts of a reply that follow each other."""
    ends = [begin + duration for begin, duration in sayings]
    return [begin - end for (begin, _), end in zip(sayings[1:], ends, strict=False)]


def timeline(ours: Turns, theirs: Turns) -> dict[str, Any]:
    """One of our turns and one of theirs, the middle ones by their first sound; 0 is the end of speech."""
    mine = sorted((t for t in ours if t["first_sound_s"]), key=lambda t: t["first_sound_s"] - t["speech_end_s"])
    other = sorted(theirs, key=lambda t: t["first_audio_s"])
    if not mine or not other:
        return {}
    turn, naive_turn = mine[len(mine) // 2], other[len(other) // 2]
    zero_s = turn["speech_end_s"]

    def spans(lane: str, busy: Sequence[Sequence[float]], label: str = "") -> list[Span]:
        return [Span(lane, begin - zero_s, end - zero_s, label) for begin, end in busy]

    busy, first_token_s = turn["busy"], turn["first_token_s"]
    begin_s = min([turn["partials"][0] if turn["partials"] else zero_s - 1, zero_s - 1])
    last_s = turn["sayings"][-1][0] + turn["sayings"][-1][1]
    shown = [
        *spans(SPEAKS, [(begin_s, zero_s)]),
        *spans(SILENCE, [(zero_s, turn["endpoint_s"])]),
        *spans(RECOGNIZER, busy["listener"]),
        *spans(READS, [(b, min(e, first_token_s)) for b, e in busy["model"] if b < first_token_s]),
        *spans(WRITES, [(max(b, first_token_s), e) for b, e in busy["model"] if e > first_token_s]),
        *spans(SYNTHESIZES, busy["talker"]),
        *spans(PLAYS, [(turn["sayings"][0][0], last_s)]),
    ]
    end_s, text_s, token_s, sentence_s, sound_s = (
        naive_turn[name]
        for name in ("endpoint_s", "transcript_s", "first_token_s", "first_sentence_s", "first_audio_s")
    )
    naive_spans = [
        Span(SPEAKS, begin_s - zero_s, 0.0, ""),
        Span(SILENCE, 0.0, end_s, ""),
        Span(RECOGNIZER, end_s, text_s, ""),
        Span(READS, text_s, token_s, ""),
        Span(WRITES, token_s, sentence_s, ""),
        Span(SYNTHESIZES, sentence_s, sound_s, ""),
        Span(PLAYS, sound_s, last_s - zero_s, ""),
    ]
    return {
        "ours": [asdict(span) for span in shown if span.end_s > begin_s - zero_s],
        "naive": [asdict(span) for span in naive_spans],
        "endpoint_s": {"ours": turn["endpoint_s"] - zero_s, "naive": end_s},
    }
