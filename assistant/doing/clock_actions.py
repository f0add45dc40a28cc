"""The time, the date, and what lies between two dates. On the doer's thread, and the thinker's for tools."""

from zoneinfo import ZoneInfo

from assistant.doing.answer import Action, Answer, Slots
from assistant.doing.calendar import NoSuchDate, date_of
from assistant.doing.clock import Clock
from assistant.doing.says import Says


class ClockActions:
    """Reads the clock and the calendar; where the time is not known, it says that."""

    def __init__(self, clock: Clock, says: Says) -> None:
        self._clock = clock
        self._says = says

    def actions(self) -> dict[str, Action]:
        """By intent."""
        known = {
            "tell_time": self._time,
            "tell_time_elsewhere": self._time_elsewhere,
            "tell_date": self._date,
            "tell_day": self._date,
            "day_of_date": self._day_of_date,
            "days_until": self._days_until,
        }
        return {intent: self._if_known(action) for intent, action in known.items()}

    def _if_known(self, action: Action) -> Action:
        def act(slots: Slots) -> Answer:
            if not self._clock.is_right():
                return Answer(self._says("time_unknown"), done=False)
            try:
                return action(slots)
            except NoSuchDate:
                return Answer(self._says("no_such_date"), done=False)

        return act

    def _time(self, _slots: Slots) -> Answer:
        return Answer(self._says("time_is", time=self._says.time(self._clock.now())))

    def _time_elsewhere(self, slots: Slots) -> Answer:
        zone = str(slots["city"])
        there = self._clock.now().astimezone(ZoneInfo(zone))
        city = zone.rpartition("/")[2].replace("_", " ")
        return Answer(
            self._says("time_there", time=self._says.time(there), weekday=self._says.weekday(there), city=city)
        )

    def _date(self, _slots: Slots) -> Answer:
        return Answer(self._says("date_is", date=self._says.date(self._clock.now().date(), year=True)))

    def _day_of_date(self, slots: Slots) -> Answer:
        today = self._clock.now().date()
        day = date_of(slots, today)
        if day is None:
            return Answer(self._says("no_such_date"), done=False)
        return Answer(self._says("that_is", date=self._says.date(day, year=day.year != today.year)))

    def _days_until(self, slots: Slots) -> Answer:
        today = self._clock.now().date()
        day = date_of(slots, today)
        if day is None:
            return Answer(self._says("no_such_date"), done=False)
        n = (day - today).days
        if n == 0:
            return Answer(self._says("that_is_today"))
        return Answer(self._says("days_until", days=self._says.count("day", n), date=self._says.date(day)))
