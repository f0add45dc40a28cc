import pytest
from piper.phonemize_espeak import EspeakPhonemizer

from assistant.speaking.speakable import speakable

CASES = [
    ("Dr. Smith and Prof. Jones met Mrs. Miller.", "Doctor Smith and Professor Jones met Mrs Miller."),
    ("Ms. Jones", "Miz Jones"),
    ("fruit, e.g. apples", "fruit, for example apples"),
    ("soon, i.e. now", "soon, that is now"),
    ("apples, pears, etc.", "apples, pears, et cetera."),
    ("apples (pears, etc.) and", "apples, pears, et cetera, and"),
    ("cats vs. dogs vs birds", "cats versus dogs versus birds"),
    ("approx. five", "approximately five"),
    ("No. 5 on pp. 3-9", "number 5 on pages 3 to 9"),
    ("No. I do not.", "No. I do not."),
    ("St. Louis is on Main St.", "Saint Louis is on Main Street."),
    ("Mt. Everest", "Mount Everest"),
    ("in Jan. we go", "in January we go"),
    ("the U.S. Army in the U.S.", "the US Army in the US."),
    ("J. R. R. Tolkien", "J R R Tolkien"),
    ("J.R.R. Tolkien has a Ph.D. in it", "JRR Tolkien has a PhD in it"),
    ("a.k.a. the boss", "also known as the boss"),
    ("CO2 and C#", "C O 2 and C sharp"),
    ("tea w/ milk w/o sugar", "tea with milk without sugar"),
    ("open 24/7", "open 24 7"),
    ("Node.js reads main.py", "Node dot js reads main dot py"),
    ("the .NET way", "the dot NET way"),
    ("NASA and the FBI", "NASA and the FBI"),
    ("So do I. Then", "So do I. Then"),
]


@pytest.mark.parametrize(("written", "said"), CASES)
def test_an_abbreviation_is_said_in_full(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    "written",
    [
        "Dr. Smith, Mr. Jones and Mrs. Miller met.",
        "Take e.g. This one, i.e. The U.S. Army No. 5, etc. And more.",
        "J. R. R. Tolkien was in St. Louis on Jan. 5 at 10 p.m. or so.",
        "1. Boil it for 5 min. or so.",
    ],
)
def test_the_voice_reads_it_as_one_sentence(written: str) -> None:
    espeak = EspeakPhonemizer()
    assert len(espeak.phonemize("en-us", written)) > 1
    assert len(espeak.phonemize("en-us", speakable(written))) == 1
