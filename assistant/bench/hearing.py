"""`assistant bench hearing`: how well it hears and takes turns, in simulated rooms, a process for each processor.

Every figure comes from the stages that `assistant run` builds; the material is described in `material`, and each scene
in the module that plays it.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from assistant.bench import goals
from assistant.bench.echo_scenes import EchoScenes
from assistant.bench.endpoint_scenes import EndpointScenes
from assistant.bench.goals import AT_MOST, Figure
from assistant.bench.material import Material
from assistant.bench.turn_scenes import TurnScenes
from assistant.bench.wake_scenes import Figures, WakeScenes
from assistant.config import Settings, models_folder
from assistant.models import ModelFolder

GOALS = (
    Figure("wake.recall_clean", 0.97),
    Figure("wake.recall_10db", 0.92),
    Figure("wake.false_per_hour", 0.0, AT_MOST),
    Figure("wake.false_per_hour_first_stage", 1.0, AT_MOST),
    Figure("wake.near_phrase_accepts", 2, AT_MOST),
    Figure("wake.verify_recall_loss", 0.01, AT_MOST),
    Figure("wake.latency_p95_s", 0.4, AT_MOST),
    Figure("wake.cpu_cores_quiet", 0.03, AT_MOST),
    Figure("wake.cpu_cores_speech", 0.15, AT_MOST),
    Figure("echo.recall_cancel", 0.9),
    Figure("echo.recall_drift", 0.85),
    Figure("echo.self_wakes", 0, AT_MOST),
    Figure("echo.erle_linear_db", 15.0),
    Figure("endpoint.cut_off_rate", 0.02, AT_MOST),
    Figure("endpoint.command_p50_s", 0.4, AT_MOST),
    Figure("endpoint.question_p50_s", 0.75, AT_MOST),
    Figure("endpoint.p95_s", 1.0, AT_MOST),
    Figure("bargein.stop_p95_s", 0.5, AT_MOST),
    Figure("bargein.button_p95_s", 0.06, AT_MOST),
    Figure("bargein.false_stops_per_hour", 0.5, AT_MOST),
    Figure("followup.recall", 0.95),
    Figure("followup.self_capture", 0, AT_MOST),
)
table = partial(goals.table, GOALS)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of a scene's figures, which are measured in a process of their own."""

    scene: str
    what: str
    measure: Callable[[Settings, Material, bool], Figures]


# The longest first, so that none of the processors is idle at the end.
_PARTS = (
    _Part("wake", "other speech and music", lambda s, m, quick: WakeScenes(s, m, quick=quick).false_wakes()),
    _Part("echo", "calls over a reply", lambda s, m, quick: EchoScenes(s, m, quick=quick).calls()),
    _Part("bargein", "replies over a radio", lambda s, m, quick: TurnScenes(s, m, quick=quick).false_stops()),
    _Part("echo", "its own replies", lambda s, m, quick: EchoScenes(s, m, quick=quick).own_voice()),
    _Part("wake", "calls, and phrases that sound alike", lambda s, m, quick: WakeScenes(s, m, quick=quick).calls()),
    _Part("endpoint", "utterances", lambda s, m, quick: EndpointScenes(s, m).figures()),
    _Part("followup", "questions after a reply", lambda s, m, quick: TurnScenes(s, m, quick=quick).follow_ups()),
    _Part("bargein", "stop, cancel, be quiet", lambda s, m, quick: TurnScenes(s, m, quick=quick).barge_in()),
    _Part("wake", "what it costs", lambda s, m, quick: WakeScenes(s, m, quick=quick).cost()),
)


def hearing(settings: Settings, *, quick: bool, show: Callable[[str], None]) -> dict[str, object]:
    """All figures, by scene; `show` is told what was done.

    Raises:
        AssistantError: a model, a program or a package for the material is missing; one line with the cure.
    """
    _material(settings, quick).prepare(show)
    began_s = time.monotonic()
    figures: dict[str, dict[str, object]] = {}
    # New processes, not forked ones: the engines have threads of their own.
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_be_quiet) as pool:
        running = {pool.submit(_measure, number, settings, quick): part for number, part in enumerate(_PARTS)}
        for done in as_completed(running):
            part = running[done]
            figures.setdefault(part.scene, {}).update(done.result())
            show(f"{part.scene}: {part.what} ({time.monotonic() - began_s:.0f} s)")
    return {"quick": quick, **figures, "took_s": round(time.monotonic() - began_s, 1)}


def _material(settings: Settings, quick: bool) -> Material:
    return Material(ModelFolder(models_folder(settings)), quick=quick)


def _measure(number: int, settings: Settings, quick: bool) -> Figures:
    return _PARTS[number].measure(settings, _material(settings, quick), quick)


def _be_quiet() -> None:
    logging.getLogger("assistant").setLevel("ERROR")
