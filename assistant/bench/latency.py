"""What became of the turns of `live` and `naive`, in figures and as a timeline. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assistant.bench.figures import percentile
from assistant.bench.timeline import PLAYS, READS, RECOGNIZER, SILENCE, SPEAKS, SYNTHESIZES, WRITES, Span

Turns = list[dict[str, Any]]


def median(values: Sequence[float]) -> float:
    """To the millisecond."""
    return round(statistics.median(values), 3)


def _since_speech(turns: Turns, name: str) -> list[float]:
    return [turn[name] - turn["speech_end_s"] for turn in turns if turn[name] is not None]


def latency(ours: Turns, theirs: dict[str, Turns]) -> dict[str, Any]:
    """How soon the first sound came, against the naive chain, `warm` and `cold`."""
    heard = [turn for turn in ours if turn["first_sound_s"] is not None]
    first_s, endpoint_s = _since_speech(heard, "first_sound_s"), _since_speech(heard, "endpoint_s")
    after_s = [first - end for first, end in zip(first_s, endpoint_s, strict=True)]
    naive_s = {mode: [turn["first_audio_s"] for turn in turns] for mode, turns in theirs.items()}
    naive_after_s = [turn["first_audio_s"] - turn["endpoint_s"] for turn in theirs["warm"]]
    floors_s = [_floor_s(turn) for turn in heard]
    return {
        "first_audio_p50_s": median(first_s),
        "first_audio_p95_s": percentile(first_s, 95),
        "after_endpoint_p50_s": median(after_s),
        "naive_warm_p50_s": median(naive_s["warm"]),
        "naive_cold_p50_s": median(naive_s["cold"]),
        "speedup_cold": round(statistics.median(naive_s["cold"]) / statistics.median(first_s), 2),
        "speedup_warm": round(statistics.median(naive_s["warm"]) / statistics.median(first_s), 2),
        # Where the sound is ready before the endpoint nothing is left to be done, so it is reckoned from 10 ms on.
        "after_endpoint_speedup_warm": round(
            statistics.median(naive_after_s) / max(0.01, statistics.median(after_s)), 2
        ),
        "over_floor": median([after / floor for after, floor in zip(after_s, floors_s, strict=True)]),
        "n": len(heard),
    }


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
