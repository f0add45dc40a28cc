import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.thinking.sentences import MAX_CHARACTERS, SentenceCutter


def cut(*pieces: str) -> list[str]:
    cutter = SentenceCutter()
    sentences = [sentence for piece in pieces for sentence in cutter.feed(piece)]
    return [*sentences, rest] if (rest := cutter.finish()) else sentences


def without_space(text: str) -> str:
    return re.sub(r"\s", "", text)


SCRAPS = (
    *("Dr.", "J.", "U.S.", "a.m.", "etc.", "No.", "e.g.", "Yes.", "Really?!", "so", "The", "It's", "3.5", "1.", "5"),
    *(
        ".",
        "!",
        "?",
        "…",
        "...",
        ",",
        ";",
        ":",
        " ",
        "  ",
        "\n",
        "\t",
        '"',
        ")",
        "(",
        "**",
        "`",
        "- ",
        "。",
        "」",
        "，",
        "é",
    ),
)
texts = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=3), max_size=60).map("".join)


@pytest.mark.parametrize("end", [".", "!", "?", "?!", "..."])
def test_a_stop_and_a_space_end_a_sentence(end: str) -> None:
    assert cut(f"So it is{end} Next one") == [f"So it is{end}", "Next one"]


def test_a_sentence_is_given_as_soon_as_its_end_is_certain() -> None:
    cutter = SentenceCutter()
    assert cutter.feed("It is ten.") == []
    assert cutter.feed(" ") == ["It is ten."]
    assert cutter.feed("At 3 p.m. ") == []
    assert cutter.feed("T") == ["At 3 p.m."]
    assert cutter.finish() == "T"


def test_a_new_reply_begins_after_the_end_of_one() -> None:
    cutter = SentenceCutter()
    cutter.feed("Left over ```code")
    assert cutter.finish() == ""
    assert cutter.feed("New one. ") == ["New one."]


def test_short_sentences_are_not_joined() -> None:
    assert cut("Yes. No! Why? Well,\nno.") == ["Yes.", "No!", "Why?", "Well,", "no."]


def test_quotes_and_brackets_belong_to_the_sentence_they_close() -> None:
    assert cut('"Really?" She nodded. (Yes.) **Bold.** “So.” End') == [
        *('"Really?"', "She nodded.", "(Yes.)", "**Bold.**", "“So.”", "End"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ask Dr. Smith, Mr. Jones and Mrs. Miller.",
        "Fruit, e.g. Apples, i.e. That one.",
        "Apples, pears, etc. are fruit.",
        "The U.S. Army and the U.S.S.R. went there.",
        "We meet at 3 p.m. today or at 9 a.m. tomorrow.",
        "See No. 5, Fig. 2 and pp. 3 to 9.",
        "In Jan. 2020 it was so.",
        "Born in St. Louis.",
        "Cats vs. Dogs, approx. Five.",
        "Add 2 tsp. of salt.",
        "By J. R. R. Tolkien and George W. Bush.",
        "By J. A. Smith.",
        "It is 3.5 or .5 of it.",
        "See example.com or main.py for it.",
        "Wait... what is it… really.",
        '"Hi!" he said.',
        "“Oh no!” — she left.",
    ],
)
def test_a_stop_inside_of_a_sentence_does_not_end_it(text: str) -> None:
    assert cut(text + " ") == [text]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("We met at 5 p.m.", "He was late."),
        ("Apples, pears, etc.", "Buy them."),
        ("She lives in the U.S.", "It is big."),
        ("Take vitamin C.", "It helps."),
        ("It is on Main St.", "The bus goes there."),
        ("No.", "I do not."),
        ("I don't.", "No. 5 is alive."),
        ("Hmm...", "I see."),
        ("It weighs 5 lb.", "That is much."),
    ],
)
def test_an_abbreviation_can_end_a_sentence(first: str, second: str) -> None:
    assert cut(f"{first} {second}") == [first, second]


def test_a_line_is_a_sentence() -> None:
    assert cut("# Tea\n\nYou need:\n- water\n- a leaf. Or two\n") == [
        *("# Tea", "You need:", "- water", "- a leaf.", "Or two"),
    ]


@pytest.mark.parametrize("text", ["1. Boil water.", "  12. Boil water.", "**1.** Boil water.", "- 1. Boil water."])
def test_the_number_of_a_list_item_stays_with_it(text: str) -> None:
    assert cut(f"{text} 2. Wait.") == [text.strip(), "2. Wait."]


def test_a_list_in_one_line_is_cut_at_its_items() -> None:
    assert cut("Steps: 1. Boil water. 2. Wait.") == ["Steps: 1. Boil water.", "2. Wait."]


def test_chinese_and_japanese_stops_need_no_space() -> None:
    assert cut("你好。再见！“好。”她说") == ["你好。", "再见！", "“好。”", "她说"]


@pytest.mark.parametrize("fence", ["```python\nprint('Hi. You.')\n```\n", "```x. y```", "``` "])
def test_code_is_not_given(fence: str) -> None:
    assert cut(f"Try this: {fence}")[:1] == ["Try this:"]
    assert without_space("".join(cut(f"Try this: {fence}"))) == "Trythis:"


def test_the_text_after_code_is_given() -> None:
    assert cut("So:\n```\na. b\n```\nThat is it. Bye") == ["So:", "That is it.", "Bye"]


@pytest.mark.parametrize(
    ("text", "ends"),
    [("word, " * 100, ","), ("word " * 100, "word"), ("x" * 700, "x"), ("字，" * 300, "，")],
    ids=["clauses", "words", "nothing", "Chinese"],
)
def test_a_sentence_without_an_end_is_cut_after_a_clause_or_a_word(text: str, ends: str) -> None:
    first, *_ = sentences = cut(text)
    assert MAX_CHARACTERS // 3 < len(first) <= MAX_CHARACTERS
    assert first.endswith(ends)
    assert without_space("".join(sentences)) == without_space(text)


def test_a_sentence_that_has_grown_too_long_is_cut_after_what_is_past() -> None:
    text = "so, " * 30 + "word " * 60
    assert SentenceCutter().feed(text)[0] == ("so, " * 30).strip()
    first, *_ = SentenceCutter().feed(text, past=140)
    assert 140 < len(first) <= MAX_CHARACTERS
    assert first.endswith("word")


def test_what_is_under_way_is_the_sentence_so_far() -> None:
    cutter = SentenceCutter()
    cutter.feed("It is ten. \n  So we ")
    assert cutter.under_way == "So we "
    cutter.feed("go. ```code")
    assert cutter.under_way == ""


def test_code_right_after_a_long_sentence_loses_nothing_of_it() -> None:
    for n_characters in range(MAX_CHARACTERS - 5, MAX_CHARACTERS + 5):
        text = ("word " * 100)[: n_characters - 1] + "x"
        assert without_space("".join(cut(f"{text}``` code```"))) == without_space(text)


@settings(deadline=None)
@given(texts)
def test_nothing_is_lost_or_added_but_white_space(text: str) -> None:
    text = text.replace("```", "")
    sentences = cut(text)
    assert without_space("".join(sentences)) == without_space(text)
    assert all(sentence == sentence.strip() != "" and sentence in text for sentence in sentences)
    assert all(len(sentence) <= MAX_CHARACTERS for sentence in sentences)


@settings(deadline=None)
@given(texts, st.data())
def test_the_sentences_do_not_depend_on_the_pieces(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert cut(*pieces) == cut(text) == cut(*text)
