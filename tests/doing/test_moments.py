from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.doing.calendar import WEEKDAYS, NoSuchDate, Recurrence
from assistant.doing.commands import Commands, Slot
from assistant.doing.moments import Due, due, duration_s, next_after, to_utc, wall_times

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")

zones = st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Beirut"), ZoneInfo("UTC")])
walls = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))
moments = st.builds(lambda wall, zone: wall.replace(tzinfo=UTC).astimezone(zone), walls, zones)
recurrences = st.sampled_from([str(recurrence) for recurrence in Recurrence])


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def alarm(now: str, slots: dict[str, Slot]) -> str:
    return written(due(slots, berlin(now), waking=True))


def reminder(now: str, slots: dict[str, Slot]) -> str:
    return written(due(slots, berlin(now), waking=False))


def written(found: Due | None) -> str:
    return f"{found.at:%a %d %b %Y %H:%M} {found.every}".strip() if found else "ask"


@pytest.mark.parametrize(
    ("slots", "seconds"),
    [
        ({"minutes": 10}, 600),
        ({"hours": 1, "minutes": 30}, 5400),
        ({"hours": 1.5}, 5400),
        ({"minutes": 0.5}, 30),
        ({"minutes": 2.05}, 123),  # 122.99999999999999 as a float
        ({"minutes": 2, "seconds": 30}, 150),
        ({"days": 1}, 86400),
        ({"weeks": 2, "days": 1, "hours": 1, "minutes": 1, "seconds": 1}, 15 * 86400 + 3661),
        ({"seconds": 0}, 0),
        ({"name": "pasta"}, None),
        ({"hour": 7, "minute": 30, "minutes_to": 5}, None),
        ({"start_minutes": 10}, None),
        ({}, None),
    ],
)
def test_a_duration_is_the_sum_of_its_units(slots: dict[str, Slot], seconds: int | None) -> None:
    assert duration_s(slots) == seconds


def test_the_length_that_names_a_timer_is_apart_from_what_is_added() -> None:
    slots = {"minutes": 5, "start_hours": 1, "start_minutes": 10, "start_seconds": 3}
    assert duration_s(slots, "start_") == 4203
    assert duration_s(slots) == 300
    assert duration_s({"minutes": 5}, "start_") is None


@pytest.mark.parametrize(
    ("slots", "times"),
    [
        ({"hour": 7}, [time(7), time(19)]),
        ({"hour": 19}, [time(19)]),
        ({"hour": 0}, [time(0)]),
        ({"hour": 0, "minute": 30, "meridiem": "pm"}, [time(0, 30)]),
        ({"hour": 7, "meridiem": "am"}, [time(7)]),
        ({"hour": 7, "meridiem": "pm"}, [time(19)]),
        ({"hour": 12}, [time(0), time(12)]),
        ({"hour": 12, "meridiem": "am"}, [time(0)]),
        ({"hour": 12, "meridiem": "pm"}, [time(12)]),
        ({"hour": 12, "meridiem": "night"}, [time(0)]),
        ({"hour": 2, "meridiem": "night"}, [time(2)]),
        ({"hour": 11, "meridiem": "night"}, [time(23)]),
        ({"hour": 5, "part_of_day": "evening"}, [time(17)]),
        ({"hour": 12, "part_of_day": "evening"}, [time(0)]),
        ({"hour": 12, "part_of_day": "afternoon"}, [time(12)]),
        ({"hour": 7, "minute": 30, "part_of_day": "morning"}, [time(7, 30)]),
        ({"hour": 7, "meridiem": "pm", "part_of_day": "morning"}, [time(19)]),
        ({"hour": 9, "minutes_to": 15}, [time(8, 45), time(20, 45)]),
        ({"hour": 1, "minutes_to": 15}, [time(0, 45), time(12, 45)]),
        ({"hour": 1, "minutes_to": 15, "meridiem": "pm"}, [time(12, 45)]),
        ({"hour": 12, "minutes_to": 15, "meridiem": "am"}, [time(11, 45)]),
        ({"hour": 12, "minutes_to": 15, "meridiem": "pm"}, [time(23, 45)]),
        ({"hour": 0, "minutes_to": 10}, [time(23, 50)]),
        ({"hour": 13, "minutes_to": 15}, [time(12, 45)]),
        ({"hour": 20, "meridiem": "am"}, [time(20)]),
        ({"hour": 7.0, "minute": 5.0}, [time(7, 5), time(19, 5)]),
        ({"hours": 7}, []),
        ({}, []),
    ],
)
def test_a_clock_face_means_one_time_or_two(slots: dict[str, Slot], times: list[time]) -> None:
    assert list(wall_times(slots)) == times


@pytest.mark.parametrize(
    ("now", "slots", "at"),
    [
        ("2026-07-01 06:00", {"hour": 7}, "Wed 01 Jul 2026 07:00"),
        ("2026-07-01 08:00", {"hour": 7}, "Wed 01 Jul 2026 19:00"),
        ("2026-07-01 20:00", {"hour": 7}, "Thu 02 Jul 2026 07:00"),
        ("2026-07-01 07:00", {"hour": 7}, "Wed 01 Jul 2026 19:00"),
        ("2026-07-01 13:00", {"hour": 12}, "Thu 02 Jul 2026 00:00"),
        ("2026-12-31 23:00", {"hour": 12, "minute": 30}, "Fri 01 Jan 2027 00:30"),
        ("2026-07-01 08:44", {"hour": 9, "minutes_to": 15}, "Wed 01 Jul 2026 08:45"),
        ("2026-07-01 08:46", {"hour": 9, "minutes_to": 15}, "Wed 01 Jul 2026 20:45"),
        ("2026-07-01 22:00", {"hour": 12, "minutes_to": 15}, "Wed 01 Jul 2026 23:45"),
        ("2026-07-01 08:00", {"hour": 19, "minute": 30}, "Wed 01 Jul 2026 19:30"),
        ("2026-07-01 20:00", {"hour": 19, "minute": 30}, "Thu 02 Jul 2026 19:30"),
        ("2026-07-01 20:00", {"hour": 0}, "Thu 02 Jul 2026 00:00"),
        ("2026-07-01 20:00", {"hour": 12, "meridiem": "am"}, "Thu 02 Jul 2026 00:00"),
        ("2026-07-01 20:00", {"hour": 12, "meridiem": "pm"}, "Thu 02 Jul 2026 12:00"),
        ("2026-07-01 20:00", {"hour": 12, "meridiem": "night"}, "Thu 02 Jul 2026 00:00"),
        ("2026-07-01 08:00", {"hour": 7, "meridiem": "am"}, "Thu 02 Jul 2026 07:00"),
        ("2026-07-01 08:00", {"hour": 7, "part_of_day": "morning"}, "Thu 02 Jul 2026 07:00"),
        ("2026-07-01 08:00", {"hour": 7, "part_of_day": "evening"}, "Wed 01 Jul 2026 19:00"),
    ],
)
def test_without_a_day_the_next_such_time_is_meant(now: str, slots: dict[str, Slot], at: str) -> None:
    assert alarm(now, slots) == at
    assert reminder(now, slots) == at


@pytest.mark.parametrize(
    ("hour", "woken", "reminded"),
    [
        (1, "13:00", "13:00"),
        (4, "16:00", "16:00"),
        (5, "05:00", "17:00"),
        (6, "06:00", "18:00"),
        (7, "07:00", "07:00"),
        (11, "11:00", "11:00"),
        (12, "12:00", "12:00"),
        (0, "00:00", "00:00"),
        (15, "15:00", "15:00"),
    ],
)
@pytest.mark.parametrize(
    ("day", "at"),
    [
        ({"day": "tomorrow"}, "Thu 02 Jul 2026"),
        ({"day": "friday"}, "Fri 03 Jul 2026"),
        ({"holiday": "christmas"}, "Fri 25 Dec 2026"),
        ({"day_of_month": 1, "month": 5}, "Sat 01 May 2027"),
    ],
)
def test_on_a_day_alarms_wake_in_the_morning_and_reminders_come_by_day(
    day: dict[str, Slot], at: str, hour: int, woken: str, reminded: str
) -> None:
    assert alarm("2026-07-01 20:00", {**day, "hour": hour}) == f"{at} {woken}"
    assert reminder("2026-07-01 20:00", {**day, "hour": hour}) == f"{at} {reminded}"


def test_a_quarter_to_an_hour_counts_as_the_time_it_is() -> None:
    assert reminder("2026-07-01 20:00", {"day": "friday", "hour": 7, "minutes_to": 15}) == "Fri 03 Jul 2026 18:45"
    assert alarm("2026-07-01 20:00", {"day": "friday", "hour": 7, "minutes_to": 15}) == "Fri 03 Jul 2026 06:45"
    assert reminder("2026-07-01 20:00", {"day": "friday", "hour": 1, "minutes_to": 15}) == "Fri 03 Jul 2026 12:45"


@pytest.mark.parametrize(
    ("now", "slots", "at"),
    [
        ("2026-07-01 06:00", {"hour": 7}, "Wed 01 Jul 2026 07:00"),
        ("2026-07-01 10:00", {"hour": 7}, "Wed 01 Jul 2026 19:00"),
        ("2026-07-01 10:00", {"hour": 3}, "Wed 01 Jul 2026 15:00"),
        ("2026-07-01 10:00", {"hour": 12}, "Wed 01 Jul 2026 12:00"),
        ("2026-07-01 10:00", {"hour": 12, "meridiem": "pm"}, "Wed 01 Jul 2026 12:00"),
        ("2026-07-01 21:00", {"hour": 12, "meridiem": "pm"}, "Thu 02 Jul 2026 00:00"),
        ("2026-12-31 21:00", {"hour": 12, "meridiem": "pm"}, "Fri 01 Jan 2027 00:00"),
        ("2026-07-01 21:00", {"hour": 12, "minutes_to": 15, "meridiem": "pm"}, "Wed 01 Jul 2026 23:45"),
        ("2026-07-01 21:00", {"hour": 12, "meridiem": "am"}, "Thu 02 Jul 2026 00:00"),
        ("2026-07-01 21:00", {"hour": 0}, "Thu 02 Jul 2026 00:00"),
        ("2026-07-01 21:00", {"hour": 1, "meridiem": "pm"}, "Thu 02 Jul 2026 01:00"),
        ("2026-07-01 21:00", {"hour": 1}, "Thu 02 Jul 2026 01:00"),
        ("2026-07-01 09:00", {"hour": 12, "meridiem": "night"}, "Thu 02 Jul 2026 00:00"),
        ("2026-07-01 09:00", {"hour": 1, "meridiem": "night"}, "Thu 02 Jul 2026 01:00"),
        ("2026-07-01 00:30", {"hour": 1, "meridiem": "night"}, "Wed 01 Jul 2026 01:00"),
        ("2026-07-01 09:00", {"hour": 9, "meridiem": "night"}, "Wed 01 Jul 2026 21:00"),
    ],
)
def test_today_reaches_into_the_night(now: str, slots: dict[str, Slot], at: str) -> None:
    assert alarm(now, {"day": "today", **slots}) == at
    assert reminder(now, {"day": "today", **slots}) == at


@pytest.mark.parametrize(
    "slots", [{"hour": 7}, {"hour": 19}, {"hour": 7, "meridiem": "pm"}, {"hour": 7, "meridiem": "am"}]
)
def test_a_time_of_today_that_is_past_stays_past(slots: dict[str, Slot]) -> None:
    now = berlin("2026-07-01 22:00")
    found = due({"day": "today", **slots}, now, waking=True)
    assert found is not None
    assert found.at.date() == now.date()
    assert next_after(found.at, found.every, now) is None


@pytest.mark.parametrize(
    ("now", "slots", "at"),
    [
        ("2026-07-01 08:00", {"day": "wednesday", "hour": 9}, "Wed 01 Jul 2026 09:00"),
        ("2026-07-01 10:00", {"day": "wednesday", "hour": 9}, "Wed 08 Jul 2026 09:00"),
        ("2026-07-01 10:00", {"day": "wednesday", "hour": 21}, "Wed 01 Jul 2026 21:00"),
        ("2026-07-01 10:00", {"day_of_month": 1, "month": 7, "hour": 9}, "Thu 01 Jul 2027 09:00"),
        ("2026-07-01 10:00", {"day_of_month": 1, "hour": 9}, "Sat 01 Aug 2026 09:00"),
        ("2026-12-25 10:00", {"holiday": "christmas", "hour": 9}, "Sat 25 Dec 2027 09:00"),
        ("2026-04-05 10:00", {"holiday": "easter", "hour": 9}, "Sun 28 Mar 2027 09:00"),
        ("2026-07-01 10:00", {"day_of_month": 29, "month": 2, "hour": 9}, "Tue 29 Feb 2028 09:00"),
        ("2028-02-29 10:00", {"day_of_month": 29, "month": 2, "hour": 9}, "Sun 29 Feb 2032 09:00"),
        ("2026-12-31 10:00", {"day": "tomorrow", "hour": 9}, "Fri 01 Jan 2027 09:00"),
        ("2026-07-01 10:00", {"day": "friday", "hour": 1, "meridiem": "night"}, "Sat 04 Jul 2026 01:00"),
    ],
)
def test_a_day_whose_time_is_past_is_the_next_such_day(now: str, slots: dict[str, Slot], at: str) -> None:
    assert alarm(now, slots) == at
    assert reminder(now, slots) == at


@pytest.mark.parametrize(
    ("now", "slots", "at"),
    [
        ("2026-07-01 10:00", {"day": "tomorrow"}, "Thu 02 Jul 2026 09:00"),
        ("2026-07-01 10:00", {"day": "wednesday"}, "Wed 08 Jul 2026 09:00"),
        ("2026-07-01 10:00", {"holiday": "halloween"}, "Sat 31 Oct 2026 09:00"),
        ("2026-07-01 10:00", {"day": "tomorrow", "meridiem": "pm"}, "Thu 02 Jul 2026 20:00"),
        ("2026-07-01 10:00", {"day": "today", "meridiem": "pm"}, "Wed 01 Jul 2026 20:00"),
        ("2026-07-01 10:00", {"part_of_day": "morning"}, "Thu 02 Jul 2026 08:00"),
        ("2026-07-01 10:00", {"part_of_day": "afternoon"}, "Wed 01 Jul 2026 15:00"),
        ("2026-07-01 10:00", {"part_of_day": "evening"}, "Wed 01 Jul 2026 20:00"),
        ("2026-07-01 21:00", {"part_of_day": "evening"}, "Thu 02 Jul 2026 20:00"),
        ("2026-07-01 10:00", {"day": "friday", "part_of_day": "afternoon"}, "Fri 03 Jul 2026 15:00"),
        ("2026-07-01 10:00", {"every": "day", "meridiem": "am"}, "Thu 02 Jul 2026 08:00 day"),
        ("2026-07-01 10:00", {"every": "day", "meridiem": "pm"}, "Wed 01 Jul 2026 20:00 day"),
        ("2026-07-01 10:00", {"every": "week"}, "Wed 08 Jul 2026 09:00 week"),
        ("2026-07-01 08:00", {"every": "week"}, "Wed 01 Jul 2026 09:00 week"),
        ("2026-07-01 08:00", {"every": "friday"}, "Fri 03 Jul 2026 09:00 friday"),
        ("2026-07-01 08:00", {"day": "today"}, "Wed 01 Jul 2026 09:00"),
        ("2026-07-01 10:00", {"day": "today"}, "ask"),
        ("2026-07-01 21:00", {"day": "today", "meridiem": "pm"}, "ask"),
        ("2026-07-01 10:00", {"what": "call mum"}, "ask"),
        ("2026-07-01 10:00", {"minute": 30}, "ask"),
        ("2026-07-01 10:00", {}, "ask"),
    ],
)
def test_a_reminder_without_an_hour_comes_at_a_usual_one(now: str, slots: dict[str, Slot], at: str) -> None:
    assert reminder(now, slots) == at


@pytest.mark.parametrize(
    "slots",
    [{}, {"day": "tomorrow"}, {"every": "weekday"}, {"part_of_day": "morning"}, {"day": "today", "meridiem": "pm"}],
)
def test_an_alarm_without_an_hour_has_to_be_asked_for(slots: dict[str, Slot]) -> None:
    assert alarm("2026-07-01 10:00", slots) == "ask"


@pytest.mark.parametrize(
    ("now", "slots", "at"),
    [
        ("2026-07-01 06:00", {"hour": 7, "every": "day"}, "Wed 01 Jul 2026 07:00 day"),
        ("2026-07-01 08:00", {"hour": 7, "every": "day"}, "Thu 02 Jul 2026 07:00 day"),
        ("2026-07-03 08:00", {"hour": 7, "minute": 30, "every": "weekday"}, "Mon 06 Jul 2026 07:30 weekday"),
        ("2026-07-01 08:00", {"hour": 10, "every": "weekend"}, "Sat 04 Jul 2026 10:00 weekend"),
        ("2026-07-01 08:00", {"hour": 7, "every": "wednesday"}, "Wed 08 Jul 2026 07:00 wednesday"),
        ("2026-07-01 08:00", {"hour": 9, "every": "wednesday"}, "Wed 01 Jul 2026 09:00 wednesday"),
        ("2026-07-01 08:00", {"hour": 9, "every": "week", "day": "friday"}, "Fri 03 Jul 2026 09:00 week"),
        ("2026-07-01 08:00", {"hour": 9, "every": "weekend", "day": "sunday"}, "Sun 05 Jul 2026 09:00 weekend"),
        ("2026-12-31 08:00", {"hour": 7, "every": "day"}, "Fri 01 Jan 2027 07:00 day"),
        ("2028-02-28 08:00", {"hour": 7, "every": "day"}, "Tue 29 Feb 2028 07:00 day"),
        ("2026-07-01 08:00", {"hour": 8, "meridiem": "pm", "every": "friday"}, "Fri 03 Jul 2026 20:00 friday"),
        ("2026-07-01 08:00", {"hour": 1, "meridiem": "night", "every": "friday"}, "Fri 03 Jul 2026 01:00 friday"),
    ],
)
def test_what_recurs_begins_on_the_first_of_its_days_to_come(now: str, slots: dict[str, Slot], at: str) -> None:
    assert alarm(now, slots) == at


def test_what_recurs_is_in_the_morning_for_an_alarm_and_by_day_for_a_reminder() -> None:
    assert alarm("2026-07-01 20:00", {"hour": 6, "every": "monday"}) == "Mon 06 Jul 2026 06:00 monday"
    assert reminder("2026-07-01 20:00", {"hour": 6, "every": "monday"}) == "Mon 06 Jul 2026 18:00 monday"


@pytest.mark.parametrize("waking", [True, False])
def test_a_duration_counts_from_now_to_the_second(waking: bool) -> None:
    now = berlin("2026-07-01 22:59:30")
    assert due({"hours": 1, "seconds": 45}, now, waking=waking) == Due(local("2026-07-02 00:00:15"))
    assert due({"minutes": 1.5}, now, waking=waking) == Due(local("2026-07-01 23:01"))
    assert due({"weeks": 1, "days": 1}, now, waking=waking) == Due(local("2026-07-09 22:59:30"))


def test_hours_are_hours_and_days_keep_the_wall_time_when_clocks_change() -> None:
    spring, autumn = berlin("2026-03-28 12:00"), berlin("2026-10-24 12:00")
    assert due({"hours": 24}, spring, waking=False) == Due(local("2026-03-29 13:00"))
    assert due({"days": 1}, spring, waking=False) == Due(local("2026-03-29 12:00"))
    assert due({"days": 1, "hours": 2}, spring, waking=False) == Due(local("2026-03-29 14:00"))
    assert due({"hours": 24}, autumn, waking=False) == Due(local("2026-10-25 11:00"))
    assert due({"weeks": 1}, autumn, waking=False) == Due(local("2026-10-31 12:00"))


def test_a_duration_into_the_hour_that_comes_twice_means_the_right_one() -> None:
    now = berlin("2026-10-25 00:30")
    for hours, utc in ((2, "2026-10-25 00:30"), (3, "2026-10-25 01:30")):
        found = due({"hours": hours}, now, waking=True)
        assert found is not None
        assert found.at == local("2026-10-25 02:30")
        assert next_after(found.at, "", now) == local(utc).replace(tzinfo=UTC)


@given(moments, st.integers(1, 500_000))
def test_a_duration_is_exact_in_every_zone(now: datetime, seconds: int) -> None:
    found = due({"seconds": seconds}, now, waking=False)
    assert found is not None
    assert next_after(found.at, found.every, now) == now.astimezone(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "slots",
    [
        {"day_of_month": 31, "month": 2, "hour": 9},
        {"day_of_month": 31, "month": 2},
        {"weeks": 10**9},
        {"hours": 10**12},
        {"days": 365 * 8000},
    ],
)
def test_a_moment_that_no_calendar_has_is_refused(slots: dict[str, Slot]) -> None:
    with pytest.raises(NoSuchDate):
        due(slots, berlin("2026-07-01 10:00"), waking=False)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        due({"hour": 7}, local("2026-07-01 10:00"), waking=True)
    with pytest.raises(ValueError, match="no zone"):
        next_after(local("2026-07-01 10:00"), "", local("2026-07-01 10:00"))


def test_a_time_that_clocks_skip_is_not_to_come_once_it_is_skipped() -> None:
    assert alarm("2026-03-29 01:50", {"hour": 2, "minute": 30}) == "Sun 29 Mar 2026 02:30"
    assert alarm("2026-03-29 03:10", {"hour": 2, "minute": 30}) == "Sun 29 Mar 2026 14:30"


def test_a_time_that_comes_twice_is_past_after_the_first() -> None:
    second = berlin("2026-10-25 02:15", fold=1)
    assert written(due({"hour": 2, "minute": 30}, second, waking=True)) == "Sun 25 Oct 2026 14:30"


@pytest.mark.parametrize(
    ("wall", "zone", "utc"),
    [
        ("2026-01-15 07:00", BERLIN, "2026-01-15 06:00"),
        ("2026-07-15 07:00", BERLIN, "2026-07-15 05:00"),
        ("2026-03-29 01:59", BERLIN, "2026-03-29 00:59"),
        ("2026-03-29 02:30", BERLIN, "2026-03-29 01:30"),  # is skipped: 3:30 there
        ("2026-03-29 03:00", BERLIN, "2026-03-29 01:00"),
        ("2026-10-25 02:30", BERLIN, "2026-10-25 00:30"),  # comes twice: the first
        ("2026-10-25 03:00", BERLIN, "2026-10-25 02:00"),
        ("2026-03-08 02:30", NEW_YORK, "2026-03-08 07:30"),
        ("2026-11-01 01:30", NEW_YORK, "2026-11-01 05:30"),
        ("2026-11-01 02:00", NEW_YORK, "2026-11-01 07:00"),
    ],
)
def test_a_wall_time_is_one_moment(wall: str, zone: ZoneInfo, utc: str) -> None:
    assert to_utc(local(wall), zone) == local(utc).replace(tzinfo=UTC)
    assert to_utc(local(wall), zone).tzinfo is UTC


def test_the_second_of_two_equal_wall_times_is_told_by_its_fold() -> None:
    assert to_utc(local("2026-10-25 02:30").replace(fold=1), BERLIN) == local("2026-10-25 01:30").replace(tzinfo=UTC)


def test_what_comes_once_comes_once() -> None:
    at = local("2026-07-01 07:00")
    assert next_after(at, "", berlin("2026-07-01 06:59")) == datetime(2026, 7, 1, 5, tzinfo=UTC)
    assert next_after(at, "", berlin("2026-07-01 07:00")) is None
    assert next_after(at, "", berlin("2027-07-01 06:00")) is None


def occurrences(at: str, every: str, after: datetime, n: int) -> list[str]:
    zone = after.tzinfo
    found = []
    for _ in range(n):
        moment = next_after(local(at), every, after)
        assert moment is not None
        after = moment.astimezone(zone)
        found.append(f"{after:%a %d %H:%M %z}")
    return found


@pytest.mark.parametrize(
    ("at", "every", "after", "n", "expected"),
    [
        (
            "2026-03-20 07:00",
            "day",
            datetime(2026, 3, 27, 12, tzinfo=BERLIN),
            3,
            ["Sat 28 07:00 +0100", "Sun 29 07:00 +0200", "Mon 30 07:00 +0200"],
        ),
        (
            "2026-03-20 02:30",
            "day",
            datetime(2026, 3, 28, 1, tzinfo=BERLIN),
            3,
            ["Sat 28 02:30 +0100", "Sun 29 03:30 +0200", "Mon 30 02:30 +0200"],
        ),
        (
            "2026-10-20 02:30",
            "day",
            datetime(2026, 10, 24, 1, tzinfo=BERLIN),
            3,
            ["Sat 24 02:30 +0200", "Sun 25 02:30 +0200", "Mon 26 02:30 +0100"],
        ),
        (
            "2026-10-30 01:30",
            "sunday",
            datetime(2026, 10, 30, 1, tzinfo=NEW_YORK),
            2,
            ["Sun 01 01:30 -0400", "Sun 08 01:30 -0500"],
        ),
        (
            "2026-03-01 02:15",
            "week",
            datetime(2026, 3, 1, 3, tzinfo=NEW_YORK),
            2,
            ["Sun 08 03:15 -0400", "Sun 15 02:15 -0400"],
        ),
        (
            "2028-02-25 07:00",
            "weekday",
            datetime(2028, 2, 28, 8, tzinfo=BERLIN),
            3,
            ["Tue 29 07:00 +0100", "Wed 01 07:00 +0100", "Thu 02 07:00 +0100"],
        ),
        (
            "2026-12-26 07:00",
            "weekend",
            datetime(2026, 12, 27, 7, tzinfo=BERLIN),
            2,
            ["Sat 02 07:00 +0100", "Sun 03 07:00 +0100"],
        ),
        (
            "2026-12-31 23:30",
            "day",
            datetime(2026, 12, 31, 23, 30, tzinfo=BERLIN),
            1,
            ["Fri 01 23:30 +0100"],
        ),
        (
            "2030-01-01 07:00",
            "day",
            datetime(2026, 7, 1, tzinfo=BERLIN),
            1,
            ["Tue 01 07:00 +0100"],
        ),
    ],
)
def test_what_recurs_keeps_its_wall_time(at: str, every: str, after: datetime, n: int, expected: list[str]) -> None:
    assert occurrences(at, every, after, n) == expected


def test_a_day_that_an_island_leaves_out_brings_no_second_ring() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
    after = datetime(2011, 12, 29, 6, tzinfo=apia)
    assert [text[:6] for text in occurrences("2011-12-29 07:00", "day", after, 3)] == ["Thu 29", "Sat 31", "Sun 01"]


def test_an_unknown_recurrence_is_refused() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        next_after(local("2026-07-01 07:00"), "fortnight", berlin("2026-07-01 10:00"))


def skipped(wall: datetime, zone: ZoneInfo) -> bool:
    return to_utc(wall, zone).astimezone(zone).replace(tzinfo=None, fold=0) != wall


def falls(day: date, every: str, first: date) -> bool:
    if every in WEEKDAYS:
        return WEEKDAYS[day.weekday()] == every
    names = {"day": range(7), "weekday": range(5), "weekend": (5, 6), "week": (first.weekday(),)}
    return day.weekday() in names[every]


@given(walls, recurrences, moments)
def test_the_next_is_after_on_its_weekday_at_its_wall_time(at: datetime, every: str, after: datetime) -> None:
    zone = after.tzinfo
    assert isinstance(zone, ZoneInfo)
    found = next_after(at, every, after)
    assert found is not None
    assert found > after.astimezone(UTC)
    assert found >= to_utc(at, zone)
    wall = found.astimezone(zone).replace(tzinfo=None)
    assert falls(wall.date(), every, at.date())
    assert wall.time() == at.time() or skipped(datetime.combine(wall.date(), at.time()), zone)


@given(walls, recurrences, moments)
def test_nothing_is_left_out_between(at: datetime, every: str, after: datetime) -> None:
    zone = after.tzinfo
    assert isinstance(zone, ZoneInfo)
    found = next_after(at, every, after)
    assert found is not None
    start = max(at.date(), after.date())
    for n in range((found.astimezone(zone).date() - start).days):
        day = start + timedelta(days=n)
        missed = to_utc(datetime.combine(day, at.time()), zone)
        assert not falls(day, every, at.date()) or missed <= after.astimezone(UTC)


@given(walls, moments)
def test_once_is_the_moment_itself_or_nothing(at: datetime, after: datetime) -> None:
    zone = after.tzinfo
    assert zone is not None
    moment = to_utc(at, zone)
    assert next_after(at, "", after) == (moment if moment > after.astimezone(UTC) else None)


clocks = st.fixed_dictionaries(
    {"hour": st.integers(0, 23)},
    optional={
        "minute": st.integers(1, 59),
        "minutes_to": st.integers(1, 29),
        "meridiem": st.sampled_from(["am", "pm", "night"]),
        "part_of_day": st.sampled_from(["morning", "afternoon", "evening"]),
        "every": recurrences,
        "day": st.sampled_from(["tomorrow", "day after tomorrow", *WEEKDAYS]),
        "holiday": st.sampled_from(["christmas", "easter", "new year"]),
    },
)


@given(clocks, moments, st.booleans())
def test_a_clock_time_is_always_one_to_come_and_one_that_was_said(
    slots: dict[str, Slot], now: datetime, waking: bool
) -> None:
    found = due(slots, now, waking=waking)
    assert found is not None
    assert next_after(found.at, found.every, now) == to_utc(found.at, now.tzinfo or UTC)
    assert found.at.time() in wall_times(slots)
    assert found.every == slots.get("every", "")
    assert not found.every or falls(found.at.date(), found.every, found.at.date())


@given(st.integers(1, 12), moments, st.booleans())
def test_an_hour_alone_is_at_most_half_a_day_away(hour: int, now: datetime, waking: bool) -> None:
    found = due({"hour": hour}, now, waking=waking)
    assert found is not None
    shift = timedelta(hours=1)  # one of the two may be skipped, or past at its second coming
    assert found.at - now.replace(tzinfo=None) <= timedelta(hours=12) + shift


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("wake me up at half past seven on weekdays", "Thu 02 Jul 2026 07:30 weekday"),
        ("set an alarm for quarter to nine tomorrow", "Thu 02 Jul 2026 08:45"),
        ("set an alarm for midnight", "Thu 02 Jul 2026 00:00"),
        ("set an alarm for noon", "Thu 02 Jul 2026 12:00"),
        ("wake me up in an hour and a half", "Wed 01 Jul 2026 20:00"),
        ("wake me up tomorrow", "ask"),
        ("remind me at five to call mum", "Thu 02 Jul 2026 05:00"),
        ("remind me on friday at five to call mum", "Fri 03 Jul 2026 17:00"),
        ("remind me this evening to call mum", "Wed 01 Jul 2026 20:00"),
        ("remind me every monday at nine to take the bins out", "Mon 06 Jul 2026 09:00 monday"),
        ("remind me on the first of may to call mum", "Sat 01 May 2027 09:00"),
        ("remind me to call mum", "ask"),
    ],
)
def test_what_people_say_becomes_the_moment_they_mean(text: str, at: str, commands: Commands) -> None:
    command = commands.parse(text)
    assert command is not None
    now = berlin("2026-07-01 18:30")
    assert written(due(command.slots, now, waking=command.intent == "set_alarm")) == at


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands("en")
