"""The commands that a person types. Engines are imported late: a command that needs none starts in 0.3 s."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from assistant import __version__, doctor_commands, kept_commands, remote_commands
from assistant.bench_commands import bench_app
from assistant.command_line import AsJson, Options, log_to_stderr, print_json, settings_of_the_file, settings_path
from assistant.config_commands import config_app
from assistant.errors import AssistantError, ConfigError

app = typer.Typer(
    help="An offline voice assistant: it hears, thinks and speaks, and nothing leaves the device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(
    help="What it hears, thinks and speaks with: see, fetch and check the models.", no_args_is_help=True
)
app.add_typer(models_app, name="models")
app.add_typer(bench_app, name="bench")
app.add_typer(config_app, name="config")
for command in (
    remote_commands.status,
    remote_commands.stop,
    remote_commands.mute,
    remote_commands.unmute,
    remote_commands.volume,
    remote_commands.reload,
    remote_commands.restart,
    remote_commands.monitor,
    doctor_commands.doctor,
    kept_commands.timers,
):
    app.command()(command)
app.add_typer(kept_commands.memory_app, name="memory")
app.add_typer(kept_commands.history_app, name="history")


InstalledModel = Annotated[str, typer.Argument(help="A model that is installed.", show_default=False)]


class Pace(Enum):
    """How a recording is played to the ears."""

    FAST = "fast"
    REALTIME = "realtime"


def _version(wanted: bool) -> None:
    if wanted:
        print(f"assistant {__version__}")
        raise typer.Exit


@app.callback()
def options(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The settings file.", show_default=False)
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell more about the work.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    Options.config, Options.verbose = config, verbose


@app.command()
def run() -> None:
    """Be the assistant: listen, think and speak until interrupted."""
    from assistant.checks import checked_settings

    settings = checked_settings(Options.config)
    log_to_stderr(settings.log.level, "%(asctime)s %(levelname)-7s %(message)s")
    from assistant.service import run as run_service

    run_service(settings, lambda: checked_settings(Options.config))


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="The question.", show_default=False)] = None,
    audio: Annotated[Path | None, typer.Option(help="The question as a sound file.", show_default=False)] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the spoken reply to this WAV file.", show_default=False)
    ] = None,
    pace: Annotated[Pace, typer.Option(help="Hear the file as fast as it goes, or as it was spoken.")] = Pace.FAST,
    as_json: AsJson = False,
) -> None:
    """Ask one question, typed or recorded.

    A typed one goes to the assistant that runs, if one does, which writes its reply here and does not speak it.

    assistant ask "How far is the moon?" --out reply.wav

    assistant ask --audio question.wav --json
    """
    if (text is None) == (audio is None):
        raise typer.BadParameter("give the question either as text or with --audio FILE")
    if text is not None and not text.strip():
        raise typer.BadParameter("the question is empty")
    if text and not out and remote_commands.ask_aside(text, as_json=as_json):
        return
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.ask import Question
    from assistant.ask import ask as ask_question

    show = (lambda sentence: None) if as_json or audio else (lambda sentence: print(sentence, flush=True))
    answer = ask_question(settings, Question(text or "", audio, pace is Pace.REALTIME, out), show)
    if as_json:
        print_json(answer.as_json())
    elif audio:
        print(answer.summary())


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What to say.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Write it to this WAV file instead.", show_default=False)] = None,
) -> None:
    """Say something through the speaker, or into a file."""
    if not out and remote_commands.say_aloud(text):
        return
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.tryout import say as say_it

    say_it(settings, text, out)


@app.command()
def listen() -> None:
    """Show what is heard, as it is heard, until interrupted."""
    settings = settings_of_the_file()
    log_to_stderr()
    from assistant.tryout import listen as listen_to

    live = sys.stdout.isatty()
    listen_to(
        settings,
        partial=lambda text: print(f"\r\033[K… {text}", end="", flush=True) if live else print(f"… {text}", flush=True),
        final=lambda text: print(f"\r\033[K{text}" if live else text, flush=True),
    )


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The settings file.", show_default=False)] = None,
) -> None:
    """Check the settings, and name every fault with its line."""
    from assistant.checks import checked_settings

    try:
        checked_settings(file or Options.config)
    except ConfigError as error:
        print(error)
        raise typer.Exit(1) from None
    print("OK")


@app.command()
def setup() -> None:
    """Be led through microphone, speaker, wake word and voice; each step can be skipped."""
    if not sys.stdin.isatty():
        raise AssistantError("setup asks questions, and there is no terminal; nothing needs it: assistant config set")
    log_to_stderr("error")
    from assistant.first_run import FirstRun

    FirstRun(settings_path(), input, print).run()


@app.command()
def devices(
    as_json: AsJson = False,
    tone: Annotated[bool, typer.Option("--tone", help="Play a tone through the speaker.")] = False,
    level: Annotated[bool, typer.Option("--level", help="Show how loud the microphone is, until interrupted.")] = False,
    round_trip: Annotated[
        bool, typer.Option("--round-trip", help="Play a chirp, and hear whether it comes back.")
    ] = False,
) -> None:
    """List the sound devices by the names that the settings take, or try those that are set."""
    from assistant import device_commands

    log_to_stderr("error")
    if tone or level or round_trip:
        device_commands.try_out(settings_of_the_file().audio, tone=tone, level=level, round_trip=round_trip)
    else:
        device_commands.list_devices(as_json)


@models_app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the catalogue, and what of it is installed."""
    from assistant.model_commands import list_models as list_all

    list_all(settings_of_the_file(), as_json)


@models_app.command("get")
def get_model(
    name: Annotated[str, typer.Argument(help="A model of the catalogue, or starter, or real.", show_default=False)],
) -> None:
    """Fetch a model; where it was interrupted, it goes on."""
    from assistant.model_commands import get

    get(settings_of_the_file(), name)


@models_app.command("verify")
def verify_models() -> None:
    """Hash every installed model and compare it with the catalogue."""
    from assistant.model_commands import verify

    verify(settings_of_the_file())


@models_app.command("remove")
def remove_model(name: InstalledModel) -> None:
    """Remove a model that is not in use."""
    from assistant.model_commands import remove

    remove(settings_of_the_file(), name)


@models_app.command("use")
def use_model(name: InstalledModel) -> None:
    """Have the settings name a model that is installed."""
    from assistant.model_commands import use

    use(settings_of_the_file(), settings_path(), name)


@models_app.command("try")
def try_model(
    name: InstalledModel,
    out: Annotated[Path | None, typer.Option(help="Write what is spoken to this WAV file.", show_default=False)] = None,
) -> None:
    """Let a model show what it can: a voice speaks, a language model answers, a recognizer hears the voice."""
    from assistant.model_trials import try_out

    log_to_stderr()
    try_out(settings_of_the_file(), name, out)


def main() -> NoReturn:
    """The program: its errors are lines on stderr, its exit codes are those of the errors."""
    try:
        app()
    except AssistantError as error:
        for line in str(error).splitlines():
            print(f"assistant: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if "PortAudio" not in str(error):
            raise
        print("assistant: the PortAudio library is missing; run: apt install libportaudio2", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)
