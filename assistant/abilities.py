"""Builds what it can do without a model: the store, the schedule, the actions, and what rings. Main thread."""

import logging
from collections.abc import Callable
from dataclasses import replace

from assistant.config import Settings
from assistant.doing.alarm_actions import AlarmActions
from assistant.doing.answer import Action, Answer, Slots
from assistant.doing.clock import Clock, SystemClock
from assistant.doing.clock_actions import ClockActions
from assistant.doing.commands import Command, Commands
from assistant.doing.device_actions import DeviceActions, Sound
from assistant.doing.doer import Doer, Thinker
from assistant.doing.keeping_actions import KeepingActions
from assistant.doing.language import language_file
from assistant.doing.lists import Lists
from assistant.doing.memory import Memory
from assistant.doing.owner import OwnerCommands
from assistant.doing.says import Says
from assistant.doing.schedule import Kind, Ringing, Schedule
from assistant.doing.sum_actions import SumActions
from assistant.doing.timer_actions import TimerActions
from assistant.events import Event, Note, SetPace, SetVolume, Wanted
from assistant.ringer import Ringer
from assistant.store import Store, store_path

log = logging.getLogger(__name__)

Post = Callable[[Event], None]

SETS = ("set_timer", "set_alarm", "set_reminder")
COMMON_MINUTES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 45, 60)
LATE_S = 60.0  # from then on it says how late it is


def _with_remark(action: Action, remark: str) -> Action:
    def act(slots: Slots) -> Answer:
        answer = action(slots)
        return replace(answer, text=f"{answer.text} {remark}") if answer.done else answer

    return act


def _own(owner: OwnerCommands, intent: str, says: Says) -> Action:
    """A command of the owner's as an action."""

    def act(slots: Slots) -> Answer:
        outcome = owner.carry_out(Command(intent, slots))
        if outcome.failure:
            log.warning("%s: %s", intent, outcome.reason)
            return Answer(says(outcome.failure.value), done=False)
        return Answer(outcome.say or says("own_done"))

    return act


class Abilities:
    """All of it, over one store."""

    def __init__(self, settings: Settings) -> None:
        """Raises StoreError when what is to be kept cannot be."""
        self.says = Says(language_file(settings.language)["says"])
        self.store = Store(store_path())
        self.clock: Clock = SystemClock(trusted=settings.clock.always_right)
        self.schedule = Schedule(self.store, self.clock)
        self.lists, self.memory = Lists(self.store), Memory(self.store)
        self.timers = TimerActions(self.schedule, self.says)

    def words(self, ringing: Ringing) -> str:
        """What is said of something that rings."""
        entry, says = ringing.entry, self.says
        match entry.kind:
            case Kind.TIMER:
                said = says("timer_rings", timer=self.timers.called(entry))
            case Kind.ALARM:
                said = says("alarm_rings", time=says.time(self.clock.now()))
            case Kind.REMINDER:
                said = says("reminder_rings", what=entry.name)
        if ringing.late_s < LATE_S:
            return said
        return f"{said} {says('was_late', duration=says.about(ringing.late_s))}"

    def common(self) -> list[str]:
        """What it will say most often."""
        timers = [self.says("timer_set", duration=self.says.duration(60 * n)) for n in COMMON_MINUTES]
        return [self.says("how_long"), self.says("no_timers"), self.says("left_as_it_was"), *timers]

    def sound(self) -> Sound:
        """How loud and how fast it was set to speak."""
        volume, muted, pace = (self.store.get(key) for key in ("volume", "muted", "pace"))
        return Sound(int(volume or 100), bool(muted), float(pace or 1.0))

    def keep(self, sound: Sound) -> None:
        self.store.put("volume", sound.volume)
        self.store.put("muted", int(sound.muted))
        self.store.put("pace", sound.pace)


def build_abilities(
    settings: Settings, thinker: Thinker, post: Post, *, model: str = "", rings: bool = True
) -> tuple[Doer, Ringer, list[str]]:
    """The stage that does and the one that rings, not started yet, and what will be said often.

    `model` names the language model.

    Where nothing `rings`, as no daemon runs, whoever sets a timer is told.

    Raises:
        StoreError: what is to be kept cannot be kept.
    """
    has = Abilities(settings)
    sound = has.sound()
    post(Wanted(SetVolume(0.0 if sound.muted else sound.volume / 100)))
    post(Wanted(SetPace(sound.pace)))

    def change(command: SetVolume | SetPace, changed: Sound) -> None:
        has.keep(changed)
        post(Wanted(command))

    groups = (
        has.timers,
        AlarmActions(has.schedule, has.clock, has.says),
        ClockActions(has.clock, has.says),
        SumActions(has.says),
        KeepingActions(has.lists, has.memory, has.says, lambda text: thinker.post(Note(text))),
        DeviceActions(has.says, sound, change, model),
    )
    actions = {intent: action for group in groups for intent, action in group.actions().items()}
    if not rings:
        remark = has.says("not_running")
        actions |= {intent: _with_remark(actions[intent], remark) for intent in SETS}
    owner = OwnerCommands(settings.commands)
    actions |= {intent: _own(owner, intent, has.says) for intent in owner.templates}
    ringer = Ringer(has.schedule, has.words, post)
    commands = Commands(settings.language, owner.templates)
    return Doer(commands, actions, has.says, thinker, post, ringer.look), ringer, has.common()
