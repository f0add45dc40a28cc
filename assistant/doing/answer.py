"""What an action comes to: words for the person, and what else has to happen. Values; any thread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from assistant.doing.commands import Slot

Slots = Mapping[str, Slot]


LAST = "last"  # the slot in which every action finds the command before it


class Effect(Enum):
    """What the thinker does with its conversation, or with the turn, beside speaking."""

    NOTHING = "the words are all"
    STOP = "be quiet"
    REPEAT = "say the last reply again"
    FORGET_LAST = "take the last exchange out of the conversation"
    NEW_CONVERSATION = "begin it anew"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of ours: what the next words may answer, and what is done with the answer."""

    intent: str
    wanted: frozenset[str]  # names of answers in the language's file
    slots: Slots = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A command was carried out, or why it was not, or what is missing."""

    text: str
    done: bool = True  # what was asked for is so now
    effect: Effect = Effect.NOTHING
    asked: Asked | None = None


Action = Callable[[Slots], Answer]
