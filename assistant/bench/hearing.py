"""`assistant bench hearing`: how well it hears and takes turns, in simulated rooms. Runs on the calling thread.

Every figure comes from the stages that `assistant run` builds; the material is described in `material`, and each scene
in the module that plays it.
"""

import time
from collections.abc import Callable

from assistant.bench.echo_scenes import EchoScenes
from assistant.bench.endpoint_scenes import EndpointScenes
from assistant.bench.material import Material
from assistant.bench.turn_scenes import TurnScenes
from assistant.bench.wake_scenes import WakeScenes
from assistant.config import Settings, models_folder
from assistant.models import ModelFolder

# What is aimed at: field, the value, and whether more of it is better.
GOALS: dict[str, tuple[float, bool]] = {
    "wake.recall_clean": (0.97, True),
    "wake.recall_10db": (0.92, True),
    "wake.false_per_hour": (0.0, False),
    "wake.false_per_hour_first_stage": (1.0, False),
    "wake.near_phrase_accepts": (2, False),
    "wake.verify_recall_loss": (0.01, False),
    "wake.latency_p95_s": (0.4, False),
    "wake.cpu_cores_quiet": (0.03, False),
    "wake.cpu_cores_speech": (0.15, False),
    "echo.recall_cancel": (0.9, True),
    "echo.recall_drift": (0.85, True),
    "echo.self_wakes": (0, False),
    "echo.erle_linear_db": (15.0, True),
    "endpoint.cut_off_rate": (0.02, False),
    "endpoint.command_p50_s": (0.4, False),
    "endpoint.question_p50_s": (0.75, False),
    "endpoint.p95_s": (1.0, False),
    "bargein.stop_p95_s": (0.5, False),
    "bargein.button_p95_s": (0.06, False),
    "bargein.false_stops_per_hour": (0.5, False),
    "followup.recall": (0.95, True),
    "followup.self_capture": (0, False),
}


def hearing(settings: Settings, *, quick: bool, show: Callable[[str], None]) -> dict[str, object]:
    """All figures, by scene; `show` is told what is being done.

    Raises:
        AssistantError: a model, a program or a package for the material is missing; one line with the cure.
    """
    material = Material(ModelFolder(models_folder(settings)), quick=quick)
    material.prepare(show)
    started_s, started_cpu_s = time.monotonic(), time.process_time()
    wake = WakeScenes(settings, material, quick=quick).figures(show)
    echo = EchoScenes(settings, material, quick=quick).figures(show)
    endpoint = EndpointScenes(settings, material).figures(show)
    barge_in, follow_up = TurnScenes(settings, material, quick=quick).figures(show)
    return {
        "quick": quick,
        "wake": wake,
        "echo": echo,
        "endpoint": endpoint,
        "bargein": barge_in,
        "followup": follow_up,
        "took_s": round(time.monotonic() - started_s, 1),
        "took_cpu_s": round(time.process_time() - started_cpu_s, 1),
    }


def table(figures: dict[str, object]) -> str:
    """The figures that have a goal, a line each, and whether it was reached."""
    lines = []
    for name, (goal, more) in GOALS.items():
        scene, field = name.split(".")
        value = figures[scene][field]  # type: ignore[index]
        reached = value is not None and (value >= goal if more else value <= goal)
        sign = "≥" if more else "≤"
        lines.append(f"{name:36} {value!s:>8}  {sign} {goal:<5g} {'' if reached else 'missed'}".rstrip())
    return "\n".join(lines)
