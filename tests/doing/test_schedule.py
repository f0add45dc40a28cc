import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fake_clock import FakeClock

from assistant.doing.boots import noted_utc_s
from assistant.doing.moments import Due
from assistant.doing.schedule import RING_S, Entry, Kind, Ringing, Schedule, ScheduleError, State
from assistant.store import Store, StoreError, StoreFullError

AN_HOUR_S, A_DAY_S = 3600.0, 86_400.0

Restart = Callable[[], Schedule]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def restart(tmp_path: Path, clock: FakeClock) -> Restart:
    """A new process that opens the same store."""
    return lambda: Schedule(Store(tmp_path / "assistant.db"), clock)


@pytest.fixture
def schedule(restart: Restart) -> Schedule:
    return restart()


def due(text: str, every: str = "") -> Due:
    return Due(datetime.fromisoformat(text), every)


def names(ringing: list[Ringing]) -> list[str]:
    return [one.entry.name for one in ringing]


def lates(ringing: list[Ringing]) -> list[float]:
    return [one.late_s for one in ringing]


def local_due(entry: Entry) -> str:
    assert entry.due is not None
    return entry.due.at.isoformat()


# Timers


def test_a_timer_rings_when_it_has_run_and_not_before(schedule: Schedule, clock: FakeClock) -> None:
    schedule.set_timer(600, "pasta")
    clock.pass_s(599)
    assert schedule.ring_due() == []
    clock.pass_s(1.5)
    assert names(rung := schedule.ring_due()) == ["pasta"]
    assert lates(rung) == [0.5]
    assert rung[0].entry.state is State.RINGING
    assert schedule.ring_due() == []
    assert names(schedule.ringing()) == ["pasta"]


def test_several_timers_are_listed_by_what_they_have_left(schedule: Schedule, clock: FakeClock) -> None:
    schedule.set_timer(600, "pasta")
    schedule.set_timer(60)
    clock.pass_s(10)
    assert [(e.name, schedule.left_s(e)) for e in schedule.entries(Kind.TIMER)] == [("", 50), ("pasta", 590)]
    assert schedule.next_due_in_s() == 50


def test_a_timer_is_found_by_its_name_and_by_its_first_length(schedule: Schedule) -> None:
    pasta, sauce = schedule.set_timer(600, "pasta"), schedule.set_timer(600, "pasta sauce")
    other = schedule.set_timer(300)
    schedule.add_to_timer(other.id, 60)
    assert [e.id for e in schedule.find_timers("Pasta")] == [pasta.id]
    assert [e.id for e in schedule.find_timers("sauce")] == [sauce.id]
    assert [e.id for e in schedule.find_timers(length_s=300)] == [other.id]
    assert len(schedule.find_timers()) == 3
    assert schedule.find_timers("egg") == schedule.find_timers(length_s=1) == []


def test_time_is_added_and_taken(schedule: Schedule, clock: FakeClock) -> None:
    timer = schedule.set_timer(600)
    clock.pass_s(100)
    assert (longer := schedule.add_to_timer(timer.id, 300)) is not None
    assert schedule.left_s(longer) == 800
    assert (over := schedule.add_to_timer(timer.id, -5000)) is not None
    assert schedule.left_s(over) == 0
    assert len(schedule.ring_due()) == 1


def test_time_added_to_a_ringing_timer_lets_it_run_again(schedule: Schedule, clock: FakeClock) -> None:
    timer = schedule.set_timer(10)
    clock.pass_s(15)
    schedule.ring_due()
    schedule.add_to_timer(timer.id, 60)
    assert schedule.ringing() == []
    assert schedule.next_due_in_s() == 60


def test_a_paused_timer_keeps_what_it_has_left_over_a_reboot(
    schedule: Schedule, restart: Restart, clock: FakeClock
) -> None:
    timer = schedule.set_timer(600)
    clock.pass_s(100)
    assert (paused := schedule.pause(timer.id)) is not None
    assert paused.state is State.PAUSED
    clock.pass_s(A_DAY_S)
    clock.reboot(A_DAY_S, right=False)
    schedule = restart()
    assert schedule.ring_due() == []
    assert schedule.next_due_in_s() is None
    assert (added := schedule.add_to_timer(timer.id, 10)) is not None
    assert schedule.left_s(added) == 510
    assert (running := schedule.resume(timer.id)) is not None
    assert running.state is State.SET
    clock.pass_s(511)
    assert lates(schedule.ring_due()) == [1]


def test_what_is_not_there_is_not_changed(schedule: Schedule) -> None:
    assert schedule.add_to_timer(7, 60) is schedule.pause(7) is schedule.resume(7) is None
    assert not schedule.cancel(7)
    assert schedule.cancel_all(Kind.TIMER) == 0
    assert schedule.stop_ringing() == schedule.expire() == []
    assert schedule.snooze(60) == []


def test_one_canceled_or_all(schedule: Schedule, clock: FakeClock) -> None:
    timers = [schedule.set_timer(60) for _ in range(3)]
    schedule.set_alarm(due("2026-11-03T09:00"))
    assert schedule.cancel(timers[0].id)
    assert schedule.cancel_all(Kind.TIMER) == 2
    clock.pass_s(61)
    assert schedule.ring_due() == []
    assert [e.kind for e in schedule.entries()] == [Kind.ALARM]


@pytest.mark.parametrize("length_s", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_timer_without_a_sensible_length_is_refused(schedule: Schedule, length_s: float) -> None:
    with pytest.raises(ScheduleError):
        schedule.set_timer(length_s)


def test_the_hundred_and_first_timer_is_refused(schedule: Schedule) -> None:
    for _ in range(100):
        schedule.set_timer(60)
    with pytest.raises(ScheduleError, match="100 timers already"):
        schedule.set_timer(60)


# The clock test: jumps, reboots, a time that is not known


@pytest.mark.parametrize("jump_s", [5 * AN_HOUR_S, -5 * AN_HOUR_S])
def test_a_jump_of_the_clock_neither_ends_nor_loses_a_timer(
    schedule: Schedule, restart: Restart, clock: FakeClock, jump_s: float
) -> None:
    schedule.set_timer(600)
    clock.jump_s(jump_s)
    assert schedule.ring_due() == []
    assert restart().next_due_in_s() == 600
    clock.pass_s(600)
    assert lates(schedule.ring_due()) == [0]


@pytest.mark.parametrize("jump_s", [5 * AN_HOUR_S, -5 * AN_HOUR_S])
def test_after_a_jump_and_a_reboot_a_timer_goes_by_the_new_time(
    schedule: Schedule, restart: Restart, clock: FakeClock, jump_s: float
) -> None:
    schedule.set_timer(600)
    clock.jump_s(jump_s)
    clock.pass_s(61)
    schedule.ring_due()  # a minute later the clock is noted
    clock.reboot(100)
    assert restart().next_due_in_s() == 600 - 61 - 100


def test_a_timer_goes_on_over_a_restart_of_the_program(restart: Restart, clock: FakeClock) -> None:
    restart().set_timer(600)
    clock.pass_s(500)
    schedule = restart()
    assert schedule.ring_due() == []
    clock.pass_s(100)
    assert lates(schedule.ring_due()) == [0]


def test_the_time_while_off_counts_and_what_fell_due_then_says_how_late_it_is(
    restart: Restart, clock: FakeClock
) -> None:
    schedule = restart()
    schedule.set_timer(600, "pasta")
    schedule.set_timer(4 * AN_HOUR_S, "roast")
    clock.reboot(2 * AN_HOUR_S)
    schedule = restart()
    assert [(one.entry.name, one.late_s) for one in schedule.ring_due()] == [("pasta", 6600)]
    assert schedule.next_due_in_s() == 2 * AN_HOUR_S


def test_without_a_known_time_a_timer_goes_on_from_what_was_noted_and_is_put_right_later(
    restart: Restart, clock: FakeClock
) -> None:
    schedule = restart()
    schedule.set_timer(AN_HOUR_S)
    true_end = clock.utc + timedelta(hours=1)
    for _ in range(11):
        clock.pass_s(59)
        schedule.ring_due()
    began = clock.utc
    clock.reboot(1200, right=False, starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    schedule = restart()
    assert schedule.ring_due() == []
    left_s = schedule.next_due_in_s()
    assert left_s is not None
    assert AN_HOUR_S - 11 * 59 <= left_s <= AN_HOUR_S - 11 * 59 + 60
    clock.pass_s(300)
    assert restart().next_due_in_s() == left_s - 300  # the program may be restarted meanwhile
    clock.utc, clock.right = began + timedelta(seconds=1500), True
    schedule.ring_due()
    assert schedule.next_due_in_s() == (true_end - clock.utc).total_seconds()


def test_a_timer_that_ended_while_off_rings_late_once_the_time_is_known(restart: Restart, clock: FakeClock) -> None:
    restart().set_timer(600)
    before = clock.utc
    clock.reboot(0, right=False, starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    schedule = restart()
    assert schedule.ring_due() == []
    clock.pass_s(30)
    clock.utc, clock.right = before + timedelta(hours=2), True
    assert lates(schedule.ring_due()) == [2 * AN_HOUR_S - 600]


def test_a_timer_survives_two_reboots_without_a_known_time(restart: Restart, clock: FakeClock) -> None:
    restart().set_timer(600)
    before = clock.utc
    for _ in range(2):
        clock.reboot(0, right=False, starts_at=datetime(2026, 1, 1, tzinfo=UTC))
        restart().ring_due()
    clock.utc, clock.right = before + timedelta(seconds=500), True
    assert restart().next_due_in_s() == 100


def test_a_timer_of_a_clock_never_right_keeps_what_it_had_left(restart: Restart, clock: FakeClock) -> None:
    clock.right = False
    restart().set_timer(600)
    clock.reboot(A_DAY_S, right=True)
    schedule = restart()
    assert schedule.next_due_in_s() == 600
    clock.pass_s(600)
    assert lates(schedule.ring_due()) == [0]


def test_a_timer_set_before_the_time_was_known_goes_by_it_over_a_later_reboot(
    restart: Restart, clock: FakeClock
) -> None:
    clock.right = False
    schedule = restart()
    schedule.set_timer(AN_HOUR_S)
    clock.right = True
    clock.pass_s(60)
    schedule.ring_due()
    clock.reboot(600)
    assert restart().next_due_in_s() == AN_HOUR_S - 660


def test_a_time_set_by_somebody_is_not_taken_for_the_right_one_over_a_reboot(
    restart: Restart, clock: FakeClock
) -> None:
    schedule = restart()
    schedule.set_timer(AN_HOUR_S)
    end = clock.utc + timedelta(hours=1)
    clock.jump_s(5 * AN_HOUR_S)
    clock.right = False
    clock.pass_s(61)
    schedule.ring_due()
    clock.jump_s(-5 * AN_HOUR_S)
    clock.reboot(600)
    assert restart().next_due_in_s() == (end - clock.utc).total_seconds()


def test_a_snooze_stays_as_long_as_was_said_when_the_time_becomes_known(restart: Restart, clock: FakeClock) -> None:
    restart().set_timer(600)
    before = clock.utc
    clock.reboot(0, right=False, starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    schedule = restart()
    clock.pass_s(601)
    assert len(schedule.ring_due()) == 1
    schedule.snooze(300)
    clock.utc, clock.right = before + timedelta(days=1), True
    assert schedule.ring_due() == []
    assert schedule.next_due_in_s() == 300


def test_the_clock_is_noted_at_most_once_a_minute_and_only_while_something_runs(
    schedule: Schedule, tmp_path: Path, clock: FakeClock
) -> None:
    watch = sqlite3.connect(tmp_path / "assistant.db")

    def n_changes() -> int:
        version: int = watch.execute("PRAGMA data_version").fetchone()[0]
        return version

    def ring_for(seconds: int) -> int:
        seen = [n_changes()]
        for _ in range(seconds):
            clock.pass_s(1)
            schedule.ring_due()
            seen.append(n_changes())
        return sum(one != other for one, other in pairwise(seen))

    assert ring_for(300) == 0
    schedule.set_alarm(due("2026-12-24T07:00"))
    assert ring_for(300) == 0
    schedule.set_timer(AN_HOUR_S)
    assert 4 <= ring_for(300) <= 5


def test_the_last_known_time_is_kept_for_the_clock(restart: Restart, tmp_path: Path, clock: FakeClock) -> None:
    assert noted_utc_s(Store(tmp_path / "assistant.db")) == 0
    restart().set_timer(60)
    right_s = clock.utc.timestamp()
    clock.right = False
    clock.pass_s(60)
    restart().set_timer(60)
    assert noted_utc_s(Store(tmp_path / "assistant.db")) == right_s


# Alarms and reminders


def test_an_alarm_rings_at_its_wall_time(schedule: Schedule, clock: FakeClock) -> None:
    schedule.set_alarm(due("2026-11-04T07:00"))
    clock.set_local("2026-11-04T06:59:59")
    assert schedule.ring_due() == []
    clock.pass_s(1)
    assert lates(schedule.ring_due()) == [0]
    schedule.stop_ringing()
    assert schedule.entries() == []


def test_a_recurring_one_rings_and_stays_set_for_its_next_time(restart: Restart, clock: FakeClock) -> None:
    schedule = restart()
    schedule.set_reminder(due("2026-11-06T17:00", "friday"), "call mum")
    for day in ("2026-11-06", "2026-11-13"):
        clock.set_local(f"{day}T17:00:02")
        schedule = restart()
        assert [(one.entry.name, one.late_s) for one in schedule.ring_due()] == [("call mum", 2)]
        assert names(schedule.ringing()) == ["call mum"]
        assert schedule.next_due_in_s() == 7 * A_DAY_S - 2
        assert names(schedule.stop_ringing()) == ["call mum"]
        assert schedule.ring_due() == []
    assert schedule.cancel_all(Kind.REMINDER) == 1


def test_of_several_missed_times_only_the_last_rings(restart: Restart, clock: FakeClock) -> None:
    restart().set_alarm(due("2026-11-04T07:00", "day"))
    clock.set_local("2026-11-07T08:00")
    clock.reboot(0)
    schedule = restart()
    assert lates(rung := schedule.ring_due()) == [AN_HOUR_S]
    assert local_due(rung[0].entry) == "2026-11-07T07:00:00"
    assert schedule.next_due_in_s() == 23 * AN_HOUR_S


def test_alarms_keep_their_wall_time_when_clocks_change(schedule: Schedule, clock: FakeClock) -> None:
    clock.set_local("2027-03-27T12:00")
    schedule.set_alarm(due("2027-03-28T07:00", "day"))
    assert schedule.next_due_in_s() == 18 * AN_HOUR_S
    clock.set_local("2027-10-30T12:00")
    schedule.ring_due()
    assert schedule.next_due_in_s() == 20 * AN_HOUR_S


def test_an_alarm_in_the_hour_that_is_skipped_rings_an_hour_later_by_the_clock(
    schedule: Schedule, clock: FakeClock
) -> None:
    clock.set_local("2027-03-27T12:00")
    schedule.set_alarm(due("2027-03-28T02:30", "day"))
    clock.set_local("2027-03-28T03:30")
    assert lates(schedule.ring_due()) == [0]
    assert schedule.next_due_in_s() == 23 * AN_HOUR_S


def test_an_alarm_in_the_hour_that_comes_twice_rings_once(schedule: Schedule, clock: FakeClock) -> None:
    clock.set_local("2027-10-30T12:00")
    schedule.set_alarm(due("2027-10-31T02:30", "day"))
    clock.set_local("2027-10-31T02:30")
    assert len(schedule.ring_due()) == 1
    clock.pass_s(AN_HOUR_S)
    assert clock.now().isoformat() == "2027-10-31T02:30:00+01:00"
    assert schedule.ring_due() == []


def test_the_second_of_two_equal_wall_times_is_kept(restart: Restart, clock: FakeClock) -> None:
    clock.set_local("2027-10-31T01:00")
    restart().set_reminder(Due(datetime(2027, 10, 31, 2, 30, fold=1)), "tea")
    assert restart().next_due_in_s() == 2.5 * AN_HOUR_S


def test_the_leap_day(schedule: Schedule, clock: FakeClock) -> None:
    clock.set_local("2028-02-27T12:00")
    schedule.set_reminder(due("2028-02-29T09:00"), "leap")
    schedule.set_alarm(due("2028-02-28T07:00", "day"))
    rung = []
    for day in ("2028-02-28", "2028-02-29", "2028-03-01"):
        clock.set_local(f"{day}T09:00")
        rung.append(sorted(lates(schedule.ring_due())))
        schedule.stop_ringing()
    assert rung == [[2 * AN_HOUR_S], [0, 2 * AN_HOUR_S], [2 * AN_HOUR_S]]


def test_an_alarm_follows_the_home_into_another_zone(schedule: Schedule, clock: FakeClock) -> None:
    schedule.set_alarm(due("2026-11-04T07:00"))
    clock.zone = ZoneInfo("America/New_York")
    assert schedule.next_due_in_s() == 29 * AN_HOUR_S


def test_alarms_wait_for_a_known_time_and_then_ring_late(
    schedule: Schedule, restart: Restart, clock: FakeClock
) -> None:
    schedule.set_alarm(due("2026-11-04T07:00"))
    schedule.set_reminder(due("2026-11-20T12:00"), "bins")
    clock.reboot(0, right=False, starts_at=datetime(2030, 1, 1, tzinfo=UTC))
    schedule = restart()
    assert schedule.ring_due() == []
    assert schedule.next_due_in_s() is None
    clock.utc, clock.right = datetime(2026, 11, 4, 6, 10, tzinfo=UTC), True
    assert lates(schedule.ring_due()) == [600]
    assert len(schedule.entries(Kind.REMINDER)) == 1


def test_after_a_jump_back_by_hours_a_recurring_alarm_does_not_ring_twice(schedule: Schedule, clock: FakeClock) -> None:
    schedule.set_alarm(due("2026-11-04T07:00", "day"))
    clock.set_local("2026-11-04T07:00")
    schedule.ring_due()
    schedule.stop_ringing()
    clock.jump_s(-5 * AN_HOUR_S)
    clock.pass_s(5 * AN_HOUR_S)
    assert schedule.ring_due() == []
    clock.pass_s(A_DAY_S)
    assert lates(schedule.ring_due()) == [0]


def test_a_recurring_alarm_that_rang_in_a_wrong_year_rings_again_in_the_right_one(
    schedule: Schedule, clock: FakeClock
) -> None:
    schedule.set_alarm(due("2026-11-04T07:00", "day"))
    clock.jump_s(1000 * A_DAY_S)
    assert len(schedule.ring_due()) == 1
    schedule.stop_ringing()
    clock.jump_s(-1000 * A_DAY_S)
    assert schedule.ring_due() == []
    clock.set_local("2026-11-04T07:00")
    assert lates(schedule.ring_due()) == [0]


def test_what_is_past_is_refused(schedule: Schedule) -> None:
    with pytest.raises(ScheduleError, match="2026-11-03 07:59 is past"):
        schedule.set_alarm(due("2026-11-03T07:59"))


def test_without_a_known_time_a_reminder_counts_down_and_nothing_recurs(schedule: Schedule, clock: FakeClock) -> None:
    clock.right = False
    schedule.set_reminder(due("2026-11-03T08:10"), "tea")
    with pytest.raises(ScheduleError, match="the time is not known"):
        schedule.set_alarm(due("2026-11-04T07:00", "day"))
    clock.jump_s(A_DAY_S)
    clock.right = True
    assert schedule.ring_due() == []
    clock.pass_s(600)
    assert names(schedule.ring_due()) == ["tea"]


# Ringing


def test_what_rings_goes_on_after_a_restart_until_it_is_stopped_and_never_after(
    restart: Restart, clock: FakeClock
) -> None:
    schedule = restart()
    schedule.set_timer(10, "pasta")
    clock.pass_s(12)
    schedule.ring_due()
    clock.pass_s(5)
    schedule = restart()
    assert schedule.ring_due() == []
    assert [(one.entry.name, one.late_s) for one in schedule.ringing()] == [("pasta", 2)]
    assert names(schedule.stop_ringing()) == ["pasta"]
    clock.reboot(10)
    schedule = restart()
    assert schedule.ringing() == schedule.ring_due() == []


def test_what_rang_when_the_power_went_rings_anew_and_says_how_late_it_is(restart: Restart, clock: FakeClock) -> None:
    schedule = restart()
    schedule.set_alarm(due("2026-11-03T08:10"))
    clock.pass_s(600)
    schedule.ring_due()
    clock.pass_s(200)
    clock.reboot(AN_HOUR_S)
    schedule = restart()
    assert lates(schedule.ringing()) == [AN_HOUR_S + 200]
    clock.pass_s(RING_S - 1)
    assert schedule.expire() == []
    clock.pass_s(1)
    assert len(schedule.expire()) == 1


def test_after_five_minutes_it_ends_by_itself_and_the_restarts_in_between_count(
    restart: Restart, clock: FakeClock
) -> None:
    schedule = restart()
    schedule.set_timer(10, "pasta")
    clock.pass_s(10)
    schedule.ring_due()
    clock.pass_s(RING_S - 1)
    schedule = restart()
    assert schedule.expire() == []
    schedule.set_timer(0.5, "egg")
    clock.pass_s(1)
    schedule.ring_due()
    assert names(schedule.expire()) == ["pasta"]
    assert names(restart().ringing()) == ["egg"]


def test_a_snoozed_alarm_rings_again_whatever_the_clock_is_set_to(restart: Restart, clock: FakeClock) -> None:
    schedule = restart()
    schedule.set_alarm(due("2026-11-04T07:00", "day"))
    clock.set_local("2026-11-04T07:00:05")
    schedule.ring_due()
    (snoozed,) = schedule.snooze(540)
    assert local_due(snoozed) == "2026-11-04T07:09:05"
    assert schedule.ringing() == []
    clock.jump_s(-AN_HOUR_S)
    schedule = restart()
    clock.pass_s(540)
    assert lates(schedule.ring_due()) == [0]
    schedule.stop_ringing()
    assert len(schedule.entries(Kind.ALARM)) == 1


# Where nothing can be kept


def fill(store: Store) -> None:
    """No page more, and what is there is used up."""
    with store.transaction() as db:
        n_pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {n_pages}")
    with pytest.raises(StoreFullError):
        for i in range(10_000):
            store.put(f"filler {i}", "x" * 100)


def test_on_a_full_disk_a_timer_is_refused_and_nothing_of_it_kept(tmp_path: Path, clock: FakeClock) -> None:
    store = Store(tmp_path / "assistant.db")
    schedule = Schedule(store, clock)
    schedule.set_timer(60)
    fill(store)
    with pytest.raises(StoreFullError, match="the disk is full"):
        for _ in range(100):
            schedule.set_timer(600, "n" * 300)
    kept = len(schedule.entries())
    assert len(Schedule(Store(tmp_path / "assistant.db"), clock).entries()) == kept
    clock.pass_s(61)
    assert len(schedule.ring_due()) == 1
    assert len(schedule.stop_ringing()) == 1


class BrokenStore(Store):
    """Its card becomes read-only."""

    broken = False

    def transaction(self):  # type: ignore[no-untyped-def]
        if self.broken:
            raise StoreError("read-only")
        return super().transaction()


def test_on_a_broken_card_what_is_due_rings_and_can_be_silenced(tmp_path: Path, clock: FakeClock) -> None:
    store = BrokenStore(tmp_path / "assistant.db")
    schedule = Schedule(store, clock)
    schedule.set_timer(60, "pasta")
    schedule.set_alarm(due("2026-11-03T08:01", "day"))
    schedule.set_timer(30, "egg")
    clock.pass_s(30)
    schedule.ring_due()
    store.broken = True
    clock.pass_s(31)
    assert sorted(names(schedule.ring_due())) == ["", "pasta"]
    assert schedule.ring_due() == []
    assert sorted(names(schedule.ringing())) == ["", "egg", "pasta"]
    assert [one.is_kept for one in schedule.ringing()] == [True, False, False]
    with pytest.raises(StoreError):
        schedule.stop_ringing()
    assert schedule.ringing() == schedule.ring_due() == []
    clock.pass_s(A_DAY_S)
    assert [one.entry.kind for one in schedule.ring_due()] == [Kind.ALARM]
    store.broken = False
    clock.pass_s(60)
    assert schedule.ring_due() == []
    assert [one.entry.kind for one in schedule.ringing()] == [Kind.ALARM]
    schedule.stop_ringing()
    assert [(one.kind, one.state) for one in schedule.entries()] == [(Kind.ALARM, State.SET)]


def test_on_a_broken_card_what_was_canceled_before_does_not_ring_on(tmp_path: Path, clock: FakeClock) -> None:
    store = BrokenStore(tmp_path / "assistant.db")
    schedule = Schedule(store, clock)
    timer = schedule.set_timer(60)
    store.broken = True
    clock.pass_s(200)
    assert len(schedule.ring_due()) == len(schedule.ringing()) == 1
    store.broken = False
    schedule.cancel(timer.id)
    assert schedule.ringing() == schedule.ring_due() == []
