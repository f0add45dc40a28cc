from importlib.resources import files
from random import Random
from string import Formatter
from typing import Any

import pytest
import yaml
from hassil import TextSlotList, WildcardSlotList, recognize_all
from sampling import sample

from assistant.doing.commands import Commands, Completeness
from assistant.doing.continuation import Walk
from assistant.language import language_file

SEEN: dict[str, Any] = yaml.safe_load(
    files("assistant.bench").joinpath("utterances/de_seen.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands("de")


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("Wie spät ist es?", "tell_time", {}),
        ("stell bitte mal einen timer auf zehn minuten", "set_timer", {"minutes": 10}),
        ("stellen sie einen timer auf zehn minuten ein", "set_timer", {"minutes": 10}),
        ("könntest du einen timer für zehn minuten stellen", "set_timer", {"minutes": 10}),
        ("zehnminutentimer", "set_timer", {"minutes": 10}),
        ("zehn minuten timer", "set_timer", {"minutes": 10}),
        ("timer für einundzwanzig minuten", "set_timer", {"minutes": 21}),
        ("timer für zweihundertfünfzig sekunden", "set_timer", {"seconds": 250}),
        ("timer für eine stunde dreißig", "set_timer", {"hours": 1, "minutes": 30}),
        ("timer für zweieinhalb minuten", "set_timer", {"minutes": 2, "seconds": 30}),
        ("stell einen timer auf 10 minuten", "set_timer", {"minutes": 10}),
        ("den timer für meinen kuchen löschen", "cancel_timer", {"name": "kuchen"}),
        ("weck mich um 7:30", "set_alarm", {"hour": 7, "minute": 30}),
        ("weck mich um halb acht", "set_alarm", {"hour": 8, "minutes_to": 30}),
        ("weck mich um dreiviertel acht", "set_alarm", {"hour": 8, "minutes_to": 15}),
        ("weck mich um fünf vor halb acht", "set_alarm", {"hour": 8, "minutes_to": 35}),
        ("weck mich um zehn nach halb acht", "set_alarm", {"hour": 8, "minutes_to": 20}),
        ("weck mich um zwanzig vor sechs", "set_alarm", {"hour": 6, "minutes_to": 20}),
        ("weck mich um sieben dreißig", "set_alarm", {"hour": 7, "minute": 30}),
        ("weck mich um ein uhr", "set_alarm", {"hour": 1}),
        ("weck mich um elf uhr nachts", "set_alarm", {"hour": 11, "meridiem": "pm"}),
        ("weck mich um zwölf uhr nachts", "set_alarm", {"hour": 12, "meridiem": "am"}),
        ("weck mich morgen mittag", "set_alarm", {"day": "tomorrow", "hour": 12, "meridiem": "pm"}),
        ("stell für morgen einen wecker", "set_alarm", {"day": "tomorrow"}),
        (
            "erinnere mich um dreizehn die kinder abzuholen",
            "set_reminder",
            {"hour": 13, "what": "die kinder abzuholen"},
        ),
        ("erinnere mich um fünf zwei eier zu kochen", "set_reminder", {"hour": 5, "what": "zwei eier zu kochen"}),
        (
            "erinnere mich in zehn minuten zwei eier zu kochen",
            "set_reminder",
            {"minutes": 10, "what": "zwei eier zu kochen"},
        ),
        (
            "erinnere mich morgens die tabletten zu nehmen",
            "set_reminder",
            {"part_of_day": "morning", "what": "die tabletten zu nehmen"},
        ),
        (
            "erinnere mich heute nacht um zwei an den mond",
            "set_reminder",
            {"day": "today", "hour": 2, "meridiem": "night", "what": "den mond"},
        ),
        ("was ist 25 * 4?", "calculate", {"value": "25*4"}),
        ("was ist hunderteinundzwanzig plus eins", "calculate", {"value": "121+1"}),
        ("was ist zwölftausenddreihundertfünf minus fünf", "calculate", {"value": "12305-5"}),
        ("merk dir unsere haustür klemmt", "remember", {"fact": "unsere haustür klemmt"}),
    ],
)
def test_german_commands_are_understood(commands: Commands, text: str, intent: str, slots: dict[str, object]) -> None:
    command = commands.parse(text)
    assert command is not None
    assert (command.intent, dict(command.slots)) == (intent, slots)


@pytest.mark.parametrize("utterance", SEEN["commands"], ids=lambda utterance: str(utterance["text"]))
def test_the_german_utterances_of_the_bench_are_understood(commands: Commands, utterance: dict[str, Any]) -> None:
    command = commands.parse(utterance["text"])
    assert command is not None
    assert (command.intent, dict(command.slots)) == (utterance["intent"], utterance["slots"])


@pytest.mark.parametrize("text", SEEN["questions"])
def test_german_questions_are_left_to_the_model(commands: Commands, text: str) -> None:
    assert commands.parse(text) is None
    assert commands.completeness(text) in (Completeness.UNKNOWN, Completeness.WANTS_MORE)


def test_few_german_questions_are_waited_for_longer(commands: Commands) -> None:
    waited = [text for text in SEEN["questions"] if commands.completeness(text) is Completeness.WANTS_MORE]
    assert len(waited) <= 0.06 * len(SEEN["questions"]), waited


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("stopp", Completeness.COMPLETE),
        ("mach den timer aus", Completeness.COMPLETE),
        ("stell die lautstärke auf fünfzig prozent", Completeness.COMPLETE),
        ("wie spät ist es", Completeness.MAY_GO_ON),
        ("stell einen timer", Completeness.MAY_GO_ON),
        ("stell einen timer auf zehn minuten", Completeness.MAY_GO_ON),
        ("erinnere mich daran mama anzurufen", Completeness.MAY_GO_ON),
        ("was ist zwei plus zwei", Completeness.MAY_GO_ON),
        ("stell einen timer auf", Completeness.WANTS_MORE),
        ("stell einen timer auf zehn", Completeness.WANTS_MORE),
        ("kannst du einen timer für zehn minuten", Completeness.WANTS_MORE),
        ("kannst du bitte", Completeness.WANTS_MORE),
        ("weck mich um halb", Completeness.WANTS_MORE),
        ("setz milch", Completeness.WANTS_MORE),
        ("fahr dich", Completeness.WANTS_MORE),
        ("wer war der erste präsident der", Completeness.WANTS_MORE),
        ("wer war der erste präsident", Completeness.UNKNOWN),
        ("danke", Completeness.UNKNOWN),
    ],
)
def test_it_tells_whether_more_german_is_coming(commands: Commands, text: str, completeness: Completeness) -> None:
    assert commands.completeness(text) is completeness


@pytest.mark.parametrize(
    ("text", "wanted", "slots"),
    [
        ("zehn minuten", "answer_duration", {"minutes": 10}),
        ("für eine halbe stunde", "answer_duration", {"minutes": 30}),
        ("morgen um halb acht", "answer_time", {"day": "tomorrow", "hour": 8, "minutes_to": 30}),
        ("den um sieben", "answer_time", {"hour": 7}),
        ("in zwei stunden", "answer_time", {"hours": 2}),
        ("den zehn minuten timer", "answer_timer", {"start_minutes": 10}),
        ("den pastatimer", "answer_timer", {"name": "pasta"}),
        ("daran mama anzurufen", "answer_anything", {"what": "mama anzurufen"}),
        ("ja bitte", "yes", {}),
        ("ja mach das", "yes", {}),
        ("nein danke", "no", {}),
        ("lieber nicht", "no", {}),
    ],
)
def test_german_answers_are_understood(commands: Commands, text: str, wanted: str, slots: dict[str, object]) -> None:
    answer = commands.parse_answer(text, {wanted})
    assert answer is not None
    assert (answer.intent, dict(answer.slots)) == (wanted, slots)
    assert commands.parse_answer("warum ist der himmel blau", {wanted} - {"answer_timer", "answer_anything"}) is None


def test_every_german_sentence_of_the_templates_is_understood(commands: Commands) -> None:
    chance = Random(1)
    texts = [sample(template.sentence.expression, commands.grammar, chance) for template in commands.templates * 3]
    assert [text for text in texts if commands.parse(text) is None] == []


def test_beginnings_of_german_commands_want_more(commands: Commands) -> None:
    chance = Random(2)
    unexpected = []
    for template in commands.templates:
        slots = map(commands.grammar.slot_lists.get, template.sentence.list_names(commands.grammar.expansion_rules))
        if template.in_one_breath and any(isinstance(slot, WildcardSlotList) for slot in slots):
            continue  # the middle of a name looks like a question
        words = sample(template.sentence.expression, commands.grammar, chance).split()
        beginnings = [" ".join(words[:n]) for n in range(1, len(words))]
        unexpected += [
            text
            for text in beginnings
            if commands.completeness(text) is Completeness.UNKNOWN and not commands.parse_answer(text, ("yes", "no"))
        ]
    assert unexpected == []


def test_the_walk_agrees_with_hassil_on_damaged_german_sentences(commands: Commands) -> None:
    chance = Random(3)
    disagreed = []
    for template in commands.templates:
        words = sample(template.sentence.expression, commands.grammar, chance).split()
        del words[chance.randrange(len(words))]
        if not words:
            continue
        words.insert(chance.randrange(len(words) + 1), chance.choice(words))
        damaged = " ".join(words)
        accepts = Walk(damaged, commands.grammar, commands.numbers).reach(template.sentence.expression).accepts
        if accepts != any(True for _ in recognize_all(damaged, template.grammar)):
            disagreed.append((damaged, template.sentence.text))
    assert disagreed == []


def test_german_has_the_intents_and_words_of_english() -> None:
    english, german = language_file("en"), language_file("de")
    for part in ("intents", "answers", "says", "phrases"):
        assert german[part].keys() == english[part].keys()
    assert german["says"]["units"].keys() == english["says"]["units"].keys()


def test_german_words_have_no_slots_that_english_lacks() -> None:
    def slots(words: str | list[str] | dict[str, str]) -> set[str]:
        texts = [words] if isinstance(words, str) else words.values() if isinstance(words, dict) else words
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}

    english, german = language_file("en")["says"], language_file("de")["says"]
    clock = {"h", "h12", "m", "half"}  # each language tells the time by its own clock
    keys = german.keys() - {"units"}
    assert {key for key in keys if slots(german[key]) - slots(english[key]) - clock} == set()


@pytest.mark.parametrize("name", ["weekday", "month", "holiday", "list", "unit", "part_of_day", "operator"])
def test_german_lists_give_the_values_of_english(commands: Commands, name: str) -> None:
    def values(grammar_of: Commands) -> set[object]:
        slots = grammar_of.grammar.slot_lists[name]
        assert isinstance(slots, TextSlotList)
        return {value.value_out for value in slots.values}

    assert values(commands) == values(Commands("en"))


def test_every_german_intent_is_among_the_utterances(commands: Commands) -> None:
    assert {utterance["intent"] for utterance in SEEN["commands"]} == set(commands.grammar.intents)
