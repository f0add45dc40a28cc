"""What it says to commands, in the words of one language: numbers, durations, times and lists read aloud. Pure.

The words stand under `says` in the file of the language, as Python's format strings. A word that changes with a count
has two forms: `minute: ["one minute", "{n} minutes"]`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Says:
    """The words of a language."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._words = words

    def __call__(self, key: str, **slots: object) -> str:
        """The sentence of that name with its slots filled in."""
        words: str = self._words[key]
        return words.format(**slots)

    def count(self, unit: str, n: int) -> str:
        """So many of a unit: "one minute", "10 minutes"."""
        one, many = self._words[unit]
        words: str = one if n == 1 else many
        return words.format(n=n)

    def duration(self, duration_s: float) -> str:
        """So long: "one hour and 30 minutes"; of the units the two largest that count, since nobody wants more."""
        rest_s = round(duration_s)
        parts = []
        for unit, unit_s in UNITS:
            n, rest_s = divmod(rest_s, unit_s)
            if n:
                parts.append(self.count(unit, n))
        return self.all_of(parts[:2]) if parts else self.count("second", 0)

    def about(self, duration_s: float) -> str:
        """The same without the seconds, where there is more than two minutes of it."""
        return self.duration(duration_s if duration_s < 120 else round(duration_s / 60) * 60)

    def all_of(self, names: Sequence[str]) -> str:
        """An enumeration: "milk, bread and eggs"."""
        return self._enumerated(names, "and")

    def any_of(self, names: Sequence[str]) -> str:
        """A choice: "milk, bread or eggs"."""
        return self._enumerated(names, "or")

    def _enumerated(self, names: Sequence[str], word: str) -> str:
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self._words[word]} {names[-1]}"

    def time(self, at: datetime) -> str:
        """The time of day as the language tells it: "7:30 AM"."""
        half = self._words["halves"][at.hour >= 12]
        key = "time" if at.minute else "full_hour"
        return self(key, h=at.hour, h12=at.hour % 12 or 12, m=f"{at.minute:02}", half=half)

    def unit(self, unit: str) -> tuple[str, str]:
        """A unit of pint's as it is spoken: of one, and of any other number."""
        one, many = self._words["units"][unit]
        return one, many

    def weekday(self, day: date) -> str:
        name: str = self._words["weekdays"][day.weekday()]
        return name

    def date(self, day: date, *, year: bool = False) -> str:
        """A day: "Friday, May 1"; with the year where it matters."""
        month = self._words["months"][day.month - 1]
        key = "date_with_year" if year else "date"
        return self(key, weekday=self.weekday(day), d=day.day, month=month, year=day.year)

    def when(self, at: datetime, now: datetime) -> str:
        """A moment as seen from now: "at 7:30 AM tomorrow"."""
        days = (at.date() - now.date()).days
        time = self.time(at)
        if days == 0:
            return self("at_today", time=time)
        if days == 1:
            return self("at_tomorrow", time=time)
        if 1 < days < 7:
            return self("at_weekday", time=time, weekday=self.weekday(at))
        return self("at_date", time=time, date=self.date(at, year=at - now > timedelta(days=360)))

    def every(self, every: str, at: datetime) -> str:
        """A moment that comes again: "every Tuesday at 7:30 AM"."""
        named: dict[str, str] = self._words["every"]
        days = named[every] if every in named else self("every_weekday", weekday=self._named_weekday(every, at))
        return self("at_every", days=days, time=self.time(at))

    def _named_weekday(self, every: str, at: datetime) -> str:
        english = "monday tuesday wednesday thursday friday saturday sunday".split()
        name: str = self._words["weekdays"][english.index(every) if every in english else at.weekday()]
        return name


def capitalized(text: str) -> str:
    """With a capital where it begins, and the rest as it is."""
    return text[:1].upper() + text[1:]
