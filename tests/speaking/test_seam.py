import numpy as np
import pytest

from assistant.audio.chunk import Samples
from assistant.speaking.seam import before_seam, behind_seam, ends_clause

RATE_HZ = 1000
SOUND = np.full(500, 5000, np.int16)


def silence(n_samples: int) -> Samples:
    return np.tile(np.array([3, -3], np.int16), n_samples // 2)


def test_a_clause_ends_in_a_short_pause() -> None:
    part = np.concatenate([silence(50), SOUND, silence(250)])
    assert len(before_seam(part, RATE_HZ, clause=True)) == 50 + 500 + 110


def test_a_clause_that_was_cut_in_two_hardly_pauses() -> None:
    part = np.concatenate([silence(50), SOUND, silence(120)])
    assert len(before_seam(part, RATE_HZ, clause=False)) == 50 + 500 + 20


def test_behind_the_seam_little_silence_is_left() -> None:
    part = np.concatenate([silence(90), SOUND, silence(250)])
    assert len(behind_seam(part, RATE_HZ)) == 40 + 500 + 250


def test_no_silence_is_added_and_no_sound_is_lost() -> None:
    assert np.array_equal(before_seam(SOUND, RATE_HZ, clause=True), SOUND)
    assert np.array_equal(behind_seam(SOUND, RATE_HZ), SOUND)
    assert np.array_equal(behind_seam(-SOUND, RATE_HZ), -SOUND)


def test_what_is_silent_all_through_stays_as_it_is() -> None:
    assert len(before_seam(silence(300), RATE_HZ, clause=True)) == 300
    assert len(behind_seam(silence(300), RATE_HZ)) == 300


@pytest.mark.parametrize("text", ["In Paris,", "Here it is:", "so; ", "it is —", "“Yes,”", "**Well,**", "\u662f\uff0c"])
def test_a_clause_ends_with_its_mark(text: str) -> None:
    assert ends_clause(text)


@pytest.mark.parametrize("text", ["", "in the", "It is.", "Is it?", "3,5", "a well-"])
def test_anything_else_ends_no_clause(text: str) -> None:
    assert not ends_clause(text)
