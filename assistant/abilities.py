"""Builds what it can do without a model: the actions, the stage that does, and the one that rings. Main thread."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

from assistant.config import Settings
from assistant.doing.answer import Action, Answer, Slots
from assistant.doing.clock_actions import ClockActions
from assistant.doing.commands import Command, Commands
from assistant.doing.device_actions import DeviceActions, Sound
from assistant.doing.doer import Doer
from assistant.doing.keeping_actions import KeepingActions
from assistant.doing.owner import Outputs, OwnerCommands
from assistant.doing.says import Says
from assistant.doing.sum_actions import SumActions
from assistant.events import Event, Wanted
from assistant.kept import Kept
from assistant.orders import Note, SetPace, SetVolume
from assistant.ringer import Ringer
from assistant.toolbox import ActionTools

log = logging.getLogger(__name__)

SETS = ("set_timer", "set_alarm", "set_reminder")
COMMON_MINUTES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 45, 60)


class Abilities:
    """The stages, not started yet, and what else stands on the actions."""

    def __init__(
        self,
        settings: Settings,
        kept: Kept,
        commands: Commands,
        post: Callable[[Event], None],
        *,
        model: str = "",
        rings: bool = True,
        outputs: Outputs | None = None,
    ) -> None:
        """`model` names the language model; the owner's commands switch the `outputs`.

        Where nothing `rings`, as no daemon runs, whoever sets a timer is told.
        """
        self._kept = kept
        self._post = post
        owner = OwnerCommands(settings.commands, outputs)
        actions = dict(self._actions(model)) | {intent: _own(owner, intent, kept.says) for intent in owner.templates}
        if not rings:
            actions |= {intent: _with_remark(actions[intent], kept.says("not_running")) for intent in SETS}
        self.ringer = Ringer(kept.schedule, kept.what_rings, post)
        self.doer = Doer(commands, actions, kept.says, post, self.ringer.look)
        self.toolbox = ActionTools(self.doer, kept.says("no_such_time"))

    def sound_as_kept(self) -> None:
        """Has it speak as loud and as fast as it was last told to."""
        sound = self._kept.sound()
        self._post(Wanted(SetVolume(0.0 if sound.muted else sound.volume / 100)))
        self._post(Wanted(SetPace(sound.pace)))

    def common(self) -> list[str]:
        """What it will say most often."""
        says = self._kept.says
        timers = [says("timer_set", duration=says.duration(60 * n)) for n in COMMON_MINUTES]
        return [says("how_long"), says("no_timers"), says("left_as_it_was"), *timers]

    def _actions(self, model: str) -> Iterator[tuple[str, Action]]:
        kept = self._kept
        for group in (
            kept.timers,
            kept.alarms,
            ClockActions(kept.clock, kept.says),
            SumActions(kept.says),
            KeepingActions(kept.lists, kept.memory, kept.says, lambda text: self.doer.thinker.post(Note(text))),
            DeviceActions(kept.says, kept.sound(), self._change, model),
        ):
            yield from group.actions().items()

    def _change(self, command: SetVolume | SetPace, sound: Sound) -> None:
        self._post(Wanted(command))
        self._kept.keep_sound(sound)


def _own(owner: OwnerCommands, intent: str, says: Says) -> Action:
    """A command of the owner's as an action."""

    def act(slots: Slots) -> Answer:
        outcome = owner.carry_out(Command(intent, slots))
        if outcome.failure:
            log.warning("%s: %s", intent, outcome.reason)
            return Answer(says(outcome.failure.value), done=False)
        return Answer(outcome.say or says("own_done"))

    return act


def _with_remark(action: Action, remark: str) -> Action:
    def act(slots: Slots) -> Answer:
        answer = action(slots)
        return replace(answer, text=f"{answer.text} {remark}") if answer.done else answer

    return act
