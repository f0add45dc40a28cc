"""What is tried: each engine there and here, with what may differ."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from arm64.boards import BOOKWORM, PI_5, Board, Debian, emulated, packages_of
from arm64.bounded import KEPT, PROJECT, StepError, run
from arm64.comparing import Comparison, Found, alike, near, same, spread, tokens
from arm64.llama import built_for
from arm64.machine import Job, done_in_machine
from arm64.pages import misaligned

HERE = PROJECT / ".venv/bin/python"
PROBE = Path(__file__).with_name("probe.py")
SPEECH = KEPT / "speech"
OF_LOGITS = 0.15  # as assistant/thinking/self_test.py allows, where it is told why


@dataclass(frozen=True, slots=True)
class Check:
    """One engine, tried with one program."""

    probe: str
    comparisons: tuple[Comparison, ...]
    model: str = ""  # the purpose of the starter model that it is given
    within_s: float = 300  # under emulation


VOICE = Check("voice", (alike("samples", 30),), "voice")
ENGINES = (
    Check("imports", ()),
    VOICE,
    Check("recognizer", (same("text"), near("times_s", 0.05)), "recognizer"),
    Check("micro_wake", (near("scores", 0.01), same("hits"))),
    Check("open_wake", (near("scores", 0.01), same("hits")), within_s=900),
    Check("activity", (near("scores", 0.01),)),
    Check("resampling", (near("samples", 1),)),
    Check("echo", (alike("samples", 30),)),
)
MODELS = (
    Check("self_test", (spread("logits", OF_LOGITS), tokens("likeliest", "leads", OF_LOGITS), same("skips"))),
    Check("reply", (same("said"), same("text"), spread("logits", OF_LOGITS)), "llm"),
)
ON_LARGE_PAGES = tuple(
    check
    for check in (*ENGINES, *MODELS)
    if check.probe in ("imports", "recognizer", "micro_wake", "activity", "self_test")
)
IDLE_S = 20
PINS = tuple(
    Job(name, 120, ("python3", "/scripts/arm64/pins.py", name, *arguments))
    for name, *arguments in (("pins",), *((what, str(IDLE_S)) for what in ("nothing", "outputs", "button", "libgpiod")))
)
EXPECTED: dict[str, Found] = {
    "pins": {"levels": ["free", "out lo", "out hi", "out lo", "out hi", "in lo"], "posted": "ButtonPressed"},
    "libgpiod": {"edges": ["RISING_EDGE", "FALLING_EDGE"]},
}


def packages(debian: Debian) -> str:
    """Fetches them, and sees that all are there."""
    found = packages_of(debian, HERE)
    return f"{len(list(found.glob('*.dist-info')))} packages"


def pages(debian: Debian) -> str:
    """Every library of the packages can be mapped on pages of 16 KiB."""
    n, wrong = misaligned(packages_of(debian, HERE))
    if wrong:
        raise StepError(f"not on pages of 16 KiB: {', '.join(path.name for path in wrong)}")
    return f"{n} libraries fit pages of 16 KiB"


def compare(check: Check, debian: Debian, board: Board, *python_path: Path) -> str:
    """Runs it there and here; what was found."""
    _here(VOICE)  # speaks what the others hear
    path = [*python_path, packages_of(debian, HERE)]
    command = emulated(debian, board, path, PROBE, check.probe, SPEECH, *_model(check))
    return _compared(check, _told(run(*command, within_s=check.within_s)))


def compare_model(check: Check, built: Board, board: Board) -> str:
    """As `compare`, with llama.cpp built for one board on another or the same."""
    return compare(check, BOOKWORM, board, built_for(built, HERE))


def in_machine(job: Job | Check) -> str:
    """What one job found in the virtual machine, which does all of them when the first is asked for."""
    name = job.name if isinstance(job, Job) else job.probe
    machine = _machine()
    if isinstance(machine, StepError):
        raise machine
    found = machine[name]
    if "failed" in found:
        raise StepError(found["failed"])
    if isinstance(job, Check):
        return _compared(job, found)
    if name in EXPECTED and not EXPECTED[name].items() <= found.items():
        raise StepError(f"found {found}, not {EXPECTED[name]}")
    return ", ".join(f"{key} {value}" for key, value in found.items())


@cache
def _machine() -> Found | StepError:  # given, not raised, so that it is kept as well
    try:
        _here(VOICE)  # speaks what the others hear
        jobs = [Job(one.probe, one.within_s, _in_machine(one)) for one in ON_LARGE_PAGES]
        return done_in_machine([*jobs, *PINS], [packages_of(BOOKWORM, HERE).parent, built_for(PI_5, HERE), SPEECH])
    except StepError as error:
        return error


def _in_machine(check: Check) -> tuple[str, ...]:
    models = (model.removeprefix(str(PROJECT)) for model in _model(check))
    return ("python3", "/scripts/arm64/probe.py", check.probe, "/", *models)


def _compared(check: Check, there: Found) -> str:
    here = _here(check)
    return ", ".join(comparison(there, here) for comparison in check.comparisons) or f"on {there['machine']}"


@cache
def _here(check: Check) -> Found:
    """What it finds on this machine."""
    SPEECH.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = ["env", f"PYTHONPATH={PROJECT}", HERE, PROBE, check.probe, SPEECH, *_model(check)]
    return _told(run(*command, within_s=300))


def _model(check: Check) -> list[str]:
    return [_here(Check("starter", ()))[check.model]] if check.model else []


def _told(output: str) -> Found:
    found: Found = json.loads(output.splitlines()[-1])
    return found
