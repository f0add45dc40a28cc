"""What happened in a turn, gathered from the events as they pass the main thread."""

from dataclasses import dataclass, field

from assistant.events import (
    Event,
    Failed,
    FirstAudio,
    FirstToken,
    Heard,
    Partial,
    Replied,
    Sentence,
    Spoken,
    TokenCounts,
    Turn,
    Typed,
    Woken,
)


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
        """Seconds from the end of speech."""
        names = ("endpoint_s", "transcript_s", "first_token_s", "first_audio_s", "done_s")
        times = {name: getattr(self, name) for name in names}
        begin_s = self.begin_s or 0.0
        return {name: None if at_s is None else round(at_s - begin_s, 4) for name, at_s in times.items()}

    def line(self) -> str:
        """The turn in one line for the log, without a word of what was said."""
        parts = [f"{name.removesuffix('_s').replace('_', ' ')} {s:.2f} s" for name, s in self.timings().items() if s is not None]
        if self.tokens:
            parts.append(f"{self.tokens.evaluated} tokens read, {self.tokens.generated} written at {self.tokens.per_second:.1f}/s")
        if not parts:
            parts.append("nothing was heard")
        if self.failed:
            parts.append("failed")
        return f"turn {self.turn.number if self.turn else '?'}: {', '.join(parts)}"
