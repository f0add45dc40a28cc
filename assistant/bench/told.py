"""What became of one turn of `live`, gathered from the daemon's events on its main thread."""

from dataclasses import dataclass, field

from assistant.events import (
    Event,
    Failed,
    FirstToken,
    GuessDropped,
    Heard,
    Partial,
    Replied,
    Saying,
    Sentence,
)


@dataclass
class Told:
    """Times are monotonic seconds; its fields are those of the JSON object."""

    speech_end_s: float = 0.0
    transcript: str | None = None
    endpoint_s: float | None = None
    transcript_s: float | None = None
    first_token_s: float | None = None
    first_sound_s: float | None = None  # when the first samples were given to the sound card
    last_sound_s: float | None = None
    replied_s: float | None = None
    n_prompt: int = 0
    n_evaluated: int = 0
    n_generated: int = 0
    tokens_per_s: float = 0.0
    ahead: bool = False
    n_guesses_dropped: int = 0
    n_tokens_dropped: int = 0
    partials: list[float] = field(default_factory=list)
    sentences: list[tuple[float, str]] = field(default_factory=list)
    sayings: list[tuple[float, float]] = field(default_factory=list)  # when one begins to be heard, and for how long
    silent_s: float | None = None  # from the interruption on
    idle_s: float | None = None
    busy: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # when each part worked
    failed: str | None = None  # what the person was told

    def note(self, event: Event, now_s: float) -> None:
        match event:
            case Partial():
                self.partials.append(now_s)
            case Heard():
                self.transcript, self.endpoint_s, self.transcript_s = event.text, event.endpoint_s, event.at_s
            case FirstToken():
                self.first_token_s = event.at_s
            case GuessDropped():
                self.n_guesses_dropped += 1
                self.n_tokens_dropped += event.n_generated
            case Sentence():
                self.sentences.append((now_s, event.text))
            case Saying():
                self.sayings.append((event.at_s, event.duration_s))
            case Replied():
                self.replied_s = now_s
                if tokens := event.tokens:
                    self.n_prompt, self.n_evaluated = tokens.prompt, tokens.evaluated
                    self.n_generated, self.tokens_per_s = tokens.generated, tokens.per_second
                    self.ahead = tokens.ahead
            case Failed():
                self.failed = event.said
            case _:
                pass
