"""Timers by voice. On the doer's thread, and the thinker's for tools."""

from collections.abc import Callable, Sequence

from assistant.doing.answer import Action, Answer, Asked, Slots
from assistant.doing.moments import duration_s
from assistant.doing.says import Says, capitalized
from assistant.doing.schedule import Entry, Kind, Schedule, ScheduleError, State

LONGEST_S = 30 * 86_400
WHICH = frozenset({"answer_timer"})


class TimerActions:
    """Sets, changes and tells timers."""

    def __init__(self, schedule: Schedule, says: Says) -> None:
        self._schedule = schedule
        self._says = says

    def actions(self) -> dict[str, Action]:
        """By intent."""
        return {
            "set_timer": self._set,
            "add_to_timer": lambda slots: self._change("add_to_timer", slots, 1),
            "take_from_timer": lambda slots: self._change("take_from_timer", slots, -1),
            "timer_left": self._left,
            "list_timers": lambda slots: self._left({}),
            "pause_timer": lambda slots: self._with_one("pause_timer", slots, self._pause),
            "resume_timer": lambda slots: self._with_one("resume_timer", slots, self._resume),
            "cancel_timer": lambda slots: self._with_one("cancel_timer", slots, self._cancel),
            "cancel_all_timers": self._cancel_all,
        }

    def called(self, timer: Entry) -> str:
        """As one says it: "the pasta timer"."""
        if timer.name:
            return self._says("named_timer", name=timer.name)
        return self._says("timer_for", duration=self._says.duration(timer.length_s))

    def _set(self, slots: Slots) -> Answer:
        length_s = duration_s(slots)
        if not length_s:
            return Answer(
                self._says("how_long"), False, asked=Asked("set_timer", frozenset({"answer_duration"}), slots)
            )
        if length_s > LONGEST_S:
            return Answer(self._says("too_long", duration=self._says.duration(LONGEST_S)), False)
        name = str(slots.get("name", ""))
        try:
            self._schedule.set_timer(length_s, name)
        except ScheduleError:
            return Answer(self._says("cannot_set"), False)
        duration = self._says.duration(length_s)
        return Answer(
            self._says("named_timer_set", name=name, duration=duration)
            if name
            else self._says("timer_set", duration=duration)
        )

    def _change(self, intent: str, slots: Slots, sign: int) -> Answer:
        seconds = duration_s(slots)
        if not seconds:
            return Answer(self._says("how_long"), False, asked=Asked(intent, frozenset({"answer_duration"}), slots))

        def change(timer: Entry) -> Answer:
            left_s = self._schedule.left_s(timer) + sign * seconds
            if not 0 < left_s <= LONGEST_S:
                return Answer(self._says("cannot_change", timer=self.called(timer)), False)
            self._schedule.add_to_timer(timer.id, sign * seconds)
            return Answer(self._says("timer_changed", timer=self.called(timer), left=self._says.about(left_s)))

        return self._with_one(intent, slots, change)

    def _pause(self, timer: Entry) -> Answer:
        if timer.state is State.RINGING:
            return Answer(self._one_left(timer), False)
        if timer.state is State.PAUSED:
            return Answer(self._says("already_paused", timer=self.called(timer)))
        self._schedule.pause(timer.id)
        return Answer(self._says("timer_paused", timer=self.called(timer)))

    def _resume(self, timer: Entry) -> Answer:
        if timer.state is not State.PAUSED:
            return Answer(self._one_left(timer), False)
        self._schedule.resume(timer.id)
        left = self._says.about(self._schedule.left_s(timer))
        return Answer(self._says("timer_resumed", timer=self.called(timer), left=left))

    def _cancel(self, timer: Entry) -> Answer:
        self._schedule.cancel(timer.id)
        return Answer(self._says("cancelled", what=self.called(timer)))

    def _cancel_all(self, _slots: Slots) -> Answer:
        n = self._schedule.cancel_all(Kind.TIMER)
        return Answer(self._says.count("timers_cancelled", n) if n else self._says("no_timers"))

    def _left(self, slots: Slots) -> Answer:
        timers, missing = self._meant(slots)
        if missing:
            return missing
        if len(timers) == 1:
            return Answer(self._one_left(timers[0]))
        return Answer(
            " ".join([self._says.count("you_have_timers", len(timers)), *(self._one_left(one) for one in timers)])
        )

    def _one_left(self, timer: Entry) -> str:
        key = {State.PAUSED: "left_paused", State.RINGING: "left_ringing"}.get(timer.state, "left")
        left = self._says.duration(max(0.0, self._schedule.left_s(timer)))
        return capitalized(self._says(key, timer=self.called(timer), left=left))

    def _meant(self, slots: Slots) -> tuple[Sequence[Entry], Answer | None]:
        """The timers that fit what was said, or what to say where there are none."""
        all_of_them = self._schedule.entries(Kind.TIMER)
        if not all_of_them:
            return (), Answer(self._says("no_timers"), False)
        name, length_s = str(slots.get("name", "")), duration_s(slots, "start_")
        fitting = self._schedule.find_timers(name, length_s)
        if not fitting:
            which = self._says("named_timer", name=name) if name else ""
            if length_s:
                which = self._says("timer_for", duration=self._says.duration(length_s))
            return (), Answer(self._says("no_such_timer", timer=which), False)
        return fitting, None

    def _with_one(self, intent: str, slots: Slots, act: Callable[[Entry], Answer]) -> Answer:
        timers, missing = self._meant(slots)
        if missing:
            return missing
        if ringing := [timer for timer in timers if timer.state is State.RINGING]:
            timers = ringing[:1]
        if len({self.called(timer) for timer in timers}) == 1:  # nobody can tell them apart: the one that is due first
            timers = sorted(timers, key=self._schedule.left_s)[:1]
        if len(timers) > 1:
            names = self._says.any_of([self.called(timer) for timer in timers])
            return Answer(self._says("which_timer", timers=names), False, asked=Asked(intent, WHICH, slots))
        return act(timers[0])
