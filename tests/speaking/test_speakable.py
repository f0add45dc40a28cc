import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.speaking.speakable import speakable

SCRAPS = (
    *("5", "10", "1984", "2026", "1", "00", "05", "30", "555", "1234", "24/7", "call 911", "½", "²", "٣"),
    *(
        "$",
        "€",
        "%",
        "°",
        "C",
        "km",
        "kg",
        "m",
        "h",
        "s",
        "am",
        "p.m.",
        "AM",
        "th",
        "'s",
        "million",
        "k",
        "oh",
        "hundred",
    ),
    *("Dr.", "e.g.", "etc.", "No.", "St.", "U.S.", "J.", "vs", "w/", "May", "Nov.", "the", "he", "A", "a", "o'clock"),
    *(".", ",", ":", ";", "!", "?", "…", "...", "-", "–", "—", "/", "'", '"', "(", ")", "[", "](", "]", "<", ">", "|"),
    *("*", "**", "_", "`", "#", "~", "^", "+", "=", "&", "@", "×", "÷", "•", "- ", "1. ", "\n", " ", "  ", " - "),
    *("example.com", "https://x.org/y", "www.", "🙂", "é", "\u0301", "\u200b", "\ufe0f", "\ud800", "日", "。"),
)
texts = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=3), max_size=20).map("".join)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Bold**, *it*, _it_, __so__, ***both***, ~~gone~~ and `code`.", "Bold, it, it, so, both, gone and code."),
        ("## A heading ##", "A heading"),
        ("> - [x] an item", "an item"),
        ("* an item", "an item"),
        ("1. Boil it.", "1, Boil it."),
        ("**2.** Boil it.", "2, Boil it."),
        ("3) Boil it.", "3, Boil it."),
        ("Tea\n- water\n- leaves\n", "Tea, water, leaves"),
        ("| a | b |", "a, b"),
        ("[a link](https://example.com/a_b?c=d) and ![an image](a.png)", "a link and an image"),
        ("so it is [1]", "so it is"),
        ("a <b>bold</b> word<br/>", "a bold word"),
        ("snake_case", "snake case"),
    ],
)
def test_markup_is_not_read(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://www.example.com/path/to.html?x=1.", "example dot com."),
        ("<https://example.com>", "example dot com"),
        ("www.example.org", "example dot org"),
        ("example.org/path", "example dot org"),
        ("See example.com.", "See example dot com."),
        ("Ask joe.b@example.co.uk.", "Ask joe dot b at example dot co dot uk."),
        ("at 192.168.1.1", "at 192 dot 168 dot 1 dot 1"),
    ],
)
def test_of_an_address_the_host_is_read(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("AT&T, C++ & more", "AT and T, C plus plus and more"),
        ("#1 of #music", "number 1 of music"),
        ("a → b, c -> d", "a to b, c to d"),
        ("≈ 5, ~5, < 5, >= 5", "about 5, about 5, less than 5, greater than or equal to 5"),
        ("and/or, he/she", "and or, he she"),
    ],
)
def test_a_symbol_is_said_in_words(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hello 🙂 world ❤️!", "Hello world!"),
        ("so :) it ;-) is <3", "so it is"),
        ("Wait... what?! No!!", "Wait, what? No!"),
        ("Hmm… I see", "Hmm. I see"),
        ("Yes — or no – or - so -- it is", "Yes, or no, or, so, it is"),
        ("Paris (in France) is nice (really).", "Paris, in France, is nice, really."),
        ("“Quoted,” she said, 'really'.", "Quoted, she said, really."),
        ("don’t, the dogs’ tails", "don't, the dogs tails"),
        ("zero\u200bwidth\u00ad and\u00a0fixed \t space \x00", "zerowidth and fixed space"),
        ("ｆｕｌｌ ｗｉｄｔｈ！", "full width!"),
        ("cafe\u0301 naïve 日本語", "café naïve 日本語"),
    ],
)
def test_what_cannot_be_read_becomes_a_pause_or_nothing(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    "text", ["", "  \n", "---", "***", "🙂🙂", "|---|---|", "...", "?!", "``", "()", "\u200b", "- "]
)
def test_a_text_without_words_gives_nothing(text: str) -> None:
    assert speakable(text) == ""


@settings(deadline=None)
@given(texts)
def test_what_is_speakable_stays_as_it_is(text: str) -> None:
    said = speakable(text)
    assert speakable(said) == said


@settings(deadline=None)
@given(texts)
def test_only_words_and_pauses_are_left(text: str) -> None:
    said = speakable(text)
    assert all(character.isalnum() or character in " .,;:!?'-" for character in said)
    assert said == said.strip()
    assert "  " not in said


LOOPS = (
    *(
        "1",
        "1.",
        "1,",
        "1-",
        "1:",
        "1/",
        "1 ",
        "1 1/2 ",
        "$1",
        "$1,",
        "1€",
        "1 – ",
        "5 kg",
        "00",
        "^1",
        "½",
        "555-",
        "+1 ",
    ),
    *("[", "[a](", "[1", "](", "(", "<a", "*", "a*", "**", "_", "a_", "`", "~", "#", "> ", "- ", "\n", " ", " \n", "|"),
    *("a", "a.", "a-", "A. ", "U.S. ", "etc., ", "May 5", "a@", "a@b.", "http://", "http://a/", "www.", "a.com/", "s/"),
    *(".", "…", "!?", "'", '"', "-", "--", " - ", "==", "🙂", "é", "\u0301", "日"),
)


def seconds_for(text: str) -> float:
    start_s = time.process_time()
    speakable(text)
    return time.process_time() - start_s


@pytest.mark.parametrize("loop", LOOPS)
def test_four_times_the_text_takes_four_times_as_long(loop: str) -> None:
    def growth() -> float:
        long = (loop * 20_000)[:20_000]
        return seconds_for(long + "x") / max(seconds_for(long[:5_000] + "x"), 0.01)

    assert any(growth() < 10 for _ in range(3))  # a quadratic rule: 16; tried again, for the machine may be busy
