"""What happens, told to the main thread from any other. Values; times are monotonic seconds."""

from dataclasses import dataclass, field

from assistant.orders import SetPace, SetVolume
from assistant.turn import Turn


@dataclass(frozen=True, slots=True)
class Ready:
    """The ears are open: what is said from now on is heard."""


@dataclass(frozen=True, slots=True)
class Woken:
    """The wake word was heard."""

    phrase: str
    score: float  # 0 to 1
    end: int  # sample index at which it fired, at most 0.3 s away from the end of the phrase
    at_s: float  # when it was certain


@dataclass(frozen=True, slots=True)
class Mistaken:
    """What sounded like the wake word was refused on a second look."""

    phrase: str
    score: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Somebody wants to be listened to."""

    at_s: float
    hold_until: int = 0  # sample index before which no pause ends the utterance
    held: bool = False  # they hold it for as long as they speak


@dataclass(frozen=True, slots=True)
class ButtonReleased:
    """The button that was held was let go: the utterance is over."""

    at_s: float


@dataclass(frozen=True, slots=True)
class MuteWanted:
    """Somebody wants the microphone closed, or open again."""

    on: bool | None  # None is the other of the two


@dataclass(frozen=True, slots=True)
class Typed:
    """A question that was typed, not spoken."""

    text: str
    at_s: float
    silent: bool = False  # the reply is read, not heard


@dataclass(frozen=True, slots=True)
class Announced:
    """Somebody wants this to be said."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody wants it to be quiet."""

    at_s: float
    word: str = ""  # what was said, where it was said


@dataclass(frozen=True, slots=True)
class Rang:
    """A timer or an alarm is due: it rings until somebody stops it."""

    said: str = ""  # what rings
    number: int = 0  # rises


@dataclass(frozen=True, slots=True)
class Quieted:
    """Nothing rings any more: it was put off, or nobody came."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person asked for what another part does."""

    order: SetVolume | SetPace


@dataclass(frozen=True, slots=True)
class Partial:
    """What the utterance sounds like so far."""

    turn: Turn
    text: str
    n_stable: int  # leading words that were the same in the partial before
    t_s: float  # since the first sample of the microphone


@dataclass(frozen=True, slots=True)
class Heard:
    """The utterance is over and this was said."""

    turn: Turn
    text: str
    speech_end_s: float
    endpoint_s: float  # when the endpoint was decided
    at_s: float  # when the transcript was there


@dataclass(frozen=True, slots=True)
class EndLikely:
    """The utterance may be over, and this is what was said then."""

    turn: Turn
    text: str


@dataclass(frozen=True, slots=True)
class HeardNothing:
    """The wait is over and nobody said anything that could be understood."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class FirstToken:
    """The model has begun its reply."""

    turn: Turn
    at_s: float


@dataclass(frozen=True, slots=True)
class Did:
    """A command was understood, and carried out unless something forbade it."""

    turn: Turn
    action: str  # its intent: "set_timer"
    done: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What the reply would begin with, were the utterance over: a sentence or a part of one, as written."""

    turn: Turn
    text: str
    guess: Turn  # cancelled when it comes to nothing


@dataclass(frozen=True, slots=True)
class GuessDropped:
    """What was begun as a reply answered something else than what was said."""

    turn: Turn
    n_generated: int  # tokens


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the reply or a part of one, as written."""

    turn: Turn
    text: str
    part: bool = False  # the sentence goes on
    # Characters, while the reply is being written; None where all of it is known.
    written_per_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """What a reply cost the language model."""

    prompt: int  # the whole prompt
    evaluated: int  # the part of it that was not in the KV cache
    generated: int
    per_second: float  # generated, from the first to the last
    ahead: bool = False  # the reply was begun before the utterance was certain to be over


@dataclass(frozen=True, slots=True)
class Replied:
    """All sentences of the reply were given."""

    turn: Turn
    tokens: TokenCounts | None


@dataclass(frozen=True, slots=True)
class FirstAudio:
    """The first sample of the reply went to the speaker."""

    turn: Turn
    at_s: float


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence of the reply begins to sound."""

    turn: Turn
    text: str  # as written
    at_s: float  # when its first sample is heard
    duration_s: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """The reply was heard to its end."""

    turn: Turn
    at_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """No reply to this turn could be made; `said` is what the person is told."""

    turn: Turn
    said: str


@dataclass(frozen=True, slots=True)
class PartLost:
    """A part stopped working and is being brought back."""

    part: str
    reason: str  # for the log
    said: str  # for the person


@dataclass(frozen=True, slots=True)
class PartFound:
    """A part works, for the first time or again; `said` is empty where a person need not know."""

    part: str
    said: str = ""


Event = (
    Ready
    | Woken
    | Mistaken
    | ButtonPressed
    | ButtonReleased
    | MuteWanted
    | Typed
    | Announced
    | Stopped
    | Rang
    | Quieted
    | Wanted
    | Partial
    | Heard
    | EndLikely
    | HeardNothing
    | FirstToken
    | Did
    | Draft
    | GuessDropped
    | Sentence
    | Replied
    | FirstAudio
    | Saying
    | Spoken
    | Failed
    | PartLost
    | PartFound
)
