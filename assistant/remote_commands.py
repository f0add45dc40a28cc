"""`assistant status`, `stop`, `mute` and the like: what a running daemon is asked to do. Called from the CLI."""

import subprocess
from typing import Annotated

import typer

from assistant.command_line import AsJson, print_json
from assistant.control.client import NotRunningError, answers, ask_daemon
from assistant.control.protocol import ControlError

RELOAD_S = 120.0  # a reload waits for the end of a turn, and then for models


def status(as_json: AsJson = False) -> None:
    """Show what the running assistant is doing, and how it is."""
    found = ask_daemon("status")
    if as_json:
        print_json({name: value for name, value in found.items() if name not in ("done", "protocol")})
        return
    from assistant.status import screen

    print(screen(found))


def stop() -> None:
    """Have it be quiet: it stops speaking, listening or ringing."""
    ask_daemon("stop")


def mute() -> None:
    """Close the microphone until `assistant unmute`, or until its button is pressed."""
    ask_daemon("mute")


def unmute() -> None:
    """Open the microphone again."""
    ask_daemon("unmute")


def volume(
    percent: Annotated[
        int | None, typer.Argument(help="How loud, 5 to 100.", min=5, max=100, show_default=False)
    ] = None,
) -> None:
    """Show how loud it speaks, or set it."""
    print(f"{ask_daemon('volume', percent=percent)['percent']} %")


def restart() -> None:
    """Have systemd start the installed assistant anew."""
    if subprocess.run(["systemctl", "restart", "assistant"], check=False).returncode:
        raise ControlError("it was not restarted; as root: systemctl restart assistant")


def reload() -> None:
    """Have the changed settings take effect; bad ones change nothing, and are named."""
    changed = ask_daemon("reload", patience_s=RELOAD_S)["changed"]
    print(f"reloaded; built anew: {', '.join(changed) or 'nothing'}")


def ask_aside(text: str, *, as_json: bool) -> bool:
    """Asks the running assistant, which writes its reply here and does not speak it; False if none runs."""
    try:
        for answer in answers("ask", text=text):
            if answer.get("done") and as_json:
                print_json({name: value for name, value in answer.items() if name not in ("done", "protocol")})
            elif "sentence" in answer and not as_json:
                print(answer["sentence"], flush=True)
    except NotRunningError:
        return False
    return True


def say_aloud(text: str) -> bool:
    """Has the running assistant say it; False if none runs."""
    try:
        ask_daemon("say", text=text)
    except NotRunningError:
        return False
    return True


def monitor() -> None:
    """Watch live what the running assistant hears, thinks and says; keys: t talk, s stop, m mute, q quit."""
    from assistant.monitor import monitor as watch

    watch()
