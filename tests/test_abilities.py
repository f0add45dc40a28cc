"""What it says and does to commands, from the text to the store, without a model."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from assistant.abilities import Abilities
from assistant.config import Clock, OwnerCommand, Settings
from assistant.events import Did, Event, Failed, Quieted, Rang, Replied, Sentence, Stopped, Wanted
from assistant.kept import Kept
from assistant.orders import Forget, Note, SetPace, SetVolume, Silence, Think
from assistant.parts import build_commands
from assistant.thinking.tool_calls import Value
from assistant.turn import Turn


class Home:
    """The doer and the ringer over a store of their own."""

    def __init__(self, settings: Settings, *, rings: bool = True) -> None:
        self.events: list[Event] = []
        self.to_thinker: list[object] = []
        kept, commands = Kept(settings), build_commands(settings)
        abilities = Abilities(settings, kept, commands, self.events.append, model="gemma", rings=rings)
        self.doer, self.ringer, self.toolbox = abilities.doer, abilities.ringer, abilities.toolbox
        abilities.sound_as_kept()
        self.doer.thinker = self
        self.n_turns = 0

    def post(self, message: object) -> None:
        self.to_thinker.append(message)

    def say(self, text: str, said_before: tuple[str, ...] = ()) -> str:
        """What it answers."""
        self.n_turns += 1
        self.events.clear()
        self.doer.worker.post(Think(Turn(self.n_turns), text, said_before))
        self.doer.worker.work_off()
        return " ".join(event.text for event in self.events if isinstance(event, Sentence))

    def did(self) -> list[tuple[str, bool]]:
        return [(event.action, event.done) for event in self.events if isinstance(event, Did)]

    def rung(self) -> list[str]:
        """What begins to ring now."""
        self.events.clear()
        self.ringer.worker.rest()
        return [event.said for event in self.events if isinstance(event, Rang)]


WORDS = (
    *"set a an the timer alarm for to at on in of and half past quarter minutes hours seconds ten twenty seven".split(),
    *"tomorrow monday every weekday remind me call mum add milk shopping list cancel all remove what is".split(),
    *"time date plus minus times divided by zero percent root square degrees cups liters days until".split(),
    *"christmas february thirty first remember forget everything volume up down louder mute yes no please".split(),
)
SETTINGS = Settings(clock=Clock(always_right=True))


@pytest.fixture
def settings() -> Settings:
    return SETTINGS


@pytest.fixture
def home(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield Home(settings)


DIALOGUES = [
    [("what time is it", r"It's \d+(:\d\d)? [AP]M\.")],
    [("what day is it", r"Today is \w+day, \w+ \d+, 20\d\d\.")],
    [("what day is the thirty first of february", "There is no such date.")],
    [("how many days until christmas", r"\d+ days, until \w+day, December 25\.")],
    [("what time is it in tokyo", r"It's .* in Tokyo\.")],
    [("set a timer", "For how long?"), ("ten minutes", "Timer set for 10 minutes.")],
    [("set a timer", "For how long?"), ("never mind", "")],
    [("set a pasta timer for eight minutes", "Pasta timer set for 8 minutes.")],
    [("how long is left", "There is no timer.")],
    [
        ("set a timer for an hour and a half", "Timer set for one hour and 30 minutes."),
        ("set a pasta timer for eight minutes", ".*"),
        ("how long is left", r"You have 2 timers\. The pasta timer has .* left\. The timer for one hour .*"),
        ("cancel the timer", r"Which one: the pasta timer or the timer for one hour and 30 minutes\?"),
        ("the pasta one", "I cancelled the pasta timer."),
        ("pause the timer", "I paused the timer for one hour and 30 minutes."),
        ("how long is left", r"The timer .* is paused, with one hour and 30 minutes left\."),
        ("resume the timer", "I resumed .*"),
        ("add ten minutes to the timer", r"Okay, one hour and (39|40) minutes left on .*"),
        ("cancel all my timers", "I cancelled one timer."),
        ("cancel the timer", "There is no timer."),
    ],
    [
        ("set an alarm", "For what time?"),
        ("half past seven tomorrow", "Alarm set tomorrow at 7:30 AM."),
        ("set an alarm for six on weekdays", "Alarm set every weekday at 6 AM."),
        ("what alarms do i have", "Your alarms: (tomorrow at 7:30 AM and every|every weekday at 6 AM and tomorrow).*"),
        ("cancel the seven thirty alarm", "I cancelled the alarm tomorrow at 7:30 AM."),
        ("cancel all alarms", "I cancelled one alarm."),
    ],
    [
        ("remind me to call mum", "When shall I remind you?"),
        ("at five", r"I'll remind you (today|tomorrow) at 5 [AP]M: call mum\."),
        ("cancel the reminder to call mum", "I cancelled the reminder: call mum, .*"),
        ("what are my reminders", "There is no reminder."),
    ],
    [
        ("add milk to the shopping list", "I added milk to the shopping list."),
        ("add bread to the shopping list", ".*"),
        ("add milk to the shopping list", "Milk is already on the shopping list."),
        ("what's on my shopping list", "On the shopping list: milk and bread."),
        ("remove milk from the shopping list", "I took milk off the shopping list."),
        ("clear the shopping list", "The shopping list is empty now."),
    ],
    [("what is twelve times seven", "84."), ("ten divided by zero", "Nothing can be divided by zero.")],
    [("how many ounces in a pound", "16 ounces."), ("square root of two", "About 1.414.")],
    [("what's the weather", "I can't know the weather: .*"), ("what's the news", "I can't know the news: .*")],
    [("which model are you using", "I think with gemma, and .*")],
    [("shut down", "Shall I really shut down?"), ("no", "Okay, I won't.")],
    [
        ("remember that bin day is tuesday", "I'll remember: bin day is tuesday."),
        ("what do you remember", "You told me: bin day is tuesday."),
        ("forget about bin day", "I forgot: bin day is tuesday."),
        ("what do you remember", "You haven't asked me to remember anything."),
    ],
    [
        ("remember that bin day is tuesday", ".*"),
        ("forget everything", "Shall I forget .*"),
        ("yes", "I forgot everything."),
        ("what do you remember", "You haven't .*"),
    ],
    [("set the volume to fifty percent", "Volume 50 percent."), ("turn it up", "Volume 65 percent.")],
    [("mute", ""), ("how loud are you", "My volume is 0 percent."), ("unmute", "I'm back.")],
    [("snooze", "Nothing is ringing.")],
]


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue[0][0])
def test_it_answers(dialogue: list[tuple[str, str]], home: Home) -> None:
    for text, reply in dialogue:
        answer = home.say(text)
        assert re.fullmatch(reply.replace("?", r"\?") if reply.endswith("g?") else reply, answer) or answer == reply


def test_what_is_no_command_goes_to_the_thinker(home: Home) -> None:
    assert home.say("tell me about the moon") == ""
    (asked,) = home.to_thinker
    assert isinstance(asked, Think)
    assert asked.text == "tell me about the moon"
    assert home.did() == []


def test_an_answer_that_comes_without_a_question_is_not_taken_for_one(home: Home) -> None:
    home.say("ten minutes")
    assert isinstance(home.to_thinker[0], Think)


def test_stop_ends_the_turn_without_a_word(home: Home) -> None:
    assert home.say("stop") == ""
    assert any(isinstance(event, Stopped) for event in home.events)
    assert not any(isinstance(event, Replied) for event in home.events)


def test_it_repeats_what_it_said(home: Home) -> None:
    assert home.say("repeat that", ("The moon is far.", "It is cold.")) == "The moon is far. It is cold."
    assert home.say("repeat that") == "I haven't said anything yet."


def test_a_timer_rings_until_it_is_stopped_and_not_again(home: Home, settings: Settings) -> None:
    home.say("set a pasta timer for one second")
    assert home.rung() == []
    time.sleep(1.05)  # the clock of the machine is what counts here
    assert home.rung() == ["Time's up: the pasta timer."]
    after_a_crash = Home(settings)
    assert after_a_crash.rung() == ["Time's up: the pasta timer."]
    after_a_crash.ringer.worker.post(Silence(1))
    after_a_crash.ringer.worker.work_off()
    assert Home(settings).rung() == []


def test_a_timer_that_is_cancelled_while_it_rings_is_quiet(home: Home) -> None:
    home.say("set a timer for one second")
    time.sleep(1.05)
    assert home.rung()
    home.say("cancel the timer")
    home.rung()
    assert any(isinstance(event, Quieted) for event in home.events)


def test_the_model_is_told_what_to_remember_and_what_to_forget(home: Home) -> None:
    home.say("remember that bin day is tuesday")
    assert home.say("forget that") == "I forgot: bin day is tuesday."
    assert home.say("what do you remember") == "You haven't asked me to remember anything."
    home.say("tell me about the moon")
    home.say("forget that")
    home.say("new conversation")
    kept, forgotten, _asked, last, everything = home.to_thinker
    assert isinstance(kept, Note)
    assert isinstance(forgotten, Note)
    assert "remember this: bin day is tuesday" in kept.text
    assert "forget this: bin day is tuesday" in forgotten.text
    assert (last, everything) == (Forget(everything=False), Forget(everything=True))


def test_what_is_stopped_is_what_was_heard_and_not_what_began_meanwhile(home: Home) -> None:
    home.say("set an egg timer for one second")
    time.sleep(1.05)
    assert home.rung() == ["Time's up: the egg timer."]
    home.say("set a pasta timer for one second")
    time.sleep(1.05)
    assert home.rung() == ["Time's up: the egg timer. Time's up: the pasta timer."]
    home.ringer.worker.post(Silence(1))
    home.ringer.worker.work_off()
    assert home.rung() == ["Time's up: the pasta timer."]


def test_a_question_of_ours_outlives_its_repetition_and_can_be_declined(home: Home) -> None:
    assert home.say("set a timer") == "For how long?"
    assert home.say("repeat that", ("For how long?",)) == "For how long?"
    assert home.say("ten minutes") == "Timer set for 10 minutes."
    home.say("set a timer")
    assert home.say("no thanks") == "Okay, I won't."


def test_a_ringing_timer_is_not_said_to_be_paused(home: Home) -> None:
    home.say("set a timer for one second")
    time.sleep(1.05)
    home.rung()
    assert home.say("pause the timer") == "The timer for one second is ringing."
    assert home.did() == [("pause_timer", False)]


def test_of_equal_timers_the_first_is_meant(home: Home) -> None:
    home.say("set a timer for ten minutes")
    home.say("set a timer for ten minutes")
    assert home.say("cancel the timer") == "I cancelled the timer for 10 minutes."
    assert home.say("how long is left").startswith("The timer for 10 minutes has")


def test_a_reminder_by_the_model_is_cancelled_by_voice(home: Home) -> None:
    home.toolbox.use("set_reminder", {"what": "Call Mum", "time": "19:00"})
    assert home.say("cancel the reminder to call mum").startswith("I cancelled the reminder: Call Mum")


def test_what_the_model_has_asked_is_answered_by_voice(home: Home) -> None:
    home.say("set a pasta timer for ten minutes")
    home.say("set an egg timer for ten minutes")
    asked = home.toolbox.use("cancel_timer", {})
    assert asked.text.startswith("Which one")
    assert home.say("the pasta one") == "I cancelled the pasta timer."


def test_the_model_is_told_no_more_facts_than_its_prompt_can_hold(home: Home, settings: Settings) -> None:
    kept = Kept(settings)
    for number in range(200):
        kept.memory.remember(f"fact {number} " + "x" * 80)
    assert len(kept.for_model()) < settings.llm.n_ctx
    assert "fact 199 " in kept.for_model()


def test_volume_and_pace_outlive_a_restart(home: Home, settings: Settings) -> None:
    home.say("set the volume to fifty percent")
    assert Wanted(SetVolume(0.5)) in home.events
    home.say("speak slower")
    home.say("mute")
    again = Home(settings)
    assert Wanted(SetVolume(0.0)) in again.events
    assert Wanted(SetPace(0.83)) in again.events
    again.say("unmute")
    assert Wanted(SetVolume(0.5)) in again.events


def test_where_the_time_is_not_known_it_does_not_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("assistant.doing.clock.SystemClock.is_right", lambda self: False)
    home = Home(Settings())
    assert home.say("what time is it") == "I don't know what time it is: my clock has not been set."
    assert home.say("wake me up at seven").startswith("I don't know what time it is")
    assert home.did() == [("set_alarm", False)]
    assert home.say("set a timer for ten minutes") == "Timer set for 10 minutes."


def test_where_nothing_rings_it_says_so(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    home = Home(settings, rings=False)
    answer = home.say("set a timer for ten minutes")
    assert answer == "Timer set for 10 minutes. Nothing will ring until the assistant runs."


def test_the_owner_s_command_runs_a_program_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    own = OwnerCommand(sentences=("(open|raise) the blinds",), run=("/usr/bin/touch", str(tmp_path / "up")), say="Up.")
    home = Home(Settings(commands=(own,)))
    assert home.say("please raise the blinds") == "Up."
    assert (tmp_path / "up").exists()
    assert home.did()[0][1] is True


def test_a_shutdown_that_is_not_allowed_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(command: list[str], **_how: object) -> None:
        asked.append(command)
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", refuse)
    home.say("shut down")
    assert asked == []
    assert home.say("yes please") == "I'm not allowed to do that."
    assert len(asked) == 1


@given(
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
    | st.text(st.characters(codec="utf-8"), max_size=60).map(lambda text: f"run {text}")
)
@hypothesis.settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=400)
def test_nothing_that_a_person_can_say_breaks_the_command_path(home_with_program: Home, text: str) -> None:
    """Nor runs the owner's program with another argument than what was said, which is one word to the shell."""
    home_with_program.say(text)
    assert not any(isinstance(event, Failed) for event in home_with_program.events)


@pytest.fixture
def home_with_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", lambda *_command, **_how: None)  # what would shut down the machine
    own = OwnerCommand(sentences=("run {what}",), run=("/bin/true", "--", "{what}"))
    return Home(Settings(clock=Clock(always_right=True), commands=(own,)))


def test_the_model_does_the_same_by_a_tool(home: Home) -> None:
    done = home.toolbox.use("set_timer", {"minutes": 8, "name": "pasta"})
    assert (done.text, done.done) == ("pasta timer set for 8 minutes.", True)
    assert home.toolbox.use("set_alarm", {"time": "07:30", "day": "tomorrow"}).text == "Alarm set tomorrow at 7:30 AM."
    assert home.toolbox.use("set_alarm", {"time": "12:00", "day": "tomorrow"}).text == "Alarm set tomorrow at 12 PM."
    assert home.toolbox.use("set_alarm", {"time": "00:15", "day": "tomorrow"}).text == "Alarm set tomorrow at 12:15 AM."
    wrong = home.toolbox.use("set_alarm", {"time": "half past seven"})
    assert (wrong.text, wrong.done) == ("There is no such time.", False)


def test_every_tool_is_an_action_that_takes_its_arguments(home: Home) -> None:
    examples: dict[str, Value] = {"number": 5, "integer": 50, "string": "12"}
    for tool in home.toolbox.tools:
        given = {one.name: examples[one.kind] for one in tool.parameters}
        given |= {one.name: one.choices[0] for one in tool.parameters if one.choices}
        given |= {"time": "19:45", "day": "tomorrow"} if "time" in given else {}  # whatever the time is now
        assert home.toolbox.use(tool.name, given).done, tool.name
