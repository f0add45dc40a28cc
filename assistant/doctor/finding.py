"""What was found out about a part. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from assistant.config import Settings


class Verdict(Enum):
    """How it is."""

    WELL = "well"
    ILL = "ill"
    UNTRIED = "untried"  # it could not be tried here and now


@dataclass(frozen=True, slots=True)
class Finding:
    """One part, in a line for a person; what is ill has a cure."""

    part: str
    verdict: Verdict
    told: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: a device with these settings, and its assistant if one runs."""

    settings: Settings
    status: dict[str, Any] | None  # of the assistant that runs

    def fault_of(self, part: str) -> str:
        """Why the running assistant does without this part; "" where it does not, or none runs."""
        faults = self.status["faults"] if self.status else ()
        return next((fault["reason"] for fault in faults if fault["part"] == part), "")


Examine = Callable[[Patient], Iterator[Finding]]


def well(part: str, told: str) -> Finding:
    """It works."""
    return Finding(part, Verdict.WELL, told)


def ill(part: str, told: str, cure: str) -> Finding:
    """It does not, and this is what to do."""
    return Finding(part, Verdict.ILL, told, cure)


def untried(part: str, told: str) -> Finding:
    """Nobody knows, and this is why."""
    return Finding(part, Verdict.UNTRIED, told)
