"""What is kept, as rows for the shell, and how it is wiped. By the daemon on the thread `keeper`, else by the CLI."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from assistant.errors import AssistantError
from assistant.kept import Kept
from assistant.store import state_folder

Rows = list[dict[str, Any]]


class NothingThereError(AssistantError):
    """What was to be forgotten is not there."""

    exit_code = 2


def timers(kept: Kept) -> Rows:
    """Timers, alarms and reminders, the next one first."""
    entries = sorted(kept.schedule.entries(), key=kept.schedule.left_s)
    rows = []
    for one in entries:
        left_s = kept.schedule.left_s(one)
        rows.append(
            {
                "id": one.id,
                "kind": one.kind.value,
                "name": one.name,
                "state": one.state.value,
                "left_s": round(left_s, 1),
                "due": one.due.at.isoformat() if one.due else None,
                "every": one.due.every if one.due else "",
                "when": kept.alarms.when(one) if one.due else f"in {kept.says.duration(max(0.0, left_s))}",
            }
        )
    return rows


def memory(kept: Kept) -> Rows:
    """What it was told to remember."""
    return [asdict(fact) for fact in kept.memory.facts()]


def history(kept: Kept) -> Rows:
    """What was asked and answered, the newest last."""
    return [asdict(one) for one in kept.history.exchanges()]


def forget_memory(kept: Kept, number: int | None) -> int:
    """Forgets one fact, or with None all of them; gives how many. Raises NothingThereError."""
    forgotten = kept.memory.forget_all() if number is None else kept.memory.forget_id(number)
    if number is not None and not forgotten:
        raise NothingThereError(f"nothing has the number {number}; see: assistant memory list")
    return len(forgotten)


def forget_history(kept: Kept) -> int:
    """Wipes all of it, and gives how many exchanges there were."""
    return kept.history.forget_all()


def forget_kv() -> None:
    """Wipes the kept KV cache of the prompt, in which a fact may stand; for when no daemon has it in use."""
    for file in (state_folder() / "model").glob("*.kv"):
        with suppress(OSError):
            file.unlink(missing_ok=True)


VIEWS: Mapping[str, Callable[[Kept], Rows]] = {"timers": timers, "memory": memory, "history": history}
