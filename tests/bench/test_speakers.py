from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import RATE_HZ
from assistant.bench.clips import NOMINAL_DBFS, active_rms, speech_bounds_s
from assistant.bench.speech import PADDING_S, Line, Speakers
from assistant.errors import AssistantError


@pytest.fixture(scope="module")
def speakers(starter: dict[str, Path]) -> Speakers:
    return Speakers(starter["voice"])


LINES = [Line("hello kitchen", "joe", 0.9), Line("hello kitchen", "espeak-ng en-us+m3"), Line("stop", "joe", 0.9)]


def test_each_speaks_the_same_way_each_time_as_loud_and_with_as_much_silence_around(speakers: Speakers) -> None:
    said = speakers.say_all(LINES)
    for sound, again in zip(said, speakers.say_all(LINES), strict=True):
        assert np.array_equal(sound, again)
        begin_s, end_s = speech_bounds_s(sound)
        assert (begin_s, len(sound) / RATE_HZ - end_s) == pytest.approx((PADDING_S, PADDING_S), abs=0.011)
        assert 20 * np.log10(active_rms(sound) / 32768) == pytest.approx(NOMINAL_DBFS, abs=0.3)
    assert len(said[2]) < len(said[0])


def test_espeak_is_faster_at_a_higher_rate(speakers: Speakers) -> None:
    slow, fast = speakers.say_all([Line("what time is it", "espeak-ng en-us", rate) for rate in (0.8, 1.2)])
    assert len(slow) > 1.2 * len(fast)


def test_a_line_is_spoken_as_a_sentence() -> None:
    assert Line("and the day after", "joe", ending=",").spoken == "And the day after,"
    assert Line("Why not?", "joe").spoken == "Why not?"


def test_a_missing_program_is_named_with_the_command_that_installs_it(
    speakers: Speakers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for program, voice in (("espeak-ng", "en-us"), ("flite", "slt")):
        with pytest.raises(AssistantError, match=f"{program} is not installed; run: apt install {program}"):
            speakers.say_all([Line("hello", f"{program} {voice}")])


def test_an_unknown_voice_is_an_error(speakers: Speakers) -> None:
    with pytest.raises(AssistantError, match="could not speak as xx-nowhere"):
        speakers.say_all([Line("hello", "espeak-ng xx-nowhere")])
