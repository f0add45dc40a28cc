from itertools import combinations
from math import inf

import pytest
from hypothesis import given, strategies

from assistant.panel.patterns import BLACK, PATTERNS, Motion, look
from assistant.states import Phase

BLINK = Motion(((1.0, 0.25), (0.0, 0.75)))
BREATH = Motion(((0.0, 1.0), (1.0, 3.0)), smooth=True)


@pytest.mark.parametrize(
    ("t_s", "level", "stays_s"), [(0.0, 1.0, 0.25), (0.125, 1.0, 0.125), (0.25, 0.0, 0.75), (9.5, 0.0, 0.5)]
)
def test_steps_are_held(t_s: float, level: float, stays_s: float) -> None:
    assert BLINK.at(t_s) == (level, stays_s)


@pytest.mark.parametrize(("t_s", "level"), [(0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (2.5, 0.5), (4.0, 0.0), (5.0, 1.0)])
def test_a_smooth_motion_goes_from_level_to_level(t_s: float, level: float) -> None:
    assert BREATH.at(t_s) == (level, 0.0)


@given(strategies.floats(0.0, 1e6), strategies.sampled_from(list(Phase)), strategies.booleans())
def test_at_any_time_a_phase_has_levels_and_says_how_long_they_stay(t_s: float, phase: Phase, colored: bool) -> None:
    pixels, stays_s = look(phase, t_s, 3, colored=colored)
    assert all(0.0 <= part <= 1.0 for pixel in pixels for part in pixel)
    assert stays_s >= 0.0


def seen(phase: Phase, *, colored: bool, threshold: float = 0.0) -> list[tuple[float, ...]]:
    """What one LED does in twelve seconds."""
    colors = (look(phase, index / 20, 1, colored=colored)[0][0] for index in range(240))
    return [tuple(part if part > threshold or not threshold else 0.0 for part in color) for color in colors]


def on_or_off(phase: Phase) -> list[bool]:
    return [max(color) >= 0.5 for color in seen(phase, colored=False)]


def test_every_phase_has_a_pattern() -> None:
    assert set(PATTERNS) == set(Phase)


@pytest.mark.parametrize(("one", "other"), list(combinations(Phase, 2)))
def test_no_two_phases_look_alike_on_any_light(one: Phase, other: Phase) -> None:
    assert on_or_off(one) != on_or_off(other)
    assert seen(one, colored=True) != seen(other, colored=True)


def test_idle_is_dark() -> None:
    assert look(Phase.IDLE, 5.0, 3, colored=True) == ([BLACK] * 3, inf)


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.LISTENING, Phase.MUTED])
def test_what_stands_still_stays_for_ever(phase: Phase) -> None:
    assert look(phase, 1.0, 3, colored=True)[1] == inf


def test_muted_is_red_all_the_time_and_nothing_else_is_red() -> None:
    for phase in Phase:
        reds = {green == blue == 0.0 < red for red, green, blue in seen(phase, colored=True)}
        assert reds == ({True} if phase is Phase.MUTED else {False})


def test_thinking_runs_along_a_strip() -> None:
    (first, *_), _ = look(Phase.THINKING, 0.2, 3, colored=True)
    pixels, _ = look(Phase.THINKING, 0.0, 3, colored=True)
    assert len(set(pixels)) > 1
    assert pixels[1] == pytest.approx(first)
