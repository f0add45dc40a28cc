"""One question, typed or recorded, through the very parts that the daemon runs. Called from the CLI, main thread."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant import config
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.audio.recording import Recording, read_sound, write_sound
from assistant.daemon import WAKE_ENGINES, Daemon, build_listener, build_thinker, build_voice
from assistant.errors import AssistantError, ModelError, NoSpeechError
from assistant.events import (
    ButtonPressed,
    Event,
    Finish,
    HeardNothing,
    PartFound,
    PartLost,
    Ready,
    Say,
    Sentence,
    Spoken,
    Typed,
)
from assistant.record import Record
from assistant.speaking.talker import Talker
from assistant.thinking.thinker import LANGUAGE_MODEL

LISTENER_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a text, or the sound of it; and what becomes of the reply."""

    text: str = ""
    audio: Path | None = None
    realtime: bool = False  # the sound comes as from a microphone, not as fast as it can be heard
    out: Path | None = None  # where the reply is written to as WAV


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a question."""

    record: Record
    model: str
    spoken: Samples | None  # int16 `(n,)` at `rate_hz`
    rate_hz: int
    out: Path | None

    def as_json(self) -> dict[str, Any]:
        """The object that `assistant ask --json` prints; times in seconds, from the end of speech where not `t_s`."""
        record, woken = self.record, self.record.woken
        wake = {"phrase": woken.phrase, "t_s": woken.end / RATE_HZ, "score": woken.score} if woken else None
        audio = None
        if self.spoken is not None:
            duration_s = round(len(self.spoken) / self.rate_hz, 3)
            audio = {"path": str(self.out) if self.out else None, "rate_hz": self.rate_hz, "duration_s": duration_s}
        return {
            "path": "model",
            "actions": [],
            "transcript": record.transcript,
            "partials": [{"t_s": round(p.t_s, 3), "text": p.text} for p in record.partials] if record.transcript else None,
            "wake": wake,
            "reply": record.reply,
            "sentences": record.sentences,
            "model": self.model,
            "audio": audio,
            "timings": record.timings(),
            "tokens": asdict(record.tokens) if record.tokens else None,
        }


class _Page:
    """Takes a reply that nobody wants to hear: its sentences are in the record."""

    def __init__(self, post: Callable[[Event], None]) -> None:
        self._post = post

    def post(self, command: Say | Finish) -> None:
        if isinstance(command, Finish):
            self._post(Spoken(command.turn, time.monotonic()))


def has_wake_word(settings: config.Wake, samples: Samples) -> bool:
    """Whether the wake word occurs in `(n,)` samples."""
    wake = WAKE_ENGINES[settings.engine](settings.phrase)
    starts = range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)
    return any(wake.hear(samples[start : start + CHUNK_SAMPLES]) is not None for start in starts)


def ask(settings: config.Settings, question: Question, show: Callable[[str], None] = lambda sentence: None) -> Answer:
    """Asks, and waits for the end of the reply; `show` gets each sentence of it as it comes.

    Raises:
        ModelError: a model is missing or damaged, or does not start.
        AudioFileError: the question cannot be read, or the reply not be written.
        NoSpeechError: nobody speaks in the recording.
        AssistantError: no reply could be made.
    """
    samples = read_sound(question.audio) if question.audio else np.zeros(0, np.int16)
    obstacle = ""
    beginnings: list[Event] = []

    def observe(event: Event) -> None:
        nonlocal obstacle
        match event:
            case PartFound(part) if part == LANGUAGE_MODEL and daemon.record.turn is None:
                for beginning in beginnings or [Typed(question.text, time.monotonic())]:
                    daemon.post(beginning)
            case PartLost() if daemon.record.turn is None:
                obstacle = event.reason
                daemon.quit()
            case Sentence():
                show(event.text)
            case Spoken() | HeardNothing():
                daemon.quit()
            case _:
                pass
        if beginnings and event is beginnings[-1]:
            recording.start()

    daemon = Daemon(observe, log_speech=settings.privacy.log_speech)
    thinker, model = build_thinker(settings, daemon.post)
    daemon.thinker = thinker.worker
    thinker.start()
    try:
        if question.audio:
            listener = build_listener(settings, daemon.post, n_queued=2)  # a recording waits until it is heard
            daemon.listener = listener.worker
            listener.worker.start()
            beginnings.append(Ready())
            if not has_wake_word(settings.wake, samples):
                beginnings.append(ButtonPressed(hold_until=len(samples)))
        recording = Recording(
            samples,
            silence_s=settings.endpoint.silence_s + settings.endpoint.no_speech_s,
            realtime=question.realtime,
            deliver=lambda chunk: listener.worker.offer(chunk, wait_s=LISTENER_PATIENCE_S),
            post=daemon.post,
        )
        aloud = bool(question.audio or question.out)
        if aloud:
            talker = Talker(build_voice(settings), recording, settings.voice.sentence_gap_s)
            talker.warm()
            talker.worker.start()
            daemon.talker = talker.worker
        else:
            daemon.talker = _Page(daemon.post)
        daemon.run()
        recording.stop()
    finally:
        thinker.stop()
    record = daemon.record
    if obstacle:
        raise ModelError(f"the language model does not start: {obstacle}")
    if record.failed:
        raise AssistantError(record.failed)
    if question.audio and not record.transcript:
        raise NoSpeechError(f"{question.audio}: nobody speaks in it")
    if question.out:
        write_sound(question.out, recording.played, recording.rate_hz)
    name = model.model.name if model.model else model.path.name
    return Answer(record, name, recording.played if aloud else None, recording.rate_hz, question.out)
