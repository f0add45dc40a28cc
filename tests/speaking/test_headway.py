import pytest

from assistant.speaking.headway import FIRST_S_PER_CHARACTER, LONGEST, Headway


def measured(factor: float, s_per_character: float = FIRST_S_PER_CHARACTER) -> Headway:
    headway = Headway()
    for _ in range(50):
        headway.measure(60, 60 * s_per_character, 60 * s_per_character * factor)
    return headway


def test_until_the_longest_part_is_written_and_synthesized_there_must_be_sound() -> None:
    headway = measured(factor=0.5)
    synthesis_s = LONGEST * FIRST_S_PER_CHARACTER * 0.5
    assert headway.needed_s([], 0.0) == pytest.approx(synthesis_s)
    assert headway.needed_s([], 4.0) == pytest.approx(4.0 + synthesis_s)


def test_what_waits_is_synthesized_first_and_lasts_for_a_while_itself() -> None:
    headway = measured(factor=0.5)
    one_s, longest_s = 15 * FIRST_S_PER_CHARACTER, LONGEST * FIRST_S_PER_CHARACTER * 0.5
    assert headway.needed_s([15]) == pytest.approx(one_s / 2 + longest_s - one_s)
    assert headway.needed_s([15], 4.0) == pytest.approx(4.0 + longest_s - one_s)
    assert headway.needed_s([15, 15]) == pytest.approx(2 * (one_s / 2) + longest_s - 2 * one_s)


def test_what_waits_needs_its_own_synthesis_however_much_it_gains() -> None:
    assert measured(factor=0.5).needed_s([600]) == pytest.approx(600 * FIRST_S_PER_CHARACTER * 0.5)


def test_a_slower_voice_is_believed_at_once_and_a_faster_one_by_and_by() -> None:
    headway = measured(factor=0.1)
    headway.measure(60, 4.0, 4.0 * 0.4)
    slow_s = headway.needed_s([])
    assert slow_s == pytest.approx(measured(factor=0.4).needed_s([]))
    headway.measure(60, 4.0, 4.0 * 0.1)
    assert measured(factor=0.1).needed_s([]) < headway.needed_s([]) < slow_s


def test_what_is_short_says_little_of_the_pace() -> None:
    headway = measured(factor=0.1)
    before_s = headway.needed_s([])
    headway.measure(4, 0.6, 0.06)
    assert headway.needed_s([]) < 1.1 * before_s


def test_what_gave_no_sound_is_not_measured() -> None:
    headway = measured(factor=0.1)
    before_s = headway.needed_s([])
    headway.measure(0, 0.0, 1.0)
    headway.measure(5, 0.0, 1.0)
    assert headway.needed_s([]) == before_s


@pytest.mark.parametrize(
    ("factor", "per_s", "keeps_up"), [(0.1, 16.0, True), (0.1, 14.0, False), (0.9, 90.0, True), (1.1, 90.0, False)]
)
def test_writing_and_synthesis_keep_up_if_both_are_faster_than_speech(
    factor: float, per_s: float, *, keeps_up: bool
) -> None:
    assert measured(factor).keeps_up(per_s) is keeps_up


def test_a_voice_that_is_to_speak_faster_has_to_be_written_for_faster() -> None:
    headway = measured(factor=0.1)
    assert headway.keeps_up(18.0)
    headway.set_pace(1.5)
    assert not headway.keeps_up(18.0)
    headway.set_pace(0.5)
    assert headway.keeps_up(10.0)
