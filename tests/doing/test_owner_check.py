from dataclasses import replace

import pytest

from assistant.config import OwnerCommand
from assistant.doing.commands import Commands
from assistant.doing.owner_check import clashes, faults_of, templates


def saying(*sentences: str, place: str = "") -> OwnerCommand:
    return OwnerCommand(sentences, say="Yes.", place=place)


def fault_of(command: OwnerCommand) -> str:
    (fault,) = faults_of([command], ["heater"])
    assert len(fault.splitlines()) == 1
    return fault


@pytest.mark.parametrize(
    "sentence",
    [
        "turn (on|off) the heater",
        "Heater, {state}!",
        "[please] go|run",
        "((a)) [b [c]]",
        "well-known {any_word2} thing",
    ],
)
def test_templates_of_hassil_pass(sentence: str) -> None:
    assert faults_of([saying(sentence)]) == []


@pytest.mark.parametrize(
    "sentence", ["turn (on", "turn on)", "turn [on", "turn on]", "x}", "{x", "a (b]", "()", "a []", "", "?!"]
)
def test_a_bad_bracket_is_one_line(sentence: str) -> None:
    place = "config.yaml:12"
    assert fault_of(saying(sentence, place=place)) == (
        f'config.yaml:12: commands[0]: "{sentence}" has a bracket that is empty, not closed or not opened; mend it'
    )


def test_endless_brackets_are_one_line() -> None:
    assert len(fault_of(saying("(" * 10_000))) < 200


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("heater {State}", "has {State}, must be a name of small letters"),
        ("heater {volume:x}", "has {volume:x}, must be a name of small letters"),
        ("heater {}", "has {}, must be a name of small letters"),
        ("from {x} to {x}", "has the same {name} twice; give each its own"),
        ("from {x} {y}", "has two {names} side by side; put a word between them"),
        ("turn on <the> heater", "has <, which means nothing here; remove it"),
        ("{anything}", "can be said without a word of its own; add one"),
        ("[heater] {anything}", "can be said without a word of its own; add one"),
        ("[heater]", "can be said without a word of its own; add one"),
    ],
)
def test_what_a_sentence_may_not_be(sentence: str, fault: str) -> None:
    assert fault_of(saying(sentence)) == f'commands[0]: "{sentence}" {fault}'


RUNS = OwnerCommand(("blinds {way}",), run=("/usr/local/bin/blinds", "{way}"))
SWITCHES = OwnerCommand(("heater on",), output="heater", state="on")


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (OwnerCommand(say="Yes."), " has no sentences; add what to say"),
        (OwnerCommand(("go",)), " does nothing; give it run, output or say"),
        (replace(RUNS, output="heater", state="on"), " has both run and output; keep one"),
        (replace(SWITCHES, state=""), " has only one of output and state; add state"),
        (replace(saying("go"), state="on"), " has only one of output and state; add output"),
        (replace(SWITCHES, output="lamp"), '.output is "lamp", must be heater'),
        (replace(saying("go"), speak_output=True), ".speak_output is of use only with run; remove it"),
        (replace(RUNS, run=("blinds",)), '.run begins with "blinds", must be the full path of a program'),
        (replace(RUNS, run=("/bin/{way}",)), '.run begins with "/bin/{way}", must be the full path of a program'),
        (replace(RUNS, run=("/x", "--{way}")), '.run has "--{way}", must be {way} by itself, or have no braces'),
        (replace(RUNS, run=("/x", "{wya}")), ".run has {wya}, which must be in every sentence; add it or remove it"),
        (
            replace(RUNS, sentences=("blinds {way}", "blinds")),
            ".run has {way}, which must be in every sentence; add it or remove it",
        ),
        (replace(RUNS, say="{how}"), ".say has {how}, which must be in every sentence; add it or remove it"),
    ],
)
def test_what_a_command_may_not_do(command: OwnerCommand, fault: str) -> None:
    assert fault_of(command) == f"commands[0]{fault}"


def test_a_sound_command_has_no_fault() -> None:
    assert (
        faults_of([RUNS, replace(RUNS, say="Blinds {way}."), SWITCHES, replace(RUNS, run=("/x", "{}"))], ["heater"])
        == []
    )


def test_where_no_output_is_set_up_none_can_be_named() -> None:
    assert faults_of([SWITCHES], ()) == ['commands[0].output is "heater", but none is set up; remove the command']
    assert faults_of([SWITCHES]) == []


def test_every_fault_of_every_command_is_told() -> None:
    found = faults_of([OwnerCommand(("a (",)), RUNS, OwnerCommand(("b )",))])
    assert [fault.split()[0].strip(":") for fault in found] == [
        "commands[0]",
        "commands[0]",
        "commands[2]",
        "commands[2]",
    ]


def test_a_sentence_that_is_a_built_in_command_is_told_with_its_line() -> None:
    (line,) = clashes([saying("blinds up"), saying("(cancel|kill) the timer", place="config.yaml:12")], "en")
    assert line == "config.yaml:12: commands[1]: 'cancel the timer' is also the command cancel_timer; word it otherwise"


def test_two_own_commands_that_share_a_sentence_are_told_once() -> None:
    first, second = saying("heater (on|off)"), saying("(boiler|heater) on")
    assert clashes([first, second], "en") == ["commands[0]: 'heater on' is also commands[1]; word it otherwise"]
    assert clashes([saying("heater {x}"), first], "en") == [
        "commands[1]: 'heater on' is also commands[0]; word it otherwise"
    ]


def test_a_sentence_that_is_never_understood_is_told() -> None:
    (line,) = clashes([saying("okay go")], "en")
    assert line.startswith("commands[0]: 'okay go' is never understood; leave out")


def test_sentences_of_their_own_do_not_clash() -> None:
    own = [saying("turn (on|off) the heater", "Heater, {state}!"), saying("play {song} in the kitchen"), saying("go")]
    assert clashes(own, "en") == []
    assert clashes([], "en") == []


def test_a_template_of_countless_sentences_is_tried_with_some_of_them() -> None:
    countless = " ".join(["(one|two|three|four|five|six|seven|eight)"] * 12)
    assert clashes([saying(f"say {countless}")], "en") == []


def test_slots_take_any_words_whatever_the_built_in_lists_are_called() -> None:
    commands = Commands("en", {"own:0": templates(saying("Boiler to {volume} until {timer_name}!"))})
    command = commands.parse("boiler to very hot until half past never")
    assert command is not None
    assert command.intent == "own:0"
    assert command.slots == {"volume": "very hot", "timer_name": "half past never"}
