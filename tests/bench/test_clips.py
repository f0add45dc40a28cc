from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.bench.clips import Shelf, active_rms, clip, join, silence, speech_bounds_s, to_level
from assistant.errors import AssistantError


def tone(duration_s: float, amplitude: float = 8000) -> Samples:
    wave: Samples = (amplitude * np.sin(np.arange(round(duration_s * RATE_HZ)) * 0.3)).astype(np.int16)
    return wave


def test_speech_begins_and_ends_where_it_is_40_db_below_its_loudest() -> None:
    murmur = tone(0.2, 40)  # 46 dB below
    sound = np.concatenate([silence(0.5), murmur, tone(1.0), tone(0.3, 400), murmur])
    assert speech_bounds_s(sound) == pytest.approx((0.7, 2.0), abs=0.011)


def test_silence_counts_as_speech_from_end_to_end() -> None:
    assert speech_bounds_s(silence(0.5)) == (0.0, 0.5)
    assert not to_level(silence(0.5)).any()


def test_pauses_do_not_lower_the_active_level() -> None:
    assert active_rms(np.concatenate([tone(1.0), silence(5.0)])) == pytest.approx(active_rms(tone(1.0)), rel=0.01)


def test_a_level_is_reached_unless_the_peaks_do_not_fit() -> None:
    assert active_rms(to_level(tone(1.0), -26.0)) == pytest.approx(32768 * 10 ** (-26 / 20), rel=0.01)
    assert np.abs(to_level(tone(1.0), 0.0).astype(int)).max() <= 32767


def test_joined_parts_are_apart_by_exactly_the_pause() -> None:
    part = clip("part", np.concatenate([silence(0.1), tone(0.5), silence(0.2)]), "one", "somebody")
    joined = join("both", [part, part], 0.4)
    quiet = np.flatnonzero(joined.samples == 0)
    longest = max(map(len, np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)))
    assert longest / RATE_HZ == pytest.approx(0.4, abs=0.005)
    assert (joined.text, joined.pause_s) == ("one one", 0.4)
    assert joined.speech_end_s - joined.speech_begin_s == pytest.approx(1.4, abs=0.03)


def test_a_group_comes_back_as_it_was_put_and_cannot_be_changed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    put = [clip("a", tone(0.3), "Aye?", "joe"), clip("b", tone(0.2, 100), "", "music")]
    shelf.put("words", "recipe", put)
    got = shelf.get("words", "recipe")
    assert [(one.name, one.text, one.speaker) for one in got] == [("a", "Aye?", "joe"), ("b", "", "music")]
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(got, put, strict=True))
    with pytest.raises(ValueError, match="read-only"):
        got[0].samples[0] = 1


def test_another_recipe_replaces_the_group(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("words", "old", [clip("a", tone(0.3), "", "joe")])
    assert not shelf.has("words", "new")
    shelf.put("words", "new", [clip("b", tone(0.3), "", "joe")])
    assert not shelf.has("words", "old")
    assert len(list(tmp_path.iterdir())) == 2


def test_what_breaks_off_leaves_no_group(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with pytest.raises(ZeroDivisionError):
        shelf.put("words", "recipe", (clip(str(1 // n), tone(0.1), "", "joe") for n in (1, 0)))
    assert not shelf.has("words", "recipe")
    with pytest.raises(AssistantError, match="words are not rendered yet; run: assistant bench"):
        shelf.get("words", "recipe")


def test_a_damaged_group_is_told_with_its_folder(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("words", "recipe", [clip("a", tone(0.3), "", "joe")])
    next(tmp_path.glob("*.json")).write_text("{")
    with pytest.raises(AssistantError, match=f"{tmp_path} is damaged"):
        shelf.get("words", "recipe")
