import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.thinking.clauses import LEAST_CHARACTERS, LEAST_WORDS, MOST_CHARACTERS, ClauseCutter, Part
from assistant.thinking.sentences import MAX_CHARACTERS, SentenceCutter

PARTS, ENDS = " / ", " // "  # how an expected part is written whose sentence goes on, and one that ends it


def cut(*pieces: str, whole_sentences: bool = False) -> list[Part]:
    cutter = ClauseCutter(whole_sentences=whole_sentences)
    parts = [part for piece in pieces for part in cutter.feed(piece)]
    return [*parts, rest] if (rest := cutter.finish()) else parts


def sentences_of(text: str) -> list[str]:
    cutter = SentenceCutter()
    sentences = cutter.feed(text)
    return [*sentences, rest] if (rest := cutter.finish()) else sentences


def without_space(text: str) -> str:
    return re.sub(r"\s", "", text)


def expected(written: str) -> list[Part]:
    sentences = [sentence.split(PARTS) for sentence in written.split(ENDS)]
    return [Part(text, n < len(parts)) for parts in sentences for n, text in enumerate(parts, 1)]


REPLIES = [
    # Clauses
    "The capital of France is Paris, / which is also its largest city.",
    "Yes, of course, / I can help you with that.",
    "Well, okay, you need eggs, / flour, milk, and a pinch of salt.",
    "I'm sorry, but I can't set a reminder for that.",
    "There are several reasons for this: / first, the sun is lower in winter.",
    "The heart pumps blood through the body, / delivering oxygen to the tissues; / it beats about 100,000 times a day.",
    "The moon orbits the Earth — / a journey of about 27 days — / and always shows us the same face.",
    "Hello! // I am doing well, / thank you for asking. // How are you?",
    "If it rains tomorrow, / take an umbrella, / or stay at home.",
    "The short answer is: / it depends.",
    "Red, green, blue, / and yellow.",
    "The train was late – / as it always is – / but we made it.",
    # Marks that end no clause
    "Yes, sure, why not.",
    "The meeting is at 10:30, / so you should leave at 10:00 to arrive in time.",
    "Japan had about 125,000,000 people as of March 5, 2020, / according to official figures.",
    "Fruit, e.g., apples and pears, / contains a lot of vitamins.",
    "Cold colors, i.e., blue and green, / calm people down.",
    "It is open from 9 – 12 and 1 – 5 every day.",
    "A tie of 3: 3 is likely here.",
    # Quotes, brackets and emphasis
    'She said, "I am not going, and you can\'t make me," / and left the room.',
    "He called it “a small step, for a man,” / and smiled.",
    "**Paris, the capital of France,** / is known for the Eiffel Tower.",
    "**Please note this point:** / it is *very, very, very* hot.",
    "Take `foo, bar and baz, qux` as the arguments, / then call it.",
    "The planets (Mercury, Venus, Earth, Mars) are made of rock, / mostly.",
    "The Great Wall of China / (which is more than 20,000 km long, by the way) / was built over many centuries.",
    'The author wrote "it was the best of times, / it was the worst of times, it was the age of wisdom, / '
    'it was the age of foolishness" in 1859.',
    # Long parts without a mark
    "Photosynthesis is the process / by which plants convert light energy into chemical energy / "
    "that they can use for growth.",
    "Once upon a time there was a little girl / who lived with her grandmother in a small house / "
    "at the edge of the forest.",
    "It takes between 5 and 10 minutes to boil an egg so that it stays soft / and the white gets firm.",
    "You can convert miles to kilometers / by multiplying the number of miles by 1.609.",
    "No, a tomato is technically a fruit / because it develops from the flower of the plant / and contains seeds.",
    "The recipe calls for 200 grams of flour / and 2 teaspoons of baking powder and a little bit of salt.",
    "She lives in the U.S. Army barracks near the big river / that flows through the middle of the old town.",
    "Most of the ships leave here at 5 p.m. on working days / and then return long after midnight.",
    "Extraordinarily complicated international telecommunications / infrastructure modernization programmes frequently "
    "require considerable / investment.",
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, / 18, 19, 20, 21, 22, 23, 24, 25",
    # Several lines
    "Here are three things you can do: // - Drink a lot of water, / preferably before meals // - Sleep // - Walk",
    "1. Boil the water, / then add the salt. // 2. Wait.",
    # German
    "Der Himmel ist blau, / weil das kurzwellige Licht der Sonne / "
    "in der Atmosphäre stärker gestreut wird als das langwellige.",
    "Die Hauptstadt von Deutschland ist Berlin / und sie hat ungefähr 3,7 Millionen Einwohner / "
    "mit stetig steigender Tendenz.",
    "Um einen Kuchen zu backen, / brauchst du Mehl, / Eier, Zucker und Butter.",
    "Ja, gern, ich helfe dir dabei. // Was brauchst du?",
    "Manche Tiere, z. B. Igel und Bären, / halten Winterschlaf.",
    "„Das ist schön, mein Freund,“ / sagte er.",
    # Spanish
    "El sol es una estrella que se encuentra / en el centro del sistema solar / "
    "y está compuesta principalmente de hidrógeno.",
    "Claro, puedo ayudarte con eso, / pero necesito saber un poco más.",
    "¿Qué quieres hacer hoy, / amigo mío? // ¡Vamos!",
    # Chinese
    "你好，我是一个语言模型， / 我可以回答你的问题，也可以帮你写作。",
]


@pytest.mark.parametrize("written", REPLIES)
def test_a_reply_is_cut_where_a_speaker_breathes(written: str) -> None:
    text = written.replace(" // -", "\n-").replace(ENDS, " ").replace(PARTS, " ").replace("， 我", "，我")
    assert cut(text) == expected(written)
    assert cut(*text) == expected(written)


def test_a_clause_is_given_as_soon_as_the_next_word_begins() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("It is far away,") == []
    assert cutter.feed(" ") == []
    assert cutter.feed("so") == [Part("It is far away,", part=True)]
    assert cutter.feed(" take the bus. ") == [Part("so take the bus.", part=False)]
    assert cutter.finish() is None


def test_the_sentence_never_ends_with_a_part_after_which_it_was_to_go_on() -> None:
    assert cut("It is far away, \nso take the bus") == expected("It is far away, // so take the bus")
    assert cut("It is far away, ```code```") == expected("It is far away,")
    assert cut("It is far away, …") == expected("It is far away, …")


def test_code_is_left_out() -> None:
    assert cut("Try the following, please:\n```\na, b c d, e\n```\nThat is it, more or less, so.") == expected(
        "Try the following, / please: // That is it, more or less, / so."
    )


@pytest.mark.parametrize("part", ["Bring some of the", "a bag with 500"])
def test_a_long_part_is_not_cut_after_a_word_that_wants_more(part: str) -> None:
    before = "incomprehensible mountaineering adventures happening "[: 88 - len(part)].rpartition(" ")[0]
    text = f"{before} {part} flourishing flowerpots overflowing everywhere"
    assert len(f"{before} {part}") <= MOST_CHARACTERS
    assert not cut(text)[0].text.endswith(part)
    assert cut(text)[0].part


def test_a_no_break_space_stays_within_its_part() -> None:
    text = (
        "incomprehensible mountaineering adventures happening nowadays somewhere around 8000\u00a0meters altitude again"
    )
    assert any("8000\u00a0meters" in part.text for part in cut(text))
    assert all(not part.text.endswith("8000") for part in cut(text))


def test_whole_sentences_are_given_where_they_are_wanted() -> None:
    text = "It is far away, so take the bus. It is 5 p.m. Then go,\nplease"
    assert cut(text, whole_sentences=True) == [Part(sentence, part=False) for sentence in sentences_of(text)]


def test_a_new_reply_begins_after_the_end_of_one() -> None:
    cutter = ClauseCutter()
    cutter.feed("It is far away, so take ")
    assert cutter.finish() == Part("so take", part=False)
    assert cutter.feed("the bus. ") == [Part("the bus.", part=False)]


@pytest.mark.parametrize("text", ["word and word " * 100, "extraordinarily " * 60, "x" * 700, "a (b c, d e " * 60])
def test_a_sentence_without_an_end_is_cut_all_the_same(text: str) -> None:
    parts = cut(text)
    assert without_space("".join(part.text for part in parts)) == without_space(text)
    assert all(len(part.text) <= (MOST_CHARACTERS if " " in text else MAX_CHARACTERS) for part in parts[:-1])
    assert len([part for part in parts if not part.part]) > 1


SCRAPS = (
    *(
        "Dr. ",
        "J. ",
        "U.S. ",
        "a.m. ",
        "etc. ",
        "No. ",
        "e.g., ",
        "z. B. ",
        "Yes. ",
        "Really?! ",
        "The ",
        "It ",
        "3.5 ",
    ),
    *(
        "so it is, ",
        "and ",
        "which ",
        "by ",
        "a ",
        "in order ",
        "extraordinarily ",
        "very long words: ",
        "is ",
        "5 km ",
    ),
    *(".", "!", "…", "...", ",", ";", ":", "—", " – ", " ", "  ", "\n", "\t", "\u00a0", '"', ")", "(", "“", "**", "`"),
    *("- ", "。", "」", "，", "字", "é", "1. ", "_", "```"),
)
texts = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=3), max_size=80).map("".join)


@settings(deadline=None)
@given(texts)
def test_the_parts_make_up_the_sentences(text: str) -> None:
    sentences, under_way = [], ""
    for part in cut(text):
        under_way += part.text
        if not part.part:
            sentences.append(under_way)
            under_way = ""
    assert under_way == ""
    expected_sentences = [without_space(sentence) for sentence in sentences_of(text)]
    if all(len(sentence) < MAX_CHARACTERS // 2 for sentence in sentences_of(text)):
        assert [without_space(sentence) for sentence in sentences] == expected_sentences
    assert "".join(map(without_space, sentences)) == "".join(expected_sentences)


@settings(deadline=None)
@given(texts)
def test_a_part_is_as_written_and_long_enough_to_be_spoken(text: str) -> None:
    begin = 0
    for part in cut(text):
        assert part.text == part.text.strip() != ""
        begin = text.index(part.text, begin) + len(part.text)
        if part.part:
            assert len(part.text) >= LEAST_CHARACTERS
            assert max(len(part.text.split()), len(re.findall("[^\x00-\xff]", part.text))) >= LEAST_WORDS


@settings(deadline=None)
@given(texts, st.data())
def test_the_parts_do_not_depend_on_the_pieces(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert cut(*pieces) == cut(text) == cut(*text)
