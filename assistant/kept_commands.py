"""`assistant timers`, `memory` and `history`: what it keeps, seen and wiped from the shell. Called from the CLI."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.command_line import AsJson, log_to_stderr, print_json, settings_of_the_file

if TYPE_CHECKING:
    from assistant.kept import Kept

memory_app = typer.Typer(help="What it was told to remember.", no_args_is_help=True)
history_app = typer.Typer(help="What was asked and answered, if privacy.history keeps it.", no_args_is_help=True)


def _kept() -> "Kept":
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.kept import Kept

    return Kept(settings)


def timers(as_json: AsJson = False) -> None:
    """List timers, alarms and reminders, and when they are due."""
    has = _kept()
    entries = sorted(has.schedule.entries(), key=has.schedule.left_s)
    if as_json:
        print_json(
            [
                {
                    "id": one.id,
                    "kind": one.kind.value,
                    "name": one.name,
                    "state": one.state.value,
                    "left_s": round(has.schedule.left_s(one), 1),
                    "due": one.due.at.isoformat() if one.due else None,
                    "every": one.due.every if one.due else "",
                }
                for one in entries
            ]
        )
    elif not entries:
        print("nothing is set")
    for one in [] if as_json else entries:
        when = has.alarms.when(one) if one.due else f"in {has.says.duration(max(0.0, has.schedule.left_s(one)))}"
        state = "" if one.state.value == "set" else f", {one.state.value}"
        print(f"{one.kind.value:9} {when}{state}{f': {one.name}' if one.name else ''}")


@memory_app.command("list")
def list_memory(as_json: AsJson = False) -> None:
    """List what it was told to remember."""
    facts = _kept().memory.facts()
    if as_json:
        print_json([asdict(fact) for fact in facts])
    else:
        print("\n".join(f"{fact.id:4}  {fact.text}" for fact in facts) or "nothing is remembered")


@memory_app.command("forget")
def forget_memory(
    what: Annotated[int | None, typer.Argument(help="The number of what to forget.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Forget everything.")] = False,
) -> None:
    """Forget one thing that it was told to remember, or everything."""
    if (what is None) == (not everything):
        raise typer.BadParameter("give the number of what to forget, or --all")
    memory = _kept().memory
    forgotten = memory.forget_all() if what is None else memory.forget_id(what)
    if what is not None and not forgotten:
        raise typer.BadParameter(f"nothing has the number {what}; see: assistant memory list")
    print(f"forgot {len(forgotten)}; a running assistant knows it until its next start")


@history_app.command("show")
def show_history(as_json: AsJson = False) -> None:
    """Show what was asked and answered, the newest last."""
    exchanges = _kept().history.exchanges()
    if as_json:
        print_json([asdict(one) for one in exchanges])
        return
    for one in exchanges:
        print(f"{one.at}  {one.question}\n{' ' * len(one.at)}  {one.reply}")
    if not exchanges:
        print("nothing is kept; privacy.history in the settings says how much is")


@history_app.command("forget")
def forget_history() -> None:
    """Wipe all of it."""
    print(f"forgot {_kept().history.forget_all()} exchanges")
