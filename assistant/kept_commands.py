"""`assistant timers`, `memory` and `history`: what it keeps, seen and wiped from the shell. Called from the CLI.

The assistant that runs is asked, if one does; else the store is opened here.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import AsJson, log_to_stderr, print_json, settings_of_the_file
from assistant.control.client import NotRunningError, ask_daemon

if TYPE_CHECKING:
    from assistant.kept import Kept

memory_app = typer.Typer(help="What it was told to remember.", no_args_is_help=True)
history_app = typer.Typer(help="What was asked and answered, if privacy.history keeps it.", no_args_is_help=True)


def _kept() -> "Kept":
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.kept import Kept

    return Kept(settings)


def _rows(view: str) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = ask_daemon("kept", view=view)["rows"]
    except NotRunningError:
        from assistant.keepsakes import VIEWS

        return VIEWS[view](_kept())
    return rows


def _forgotten(what: str, number: int | None = None) -> int:
    try:
        return int(ask_daemon("forget", what=what, number=number)["forgotten"])
    except NotRunningError:
        from assistant import keepsakes

        kept = _kept()
        n = keepsakes.forget_history(kept) if what == "history" else keepsakes.forget_memory(kept, number)
        keepsakes.forget_kv()
        return n


def timers(as_json: AsJson = False) -> None:
    """List timers, alarms and reminders, and when they are due."""
    rows = _rows("timers")
    if as_json:
        print_json(rows)
        return
    for one in rows:
        state = "" if one["state"] == "set" else f", {one['state']}"
        name = f": {one['name']}" if one["name"] else ""
        print(f"{one['kind']:9} {one['when']}{state}{name}")
    if not rows:
        print("nothing is set")


@memory_app.command("list")
def list_memory(as_json: AsJson = False) -> None:
    """List what it was told to remember."""
    facts = _rows("memory")
    if as_json:
        print_json(facts)
    else:
        print("\n".join(f"{fact['id']:4}  {fact['text']}" for fact in facts) or "nothing is remembered")


@memory_app.command("forget")
def forget_memory(
    what: Annotated[int | None, typer.Argument(help="The number of what to forget.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Forget everything.")] = False,
) -> None:
    """Forget one thing that it was told to remember, or everything; the conversation so far too."""
    if (what is None) == (not everything):
        raise typer.BadParameter("give the number of what to forget, or --all")
    print(f"forgot {_forgotten('memory', what)}")


@history_app.command("show")
def show_history(as_json: AsJson = False) -> None:
    """Show what was asked and answered, the newest last."""
    exchanges = _rows("history")
    if as_json:
        print_json(exchanges)
        return
    for one in exchanges:
        print(f"{one['at']}  {one['question']}\n{' ' * len(one['at'])}  {one['reply']}")
    if not exchanges:
        print("nothing is kept; privacy.history in the settings says how much is")


@history_app.command("forget")
def forget_history() -> None:
    """Wipe all of it, and the conversation so far."""
    print(f"forgot {_forgotten('history')} exchanges")
