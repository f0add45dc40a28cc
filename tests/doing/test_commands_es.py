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
    files("assistant.bench").joinpath("utterances/es_seen.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands("es")


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("para", "stop", {}),
        ("¿Qué hora es?", "tell_time", {}),
        ("que hora es", "tell_time", {}),
        ("oiga me podría decir qué hora es por favor", "tell_time", {}),
        ("qué hora es en santiago de chile", "tell_time_elsewhere", {"city": "America/Santiago"}),
        ("qué día es el veintiuno de mayo", "day_of_date", {"day_of_month": 21, "month": 5}),
        ("cuántos días faltan para el viernes", "days_until", {"day": "friday"}),
        ("pon un temporizador de una hora", "set_timer", {"hours": 1}),
        ("pon un temporizador de un minuto", "set_timer", {"minutes": 1}),
        ("pon un temporizador de veintiún minutos", "set_timer", {"minutes": 21}),
        ("pon un temporizador de veintiuna horas", "set_timer", {"hours": 21}),
        ("pon un temporizador de treinta y un minutos", "set_timer", {"minutes": 31}),
        ("pon un temporizador de hora y media", "set_timer", {"hours": 1, "minutes": 30}),
        ("pon un temporizador de una hora y cuarto", "set_timer", {"hours": 1, "minutes": 15}),
        ("pon un temporizador de una hora y veinte", "set_timer", {"hours": 1, "minutes": 20}),
        ("pon un temporizador de doscientos segundos", "set_timer", {"seconds": 200}),
        ("pon un temporizador de diez minutos para la pasta", "set_timer", {"minutes": 10, "name": "pasta"}),
        ("pon un temporizador de pasta de diez minutos", "set_timer", {"minutes": 10, "name": "pasta"}),
        ("cancela el temporizador de diez minutos", "cancel_timer", {"start_minutes": 10}),
        ("cancela el temporizador de la pasta", "cancel_timer", {"name": "pasta"}),
        ("cancela el temporizador pasta", "cancel_timer", {"name": "pasta"}),
        ("cancela los temporizadores", "cancel_all_timers", {}),
        ("despiértame a las siete y media", "set_alarm", {"hour": 7, "minute": 30}),
        ("despiértame a la una menos cuarto", "set_alarm", {"hour": 1, "minutes_to": 15}),
        ("despiértame a las diez para las nueve", "set_alarm", {"hour": 9, "minutes_to": 10}),
        ("despiértame a las doce de la noche", "set_alarm", {"hour": 12, "meridiem": "am"}),
        ("despiértame a las doce y cuarto de la noche", "set_alarm", {"hour": 12, "minute": 15, "meridiem": "am"}),
        ("despiértame a las doce de la mañana", "set_alarm", {"hour": 12, "meridiem": "pm"}),
        ("despiértame a las once de la noche", "set_alarm", {"hour": 11, "meridiem": "pm"}),
        ("despiértame mañana a las ocho de la mañana", "set_alarm", {"day": "tomorrow", "hour": 8, "meridiem": "am"}),
        ("despiértame mañana por la mañana", "set_alarm", {"day": "tomorrow"}),
        ("despiértame mañana por la tarde", "set_alarm", {"day": "tomorrow", "meridiem": "pm"}),
        ("despiértame cada mañana a las seis", "set_alarm", {"every": "day", "hour": 6, "meridiem": "am"}),
        ("pon una alarma a las siete los lunes", "set_alarm", {"hour": 7, "every": "monday"}),
        ("pon una alarma a las siete el lunes", "set_alarm", {"hour": 7, "day": "monday"}),
        ("pon una alarma en navidad a las nueve", "set_alarm", {"holiday": "christmas", "hour": 9}),
        ("recuérdame comprarle flores", "set_reminder", {"what": "comprarle flores"}),
        ("recuérdame que mañana tengo examen", "set_reminder", {"day": "tomorrow", "what": "tengo examen"}),
        ("recuérdame a las cinco llamar a mamá", "set_reminder", {"hour": 5, "what": "llamar a mamá"}),
        ("recuérdame cada semana regar", "set_reminder", {"every": "week", "what": "regar"}),
        ("sube el volumen al ochenta por ciento", "set_volume", {"volume": 80}),
        ("sube el volumen un ochenta por ciento", "volume_up", {"by": 80}),
        ("cuánto es tres coma uno cuatro más dos", "calculate", {"value": "3.14+2"}),
        ("cuánto es tres coma catorce más dos", "calculate", {"value": "3.14+2"}),
        ("cuánto es mil novecientos ochenta y cuatro menos uno", "calculate", {"value": "1984-1"}),
        ("cuántos gramos son medio kilo", "convert", {"value": "0.5", "from_unit": "kilogram", "to_unit": "gram"}),
    ],
)
def test_spanish_commands_are_understood(commands: Commands, text: str, intent: str, slots: dict[str, object]) -> None:
    command = commands.parse(text)
    assert command is not None
    assert (command.intent, dict(command.slots)) == (intent, slots)


@pytest.mark.parametrize("utterance", SEEN["commands"], ids=lambda utterance: utterance["text"])
def test_the_utterances_of_the_bench_are_understood(commands: Commands, utterance: dict[str, Any]) -> None:
    command = commands.parse(utterance["text"])
    assert command is not None
    assert (command.intent, dict(command.slots)) == (utterance["intent"], utterance["slots"])


@pytest.mark.parametrize("text", SEEN["questions"])
def test_spanish_questions_are_left_to_the_model(commands: Commands, text: str) -> None:
    assert commands.parse(text) is None


def test_few_spanish_questions_are_waited_for_longer(commands: Commands) -> None:
    waited = [text for text in SEEN["questions"] if commands.completeness(text) is Completeness.WANTS_MORE]
    assert len(waited) <= len(SEEN["questions"]) / 10, waited


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("para", Completeness.COMPLETE),
        ("cancela el temporizador", Completeness.COMPLETE),
        ("sube el volumen", Completeness.COMPLETE),
        ("pon un temporizador", Completeness.MAY_GO_ON),
        ("pon un temporizador de diez minutos", Completeness.MAY_GO_ON),
        ("recuérdame llamar a mamá", Completeness.MAY_GO_ON),
        ("pon un temporizador de", Completeness.WANTS_MORE),
        ("pon un temporizador de diez", Completeness.WANTS_MORE),
        ("pon una alarma a las", Completeness.WANTS_MORE),
        ("podrías por favor", Completeness.WANTS_MORE),
        ("quién fue el primer presidente de la", Completeness.WANTS_MORE),
        ("quién fue el primer presidente", Completeness.UNKNOWN),
        ("gracias", Completeness.UNKNOWN),
    ],
)
def test_it_tells_whether_more_spanish_is_coming(commands: Commands, text: str, completeness: Completeness) -> None:
    assert commands.completeness(text) is completeness


@pytest.mark.parametrize(
    ("text", "wanted", "slots"),
    [
        ("diez minutos", "answer_duration", {"minutes": 10}),
        ("a las siete y media", "answer_time", {"hour": 7, "minute": 30}),
        ("la de las siete", "answer_time", {"hour": 7}),
        ("el de la pasta", "answer_timer", {"name": "pasta"}),
        ("el de diez minutos", "answer_timer", {"start_minutes": 10}),
        ("que llame a mamá", "answer_anything", {"what": "llame a mamá"}),
        ("sí claro", "yes", {}),
        ("mejor no", "no", {}),
    ],
)
def test_spanish_answers_are_understood(commands: Commands, text: str, wanted: str, slots: dict[str, object]) -> None:
    answer = commands.parse_answer(text, [wanted])
    assert answer is not None
    assert (answer.intent, dict(answer.slots)) == (wanted, slots)


def test_every_spanish_sentence_of_the_templates_is_understood(commands: Commands) -> None:
    chance = Random(1)
    texts = [sample(template.sentence.expression, commands.grammar, chance) for template in commands.templates * 3]
    assert [text for text in texts if commands.parse(text) is None] == []


def test_beginnings_of_spanish_commands_want_more(commands: Commands) -> None:
    chance = Random(2)
    polite = language_file("es")["politeness"]["after"]
    unexpected = []
    for template in commands.templates:
        names = set(template.sentence.list_names(commands.grammar.expansion_rules))
        if template.in_one_breath and any(
            isinstance(commands.grammar.slot_lists[name], WildcardSlotList) for name in names
        ):
            continue  # the middle of a name looks like a question
        words = sample(template.sentence.expression, commands.grammar, chance).split()
        beginnings = [" ".join(words[:n]) for n in range(1, len(words))]
        unexpected += [
            beginning
            for beginning in beginnings
            if commands.completeness(beginning) is Completeness.UNKNOWN
            and beginning not in polite
            and not commands.parse_answer(beginning, ("yes", "no"))
        ]
    assert unexpected == []


def test_the_walk_agrees_with_hassil_on_damaged_spanish_sentences(commands: Commands) -> None:
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


def test_spanish_has_the_intents_and_words_of_english() -> None:
    english, spanish = language_file("en"), language_file("es")
    for part in ("intents", "answers", "says", "phrases"):
        assert spanish[part].keys() == english[part].keys()
    assert spanish["says"]["units"].keys() == english["says"]["units"].keys()


def test_spanish_words_have_no_slots_that_english_lacks() -> None:
    def slots(words: str | list[str] | dict[str, str]) -> set[str]:
        texts = [words] if isinstance(words, str) else words.values() if isinstance(words, dict) else words
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}

    english, spanish = language_file("en")["says"], language_file("es")["says"]
    clock = {"h", "h12", "m", "half"}  # each language tells the time by its own clock
    keys = spanish.keys() - {"units"}
    assert {key for key in keys if slots(spanish[key]) - slots(english[key]) - clock} == set()


@pytest.mark.parametrize(
    "name", ["month", "holiday", "list", "unit", "weekday", "part_of_day", "operator", "root", "power"]
)
def test_spanish_lists_give_the_values_of_english(commands: Commands, name: str) -> None:
    def values(grammar_of: Commands) -> set[object]:
        slots = grammar_of.grammar.slot_lists[name]
        assert isinstance(slots, TextSlotList)
        return {value.value_out for value in slots.values}

    assert values(commands) == values(Commands("en"))


def test_spanish_days_have_the_values_of_english(commands: Commands) -> None:
    def values(grammar_of: Commands) -> set[object]:
        lists = [grammar_of.grammar.slot_lists[name] for name in ("day", "weekday")]
        return {value.value_out for slots in lists if isinstance(slots, TextSlotList) for value in slots.values}

    assert values(commands) == values(Commands("en"))


def test_every_spanish_intent_is_among_the_utterances(commands: Commands) -> None:
    assert {utterance["intent"] for utterance in SEEN["commands"]} == set(commands.grammar.intents)
