"""Alarms and reminders by voice. On the doer's thread, and the thinker's for tools."""

from collections.abc import Callable, Sequence
from datetime import datetime

from assistant.doing.answer import Action, Answer, Asked, Slots
from assistant.doing.calendar import NoSuchDate
from assistant.doing.clock import Clock
from assistant.doing.moments import Due, due, duration_s, next_after
from assistant.doing.says import Says
from assistant.doing.schedule import Entry, Kind, Schedule, ScheduleError, State

SNOOZE_S = 9 * 60
TIME, ANYTHING = frozenset({"answer_time"}), frozenset({"answer_anything"})


class AlarmActions:
    """Sets, tells and cancels what rings at a time of day."""

    def __init__(self, schedule: Schedule, clock: Clock, says: Says) -> None:
        self._schedule = schedule
        self._clock = clock
        self._says = says

    def actions(self) -> dict[str, Action]:
        """By intent."""
        actions: dict[str, Action] = {
            "set_alarm": self._set_alarm,
            "list_alarms": lambda slots: self._list(Kind.ALARM),
            "cancel_alarm": self._cancel_alarm,
            "cancel_all_alarms": lambda slots: self._cancel_all(Kind.ALARM),
            "snooze": self._snooze,
            "set_reminder": self._set_reminder,
            "list_reminders": lambda slots: self._list(Kind.REMINDER),
            "cancel_reminder": self._cancel_reminder,
            "cancel_all_reminders": lambda slots: self._cancel_all(Kind.REMINDER),
        }
        return {intent: self._on_real_days(action) for intent, action in actions.items()}

    def _on_real_days(self, action: Action) -> Action:
        def act(slots: Slots) -> Answer:
            try:
                return action(slots)
            except NoSuchDate:
                return Answer(self._says("no_such_date"), done=False)
            except ScheduleError:
                return Answer(self._says("cannot_set"), done=False)

        return act

    def when(self, entry: Entry) -> str:
        """As one says it: "tomorrow at 7:30 AM"."""
        assert entry.due is not None
        if entry.due.every:
            return self._says.every(entry.due.every, entry.due.at)
        now = self._clock.now()
        return self._says.when(entry.due.at.replace(tzinfo=now.tzinfo), now)

    def _set_alarm(self, slots: Slots) -> Answer:
        if not self._clock.is_right():
            return Answer(self._says("no_time_no_alarm"), False)
        at = self._due(slots, waking=True)
        if at is None:
            return Answer(self._says("alarm_when"), False, asked=Asked("set_alarm", TIME, slots))
        entry = self._schedule.set_alarm(at)
        return Answer(self._says("alarm_set", when=self.when(entry)))

    def _due(self, slots: Slots, *, waking: bool) -> Due | None:
        """When it is to ring; None where that was not said, or is over."""
        now = self._clock.now()
        at = due(slots, now, waking=waking)
        return at if at and next_after(at.at, at.every, now) else None

    def _set_reminder(self, slots: Slots) -> Answer:
        if not self._clock.is_right() and duration_s(slots) is None:
            return Answer(self._says("no_time_no_alarm"), False)
        if not slots.get("what"):
            return Answer(self._says("remind_what"), False, asked=Asked("set_reminder", ANYTHING, slots))
        at = self._due(slots, waking=False)
        if at is None:
            return Answer(self._says("remind_when"), False, asked=Asked("set_reminder", TIME, slots))
        entry = self._schedule.set_reminder(at, str(slots["what"]))
        return Answer(self._says("reminder_set", when=self.when(entry), what=entry.name))

    def _list(self, kind: Kind) -> Answer:
        entries = self._schedule.entries(kind)
        key = {Kind.ALARM: "alarm", Kind.REMINDER: "reminder"}[kind]
        if not entries:
            return Answer(self._says(f"no_{key}s"))
        return Answer(self._says(f"your_{key}s", all=self._says.all_of(self._names(entries))))

    def _names(self, entries: Sequence[Entry]) -> list[str]:
        return [
            self._says("reminder_when", when=self.when(one), what=one.name)
            if one.kind is Kind.REMINDER
            else self.when(one)
            for one in entries
        ]

    def _cancel_alarm(self, slots: Slots) -> Answer:
        wanted = self._due_or_none(slots)

        def fits(entry: Entry) -> bool:
            assert entry.due is not None
            if wanted is None:
                day = slots.get("day")
                return day is None or self._falls_on(entry.due, str(day))
            return _same_time(entry.due.at, wanted.at, any_half="meridiem" not in slots) and (
                "day" not in slots or self._falls_on(entry.due, str(slots["day"]))
            )

        return self._cancel_one("cancel_alarm", Kind.ALARM, slots, fits)

    def _due_or_none(self, slots: Slots) -> Due | None:
        if "hour" not in slots:
            return None
        return due({k: v for k, v in slots.items() if k != "every"}, self._clock.now(), waking=True)

    def _falls_on(self, at: Due, day: str) -> bool:
        wanted = due({"day": day, "hour": 12}, self._clock.now(), waking=True)
        return wanted is not None and (at.at.date() == wanted.at.date() or at.every == day)

    def _cancel_reminder(self, slots: Slots) -> Answer:
        words = set(str(slots.get("what", "")).casefold().split())

        def fits(entry: Entry) -> bool:
            return not words or len(words & set(entry.name.casefold().split())) * 2 > len(words)

        return self._cancel_one("cancel_reminder", Kind.REMINDER, slots, fits)

    def _cancel_one(self, intent: str, kind: Kind, slots: Slots, fits: Callable[[Entry], bool]) -> Answer:
        entries = self._schedule.entries(kind)
        key = {Kind.ALARM: "alarm", Kind.REMINDER: "reminder"}[kind]
        if not entries:
            return Answer(self._says(f"no_{key}s"), False)
        fitting = [entry for entry in entries if fits(entry)]
        names = self._says.any_of(self._names(fitting or entries))
        if not fitting:
            return Answer(self._says(f"no_such_{key}", all=self._says.all_of(self._names(entries))), False)
        if len(ringing := [entry for entry in fitting if entry.state is State.RINGING]) == 1:
            fitting = ringing
            names = self._says.any_of(self._names(fitting))
        if len(fitting) > 1:
            wanted = TIME if kind is Kind.ALARM else ANYTHING
            return Answer(self._says(f"which_{key}", all=names), False, asked=Asked(intent, wanted, slots))
        self._schedule.cancel(fitting[0].id)
        return Answer(self._says("cancelled", what=self._says(f"the_{key}", which=names)))

    def _cancel_all(self, kind: Kind) -> Answer:
        key = {Kind.ALARM: "alarm", Kind.REMINDER: "reminder"}[kind]
        n = self._schedule.cancel_all(kind)
        return Answer(self._says.count(f"{key}s_cancelled", n) if n else self._says(f"no_{key}s"))

    def _snooze(self, slots: Slots) -> Answer:
        seconds = duration_s(slots) or SNOOZE_S
        if not self._schedule.snooze(seconds):
            return Answer(self._says("nothing_to_snooze"), False)
        return Answer(self._says("snoozed", duration=self._says.duration(seconds)))


def _same_time(one: datetime, other: datetime, *, any_half: bool) -> bool:
    """Whether the clock shows the same; with `any_half` seven is seven, in the morning and in the evening."""
    half = 12 if any_half else 24
    return one.minute == other.minute and one.hour % half == other.hour % half
