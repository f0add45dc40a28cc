from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.doing.calendar import WEEKDAYS, NoSuchDate, Recurrence, date_of, easter
from assistant.doing.commands import Commands, Slot

WEDNESDAY = date(2026, 7, 1)

dates = st.dates(date(1900, 1, 1), date(2400, 12, 31))


@pytest.mark.parametrize(
    ("slots", "meant"),
    [
        ({"day": "today"}, date(2026, 7, 1)),
        ({"day": "tomorrow"}, date(2026, 7, 2)),
        ({"day": "day after tomorrow"}, date(2026, 7, 3)),
        ({"day": "wednesday"}, date(2026, 7, 1)),
        ({"day": "thursday"}, date(2026, 7, 2)),
        ({"day": "tuesday"}, date(2026, 7, 7)),
        ({"day_of_month": 1, "month": 7}, date(2026, 7, 1)),
        ({"day_of_month": 30, "month": 6}, date(2027, 6, 30)),
        ({"day_of_month": 21.0, "month": 12.0}, date(2026, 12, 21)),
        ({"day_of_month": 29, "month": 2}, date(2028, 2, 29)),
        ({"day_of_month": 1}, date(2026, 7, 1)),
        ({"day_of_month": 31}, date(2026, 7, 31)),
        ({"holiday": "christmas"}, date(2026, 12, 25)),
        ({"holiday": "christmas eve"}, date(2026, 12, 24)),
        ({"holiday": "new year's eve"}, date(2026, 12, 31)),
        ({"holiday": "new year"}, date(2027, 1, 1)),
        ({"holiday": "halloween"}, date(2026, 10, 31)),
        ({"holiday": "valentine's day"}, date(2027, 2, 14)),
        ({"holiday": "easter"}, date(2027, 3, 28)),
        ({}, date(2026, 12, 31)),
    ],
)
def test_a_date_is_the_next_such(slots: dict[str, Slot], meant: date) -> None:
    assert date_of(slots, WEDNESDAY) == meant


@pytest.mark.parametrize("slots", [{"month": 5}, {"hour": 7}, {"what": "call mum"}])
def test_slots_that_name_no_day_give_no_date(slots: dict[str, Slot]) -> None:
    assert date_of(slots, WEDNESDAY) is None


@pytest.mark.parametrize(
    ("today", "slots", "meant"),
    [
        (date(2026, 12, 31), {"day": "tomorrow"}, date(2027, 1, 1)),
        (date(2026, 12, 31), {"day": "day after tomorrow"}, date(2027, 1, 2)),
        (date(2028, 2, 28), {"day": "tomorrow"}, date(2028, 2, 29)),
        (date(2027, 2, 28), {"day": "tomorrow"}, date(2027, 3, 1)),
        (date(2026, 12, 26), {"holiday": "christmas"}, date(2027, 12, 25)),
        (date(2026, 12, 25), {"holiday": "christmas"}, date(2026, 12, 25)),
        (date(2026, 12, 31), {}, date(2026, 12, 31)),
        (date(2026, 4, 5), {"holiday": "easter"}, date(2026, 4, 5)),
        (date(2026, 4, 6), {"holiday": "easter"}, date(2027, 3, 28)),
        (date(2026, 12, 30), {"day_of_month": 29}, date(2027, 1, 29)),
        (date(2027, 1, 30), {"day_of_month": 29}, date(2027, 3, 29)),
        (date(2027, 1, 31), {"day_of_month": 30}, date(2027, 3, 30)),
        (date(2027, 2, 1), {"day_of_month": 31}, date(2027, 3, 31)),
        (date(2028, 2, 29), {"day_of_month": 29, "month": 2}, date(2028, 2, 29)),
        (date(2096, 3, 1), {"day_of_month": 29, "month": 2}, date(2104, 2, 29)),
    ],
)
def test_months_years_and_leap_days_end_where_they_do(today: date, slots: dict[str, Slot], meant: date) -> None:
    assert date_of(slots, today) == meant


@pytest.mark.parametrize(
    "slots",
    [
        {"day_of_month": 31, "month": 2},
        {"day_of_month": 30, "month": 2},
        {"day_of_month": 31, "month": 4},
        {"day_of_month": 1, "month": 13},
        {"day_of_month": 32},
        {"day_of_month": 0},
        {"day": "someday"},
        {"holiday": "arbor day"},
    ],
)
def test_a_day_that_no_calendar_has_is_refused(slots: dict[str, Slot]) -> None:
    with pytest.raises(NoSuchDate):
        date_of(slots, WEDNESDAY)


@pytest.mark.parametrize(
    "sunday",
    [
        date(1818, 3, 22),  # the earliest there can be
        date(1943, 4, 25),  # the latest
        date(1954, 4, 18),  # two years in which a simpler rule is a week off
        date(1981, 4, 19),
        date(2000, 4, 23),
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2038, 4, 25),
        date(2049, 4, 18),
        date(2076, 4, 19),
        date(2285, 3, 22),
    ],
)
def test_easter_is_when_the_almanacs_say(sunday: date) -> None:
    assert easter(sunday.year) == sunday


@given(st.integers(1583, 9999))
def test_easter_is_a_sunday_between_its_bounds(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


@given(dates, st.sampled_from(WEEKDAYS))
def test_a_weekday_is_the_next_within_a_week(today: date, weekday: str) -> None:
    found = date_of({"day": weekday}, today)
    assert found is not None
    assert WEEKDAYS[found.weekday()] == weekday
    assert timedelta(0) <= found - today < timedelta(days=7)


@given(dates, dates)
def test_a_date_without_a_year_is_the_first_such_to_come(today: date, other: date) -> None:
    found = date_of({"day_of_month": other.day, "month": other.month}, today)
    assert found is not None
    assert (found.month, found.day) == (other.month, other.day)
    assert found >= today
    passed = (today + timedelta(days=n) for n in range(min((found - today).days, 366)))
    assert all((day.month, day.day) != (other.month, other.day) for day in passed)


@given(dates, st.integers(1, 31))
def test_a_day_of_the_month_is_the_first_such_to_come(today: date, day: int) -> None:
    found = date_of({"day_of_month": day}, today)
    assert found is not None
    assert found.day == day
    assert all((today + timedelta(days=n)).day != day for n in range((found - today).days))


@pytest.mark.parametrize(
    ("every", "weekdays"),
    [
        ("day", "monday tuesday wednesday thursday friday saturday sunday"),
        ("weekday", "monday tuesday wednesday thursday friday"),
        ("weekend", "saturday sunday"),
        ("week", "wednesday"),
        *((weekday, weekday) for weekday in WEEKDAYS),
    ],
)
def test_a_recurrence_falls_on_its_days(every: str, weekdays: str) -> None:
    week = [WEDNESDAY + timedelta(days=n) for n in range(7, 14)]
    falls = {WEEKDAYS[day.weekday()] for day in week if Recurrence(every).falls_on(day, WEDNESDAY)}
    assert falls == set(weekdays.split())


def test_every_day_that_the_english_sentences_give_is_known() -> None:
    lists = Commands("en").grammar.slot_lists
    outs = {
        name: [value.value_out for value in lists[name].values]  # type: ignore[attr-defined]
        for name in ("day", "weekday", "holiday", "every", "every_day")
    }
    for day in [*outs["day"], *outs["weekday"]]:
        assert date_of({"day": day}, WEDNESDAY)
    for holiday in outs["holiday"]:
        assert date_of({"holiday": holiday}, WEDNESDAY)
    for every in [*outs["every"], *outs["every_day"]]:
        assert Recurrence(every)
