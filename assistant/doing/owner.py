"""The owner's own commands: switches an output, runs a program or says a text. Runs in the calling thread.

What a person says reaches a program only as the words that stood in a slot, each slot one whole argument, with no shell
between. An argument that could be taken for an option is not passed: the program then does not run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from assistant.config import OwnerCommand
from assistant.doing.commands import Command, Slot
from assistant.doing.owner_check import INTENT, SLOT, faults_of, templates
from assistant.doing.programs import Ended, run_program
from assistant.errors import ConfigError, OutputError

N_SPOKEN_CHARACTERS = 300
Run = Callable[[Sequence[str], float], Ended]


class Outputs(Protocol):
    """The named outputs."""

    def switch(self, name: str, state: str) -> None:
        """Makes the output `on` or `off`, or does `toggle` or `pulse`; OutputError when it cannot."""


class NoOutputs:
    """Where none are set up."""

    def switch(self, name: str, state: str) -> None:
        raise OutputError(f"no output {name} is set up")


class Failure(Enum):
    """Why a command was not carried out: the key of the text that says so."""

    REFUSED = "own_refused"  # what was said cannot safely be an argument
    NOT_STARTED = "own_not_started"
    FAILED = "own_failed"
    TIMED_OUT = "own_timed_out"
    NOT_SWITCHED = "own_not_switched"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command; when it went well and `say` is empty, any confirmation will do."""

    say: str = ""
    failure: Failure | None = None
    reason: str = ""  # of a failure, for the log: never what was said


class OwnerCommands:
    """The commands of the settings, ready to be carried out."""

    def __init__(
        self, commands: Sequence[OwnerCommand], outputs: Outputs | None = None, run: Run = run_program
    ) -> None:
        """Takes what switches the outputs, if there are any; a ConfigError names every command that cannot be used."""
        if wrong := faults_of(commands):
            raise ConfigError(*wrong)
        self._commands = {INTENT.format(index): command for index, command in enumerate(commands)}
        self._outputs = outputs or NoOutputs()
        self._run = run
        self.templates = {intent: templates(command) for intent, command in self._commands.items()}

    def __contains__(self, intent: str) -> bool:
        return intent in self._commands

    def carry_out(self, command: Command) -> Outcome:
        """Does what the owner wrote for the command, in at most its time limit; KeyError if it is not the owner's."""
        own = self._commands[command.intent]
        say = SLOT.sub(lambda slot: str(command.slots.get(slot[1], "")), own.say)
        if own.output:
            return self._switched(own, say)
        if own.run:
            return self._ran(own, command.slots, say)
        return Outcome(say)

    def _switched(self, own: OwnerCommand, say: str) -> Outcome:
        try:
            self._outputs.switch(own.output, own.state)
        except OutputError as error:
            return Outcome(failure=Failure.NOT_SWITCHED, reason=str(error))
        return Outcome(say)

    def _ran(self, own: OwnerCommand, slots: Mapping[str, Slot], say: str) -> Outcome:
        program = own.run[0]
        arguments = [_argument(argument, slots) for argument in own.run[1:]]
        if None in arguments:
            return Outcome(failure=Failure.REFUSED, reason=f"{program} was not run: words missing, or like an option")
        try:
            ended = self._run([program, *filter(None, arguments)], own.timeout_s)
        except (OSError, ValueError) as error:
            return Outcome(failure=Failure.NOT_STARTED, reason=f"{program} cannot be run: {error}")
        if ended.exit_code is None:
            return Outcome(failure=Failure.TIMED_OUT, reason=f"{program} took longer than {own.timeout_s:g} s")
        if ended.exit_code:
            return Outcome(failure=Failure.FAILED, reason=f"{program} ended with {ended.exit_code}")
        return Outcome(" ".join(filter(None, (say, _spoken(ended.printed) if own.speak_output else ""))))


def _argument(written: str, slots: Mapping[str, Slot]) -> str | None:
    """The argument as the program gets it; None when what was said must not be one."""
    if not (slot := SLOT.fullmatch(written)):
        return written
    said = str(slots.get(slot[1], "")).strip()
    # A word or number first: no option, no path, no sign that a program could read as more than words.
    return said if said[:1].isalnum() and said.isprintable() else None


def _spoken(printed: bytes) -> str:
    text = "".join(sign if sign.isprintable() else " " for sign in printed.decode("utf-8", "replace"))
    return " ".join(text.replace("\N{REPLACEMENT CHARACTER}", " ").split())[:N_SPOKEN_CHARACTERS].rstrip()
