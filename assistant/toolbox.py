"""The tools that the language model may use: a few of the actions, under names and with arguments that a model knows.

They stand at the head of the prompt, so they are short, and never change while it runs. On the thinker's thread.
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from assistant.doing.answer import Answer, Asked, Slots
from assistant.doing.commands import Slot
from assistant.thinking.tool_calls import Parameter, Tool, Value

DAYS = (
    "today",
    "tomorrow",
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)
LISTS = ("shopping", "to do", "packing", "wish")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

_AT = Parameter("time", "string", "24-hour time such as 07:30")
_DAY = Parameter("day", "string", "which day", required=False, choices=DAYS)
_NAME = Parameter("name", "string", "which timer", required=False)
_LIST = Parameter("list", "string", "which list", choices=LISTS)
_ITEM = Parameter("item", "string", "what")

TOOLS = (
    Tool("set_timer", "Start a timer.", (Parameter("minutes", "number", "how long", low=0.05, high=43_200), _NAME)),
    Tool("cancel_timer", "Cancel a timer.", (_NAME,)),
    Tool("set_alarm", "Set an alarm.", (_AT, _DAY)),
    Tool("set_reminder", "Remind the user.", (Parameter("what", "string", "of what"), _AT, _DAY)),
    Tool("add_to_list", "Write something on a list.", (_ITEM, _LIST)),
    Tool("set_volume", "Set how loud you speak.", (Parameter("volume", "integer", "percent", low=5, high=100),)),
    Tool("calculate", "Work out a sum.", (Parameter("value", "string", "such as 12*7"),)),
    Tool("tell_time", "Tell the time."),
)


class Doer(Protocol):
    """What carries out actions, in any thread."""

    def do(self, intent: str, slots: Slots) -> Answer: ...
    def ask(self, asked: Asked) -> None: ...


class ActionTools:
    """The actions as tools; only what is here can a model do."""

    def __init__(self, doer: Doer, wrong_time: str) -> None:
        """`wrong_time` is said where a time is none."""
        self.tools = TOOLS
        self._doer = doer
        self._wrong_time = wrong_time

    def use(self, name: str, arguments: Mapping[str, Value]) -> Answer:
        """Carries it out; the arguments were checked against the tool."""
        slots = _slots(arguments)
        if slots is None:
            return Answer(self._wrong_time, done=False)
        answer = self._doer.do(name, slots)
        if answer.asked:
            self._doer.ask(answer.asked)
        return answer


class CurrentTools:
    """The tools as they are now, for a model that outlives them."""

    tools = TOOLS

    def __init__(self, current: Callable[[], ActionTools]) -> None:
        self._current = current

    def use(self, name: str, arguments: Mapping[str, Value]) -> Answer:
        return self._current().use(name, arguments)


def _slots(arguments: Mapping[str, Value]) -> dict[str, Slot] | None:
    """As a command would have them; None where a time is none."""
    slots: dict[str, Slot] = {name: value for name, value in arguments.items() if value is not None}
    if "minutes" in slots:
        slots = {name: value for name, value in slots.items() if name != "minutes"} | {
            "seconds": round(60 * float(slots["minutes"]))
        }
    if "time" in slots:
        told = _TIME.fullmatch(str(slots.pop("time")).strip())
        if told is None:
            return None
        hour, minute = int(told[1]), int(told[2])
        slots |= {"hour": hour} if hour > 12 else {"hour": hour or 12, "meridiem": "pm" if hour == 12 else "am"}
        slots |= {"minute": minute} if minute else {}
    return slots
