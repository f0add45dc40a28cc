import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies

from assistant.thinking.promises import PromiseCase, asks_for_deed, claims_deed, promise_figures

ROOT = Path(__file__).parents[2]
WRITTEN: list[dict[str, Any]] = yaml.safe_load((ROOT / "assistant/bench/promises.yaml").read_text("utf-8"))
QUESTIONS = (ROOT / "tests/doing/questions.txt").read_text("utf-8").splitlines()
LANGUAGES = ["en", "de", "es"]


def cases(language: str, unseen: bool) -> list[PromiseCase]:
    return [
        PromiseCase(case["request"], tuple(re.split(r"(?<=[.!?]) ", case["reply"])), language, case["claims"])
        for case in WRITTEN
        if case["language"] == language and case.get("unseen", False) is unseen
    ]


def withheld(sentence: str, request: str, language: str = "en") -> bool:
    return asks_for_deed(request, language) and claims_deed(sentence, request, language)


def test_the_written_cases_are_enough_of_each_kind() -> None:
    assert len(WRITTEN) >= 90
    assert [sum(case["language"] == language for case in WRITTEN) for language in LANGUAGES] >= [60, 15, 15]
    assert 0.45 < sum(case["claims"] for case in WRITTEN) / len(WRITTEN) < 0.55
    assert sum(case.get("unseen", False) for case in WRITTEN) >= len(WRITTEN) / 3
    assert len({(case["request"], case["reply"]) for case in WRITTEN}) == len(WRITTEN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_empty_promises_get_through_and_few_harmless_replies_do_not(language: str) -> None:
    figures = promise_figures(cases(language, unseen=False))
    assert figures.empty_promises <= 0.05, figures.wrong
    assert figures.false_refusals <= 0.05, figures.wrong


def test_the_same_holds_of_cases_that_the_patterns_were_not_made_for() -> None:
    figures = promise_figures(case for language in LANGUAGES for case in cases(language, unseen=True))
    assert figures.empty_promises <= 0.05
    assert figures.false_refusals <= 0.05


def test_the_figures_count_each_kind_by_itself() -> None:
    told = "turn on the lights"
    figures = promise_figures(
        [
            PromiseCase(told, ("Sorry.", "I've turned on the lights."), "en", True),
            PromiseCase(told, ("I can't.",), "en", True),  # gets through
            PromiseCase(told, ("I can't.",), "en", False),
            PromiseCase(told, ("Done!",), "en", False),  # withheld
            PromiseCase("tell me a joke", ("Done!",), "en", False),
            PromiseCase("tell me a joke", ("Why not?",), "en", False),
        ]
    )
    assert (figures.empty_promises, figures.false_refusals) == (0.5, 0.25)
    assert figures.wrong == ("I can't.", "Done!")
    assert promise_figures([]).empty_promises == promise_figures([]).false_refusals == 0


@pytest.mark.parametrize(
    ("request_text", "asks"),
    [
        ("turn on the lights", True),
        ("could you please send a message to anna", True),
        ("i'd like you to book a table", True),
        ("play some music", True),
        ("order milk", True),
        ("set the heating to twenty", True),
        ("would you mind closing the blinds", True),
        ("tell me a story and then turn off the lights", True),
        ("remind me when i get home", True),
        ("lights off please", True),
        ("tell anna that i am late", True),
        ("tell me a story", False),
        ("write a poem", False),
        ("explain how to book a table", False),
        ("can you translate turn on the lights", False),
        ("sing a song", False),
        ("play a game with me", False),
        ("remind me who wrote hamlet", False),
        ("how do i turn on the lights", False),
        ("should i order milk", False),
        ("add a line to the poem", False),
        ("", False),
    ],
)
def test_a_deed_is_told_from_words(request_text: str, asks: bool) -> None:
    assert asks_for_deed(request_text, "en") is asks


def test_questions_for_the_model_are_no_deeds() -> None:
    orders = re.compile(r"(?:turn|stop the|play|call|open|put) ")
    assert [text for text in QUESTIONS if asks_for_deed(text, "en") and not orders.match(text)] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "I've turned on the lights.",
        "DONE!",
        "Sure, I'll turn them on.",
        "The lights are on.",
        "“Okay!”",
        "I’ve done that.",
    ],
)
def test_a_claim_is_found_however_it_is_written(sentence: str) -> None:
    assert withheld(sentence, "turn on the lights")
    assert withheld(sentence.upper(), "Turn on the LIGHTS!")


@pytest.mark.parametrize(
    "sentence",
    [
        "I can't turn on the lights, sorry.",
        "I haven't turned on the lights.",
        "No lights have been turned on.",
        "The sky is dark.",
        "Would you like to know where the switch is?",
        "",
        "...",
    ],
)
def test_an_honest_reply_passes(sentence: str) -> None:
    assert not withheld(sentence, "turn on the lights")


def test_what_was_denied_does_not_cover_what_is_claimed_after_it() -> None:
    assert withheld("I can't turn on the lights, but I've sent Anna a message.", "turn on the lights and text anna")


def test_the_same_words_pass_where_words_were_asked_for() -> None:
    assert claims_deed("Done!", "write a poem", "en")
    assert not withheld("Done!", "write a poem")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_judged_before_it_could_be_spoken(language: str) -> None:
    claims_deed("", "", language)
    long = "i have and so the turn is by on of ich habe du das he ha la " * 6
    started_s = time.perf_counter()
    claims_deed(long, long, language)
    asks_for_deed(long, language)
    assert time.perf_counter() - started_s < 0.1


@settings(deadline=None)
@given(strategies.text(), strategies.text(), strategies.sampled_from(LANGUAGES))
def test_any_text_can_be_judged(sentence: str, request: str, language: str) -> None:
    assert claims_deed(sentence, request, language) in (True, False)
    assert asks_for_deed(request, language) in (True, False)


def test_a_language_without_patterns_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        asks_for_deed("turn on the lights", "xx")
