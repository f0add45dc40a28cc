"""What a bench aims at: its figures, and the table of them for a terminal. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NONE = "–"
AT_LEAST, EXACTLY, AT_MOST = "≥", "=", "≤"
Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a result, what is aimed at, if anything, and what it is in words."""

    field: str  # "group.name", or a name
    goal: float | bool | None = None
    direction: str = AT_LEAST
    words: str = ""

    def value(self, result: Result) -> Any:
        """None where it was not measured."""
        value: Any = result
        for name in self.field.split("."):
            value = (value or {}).get(name)
        return value

    def is_missed(self, result: Result) -> bool:
        value = self.value(result)
        if value is None or self.goal is None:
            return False
        if self.direction == EXACTLY:
            return bool(value != self.goal)
        return not (value >= self.goal if self.direction == AT_LEAST else value <= self.goal)


def table(figures: Sequence[Figure], result: Result) -> str:
    """The figures, a line each, and whether the goal was reached."""
    lines = []
    for figure in figures:
        missed = "missed" if figure.is_missed(result) else ""
        aimed_at = "" if figure.goal is None else f"{figure.direction} {told(figure.goal)}"
        lines.append(f"{figure.field:36} {told(figure.value(result)):>8}  {aimed_at:<7} {missed}".rstrip())
    return "\n".join(lines)


def told(value: Any) -> str:
    """A value with as many digits as anybody can use."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)
