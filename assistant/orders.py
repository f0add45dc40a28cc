"""What the main thread has the parts do. Values; times are monotonic seconds."""

from dataclasses import dataclass
from enum import Enum

from assistant.turn import Turn


class Earcon(Enum):
    """A short sound that says something without words."""

    WAKE = "I am listening"
    END = "I have stopped listening"
    ERROR = "this did not work"


@dataclass(frozen=True, slots=True)
class Listen:
    """Hear an utterance: from the wake word that ended at sample `since` on, or from now on."""

    turn: Turn
    since: int | None = None
    hold_until: int = 0
    held: bool = False  # no pause ends the utterance, but `Enough` does
    wait_s: float | None = None  # for the first word, where it is not as long as usual: the reply may be followed up


@dataclass(frozen=True, slots=True)
class Enough:
    """The utterance is over."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class Mute:
    """Close the microphone, or open it again."""

    on: bool


@dataclass(frozen=True, slots=True)
class Heed:
    """Listen for the words that stop it, until told to listen or to ignore."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Listen for the wake word only."""


@dataclass(frozen=True, slots=True)
class Think:
    """Find a reply."""

    turn: Turn
    text: str
    said_before: tuple[str, ...] = ()  # the reply before it, as far as it was heard


@dataclass(frozen=True, slots=True)
class Forget:
    """Take the last exchange out of the conversation, or all of them."""

    everything: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Tell the model with the next question what the person wants it to know."""

    text: str


@dataclass(frozen=True, slots=True)
class Anticipate:
    """Get ready for an utterance that begins with these words, which may still change; say and do nothing."""

    turn: Turn
    text: str
    whole: bool = False  # it may be over: a reply can be thought of already


@dataclass(frozen=True, slots=True)
class Say:
    """Speak this after what came before it."""

    turn: Turn
    text: str
    part: bool = False  # the sentence goes on
    written_per_s: float | None = None  # characters, while the reply is being written; None where all of it is known


@dataclass(frozen=True, slots=True)
class Render:
    """Have the sound of this at hand: it may be said soon. The turn is one of its own, over when it will not be."""

    turn: Turn
    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """No further sentence follows; tell when the last one was heard."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class Cancel:
    """Drop everything that is made for this turn, of which `said` was heard: sentences, the last perhaps in part."""

    turn: Turn
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chime:
    """Play an earcon."""

    earcon: Earcon


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring until told to be quiet; what else is played lowers it meanwhile, `low` as long as it stands."""

    on: bool
    low: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """What rings, as told up to this number, was heard and is not to ring again."""

    number: int = 0


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Speak so loudly from now on, 0.0 to 1.0; what rings stays audible."""

    level: float


@dataclass(frozen=True, slots=True)
class SetPace:
    """Speak so fast from now on, in times of what the settings say."""

    times: float


Order = (
    Listen
    | Enough
    | Mute
    | Heed
    | Ignore
    | Think
    | Anticipate
    | Say
    | Render
    | Finish
    | Cancel
    | Chime
    | Ring
    | Silence
    | SetVolume
    | SetPace
)
