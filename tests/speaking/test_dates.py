import pytest

from assistant.speaking.speakable import speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("at 10:30", "at 10 30"),
        ("at 7:00", "at 7 o'clock"),
        ("at 07:05", "at 7 oh 5"),
        ("at 12:00", "at 12 o'clock"),
        ("at 17:00", "at 17 hundred"),
        ("at 10:30 am", "at 10 30 AM"),
        ("at 10:30PM.", "at 10 30 PM."),
        ("at 7:00 a.m. today", "at 7 AM today"),
        ("at 7 p.m.", "at 7 PM."),
        ("at 7am", "at 7 AM"),
        ("in 1:02:03", "in 1 oh 2 oh 3"),
        ("9:00-17:00", "9 o'clock to 17 hundred"),
        ("9am–5pm", "9 AM to 5 PM"),
        ("10 AM - 5 PM", "10 AM to 5 PM"),
        ("9-5pm", "9 to 5 PM"),
    ],
)
def test_a_time_of_day(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("on 2026-11-24.", "on November 24th, 2026."),
        ("on November 24, 2026", "on November 24th, 2026"),
        ("on Nov. 24", "on November 24th"),
        ("on Dec 3rd", "on December 3rd"),
        ("March 1, 2, 11, 12 and 13", "March 1st, 2, 11, 12 and 13"),
        ("March 11", "March 11th"),
        ("March 22", "March 22nd"),
        ("24 November 2026", "24th of November 2026"),
        ("the 24th of November", "the 24th of November"),
        ("May 5-10", "May 5th to 10"),
        ("in July 1969", "in July 19 69"),
        ("I may 5 times", "I may 5 times"),
        ("2026-13-24", "2026 13 24"),
    ],
)
def test_a_date(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("in 1984.", "in 19 84."),
        ("in 1905", "in 19 oh 5"),
        ("in 1900", "in 19 hundred"),
        ("in 2024", "in 2024"),
        ("1939-1945", "19 39 to 19 45"),
        ("the 1990s", "the 19 nineties"),
        ("the 1990's", "the 19 nineties"),
        ("the 1900s", "the 19 hundreds"),
        ("the 2010s", "the 20 tens"),
        ("the '90s", "the nineties"),
        ("1,984 of 1984.5", "1,984 of 1984.5"),
    ],
)
def test_a_year(written: str, said: str) -> None:
    assert speakable(written) == said
