"""What `assistant bench speed` found: its goals, the table of a terminal, the report for the README, the last result.

A result is the JSON object that `assistant bench speed --json` prints: groups of figures, `machine`, `timeline` and
`projection`. What a short run leaves out may be missing. Bench commands only, on the calling thread.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.bench.material import default_folder
from assistant.bench.timeline import Chain, Span, draw
from assistant.errors import AssistantError

PICTURE = "timeline.svg"
NONE = "–"
AT_LEAST, EXACTLY, AT_MOST = "≥", "=", "≤"
Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a result, what it is in words, and what is aimed at, if anything."""

    field: str
    words: str
    goal: float | bool | None = None
    direction: str = AT_LEAST

    def value(self, result: Result) -> Any:
        """None where it was not measured."""
        group, name = self.field.split(".")
        return (result.get(group) or {}).get(name)

    def is_missed(self, result: Result) -> bool:
        value = self.value(result)
        if value is None or self.goal is None:
            return False
        if self.direction == EXACTLY:
            return bool(value != self.goal)
        return not (value >= self.goal if self.direction == AT_LEAST else value <= self.goal)


FIGURES = (
    Figure("decode.bandwidth_fraction", "bytes read a second while decoding, of those that memory gives", 0.83),
    Figure("prefill.speedup_256", "how many times faster 256 tokens are read than by llama.cpp unchanged", 2.6),
    Figure("prefill.speedup_24", "the same with 24 tokens", 2.0),
    Figure("prefill.max_logit_difference_ratio", "what that changes in the logits, of their spread", 0.02, AT_MOST),
    Figure("reuse.evaluated_ratio", "tokens evaluated in a conversation, of those that were new", 1.1, AT_MOST),
    Figure("reuse.rebuilt_tokens_idle", "tokens evaluated again while idle"),
    Figure("reuse.equal", "whether the replies are those of a conversation evaluated anew", True, EXACTLY),
    Figure("boot.restore_speedup", "how many times sooner the kept prompt is there than read anew", 30),
    Figure("boot.listening_s", "from start to listening", 3, AT_MOST),
    Figure("boot.ready_to_answer_s", "from start to a model that can answer", 8, AT_MOST),
    Figure("latency.first_audio_p50_s", "from the end of speech to the first sound, the median"),
    Figure("latency.first_audio_p95_s", "the same, which 95 % do not exceed"),
    Figure("latency.speedup_cold", "how many times sooner than the naive chain, first turn", 7),
    Figure("latency.speedup_warm", "how many times sooner than the naive chain, later turns", 2.2),
    Figure("latency.after_endpoint_speedup_warm", "the same from the endpoint on", 4),
    Figure("latency.over_floor", "time to the first sound, of the least without thinking ahead", 1.15, AT_MOST),
    Figure("speculation.hit_rate", "utterances that were thought about before their end was certain", 0.7),
    Figure("speculation.wasted_tokens_ratio", "tokens thought in vain, of all"),
    Figure("playback.gaps_over_200ms", "pauses inside replies while the speaker waited", 0, AT_MOST),
    Figure("memory.peak_mib", "memory with E2B, at most", 3500, AT_MOST),
    Figure("memory.anonymous_mib", "of it anonymous, which cannot be given back", 2100, AT_MOST),
    Figure("memory.lean_peak_mib", "memory with E2B in its lean form, at most"),
    Figure("memory.lean_anonymous_mib", "of it anonymous"),
    Figure("cancel.p95_s", "from an interruption to silence of model and voice", 0.1, AT_MOST),
    Figure("pipe.p95_ms", "a token's way from the model's process", 1, AT_MOST),
)


def table(result: Result) -> str:
    """All figures for a terminal, a line each, and whether the goal was reached."""
    lines = []
    for figure in FIGURES:
        value, missed = _told(figure.value(result)), "missed" if figure.is_missed(result) else ""
        aimed_at = "" if figure.goal is None else f"{figure.direction} {_told(figure.goal)}"
        lines.append(f"{figure.field:36} {value:>8}  {aimed_at:<7} {missed}".rstrip())
    return "\n".join(lines)


def render(result: Result, folder: Path) -> str:
    """The report in markdown; its picture is drawn into `folder`, which is made if need be.

    Raises:
        AssistantError: matplotlib is missing, or the picture cannot be written.
    """
    parts = [*_picture(result, folder), *_measured(result), *_projected(result)]
    return "\n\n".join(parts) + "\n"


def result_path() -> Path:
    """Where the last result is kept."""
    return default_folder().parent / "speed.json"


def save_last(result: Result) -> None:
    """Keeps a result as the last one, whole or not at all."""
    path = result_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(result, ensure_ascii=False, indent=2), "utf-8")
    part.replace(path)


def load_last() -> dict[str, Any]:
    """The last result.

    Raises:
        AssistantError: there is none, or its file is damaged.
    """
    path = result_path()
    try:
        result = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise AssistantError("bench: there is no result yet; run: assistant bench speed") from error
    except ValueError as error:
        raise AssistantError(f"bench: {path} is damaged ({error}); run: assistant bench speed") from error
    if not isinstance(result, dict):
        raise AssistantError(f"bench: {path} holds no result; run: assistant bench speed")
    return result


def chains(result: Result) -> tuple[Chain, ...]:
    """The turns of the timeline, those that were measured."""
    timeline = result.get("timeline") or {}
    endpoints_s = timeline.get("endpoint_s") or {}
    return tuple(
        Chain(title, tuple(Span(**span) for span in timeline[key]), endpoints_s.get(key))
        for key, title in (("ours", "assistant"), ("naive", "naive chain"))
        if timeline.get(key)
    )


def _picture(result: Result, folder: Path) -> Iterator[str]:
    if drawn := chains(result):
        folder.mkdir(parents=True, exist_ok=True)
        draw(drawn, folder / PICTURE)
        yield f"![What goes on in a turn, here and in a chain whose parts wait for one another]({PICTURE})"


def _measured(result: Result) -> Iterator[str]:
    if machine := result.get("machine"):
        yield f"Measured on {machine}. Bold misses its goal; {NONE} was not measured, or has no goal."
    rows = ["| figure | measured | aimed at |", "|---|---|---|"]
    for figure in FIGURES:
        told = _told(figure.value(result))
        value = f"**{told}**" if figure.is_missed(result) else told
        rows.append(f"| `{figure.field}`, {figure.words} | {value} | {_told(figure.goal)} |")
    yield "\n".join(rows)


def _projected(result: Result) -> Iterator[str]:
    projection = result.get("projection")
    if not projection:
        return
    boards = {key: value for key, value in projection.items() if isinstance(value, dict)}
    yield "A projection, not a measurement:"
    names = list(dict.fromkeys(name for board in boards.values() for name in board))
    rows = [f"| figure | {' | '.join(f'`{key}`' for key in boards)} |", "|---" * (len(boards) + 1) + "|"]
    rows += [f"| `{name}` | {' | '.join(_range(one.get(name)) for one in boards.values())} |" for name in names]
    yield "\n".join(rows)
    yield "\n".join(["It assumes:", "", *(f"- {one}" for one in projection.get("projection_assumptions", []))])


def _range(ends: Any) -> str:
    """One number where both ends are the same."""
    return " to ".join(dict.fromkeys(map(_told, ends or []))) or NONE


def _told(value: Any) -> str:
    """Numbers with as many digits as anybody can use."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)
