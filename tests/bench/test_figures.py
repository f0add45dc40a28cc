import pytest

from assistant.bench.figures import decibels, percentile, share, upper_bound


def test_a_share_of_nothing_is_none() -> None:
    assert share([]) is None
    assert share([True, True, False, True]) == 0.75


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (95, 4.0), (75, 3.0), (1, 1.0), (100, 4.0)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value


def test_a_percentile_of_nothing_is_none() -> None:
    assert percentile([], 95) is None


@pytest.mark.parametrize(
    ("n_events", "hours", "rate"),
    [(0, 1.0, 2.996), (0, 3.0, 0.999), (1, 1.0, 4.744), (5, 1.0, 10.513), (20, 10.0, 2.906)],
)
def test_the_upper_bound_is_that_of_a_poisson_process(n_events: int, hours: float, rate: float) -> None:
    """Known values: half the 95 % point of chi-squared with 2 (n + 1) degrees of freedom."""
    assert upper_bound(n_events, hours) == pytest.approx(rate, abs=0.002)


def test_decibels_are_of_powers() -> None:
    assert decibels(100.0) == 20.0
