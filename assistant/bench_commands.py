"""`assistant bench`: what it does, measured here. Called from the CLI; what is measured is imported late."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from assistant.command_line import AsJson, log_to_stderr, print_json, settings_of_the_file

bench_app = typer.Typer(help="Measure how well and how fast it does what it does, here.", no_args_is_help=True)


class Size(Enum):
    """The sizes of Gemma 4 that run on a Raspberry Pi."""

    E2B = "e2b"
    E4B = "e4b"


@bench_app.command("hearing")
def bench_hearing(
    quick: Annotated[bool, typer.Option("--quick", help="A small part of it, in a minute.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure in simulated rooms how well it hears, is interrupted and takes turns.

    The first time it fetches and renders its material, which takes a quarter of an hour.
    """
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.bench.hearing import hearing, table

    figures = hearing(settings, quick=quick, show=lambda line: print(line, file=sys.stderr, flush=True))
    if as_json:
        print_json(figures)
    else:
        print(table(figures))


@bench_app.command("commands")
def bench_commands(as_json: AsJson = False) -> None:
    """Measure how well and how fast it understands commands, in every language, and how soon it answers one."""
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.bench.commands import commands, table

    figures = commands(settings)
    if as_json:
        print_json(figures)
    else:
        print(table(figures))


@bench_app.command("model")
def bench_model(
    shape: Annotated[Size, typer.Option("--shape", help="Which Gemma 4 it has the shape of.")] = Size.E2B,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; else one in the cache folder.")] = None,
) -> None:
    """Write a model that is as large and as fast as Gemma 4 and says gibberish, and print its path."""
    from assistant.bench.gemma4 import default_path, provide
    from assistant.bench.gemma4_shapes import E2B, E4B

    chosen = {Size.E2B: E2B, Size.E4B: E4B}[shape]
    path = out or default_path(chosen)
    provide(chosen, path, show=lambda line: print(line, file=sys.stderr, flush=True))
    print(path)


@bench_app.command("speed")
def bench_speed(
    quick: Annotated[bool, typer.Option("--quick", help="A small part of it, in some minutes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how soon it answers, against a naive chain of the same engines, on a model of Gemma 4's shape."""
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.bench.report import save_last, table
    from assistant.bench.speed import speed

    figures = speed(settings, quick=quick, show=lambda line: print(line, file=sys.stderr, flush=True))
    save_last(figures)
    if as_json:
        print_json(figures)
    else:
        print(table(figures))


@bench_app.command("report")
def bench_report(
    folder: Annotated[Path, typer.Option("--out", help="The folder for the picture.")] = Path(),
) -> None:
    """Tell the last figures of `bench speed` in markdown, and draw a picture of one turn."""
    from assistant.bench.report import load_last, render

    print(render(load_last(), folder))
