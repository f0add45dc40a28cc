import json
import re
import sys
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings, strategies

from assistant.config import OwnerCommand
from assistant.doing.commands import Command, Commands, Completeness
from assistant.doing.owner import N_SPOKEN_CHARACTERS, Failure, Outcome, OwnerCommands
from assistant.doing.programs import Ended
from assistant.errors import ConfigError, OutputError

SONG = OwnerCommand(("play {song} in the kitchen",), run=("/bin/music", "--now", "{song}"))


class Programs:
    """Runs nothing, and remembers what it was to run."""

    def __init__(self, ended: Ended | Exception | None = None) -> None:
        self.runs: list[tuple[list[str], float]] = []
        self._ended = ended or Ended(0, b"")

    def __call__(self, arguments: Sequence[str], timeout_s: float) -> Ended:
        self.runs.append((list(arguments), timeout_s))
        if isinstance(self._ended, Exception):
            raise self._ended
        return self._ended


class Panel:
    def __init__(self) -> None:
        self.switched: list[tuple[str, str]] = []

    def switch(self, name: str, state: str) -> None:
        if name != "heater":
            raise OutputError(f"{name} is stuck")
        self.switched.append((name, state))


def said(own: OwnerCommands, text: str) -> Outcome:
    command = Commands("en", own.templates).parse(text)
    assert command is not None
    assert command.intent in own
    return own.carry_out(command)


def ran(command: OwnerCommand, text: str, ended: Ended | Exception) -> Outcome:
    return said(OwnerCommands([command], run=Programs(ended)), text)


def test_a_text_is_said() -> None:
    own = OwnerCommands([OwnerCommand(("what is (the|our) password",), say="It is hidden.")])
    assert said(own, "what is our password please") == Outcome("It is hidden.")


def test_what_was_said_may_be_said_again() -> None:
    own = OwnerCommands([OwnerCommand(("greet {who}",), say="Hello {who}, {} {who}!")])
    assert said(own, "greet aunt mary") == Outcome("Hello aunt mary, {} aunt mary!")


def test_an_output_is_switched() -> None:
    panel = Panel()
    own = OwnerCommands([OwnerCommand(("heater on",), output="heater", state="on", say="It is on.")], panel)
    assert said(own, "heater on") == Outcome("It is on.")
    assert panel.switched == [("heater", "on")]


def test_an_output_that_is_stuck_or_not_there_is_admitted() -> None:
    lamp = OwnerCommand(("lamp on",), output="lamp", state="on", say="It is on.")
    for panel in (Panel(), None):
        outcome = said(OwnerCommands([lamp], panel), "lamp on")
        assert (outcome.say, outcome.failure) == ("", Failure.NOT_SWITCHED)
        assert "lamp" in outcome.reason


def test_a_program_gets_what_was_said_as_one_argument() -> None:
    programs = Programs()
    assert said(OwnerCommands([SONG], run=programs), "play the wall; rm -rf in the kitchen") == Outcome()
    assert programs.runs == [(["/bin/music", "--now", "the wall rm -rf"], 10.0)]


def test_a_real_program_gets_it_too() -> None:
    echo = ("-c", "import json, sys; print(json.dumps(sys.argv[1:]))", "{song}")
    own = OwnerCommands([OwnerCommand(("play {song} now",), run=(sys.executable, *echo), speak_output=True)])
    song = "a $HOME `id` \"x\" 'y' * ; -z"
    assert json.loads(own.carry_out(Command("own:0", {"song": song})).say) == [song]


@pytest.mark.parametrize("song", ["-rf", " -rf", "--help", "+x", "/etc/passwd", "", " ", "@file", "a\nb", "a\0b"])
def test_what_could_be_more_than_words_runs_nothing(song: str) -> None:
    programs = Programs()
    outcome = OwnerCommands([SONG], run=programs).carry_out(Command("own:0", {"song": song}))
    assert outcome.failure is Failure.REFUSED
    assert programs.runs == []


def test_a_slot_that_was_not_said_runs_nothing() -> None:
    programs = Programs()
    own = OwnerCommands([OwnerCommand(("music [from {song}]",), run=("/bin/music", "{song}"))], run=programs)
    assert said(own, "music").failure is Failure.REFUSED
    assert programs.runs == []
    said(own, "music from abba")
    assert programs.runs == [(["/bin/music", "abba"], 10.0)]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


COMMANDS = Commands("en", OwnerCommands([SONG]).templates)
WORDS = [
    "play",
    "in",
    "the",
    "kitchen",
    "-rf",
    "--",
    "-",
    "+",
    ";",
    "$(id)",
    "{song}",
    "/",
    "\0",
    "please",
    "5",
    "- -x",
]
anything = strategies.text(max_size=30) | strategies.lists(strategies.sampled_from(WORDS), max_size=6).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(anything, anything, strategies.booleans())
@example("play -rf in the kitchen", "", False)
@example("−rf", "", True)
@example("- - rf", "", True)
def test_nothing_a_person_can_say_runs_a_program_with_an_unintended_argument(a: str, b: str, within: bool) -> None:
    text = f"play {a} {b} in the kitchen" if within else f"{a} {b}"
    programs = Programs()
    own = OwnerCommands([SONG], run=programs)
    command = COMMANDS.parse(text)
    COMMANDS.completeness(text)
    if command is None or command.intent not in own:
        return
    outcome = own.carry_out(command)
    if outcome.failure:
        assert programs.runs == []
        return
    (((program, option, song), _),) = programs.runs
    assert (program, option) == ("/bin/music", "--now")
    assert song[0].isalnum()
    assert song.isprintable()
    assert " ".join(words(song)) in " ".join(words(text.lower()))


def test_what_a_program_prints_is_spoken_if_asked() -> None:
    loud = OwnerCommand(("how warm",), run=("/bin/warm",), say="Listen:", speak_output=True)
    assert ran(loud, "how warm", Ended(0, b"21\n degrees\x07 \xff\n")) == Outcome("Listen: 21 degrees")
    assert ran(loud, "how warm", Ended(0, b"\n")) == Outcome("Listen:")
    quiet = OwnerCommand(("how warm",), run=("/bin/warm",))
    assert ran(quiet, "how warm", Ended(0, b"21")) == Outcome()


def test_only_the_first_of_much_output_is_spoken() -> None:
    loud = OwnerCommand(("how warm",), run=("/bin/warm",), speak_output=True)
    assert len(ran(loud, "how warm", Ended(0, "ä".encode() * 2000)).say) == N_SPOKEN_CHARACTERS


@pytest.mark.parametrize(
    ("ended", "failure"),
    [
        (Ended(3, b"no"), Failure.FAILED),
        (Ended(-9, b""), Failure.FAILED),
        (Ended(None, b""), Failure.TIMED_OUT),
        (FileNotFoundError("no such file"), Failure.NOT_STARTED),
        (ValueError("embedded null byte"), Failure.NOT_STARTED),
    ],
)
def test_what_went_wrong_is_admitted_and_nothing_else_is_said(ended: Ended | Exception, failure: Failure) -> None:
    warm = OwnerCommand(("how warm",), run=("/bin/warm",), say="Done.", speak_output=True, timeout_s=2.0)
    outcome = ran(warm, "how warm", ended)
    assert (outcome.say, outcome.failure) == ("", failure)
    assert outcome.reason.startswith("/bin/warm ")


def test_what_was_said_is_in_no_reason() -> None:
    outcomes = [ran(SONG, "play secret in the kitchen", ended) for ended in (Ended(1, b""), Ended(None, b""))]
    outcomes.append(OwnerCommands([SONG]).carry_out(Command("own:0", {"song": "-secret"})))
    assert all(outcome.failure and "secret" not in outcome.reason for outcome in outcomes)


def test_the_owners_sentences_come_before_the_built_in_ones() -> None:
    own = OwnerCommands([OwnerCommand(("set a {what}",), say="Mine.")])
    assert said(own, "set a timer for ten minutes") == Outcome("Mine.")


def test_the_ears_know_when_an_own_sentence_is_whole() -> None:
    own = OwnerCommands([OwnerCommand(("turn (on|off) the heater", "blinds to {way}"), say="Yes.")])
    commands = Commands("en", own.templates)
    assert commands.completeness("turn on the heater") is Completeness.COMPLETE
    assert commands.completeness("turn on the") is Completeness.WANTS_MORE
    assert commands.completeness("blinds to half") is Completeness.MAY_GO_ON
    assert Commands("en").parse("turn on the heater") is None


def test_other_commands_are_not_the_owners() -> None:
    own = OwnerCommands([SONG])
    assert "set_timer" not in own
    assert "own:1" not in own


def test_commands_that_cannot_be_used_are_refused_with_every_fault() -> None:
    with pytest.raises(ConfigError) as caught:
        OwnerCommands([OwnerCommand(("a (",), say="A."), SONG, OwnerCommand(("b",))])
    assert len(caught.value.faults) == 2
