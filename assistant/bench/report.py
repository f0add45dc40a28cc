"""What `assistant bench speed` found: its goals, the table of a terminal, the report for the README, the last result.

A result is the JSON object that `assistant bench speed --json` prints: groups of figures, `machine`, `timeline` and
`projection`. What a short run leaves out may be missing. Bench commands only, on the calling thread.
"""

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from assistant.bench import goals
from assistant.bench.goals import AT_LEAST, AT_MOST, EXACTLY, NONE, Figure, Result, told
from assistant.bench.material import default_folder
from assistant.bench.timeline import Chain, Span, draw
from assistant.errors import AssistantError

PICTURE = "timeline.svg"

FIGURES = (
    Figure("decode.bandwidth_fraction", 0.83, AT_LEAST, "bytes read a second while decoding, of what memory gives"),
    Figure("prefill.speedup_256", 2.6, AT_LEAST, "how many times faster 256 tokens are read than by plain llama.cpp"),
    Figure("prefill.speedup_24", 2.0, AT_LEAST, "the same with 24 tokens"),
    Figure("prefill.max_logit_difference_ratio", 0.02, AT_MOST, "what that changes in the logits, of their spread"),
    Figure("reuse.evaluated_ratio", 1.1, AT_MOST, "tokens evaluated in a conversation, of those that were new"),
    Figure("reuse.rebuilt_tokens_idle", words="tokens evaluated again while idle"),
    Figure("reuse.equal", True, EXACTLY, "whether the replies are those of a conversation evaluated anew"),
    Figure("boot.restore_speedup", 30, AT_LEAST, "how many times sooner the kept prompt is there than read anew"),
    Figure("boot.listening_s", 3, AT_MOST, "from start to listening"),
    Figure("boot.ready_to_answer_s", 8, AT_MOST, "from start to a model that can answer"),
    Figure("latency.first_audio_p50_s", words="from the end of speech to the first sound, the median"),
    Figure("latency.first_audio_p95_s", words="the same, which 95 % do not exceed"),
    Figure("latency.speedup_cold", 7, AT_LEAST, "how many times sooner than the naive chain, first turn"),
    Figure("latency.speedup_warm", 2.2, AT_LEAST, "how many times sooner than the naive chain, later turns"),
    Figure("latency.after_endpoint_speedup_warm", 4, AT_LEAST, "the same from the endpoint on"),
    Figure("latency.over_floor", 1.15, AT_MOST, "time to the first sound, of the least without thinking ahead"),
    Figure("speculation.hit_rate", 0.7, AT_LEAST, "utterances that were thought about before their end was certain"),
    Figure("speculation.wasted_tokens_ratio", words="tokens thought in vain, of all"),
    Figure("playback.gaps_over_200ms", 0, AT_MOST, "pauses inside replies while the speaker waited"),
    Figure("memory.peak_mib", 3500, AT_MOST, "memory with E2B, at most"),
    Figure("memory.anonymous_mib", 2100, AT_MOST, "of it anonymous, which cannot be given back"),
    Figure("memory.lean_peak_mib", words="memory with E2B in its lean form, at most"),
    Figure("memory.lean_anonymous_mib", words="of it anonymous"),
    Figure("cancel.p95_s", 0.1, AT_MOST, "from an interruption to silence of model and voice"),
    Figure("pipe.p95_ms", 1, AT_MOST, "a token's way from the model's process"),
)
table = partial(goals.table, FIGURES)


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
        value = told(figure.value(result))
        shown = f"**{value}**" if figure.is_missed(result) else value
        rows.append(f"| `{figure.field}`, {figure.words} | {shown} | {told(figure.goal)} |")
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
    return " to ".join(dict.fromkeys(map(told, ends or []))) or NONE
