"""The table of the state machine, event by event."""

from dataclasses import replace

import pytest

from assistant import phrases
from assistant.config import Dialogue
from assistant.events import (
    Announced,
    ButtonPressed,
    ButtonReleased,
    Draft,
    EndLikely,
    Event,
    Failed,
    FirstAudio,
    FirstToken,
    Heard,
    HeardNothing,
    MuteWanted,
    PartFound,
    Partial,
    PartLost,
    Quieted,
    Rang,
    Ready,
    Replied,
    Saying,
    Sentence,
    Spoken,
    Stopped,
    Typed,
    Wanted,
    Woken,
)
from assistant.orders import (
    Anticipate,
    Cancel,
    Chime,
    Earcon,
    Enough,
    Finish,
    Heed,
    Ignore,
    Listen,
    Mute,
    Order,
    Render,
    Ring,
    Say,
    SetVolume,
    Silence,
    Think,
)
from assistant.states import MICROPHONE, SPEAKER, Phase, State
from assistant.states import react as react_with
from assistant.turn import Turn

WOKEN = Woken("hey_jarvis", 0.9, 16_000, 10.0)
PRESSED = ButtonPressed(10.0)
STOPPED = Stopped(10.0)
TURN = Turn(7)
PAIR = (Saying(TURN, "The moon is far.", 5.0, 2.0), Saying(TURN, "It is cold there, and very dark.", 7.0, 4.0))
STATES = {
    "starting": State(Phase.STARTING),
    "idle": State(Phase.IDLE, n_turns=7),
    "listening": State(Phase.LISTENING, TURN, 7),
    "thinking": State(Phase.THINKING, TURN, 7),
    "speaking": State(Phase.SPEAKING, TURN, 7),
    "ringing": State(Phase.RINGING, n_turns=7, ringing=True, sounded=True),
    "muted": State(Phase.MUTED, n_turns=7, muted=True),
    "error": State(Phase.ERROR, n_turns=7, lost=frozenset({"language model"})),
}


def react(state: State, event: Event, dialogue: Dialogue | None = None) -> tuple[State, tuple[Order, ...]]:
    return react_with(state, event, dialogue or Dialogue(follow_up_s=0.0, answer_s=0.0))


@pytest.mark.parametrize("name", ["idle", "listening", "thinking", "speaking", "error"])
def test_the_wake_word_cancels_what_is_under_way_and_listens(name: str) -> None:
    before = STATES[name]
    after, commands = react(before, WOKEN)
    assert after.phase is Phase.LISTENING
    assert after.turn is not None
    assert after.turn.number == 8
    cancels = (Cancel(TURN),) if before.turn else ()
    assert commands == (*cancels, Listen(after.turn, since=16_000), Chime(Earcon.WAKE))


@pytest.mark.parametrize("name", ["idle", "listening", "thinking", "speaking", "error"])
def test_the_button_does_as_the_wake_word_but_listens_from_now_on(name: str) -> None:
    after, commands = react(STATES[name], ButtonPressed(10.0, hold_until=99))
    assert after.phase is Phase.LISTENING
    assert after.turn is not None
    assert commands[-2:] == (Listen(after.turn, since=None, hold_until=99), Chime(Earcon.WAKE))


@pytest.mark.parametrize("event", [WOKEN, PRESSED, STOPPED])
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
        ("speaking", (Cancel(TURN), Ignore())),
    ],
)
def test_stop_ends_the_turn(name: str, commands: tuple[object, ...]) -> None:
    after, done = react(STATES[name], STOPPED)
    assert (after.phase, after.turn, done) == (Phase.IDLE, None, commands)


def test_what_was_heard_is_thought_about() -> None:
    after, commands = react(STATES["listening"], Heard(TURN, "what time is it", 1.0, 1.7, 1.8))
    assert after.phase is Phase.THINKING
    assert commands == (Chime(Earcon.END), Think(TURN, "what time is it"))


def test_having_heard_nothing_it_rests_without_a_word() -> None:
    after, commands = react(STATES["listening"], HeardNothing(TURN))
    assert (after.phase, after.turn, commands) == (Phase.IDLE, None, (Cancel(TURN), Chime(Earcon.END), Ignore()))


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
    assert (after.phase, after.turn, commands) == (Phase.SPEAKING, TURN, (Heed(),))


@pytest.mark.parametrize("name", ["thinking", "speaking"])
def test_spoken_to_the_end_it_rests(name: str) -> None:
    after, commands = react(STATES[name], Spoken(TURN, 3.0))
    assert (after.phase, after.turn) == (Phase.IDLE, None)
    assert commands == ((Ignore(),) if name == "speaking" else ())


@pytest.mark.parametrize("name", ["listening", "thinking", "speaking"])
def test_a_failure_is_told_and_ends_the_turn(name: str) -> None:
    after, commands = react(STATES[name], Failed(TURN, "Sorry."))
    assert commands == (Chime(Earcon.ERROR), Say(TURN, "Sorry."), Finish(TURN))
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
        Saying(Turn(6), "Late.", 1.0, 1.0),
        Spoken(Turn(6), 1.0),
        Failed(Turn(6), "Late."),
    ],
)
def test_late_events_of_a_dead_turn_are_ignored(name: str, event: Event) -> None:
    assert react(STATES[name], event) == (STATES[name], ())


def test_some_events_are_only_for_those_who_watch() -> None:
    assert react(STATES["listening"], FirstToken(TURN, 1.0)) == (STATES["listening"], ())


def test_the_words_that_are_certain_are_anticipated_while_it_listens() -> None:
    partial = Partial(TURN, "what time is", 2, 1.0)
    assert react(STATES["listening"], partial) == (STATES["listening"], (Anticipate(TURN, "what time"),))
    assert react(STATES["thinking"], partial) == (STATES["thinking"], ())


def test_what_may_be_all_is_anticipated_as_a_whole() -> None:
    event = EndLikely(TURN, "what is love")
    assert react(STATES["listening"], event) == (STATES["listening"], (Anticipate(TURN, "what is love", whole=True),))
    assert react(STATES["thinking"], event) == (STATES["thinking"], ())


def test_what_may_be_said_is_rendered_and_not_spoken() -> None:
    guess = Turn(TURN.number)
    _, orders = react(STATES["listening"], Draft(TURN, "It is,", guess))
    assert orders == (Render(guess, "It is,"),)


def test_a_part_of_a_sentence_is_spoken_as_such() -> None:
    _, orders = react(STATES["thinking"], Sentence(TURN, "It is,", part=True, written_per_s=40.0))
    assert orders == (Say(TURN, "It is,", part=True, written_per_s=40.0),)


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
    assert commands[0] == Cancel(TURN)
    assert after.turn is not TURN


def test_losing_the_speaker_ends_speaking_without_a_word() -> None:
    after, commands = react(STATES["speaking"], PartLost(SPEAKER, "unplugged", ""))
    assert (after.phase, after.turn, commands) == (Phase.ERROR, None, (Cancel(TURN), Ignore()))


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
    assert react(lost, WOKEN) == (lost, (Chime(Earcon.ERROR),))


def test_the_ears_work_on_while_the_model_is_lost() -> None:
    after, _ = react(STATES["error"], WOKEN)
    assert after.phase is Phase.LISTENING


def speaking(*sayings: Saying, **how: object) -> State:
    return State(Phase.SPEAKING, TURN, 7, sayings=sayings, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("event", [WOKEN, PRESSED, STOPPED, Typed("why", 10.0)])
def test_what_was_heard_of_a_reply_is_told_when_it_is_interrupted(event: Event) -> None:
    _, commands = react(speaking(*PAIR), event)
    # Three of four seconds of the second sentence are heard: the word under way does not count.
    assert commands[0] == Cancel(TURN, ("The moon is far.", "It is cold there, and"))


def test_what_is_said_is_kept_only_for_the_reply_under_way() -> None:
    begun, _ = react(STATES["thinking"], FirstAudio(TURN, 5.0))
    after = begun
    for saying in PAIR:
        after, _ = react(after, saying)
    assert after.sayings == PAIR
    assert react(replace(after, phase=Phase.THINKING), FirstAudio(TURN, 20.0))[0].sayings == ()


@pytest.mark.parametrize("at_s", [6.9, 9.0, 12.0])
def test_its_own_wake_word_and_its_own_stop_are_not_meant_for_it(at_s: float) -> None:
    before = speaking(Saying(TURN, "Say hey Jarvis, or stop!", 7.0, 4.0))
    assert react(before, replace(WOKEN, at_s=at_s)) == (before, ())
    assert react(before, Stopped(at_s, "stop")) == (before, ())
    # Long after, or by the button, or another word: that was a person.
    assert react(before, replace(WOKEN, at_s=13.0))[0].phase is Phase.LISTENING
    assert react(before, Stopped(at_s))[0].phase is Phase.IDLE
    assert react(before, Stopped(at_s, "cancel"))[0].phase is Phase.IDLE


def test_its_own_last_words_do_not_wake_it_after_the_reply() -> None:
    before = speaking(Saying(TURN, "My name is hey Jarvis.", 7.0, 2.0))
    after, _ = react(before, Spoken(TURN, 9.0))
    assert react(after, replace(WOKEN, at_s=9.5)) == (after, ())


def test_after_a_reply_the_person_may_go_on() -> None:
    dialogue = Dialogue(follow_up_s=4.0, answer_s=6.0)
    heard, _ = react(STATES["listening"], Heard(TURN, "why", 1.0, 1.7, 1.8))
    before = replace(heard, phase=Phase.SPEAKING, sayings=PAIR)
    after, commands = react(before, Spoken(TURN, 11.0), dialogue)
    assert (after.phase, after.follows_up) == (Phase.LISTENING, True)
    assert after.turn is not None
    assert commands == (Listen(after.turn, wait_s=4.0),)
    waited = after.turn
    after, commands = react(after, HeardNothing(waited))
    assert (after.phase, commands) == (Phase.IDLE, (Cancel(waited), Ignore()))  # without a sound


@pytest.mark.parametrize("text", ["Which one?", "Shall I?”", "*Really?*"])
def test_when_it_asked_something_it_waits_longer(text: str) -> None:
    before = speaking(Saying(TURN, text, 7.0, 1.0), spoken_to=True)
    _, commands = react(before, Spoken(TURN, 8.0), Dialogue(follow_up_s=0.0, answer_s=6.0))
    assert [command.wait_s for command in commands if isinstance(command, Listen)] == [6.0]


@pytest.mark.parametrize(
    "before",
    [
        speaking(*PAIR),  # an announcement, or a typed question
        speaking(*PAIR, spoken_to=True, ringing=True),
        speaking(*PAIR, spoken_to=True, lost=frozenset({MICROPHONE})),
        speaking(*PAIR, spoken_to=True, unsaid="Lost."),
    ],
)
def test_who_cannot_go_on_is_not_listened_to(before: State) -> None:
    _, commands = react(before, Spoken(TURN, 11.0), Dialogue())
    assert not [command for command in commands if isinstance(command, Listen)]


def test_it_rings_until_it_is_told_to_stop() -> None:
    after, commands = react(STATES["idle"], Rang())
    assert (after.phase, commands) == (Phase.RINGING, (Ring(on=True), Heed()))
    for event in (STOPPED, PRESSED, Stopped(10.0, "stop")):
        quiet, commands = react(after, event)
        assert (quiet.phase, quiet.ringing, commands) == (Phase.IDLE, False, (Ring(on=False), Silence(), Ignore()))


def test_what_rings_is_named_while_it_rings_low() -> None:
    after, commands = react(STATES["idle"], Rang("Time's up."))
    assert after.turn is not None
    assert (after.phase, commands) == (
        Phase.SPEAKING,
        (Ring(on=True, low=True), Say(after.turn, "Time's up."), Finish(after.turn)),
    )
    ringing, commands = react(after, Spoken(after.turn, 3.0))
    assert (ringing.phase, commands) == (Phase.RINGING, (Ring(on=True), Heed()))
    quiet, commands = react(after, STOPPED)
    assert (quiet.phase, quiet.ringing) == (Phase.IDLE, False)
    assert commands[-3:] == (Ring(on=False), Silence(), Ignore())


def test_what_rings_is_named_once_though_it_was_told_twice_during_a_turn() -> None:
    after, _ = react(STATES["thinking"], Rang("Time's up."))
    after, _ = react(after, Rang("Time's up."))
    assert after.rings == "Time's up."


def test_it_rings_at_once_where_it_only_waits_whether_somebody_goes_on() -> None:
    waiting = replace(STATES["listening"], follows_up=True)
    after, commands = react(waiting, Rang())
    assert (after.phase, commands) == (Phase.RINGING, (Cancel(TURN), Ignore(), Ring(on=True), Heed()))
    begun, _ = react(waiting, Partial(TURN, "what", 0, 1.0))
    after, commands = react(begun, Rang())
    assert (after.phase, commands) == (Phase.LISTENING, ())


def test_when_nothing_rings_any_more_it_is_quiet() -> None:
    after, commands = react(STATES["ringing"], Quieted())
    assert (after.phase, after.ringing, commands) == (Phase.IDLE, False, (Ring(on=False), Ignore()))
    during, commands = react(replace(STATES["thinking"], ringing=True), Quieted())
    assert (during.phase, during.ringing, commands) == (Phase.THINKING, False, (Ring(on=False),))


def test_what_another_part_is_wanted_for_is_passed_on_in_every_state() -> None:
    for state in STATES.values():
        assert react(state, Wanted(SetVolume(0.5))) == (state, (SetVolume(0.5),))


def test_a_question_comes_with_what_was_said_before_it() -> None:
    _, commands = react(replace(STATES["listening"], sayings=PAIR), Heard(TURN, "repeat that", 8.0, 8.5, 8.6))
    said = tuple(saying.text for saying in PAIR)
    assert [command.said_before for command in commands if isinstance(command, Think)] == [said]


@pytest.mark.parametrize("name", ["listening", "thinking", "speaking"])
def test_it_does_not_ring_into_a_turn_but_after_it(name: str) -> None:
    after, commands = react(STATES[name], Rang())
    assert (after.phase, commands) == (STATES[name].phase, ())
    after, commands = react(after, Spoken(TURN, 11.0))
    assert after.phase is Phase.RINGING
    assert commands == (Ring(on=True), Heed())


def test_called_while_it_rings_it_listens_and_rings_low() -> None:
    after, commands = react(STATES["ringing"], WOKEN)
    assert after.turn is not None
    assert commands == (Ring(on=True, low=True), Listen(after.turn, since=16_000), Chime(Earcon.WAKE))
    after, commands = react(after, HeardNothing(after.turn))
    assert (after.phase, commands[-2:]) == (Phase.RINGING, (Ring(on=True), Heed()))


def test_who_stops_a_reply_does_not_stop_a_timer_that_nobody_has_heard_yet() -> None:
    during, _ = react(STATES["speaking"], Rang("Time's up.", 1))
    after, orders = react(during, STOPPED)
    assert after.phase is Phase.SPEAKING
    assert not [order for order in orders if isinstance(order, Silence)]
    assert [order.text for order in orders if isinstance(order, Say)] == ["Time's up."]


def test_what_is_stopped_while_it_rings_is_not_named_afterwards() -> None:
    named, _ = react(STATES["ringing"], Rang("Time's up.", 1))
    again, _ = react(replace(named, phase=Phase.THINKING), Rang("Time's up.", 2))
    after, orders = react(again, STOPPED)
    assert (after.phase, after.ringing) == (Phase.IDLE, False)
    assert Silence(2) in orders
    assert not [order for order in orders if isinstance(order, Say)]


def test_told_to_stop_in_a_turn_it_does_not_ring_on() -> None:
    called, _ = react(STATES["ringing"], WOKEN)
    assert called.turn is not None
    after, commands = react(replace(called, phase=Phase.THINKING), STOPPED)
    assert (after.phase, after.ringing) == (Phase.IDLE, False)
    assert Ring(on=False) in commands


@pytest.mark.parametrize(
    ("name", "cancels"),
    [("idle", ()), ("listening", (Cancel(TURN),)), ("error", ())],
)
def test_muted_between_turns_or_while_listening_it_closes_the_microphone_at_once(
    name: str, cancels: tuple[Order, ...]
) -> None:
    after, orders = react(STATES[name], MuteWanted(on=True))
    assert (after.phase, after.muted, after.turn) == (Phase.MUTED, True, None)
    ignores = (Ignore(),) if name == "listening" else ()
    assert orders == (*cancels, Mute(on=True), Chime(Earcon.END), *ignores)


@pytest.mark.parametrize("name", ["thinking", "speaking"])
def test_muted_while_it_replies_it_replies_to_the_end_and_listens_no_more(name: str) -> None:
    after, orders = react(STATES[name], MuteWanted(on=True))
    assert (after.phase, after.turn) == (STATES[name].phase, TURN)
    assert orders == (Mute(on=True), Chime(Earcon.END))
    after, _ = react(replace(after, spoken_to=True), Spoken(TURN, 3.0), Dialogue(follow_up_s=4.0))
    assert after.phase is Phase.MUTED


def test_muted_while_starting_it_is_muted_when_it_is_ready() -> None:
    after, orders = react(STATES["starting"], MuteWanted(on=True))
    assert (after.phase, orders) == (Phase.STARTING, (Mute(on=True),))
    assert react(after, Ready())[0].phase is Phase.MUTED


def test_what_rings_rings_though_it_is_muted_and_only_the_button_stops_it() -> None:
    after, orders = react(STATES["muted"], Rang("Your timer is done.", 1))
    assert Ring(on=True, low=True) in orders
    after, _ = react(after, Spoken(after.turn, 1.0) if after.turn else Ready())
    assert after.phase is Phase.RINGING
    after, orders = react(after, PRESSED)
    assert after.phase is Phase.MUTED
    assert Silence(1) in orders


def test_muted_it_hears_no_wake_word_but_the_button_unmutes_it_and_it_listens() -> None:
    assert react(STATES["muted"], WOKEN) == (STATES["muted"], ())
    after, orders = react(STATES["muted"], PRESSED)
    assert (after.phase, after.muted) == (Phase.LISTENING, False)
    assert after.turn is not None
    assert orders == (Mute(on=False), Listen(after.turn), Chime(Earcon.WAKE))


def test_a_press_that_toggles_mute_does_so_both_ways() -> None:
    muted, _ = react(STATES["idle"], MuteWanted(on=None))
    assert muted.phase is Phase.MUTED
    after, orders = react(muted, MuteWanted(on=None))
    assert (after.phase, orders) == (Phase.IDLE, (Mute(on=False), Chime(Earcon.WAKE)))


@pytest.mark.parametrize("name", list(STATES))
def test_being_told_what_is_so_already_changes_nothing(name: str) -> None:
    assert react(STATES[name], MuteWanted(on=STATES[name].muted)) == (STATES[name], ())


def test_a_part_that_is_lost_while_muted_is_told_of_and_it_stays_muted() -> None:
    after, orders = react(STATES["muted"], PartLost("language model", "died", "Lost."))
    assert after.turn is not None
    assert orders == (Say(after.turn, "Lost."), Finish(after.turn))
    assert react(after, Spoken(after.turn, 1.0))[0].phase is Phase.MUTED


def test_a_button_that_is_held_listens_until_it_is_let_go() -> None:
    after, orders = react(STATES["idle"], ButtonPressed(10.0, held=True))
    assert after.turn is not None
    assert orders == (Listen(after.turn, held=True), Chime(Earcon.WAKE))
    assert react(after, ButtonReleased(12.0)) == (after, (Enough(after.turn),))


@pytest.mark.parametrize("name", [name for name in STATES if name != "listening"])
def test_a_button_that_is_let_go_when_nobody_listens_means_nothing(name: str) -> None:
    assert react(STATES[name], ButtonReleased(12.0)) == (STATES[name], ())


def test_the_reply_to_a_silent_question_is_not_spoken() -> None:
    after, orders = react(STATES["idle"], Typed("why", 1.0, silent=True))
    assert after.turn is not None
    assert orders == (Think(after.turn, "why"),)
    assert react(after, Sentence(after.turn, "Because.")) == (after, ())
    over, orders = react(after, Replied(after.turn, None))
    assert (over.phase, over.turn, orders) == (Phase.IDLE, None, ())
    failed, orders = react(after, Failed(after.turn, "Sorry."))
    assert (failed.phase, orders) == (Phase.IDLE, ())


def test_the_turn_after_a_silent_one_is_heard() -> None:
    silent, _ = react(STATES["idle"], Typed("why", 1.0, silent=True))
    after, _ = react(silent, Typed("why", 1.0))
    assert after.turn is not None
    assert react(after, Sentence(after.turn, "Because."))[1] == (Say(after.turn, "Because."),)


def test_an_announcement_is_said_when_nobody_is_spoken_to() -> None:
    after, orders = react(STATES["idle"], Announced("Dinner is ready."))
    assert after.turn is not None
    assert orders == (Say(after.turn, "Dinner is ready."), Finish(after.turn))
    waits, orders = react(STATES["speaking"], Announced("Dinner is ready."))
    assert orders == ()
    after, orders = react(waits, Spoken(TURN, 3.0))
    assert after.turn is not None
    assert orders == (Say(after.turn, "Dinner is ready."), Finish(after.turn))
