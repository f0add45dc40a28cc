"""Turns a command's slots into durations and moments: "in two hours", "seven on weekdays". Pure, any thread.

Slots are those of a `Command`, the same in every language. There is no clock here: now is passed in, aware, in the
home's zone. A moment to come is kept as wall time, so that seven o'clock stays seven o'clock when clocks change.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from assistant.doing.calendar import DATE_SLOTS, NoSuchDate, Recurrence, date_of
from assistant.doing.commands import Slot

Slots = Mapping[str, Slot]

_UNITS_S = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}

_HOUR_MIN = 60
_HALF_DAY_MIN = 12 * _HOUR_MIN
_DAY_MIN = 24 * _HOUR_MIN
_NIGHT_ENDS_MIN = 5 * _HOUR_MIN  # until then people still say "tonight"

# From when on the twelve hours are counted that an hour without more could mean. "Twelve" at night is midnight.
_STARTS_MIN = {
    "am": 0,
    "morning": 0,
    "pm": _HALF_DAY_MIN,
    "afternoon": _HALF_DAY_MIN,
    "evening": 17 * _HOUR_MIN,
    "night": 17 * _HOUR_MIN,
}
_WAKING_START_MIN = 5 * _HOUR_MIN
_REMINDING_START_MIN = 7 * _HOUR_MIN

# When a reminder comes for which no hour was said.
_DEFAULT_MIN = {
    "am": 8 * _HOUR_MIN,
    "morning": 8 * _HOUR_MIN,
    "afternoon": 15 * _HOUR_MIN,
    "pm": 20 * _HOUR_MIN,
    "evening": 20 * _HOUR_MIN,
    "night": 20 * _HOUR_MIN,
}
_DEFAULT_ON_A_DAY_MIN = 9 * _HOUR_MIN


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due: the wall time in the home's zone, and how often it comes back ("" for once).

    After "in two hours" `at` may be the second of two equal wall times, told by its `fold`, which text does not keep:
    whoever stores it stores what `next_after` says as well.
    """

    at: datetime
    every: str = ""


@dataclass(frozen=True, slots=True)
class _Clock:
    """The face that was said, in minutes from midnight, and what it can mean."""

    face_min: int
    repeats_min: int  # 12 hours when it could be either half of the day, else 24
    start_min: int  # of the likeliest span of that length
    is_certain: bool  # nothing but the likeliest is meant

    @property
    def likeliest_min(self) -> int:
        """Minutes from the day's own midnight; 1440 and more in the night after that day."""
        return self.start_min + (self.face_min - self.start_min) % self.repeats_min

    @property
    def all_min(self) -> tuple[int, ...]:
        """All that could be meant within a day, in the day's order."""
        step_min = _DAY_MIN if self.is_certain else self.repeats_min
        return tuple(range(self.likeliest_min % step_min, _DAY_MIN, step_min))

    @property
    def today_min(self) -> tuple[int, ...]:
        """All that could be meant with "today" or "tonight", the likeliest first; some are past.

        The likeliest is in the coming night when that was said; then, after midnight, the same in this night is first.
        """
        this_night = [self.likeliest_min - _DAY_MIN] if self.likeliest_min >= _DAY_MIN else []
        later = [minute for minute in self.all_min if minute > self.likeliest_min]
        small_hours_min = self.face_min % self.repeats_min
        coming_night = [_DAY_MIN + small_hours_min] if small_hours_min < _NIGHT_ENDS_MIN else []
        return *this_night, self.likeliest_min, *later, *coming_night


def duration_s(slots: Slots, prefix: str = "") -> int | None:
    """The duration in whole seconds, of `weeks` to `seconds` (with "start_": `start_hours`...); None without any."""
    said = [float(slots[prefix + unit]) * unit_s for unit, unit_s in _UNITS_S.items() if prefix + unit in slots]
    return round(sum(said)) if said else None


def wall_times(slots: Slots) -> tuple[time, ...]:
    """The times of day that the slots can mean, in the day's order: two for "seven", one for "7 pm", else none."""
    clock = _clock(slots, _REMINDING_START_MIN)
    return tuple(time(*divmod(minute, _HOUR_MIN)) for minute in clock.all_min) if clock else ()


def due(slots: Slots, now: datetime, *, waking: bool) -> Due | None:
    """When an alarm (waking) or a reminder is due; None when the time has to be asked for.

    It is past only if that was said ("today at seven", said at ten in the evening): then `next_after` gives None.
    NoSuchDate for a day that the calendar lacks.
    """
    try:
        if duration_s(slots) is not None:
            return Due(_later(slots, now))
        clock = _clock(slots, _WAKING_START_MIN if waking else _REMINDING_START_MIN)
        if clock:
            return _due_at(clock, slots, now)
        clock = None if waking else _default_clock(slots)
        found = _due_at(clock, slots, now) if clock else None
        return found if found and _is_to_come(found.at, now) else None
    except OverflowError as error:
        raise NoSuchDate("the calendar does not reach that far") from error


def next_after(due_local: datetime, every: str, after: datetime) -> datetime | None:
    """The first moment, in UTC, that is strictly after `after` (aware, in the home's zone); None if there is none.

    What recurs begins at `due_local` and keeps its wall time when clocks change. ValueError for an unknown `every`.
    """
    zone = _zone(after)
    after_utc = after.astimezone(UTC)
    if not every:
        moment = to_utc(due_local, zone)
        return moment if moment > after_utc else None
    # A wall time that does not exist moves forward, at most by the day that some islands have left out.
    earliest = max(due_local.date(), after.date() - timedelta(days=1))
    days = _days(Recurrence(every), earliest, due_local.date())
    moments = (to_utc(datetime.combine(day, due_local.time()), zone) for day in days)
    return next(moment for moment in moments if moment > after_utc)


def to_utc(local: datetime, zone: tzinfo) -> datetime:
    """The moment of a wall time, in UTC.

    One that clocks skip is counted with the offset before the gap, so 2:30 becomes 3:30 (RFC 5545, 3.3.5); one that
    comes twice is the first, unless `fold` says the second (PEP 495).
    """
    return local.replace(tzinfo=zone).astimezone(UTC)


def _clock(slots: Slots, usual_start_min: int) -> _Clock | None:
    """The time of day that was said; None without an hour. An hour from 1 to 12 is in either half of the day."""
    if "hour" not in slots:
        return None
    hour = int(slots["hour"])
    face_min = hour * _HOUR_MIN + int(slots.get("minute", 0)) - int(slots.get("minutes_to", 0))
    if hour > 12:
        return _Clock(face_min, _DAY_MIN, 0, is_certain=True)
    start_min = _STARTS_MIN.get(str(slots.get("meridiem") or slots.get("part_of_day")))
    repeats_min = _HALF_DAY_MIN if hour else _DAY_MIN
    if start_min is None:
        return _Clock(face_min, repeats_min, usual_start_min if hour else 0, is_certain=False)
    return _Clock(face_min, repeats_min, start_min, is_certain=True)


def _default_clock(slots: Slots) -> _Clock | None:
    """When a reminder comes for which no hour was said; None when no day was said either."""
    half_of_day = slots.get("part_of_day") or slots.get("meridiem")
    minute = _DEFAULT_MIN.get(str(half_of_day))
    if minute is None:
        minute = _DEFAULT_ON_A_DAY_MIN if {"every", *DATE_SLOTS} & slots.keys() else None
    return None if minute is None else _Clock(minute, _DAY_MIN, 0, is_certain=True)


def _due_at(clock: _Clock, slots: Slots, now: datetime) -> Due:
    """The first such time of day to come, on the day that was said or on any."""
    dated = {name: slots[name] for name in DATE_SLOTS & slots.keys()}
    today = now.date()
    day = date_of(dated, today) if dated else None
    if "every" in slots:
        every = Recurrence(str(slots["every"]))
        days = _days(every, day or today, day or today)
        # Within its day, as "on fridays at one at night" would else start on a Saturday.
        return Due(next(_to_come((_at(that, clock.likeliest_min % _DAY_MIN) for that in days), now)), str(every))
    if day is None:
        ahead = _days(Recurrence.DAY, today, today)
        return Due(next(_to_come((_at(that, minute) for that in ahead for minute in clock.all_min), now)))
    if dated.get("day") == "today":
        walls = [_at(day, minute) for minute in clock.today_min]
        return Due(next(_to_come(walls, now), walls[0]))
    following = date_of(dated, day + timedelta(days=1)) or day
    return Due(next(_to_come((_at(that, clock.likeliest_min) for that in (day, following)), now)))


def _later(slots: Slots, now: datetime) -> datetime:
    """The wall time after a duration: days and weeks keep the wall time, hours are hours (RFC 5545, 3.3.6)."""
    zone = _zone(now)
    wall = now.replace(tzinfo=None)
    nominal = timedelta(weeks=float(slots.get("weeks", 0)), days=float(slots.get("days", 0)))
    if nominal:
        wall += nominal
    exact_s = duration_s({unit: slots[unit] for unit in ("hours", "minutes", "seconds") if unit in slots}) or 0
    return (to_utc(wall, zone) + timedelta(seconds=exact_s)).astimezone(zone).replace(tzinfo=None)


def _days(every: Recurrence, earliest: date, first: date) -> Iterator[date]:
    """The days on which it comes, without end."""
    day = earliest
    while True:
        if every.falls_on(day, first):
            yield day
        day += timedelta(days=1)


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def _to_come(walls: Iterable[datetime], now: datetime) -> Iterator[datetime]:
    return (wall for wall in walls if _is_to_come(wall, now))


def _is_to_come(wall: datetime, now: datetime) -> bool:
    # By wall time, as nobody who says 2:30 at 3:10 means the skipped 2:30 that would come at 3:30; and in UTC, as two
    # times with the same zone are compared by their wall times, which come twice when clocks go back.
    return wall > now.replace(tzinfo=None) and to_utc(wall, _zone(now)) > now.astimezone(UTC)


def _zone(moment: datetime) -> tzinfo:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone; pass the time now as an aware one")
    return moment.tzinfo
