"""The table of the state machine, event by event."""

import pytest

from assistant import phrases
from assistant.events import (
    ButtonPressed,
    Cancel,
    Event,
    Failed,
    Finish,
    FirstAudio,
    FirstToken,
    Heard,
    HeardNothing,
    Ignore,
    Listen,
    PartFound,
    Partial,
    PartLost,
    Ready,
    Replied,
    Say,
    Sentence,
    Spoken,
    Stopped,
    Think,
    Turn,
    Typed,
    Woken,
)
from assistant.states import MICROPHONE, SPEAKER, Phase, State, react

WOKEN = Woken("hey_jarvis", 0.9, 16_000)
TURN = Turn(7)
STATES = {
    "starting": State(Phase.STARTING),
    "idle": State(Phase.IDLE, n_turns=7),
    "listening": State(Phase.LISTENING, TURN, 7),
    "thinking": State(Phase.THINKING, TURN, 7),
    "speaking": State(Phase.SPEAKING, TURN, 7),
    "error": State(Phase.ERROR, n_turns=7, lost=frozenset({"language model"})),
}


@pytest.mark.parametrize("name", ["idle", "listening", "thinking", "speaking", "error"])
def test_the_wake_word_cancels_what_is_under_way_and_listens(name: str) -> None:
    before = STATES[name]
    after, commands = react(before, WOKEN)
    assert after.phase is Phase.LISTENING
    assert after.turn is not None
    assert after.turn.number == 8
    cancels = (Cancel(TURN),) if before.turn else ()
    assert commands == (*cancels, Listen(after.turn, since=16_000))


@pytest.mark.parametrize("name", ["idle", "listening", "thinking", "speaking", "error"])
def test_the_button_does_as_the_wake_word_but_listens_from_now_on(name: str) -> None:
    after, commands = react(STATES[name], ButtonPressed(hold_until=99))
    assert after.phase is Phase.LISTENING
    assert after.turn is not None
    assert commands[-1] == Listen(after.turn, since=None, hold_until=99)


@pytest.mark.parametrize("event", [WOKEN, ButtonPressed(), Stopped()])
def test_while_starting_nobody_is_listened_to(event: Event) -> None:
    assert react(STATES["starting"], event) == (STATES["starting"], ())


def test_when_all_is_ready_it_is_idle() -> None:
    after, commands = react(STATES["starting"], Ready())
    assert (after.phase, commands) == (Phase.IDLE, ())


@pytest.mark.parametrize("name", ["idle", "listening", "thinking", "speaking", "error"])
def test_being_ready_again_changes_nothing(name: str) -> None:
    assert react(STATES[name], Ready()) == (STATES[name], ())


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("idle", ()),
        ("listening", (Cancel(TURN), Ignore())),
        ("thinking", (Cancel(TURN),)),
        ("speaking", (Cancel(TURN),)),
    ],
)
def test_stop_ends_the_turn(name: str, commands: tuple[object, ...]) -> None:
    after, done = react(STATES[name], Stopped())
    assert (after.phase, after.turn, done) == (Phase.IDLE, None, commands)


def test_what_was_heard_is_thought_about() -> None:
    after, commands = react(STATES["listening"], Heard(TURN, "what time is it", 1.0, 1.7, 1.8))
    assert after.phase is Phase.THINKING
    assert commands == (Think(TURN, "what time is it"),)


def test_having_heard_nothing_it_rests_without_a_word() -> None:
    after, commands = react(STATES["listening"], HeardNothing(TURN))
    assert (after.phase, after.turn, commands) == (Phase.IDLE, None, ())


@pytest.mark.parametrize("name", ["starting", "idle", "listening", "speaking"])
def test_a_typed_question_needs_no_ears(name: str) -> None:
    after, commands = react(STATES[name], Typed("why", 1.0))
    assert after.phase is Phase.THINKING
    assert after.turn is not None
    assert commands[-1] == Think(after.turn, "why")


@pytest.mark.parametrize("name", ["thinking", "speaking"])
def test_sentences_are_said_until_the_reply_is_complete(name: str) -> None:
    before = STATES[name]
    assert react(before, Sentence(TURN, "Yes.")) == (before, (Say(TURN, "Yes."),))
    assert react(before, Replied(TURN, None)) == (before, (Finish(TURN),))


def test_the_first_audio_makes_it_speak() -> None:
    after, commands = react(STATES["thinking"], FirstAudio(TURN, 2.0))
    assert (after.phase, after.turn, commands) == (Phase.SPEAKING, TURN, ())


@pytest.mark.parametrize("name", ["thinking", "speaking"])
def test_spoken_to_the_end_it_rests(name: str) -> None:
    after, commands = react(STATES[name], Spoken(TURN, 3.0))
    assert (after.phase, after.turn, commands) == (Phase.IDLE, None, ())


@pytest.mark.parametrize("name", ["listening", "thinking", "speaking"])
def test_a_failure_is_told_and_ends_the_turn(name: str) -> None:
    after, commands = react(STATES[name], Failed(TURN, "Sorry."))
    assert commands == (Say(TURN, "Sorry."), Finish(TURN))
    assert react(after, Spoken(TURN, 3.0))[0].phase is Phase.IDLE


@pytest.mark.parametrize("name", list(STATES))
@pytest.mark.parametrize(
    "event",
    [
        Partial(Turn(6), "what", 0, 1.0),
        Heard(Turn(6), "late", 1.0, 1.0, 1.0),
        HeardNothing(Turn(6)),
        FirstToken(Turn(6), 1.0),
        Sentence(Turn(6), "Late."),
        Replied(Turn(6), None),
        FirstAudio(Turn(6), 1.0),
        Spoken(Turn(6), 1.0),
        Failed(Turn(6), "Late."),
    ],
)
def test_late_events_of_a_dead_turn_are_ignored(name: str, event: Event) -> None:
    assert react(STATES[name], event) == (STATES[name], ())


@pytest.mark.parametrize("event", [Partial(TURN, "what", 0, 1.0), FirstToken(TURN, 1.0)])
def test_some_events_are_only_for_those_who_watch(event: Event) -> None:
    assert react(STATES["listening"], event) == (STATES["listening"], ())


def test_a_lost_part_is_told_at_once_when_nobody_is_spoken_to() -> None:
    after, commands = react(STATES["idle"], PartLost(MICROPHONE, "unplugged", phrases.MICROPHONE_LOST))
    assert after.phase is Phase.SPEAKING
    assert after.turn is not None
    assert commands == (Say(after.turn, phrases.MICROPHONE_LOST), Finish(after.turn))
    assert react(after, Spoken(after.turn, 1.0))[0].phase is Phase.ERROR


def test_the_same_loss_is_told_once() -> None:
    after, _ = react(STATES["idle"], PartLost("language model", "died", "Lost."))
    assert after.turn is not None
    after, _ = react(after, Spoken(after.turn, 1.0))
    assert react(after, PartLost("language model", "died again", "Lost.")) == (after, ())


def test_a_loss_during_a_reply_waits_for_its_end() -> None:
    after, commands = react(STATES["speaking"], PartLost(MICROPHONE, "unplugged", "Lost."))
    assert (after.phase, commands) == (Phase.SPEAKING, ())
    after, commands = react(after, Spoken(TURN, 1.0))
    assert after.turn is not None
    assert commands == (Say(after.turn, "Lost."), Finish(after.turn))


def test_a_microphone_lost_before_it_was_ready_is_told_when_it_is() -> None:
    after, commands = react(STATES["starting"], PartLost(MICROPHONE, "none", "Lost."))
    assert commands == ()
    after, commands = react(after, Ready())
    assert [type(command) for command in commands] == [Say, Finish]


def test_losing_the_microphone_ends_listening() -> None:
    after, commands = react(STATES["listening"], PartLost(MICROPHONE, "unplugged", "Lost."))
    assert commands[:2] == (Cancel(TURN), Ignore())
    assert after.turn is not TURN


def test_losing_the_speaker_ends_speaking_without_a_word() -> None:
    after, commands = react(STATES["speaking"], PartLost(SPEAKER, "unplugged", ""))
    assert (after.phase, after.turn, commands) == (Phase.ERROR, None, (Cancel(TURN),))


def test_nothing_is_announced_without_a_speaker_but_once_it_is_back() -> None:
    after, _ = react(STATES["idle"], PartLost(SPEAKER, "unplugged", ""))
    after, commands = react(after, PartLost(MICROPHONE, "unplugged", "Lost."))
    assert (after.phase, commands) == (Phase.ERROR, ())
    after, commands = react(after, PartFound(SPEAKER))
    assert after.turn is not None
    assert commands[0] == Say(after.turn, "Lost.")


def test_what_came_back_is_told_and_heals_the_error() -> None:
    lost = State(Phase.ERROR, n_turns=7, lost=frozenset({MICROPHONE}))
    after, commands = react(lost, PartFound(MICROPHONE, "Back."))
    assert after.turn is not None
    assert commands == (Say(after.turn, "Back."), Finish(after.turn))
    assert react(after, Spoken(after.turn, 1.0))[0].phase is Phase.IDLE


def test_without_a_microphone_no_wake_word_counts() -> None:
    lost = State(Phase.ERROR, n_turns=7, lost=frozenset({MICROPHONE}))
    assert react(lost, WOKEN) == (lost, ())


def test_the_ears_work_on_while_the_model_is_lost() -> None:
    after, _ = react(STATES["error"], WOKEN)
    assert after.phase is Phase.LISTENING
