"""Finds the date that a day's slots mean: "friday", "the first of may", "easter". Pure, any thread.

Slots are those of a `Command`, the same in every language. Without a year the next such date is meant.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from enum import StrEnum

from assistant.doing.commands import Slot

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DATE_SLOTS = frozenset({"day", "day_of_month", "month", "holiday"})

_DAYS_AHEAD = {"today": 0, "tomorrow": 1, "day after tomorrow": 2}
_HOLIDAYS = {  # month, day
    "christmas": (12, 25),
    "christmas eve": (12, 24),
    "new year's eve": (12, 31),
    "new year": (1, 1),
    "halloween": (10, 31),
    "valentine's day": (2, 14),
}
_END_OF_YEAR = (12, 31)
_YEARS_TO_A_LEAP_DAY = 8  # at most, over a century that is no leap year: 2096 to 2104


class NoSuchDate(ValueError):  # noqa: N818 - it names what is wrong with what was said
    """No calendar has the day that was said: the 31st of February."""


class Recurrence(StrEnum):
    """How often something comes back; the values of the slot `every`, kept as text."""

    DAY = "day"
    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    WEEK = "week"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    def falls_on(self, day: date, first: date) -> bool:
        """Whether it comes on this day; a plain "every week" keeps to the weekday of the first time."""
        match self:
            case Recurrence.DAY:
                return True
            case Recurrence.WEEKDAY:
                return day.weekday() < 5
            case Recurrence.WEEKEND:
                return day.weekday() >= 5
            case Recurrence.WEEK:
                return day.weekday() == first.weekday()
            case _:
                return day.weekday() == WEEKDAYS.index(self)


def date_of(slots: Mapping[str, Slot], today: date) -> date | None:
    """The date meant, today or later; None when the slots name none.

    A weekday that is today's means today. No slots at all are "the end of the year", which has none to give.
    NoSuchDate for a day that no year has, or that is unknown.
    """
    if not slots:
        return _next_in_year(*_END_OF_YEAR, today)
    if "day" in slots:
        return _next_named(str(slots["day"]), today)
    if "holiday" in slots:
        return _next_holiday(str(slots["holiday"]), today)
    if "day_of_month" not in slots:
        return None
    day = int(slots["day_of_month"])
    return _next_in_year(int(slots["month"]), day, today) if "month" in slots else _next_in_month(day, today)


def easter(year: int) -> date:
    """Easter Sunday of a Gregorian year.

    The anonymous Gregorian computus (Nature, 20 April 1876; J. Meeus, Astronomical Algorithms, chapter 8).
    """
    golden = year % 19
    century, year_of_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_correction + 15) % 30
    leap_years, year_rest = divmod(year_of_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _next_named(day: str, today: date) -> date:
    if day in _DAYS_AHEAD:
        return today + timedelta(days=_DAYS_AHEAD[day])
    if day not in WEEKDAYS:
        raise NoSuchDate(f"{day!r} is not a day")
    return today + timedelta(days=(WEEKDAYS.index(day) - today.weekday()) % 7)


def _next_holiday(holiday: str, today: date) -> date:
    if holiday == "easter":
        this_year = easter(today.year)
        return this_year if this_year >= today else easter(today.year + 1)
    if holiday not in _HOLIDAYS:
        raise NoSuchDate(f"{holiday!r} is not a holiday with a known date")
    return _next_in_year(*_HOLIDAYS[holiday], today)


def _next_in_year(month: int, day: int, today: date) -> date:
    for year in range(today.year, today.year + _YEARS_TO_A_LEAP_DAY + 1):
        with suppress(ValueError):  # the 29th of February, in most years
            found = date(year, month, day)
            if found >= today:
                return found
    raise NoSuchDate(f"month {month} has no day {day}")


def _next_in_month(day: int, today: date) -> date:
    for months_ahead in range(3):  # of two months in a row, one has 31 days; the day may be past in this one
        years, month = divmod(today.month - 1 + months_ahead, 12)
        with suppress(ValueError):
            found = date(today.year + years, month + 1, day)
            if found >= today:
                return found
    raise NoSuchDate(f"no month has a day {day}")
