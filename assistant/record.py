"""What happened in a turn, and between turns, gathered from the events as they pass the main thread."""

from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.events import (
    Did,
    Event,
    Failed,
    FirstAudio,
    FirstToken,
    Heard,
    Mistaken,
    Partial,
    Replied,
    Sentence,
    Spoken,
    TokenCounts,
    Typed,
    Woken,
)
from assistant.turn import Turn


@dataclass(slots=True)
class Record:
    """One turn, from its waking to its end; times are monotonic seconds, None for what did not happen."""

    turn: Turn | None = None
    woken: Woken | None = None
    partials: list[Partial] = field(default_factory=list)
    transcript: str | None = None
    sentences: list[str] = field(default_factory=list)
    failed: str | None = None
    tokens: TokenCounts | None = None
    did: list[Did] = field(default_factory=list)
    begin_s: float | None = None  # end of speech, or when a question was typed
    endpoint_s: float | None = None
    transcript_s: float | None = None
    first_token_s: float | None = None
    first_audio_s: float | None = None
    done_s: float | None = None

    def note(self, event: Event) -> None:
        """Takes in an event of this turn."""
        match event:
            case Woken():
                self.woken = event
            case Typed():
                self.begin_s = event.at_s
            case Partial():
                self.partials.append(event)
            case Heard():
                self.transcript = event.text
                self.begin_s, self.endpoint_s, self.transcript_s = event.speech_end_s, event.endpoint_s, event.at_s
            case FirstToken():
                self.first_token_s = event.at_s
            case Did():
                self.did.append(event)
            case Sentence():
                self.sentences.append(event.text)
            case Replied():
                self.tokens = event.tokens
            case FirstAudio():
                self.first_audio_s = event.at_s
            case Failed():
                self.failed = event.said
            case Spoken():
                self.done_s = event.at_s
            case _:
                pass

    @property
    def reply(self) -> str:
        return " ".join(self.sentences)

    def timings(self) -> dict[str, float | None]:
        """Seconds from the end of speech, or from when the question was typed."""
        names = ("endpoint_s", "transcript_s", "first_token_s", "first_audio_s", "done_s")
        return {name: self._since_begin(getattr(self, name)) for name in names}

    def _since_begin(self, at_s: float | None) -> float | None:
        return None if at_s is None or self.begin_s is None else round(at_s - self.begin_s, 4)

    def as_json(self) -> dict[str, Any]:
        """What was asked, answered and done, for programs; times in seconds."""
        return {
            "path": "command" if self.did and not self.first_token_s else "model",
            "actions": [{"action": one.action, "done": one.done} for one in self.did],
            "transcript": self.transcript,
            "reply": self.reply,
            "sentences": self.sentences,
            "timings": self.timings(),
            "tokens": asdict(self.tokens) if self.tokens else None,
        }

    def timings_in_words(self) -> str:
        times = {name.removesuffix("_s").replace("_", " "): s for name, s in self.timings().items() if s is not None}
        return ", ".join(f"{name} {s:.2f} s" for name, s in times.items())

    def line(self) -> str:
        """The turn in one line for the log, without a word of what was said."""
        parts = [self.timings_in_words() or "nothing was asked"]
        parts += [one.action if one.done else f"{one.action} not done" for one in self.did]
        if self.tokens:
            read, written, per_second = self.tokens.evaluated, self.tokens.generated, self.tokens.per_second
            parts.append(f"{read} tokens read, {written} written at {per_second:.1f}/s")
        if self.failed:
            parts.append("failed")
        return f"turn {self.turn.number if self.turn else 0}: {', '.join(parts)}"


@dataclass(slots=True)
class Calls:
    """How often it believed to be called since the last turn ended."""

    n_hits: int = 0
    n_confirmed: int = 0
    n_refused: int = 0  # by the second look
    n_own: int = 0  # the reply held the phrase

    def note(self, event: Event, *, acted: bool) -> None:
        """Takes in an event; `acted` is whether it changed the state."""
        match event:
            case Woken():
                self.n_hits += 1
                self.n_confirmed += acted
                self.n_own += not acted
            case Mistaken():
                self.n_hits += 1
                self.n_refused += 1
            case _:
                pass

    def line(self) -> str:
        """The counts for the log; "" where nothing is to be told but that it was called."""
        if self.n_hits == self.n_confirmed:
            return ""
        return f"; woken {self.n_hits}x: {self.n_confirmed} meant, {self.n_refused} refused, {self.n_own} its own words"
