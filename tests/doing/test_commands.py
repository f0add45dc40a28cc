from pathlib import Path
from random import Random

import pytest
from hassil import recognize_all
from sampling import sample

from assistant.doing.commands import Command, Commands, Completeness, Slot
from assistant.doing.continuation import Walk

QUESTIONS = (Path(__file__).parent / "questions.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands("en")


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("stop", "stop", {}),
        ("be quiet", "stop", {}),
        ("never mind", "cancel", {}),
        ("what did you say", "repeat", {}),
        ("what time is it", "tell_time", {}),
        ("what's the time please", "tell_time", {}),
        ("could you tell me what time it is", "tell_time", {}),
        ("what is the time in new york", "tell_time_elsewhere", {"city": "America/New_York"}),
        ("what's today's date", "tell_date", {}),
        ("what day is it today", "tell_day", {}),
        ("what day is the twenty first of may", "day_of_date", {"day_of_month": 21, "month": 5}),
        ("how many days until friday", "days_until", {"day": "friday"}),
        ("set a timer", "set_timer", {}),
        ("set a timer for twenty five minutes", "set_timer", {"minutes": 25}),
        ("set a forty-five minute timer", "set_timer", {"minutes": 45}),
        ("set a timer for a hundred seconds", "set_timer", {"seconds": 100}),
        ("set a timer for a hundred and twenty minutes", "set_timer", {"minutes": 120}),
        ("set a timer for an hour and a half", "set_timer", {"hours": 1, "minutes": 30}),
        ("set a timer for one and a half hours", "set_timer", {"hours": 1, "minutes": 30}),
        ("set a timer for ten minutes and thirty seconds", "set_timer", {"minutes": 10, "seconds": 30}),
        ("please start a pasta timer for half an hour", "set_timer", {"name": "pasta", "minutes": 30}),
        ("set a timer called soft eggs for six minutes", "set_timer", {"name": "soft eggs", "minutes": 6}),
        ("set a timer for 10 minutes", "set_timer", {"minutes": 10}),
        ("add five minutes to the ten minute timer", "add_to_timer", {"minutes": 5, "start_minutes": 10}),
        ("how long is left on the pasta timer", "timer_left", {"name": "pasta"}),
        ("cancel the timer", "cancel_timer", {}),
        ("cancel all my timers", "cancel_all_timers", {}),
        ("set an alarm for half past seven", "set_alarm", {"hour": 7, "minute": 30}),
        ("wake me up at quarter to nine", "set_alarm", {"hour": 9, "minutes_to": 15}),
        ("wake me at six a m tomorrow", "set_alarm", {"hour": 6, "meridiem": "am", "day": "tomorrow"}),
        ("set an alarm for seven oh five every weekday", "set_alarm", {"hour": 7, "minute": 5, "every": "weekday"}),
        ("set an alarm for 7:30", "set_alarm", {"hour": 7, "minute": 30}),
        ("set an alarm for noon", "set_alarm", {"hour": 12, "meridiem": "pm"}),
        ("snooze for ten minutes", "snooze", {"minutes": 10}),
        ("remind me at five to call mum", "set_reminder", {"hour": 5, "what": "call mum"}),
        ("remind me to call mum at five", "set_reminder", {"hour": 5, "what": "call mum"}),
        ("remind me in two hours to turn off the oven", "set_reminder", {"hours": 2, "what": "turn off the oven"}),
        ("remind me to water the plants every tuesday", "set_reminder", {"every": "tuesday"}),
        ("add milk to the shopping list", "add_to_list", {"item": "milk", "list": "shopping"}),
        ("what's on my shopping list", "read_list", {"list": "shopping"}),
        ("turn the volume up", "volume_up", {}),
        ("set the volume to fifty five percent", "set_volume", {"volume": 55}),
        ("what is twelve times seven", "calculate", {"value": "12*7"}),
        ("what's a hundred and twenty divided by four", "calculate", {"value": "120/4"}),
        ("what is three point one four plus two", "calculate", {"value": "3.14+2"}),
        ("what is twenty percent of eighty", "calculate", {"value": "20/100*80"}),
        ("what is the square root of sixteen", "calculate", {"value": "√16"}),
        ("what is 12 * 7?", "calculate", {"value": "12*7"}),
        ("how many ounces in a pound", "convert", {"value": 1, "from_unit": "pound", "to_unit": "ounce"}),
        ("remember that bin day is tuesday", "remember", {"fact": "bin day is tuesday"}),
        ("what can you do", "tell_abilities", {}),
        ("how warm are you", "device_temperature", {}),
        ("what is your ip address", "device_address", {}),
        ("will it rain tomorrow", "tell_weather", {"day": "tomorrow"}),
        ("could you restart please", "restart", {}),
    ],
)
def test_commands_are_understood(commands: Commands, text: str, intent: str, slots: dict[str, object]) -> None:
    command = commands.parse(text)
    assert command is not None
    assert command.intent == intent
    assert slots.items() <= command.slots.items()
    assert all(isinstance(value, int | float | str) for value in command.slots.values())


@pytest.mark.parametrize("text", QUESTIONS)
def test_questions_are_left_to_the_model(commands: Commands, text: str) -> None:
    assert commands.parse(text) is None
    assert commands.completeness(text) in (Completeness.UNKNOWN, Completeness.WANTS_MORE)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("what is 3.1 plus 4", "calculate", {"value": "3.1+4"}),
        ("1,000 plus 5", "calculate", {"value": "1000+5"}),
        ("subtract eight from twenty", "calculate", {"value": "-8+20"}),
        ("what's twenty three thousand plus four hundred", "calculate", {"value": "23000+400"}),
        (
            "convert 3.5 miles to kilometers",
            "convert",
            {"value": "3.5", "from_unit": "mile", "to_unit": "kilometer"},
        ),
        ("half a mile in meters", "convert", {"value": "0.5", "from_unit": "mile", "to_unit": "meter"}),
        ("set an alarm for ten to noon", "set_alarm", {"hour": 12, "minutes_to": 10, "meridiem": "pm"}),
        ("set an alarm for eight in the morning", "set_alarm", {"hour": 8, "meridiem": "am"}),
        ("wake me monday morning at seven", "set_alarm", {"day": "monday", "hour": 7}),
        ("remind me to go running tomorrow morning", "set_reminder", {"what": "go running", "day": "tomorrow"}),
        ("we need milk and eggs", "add_to_list", {"item": "milk and eggs", "list": "shopping"}),
        ("how long until the pasta is done", "timer_left", {"name": "pasta"}),
    ],
)
def test_slots_are_exactly_what_was_said(commands: Commands, text: str, intent: str, slots: dict[str, object]) -> None:
    command = commands.parse(text)
    assert command is not None
    assert (command.intent, dict(command.slots)) == (intent, slots)


@pytest.mark.parametrize(
    "text",
    [
        "we need to talk",
        "we're out of ideas",
        "how long for a soft boiled egg",
        "what do i need to make pancakes",
        "create a story about a timer",
        "i have to get up at six every day and i hate it",
    ],
)
def test_what_only_begins_like_a_command_is_left_to_the_model(commands: Commands, text: str) -> None:
    assert commands.parse(text) is None


def test_few_questions_are_waited_for_longer(commands: Commands) -> None:
    waited = [text for text in QUESTIONS if commands.completeness(text) is Completeness.WANTS_MORE]
    assert len(waited) <= 12, waited


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("stop", Completeness.COMPLETE),
        ("what time is it", Completeness.MAY_GO_ON),
        ("what time is it please", Completeness.MAY_GO_ON),
        ("cancel the timer", Completeness.COMPLETE),
        ("turn the volume up", Completeness.COMPLETE),
        ("set the volume to fifty percent", Completeness.COMPLETE),
        ("add milk to the shopping list", Completeness.COMPLETE),
        ("set a timer", Completeness.MAY_GO_ON),
        ("set a timer called pasta", Completeness.MAY_GO_ON),
        ("set a timer for ten minutes", Completeness.MAY_GO_ON),
        ("set a timer for ten minutes and thirty seconds", Completeness.MAY_GO_ON),
        ("what is two plus two", Completeness.MAY_GO_ON),
        ("remind me to call mum", Completeness.MAY_GO_ON),
        ("remember that bin day is tuesday", Completeness.MAY_GO_ON),
        ("remember that bin day is", Completeness.WANTS_MORE),
        ("set a timer for", Completeness.WANTS_MORE),
        ("set a timer for ten", Completeness.WANTS_MORE),
        ("set a timer for ten minutes and", Completeness.WANTS_MORE),
        ("could you please", Completeness.WANTS_MORE),
        ("add milk", Completeness.WANTS_MORE),
        ("add milk and", Completeness.WANTS_MORE),
        ("who was the first president of the", Completeness.WANTS_MORE),
        ("who was the first president", Completeness.UNKNOWN),
        ("thank you", Completeness.UNKNOWN),
        ("", Completeness.UNKNOWN),
    ],
)
def test_it_tells_whether_more_is_coming(commands: Commands, text: str, completeness: Completeness) -> None:
    assert commands.completeness(text) is completeness


def sentences(commands: Commands, n_each: int, seed: int) -> list[tuple[int, str]]:
    """Random sentences with the number of their template."""
    chance = Random(seed)
    return [
        (index, " ".join(sample(template.sentence.expression, commands.grammar, chance).split()))
        for index, template in enumerate(commands.templates)
        for _ in range(n_each)
    ]


def test_every_sentence_of_the_templates_is_understood(commands: Commands) -> None:
    assert [text for _, text in sentences(commands, 3, seed=1) if commands.parse(text) is None] == []


def test_beginnings_of_commands_want_more(commands: Commands) -> None:
    wildcards = {name for name, slots in commands.grammar.slot_lists.items() if type(slots).__name__.startswith("Wild")}
    unexpected = []
    for index, text in sentences(commands, 1, seed=2):
        template = commands.templates[index]
        names = set(template.sentence.list_names(commands.grammar.expansion_rules))
        if template.in_one_breath and names & wildcards:
            continue  # the middle of a name looks like a question: "how long does the war …"
        words = text.split()
        beginnings = [" ".join(words[:n]) for n in range(1, len(words))]
        unexpected += [
            beginning
            for beginning in beginnings
            if commands.completeness(beginning) is Completeness.UNKNOWN
            and not commands.parse(beginning)
            and not commands.parse_answer(beginning, ("yes", "no"))
        ]
    assert unexpected == []


def test_the_walk_agrees_with_hassil_on_damaged_sentences(commands: Commands) -> None:
    chance = Random(3)
    disagreed = []
    for index, text in sentences(commands, 1, seed=3):
        words = text.split()
        del words[chance.randrange(len(words))]
        if not words:
            continue
        words.insert(chance.randrange(len(words) + 1), chance.choice(words))
        damaged = " ".join(words)
        template = commands.templates[index]
        accepts = Walk(damaged, commands.grammar, commands.numbers).reach(template.sentence.expression).accepts
        if accepts != any(True for _ in recognize_all(damaged, template.grammar)):
            disagreed.append((damaged, template.sentence.text))
    assert disagreed == []


def test_a_command_is_a_value() -> None:
    assert Command("set_timer", {"minutes": 10}) == Command("set_timer", {"minutes": 10})


def test_a_language_without_sentences_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        Commands("xx")


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("call mum", {"what": "call mum"}),
        ("call mum at five", {"what": "call mum", "hour": 5}),
        ("to call mum tomorrow at five", {"what": "call mum", "day": "tomorrow", "hour": 5}),
        ("in ten minutes to call mum", {"what": "call mum", "minutes": 10}),
    ],
)
def test_what_to_remind_of_may_come_with_its_time(commands: Commands, text: str, slots: dict[str, Slot]) -> None:
    assert commands.parse_answer(text, {"answer_anything"}) == Command("answer_anything", slots)


@pytest.mark.parametrize("text", ["i want to hear you again", "that was all thanks"])
def test_what_is_politeness_elsewhere_can_be_a_command_s_own_words(commands: Commands, text: str) -> None:
    assert commands.parse(text)


def test_a_whole_answer_is_not_waited_on(commands: Commands) -> None:
    assert commands.completeness("no") is Completeness.UNKNOWN
    assert commands.completeness("no more") is Completeness.WANTS_MORE
