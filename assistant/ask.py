"""One question, typed or recorded, through the very parts that the daemon runs. Called from the CLI, main thread."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant import config
from assistant.abilities import Abilities
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.audio.recording import Recording, read_sound, write_sound
from assistant.daemon import Daemon
from assistant.errors import AssistantError, ModelError, NoSpeechError
from assistant.events import (
    ButtonPressed,
    Event,
    HeardNothing,
    PartFound,
    PartLost,
    Ready,
    Sentence,
    Spoken,
    Stopped,
    Typed,
    Woken,
)
from assistant.kept import Kept
from assistant.listening.listener import Ears, Listener
from assistant.orders import Anticipate, Finish, Forget, Note, Render, Say, SetPace, Think
from assistant.parts import build_commands, build_ears, build_talker, build_thinker, choose_model
from assistant.presence import daemon_runs
from assistant.record import Record
from assistant.thinking.loading import LANGUAGE_MODEL
from assistant.thinking.thinker import Thinker

LISTENER_PATIENCE_S = 10.0
LONGEST_PAUSE_S = 2.0


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
        partials = [{"t_s": round(partial.t_s, 3), "text": partial.text} for partial in record.partials]
        audio = None
        if self.spoken is not None:
            duration_s = round(len(self.spoken) / self.rate_hz, 3)
            audio = {"path": str(self.out) if self.out else None, "rate_hz": self.rate_hz, "duration_s": duration_s}
        return {
            **record.as_json(),
            "partials": partials if record.transcript else None,
            "wake": wake,
            "model": self.model,
            "audio": audio,
        }

    def summary(self) -> str:
        """What was heard, what was answered, and how long each stage took after the end of speech."""
        times = self.record.timings_in_words()
        lines = (f"heard: {self.record.transcript}", f"reply: {self.record.reply}", f"after the end of speech: {times}")
        return "\n".join(lines)


def has_wake_word(ears: Ears, settings: config.Endpoint, samples: Samples) -> bool:
    """Whether the wake word is heard in `(n,)` samples."""
    events: list[Event] = []
    listener = Listener(ears, settings, events.append)
    sound = np.concatenate([samples, np.zeros(RATE_HZ, np.int16)])  # what comes after it may be looked at too
    for start in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        listener.worker.post(Chunk(sound[start : start + CHUNK_SAMPLES], start, start / RATE_HZ))
    listener.worker.work_off()
    return any(isinstance(event, Woken) for event in events)


class _Page:
    """Takes a reply that nobody wants to hear: its sentences are in the record."""

    def __init__(self, post: Callable[[Event], None]) -> None:
        self._post = post

    def post(self, command: Say | Render | Finish | SetPace) -> None:
        if isinstance(command, Finish):
            self._post(Spoken(command.turn, time.monotonic()))


class _Nobody:
    """Takes what a part is told that is not needed: ears where nothing is to be heard, a model for a command."""

    def post(self, command: object) -> None: ...


class _Asking:
    """A daemon with one question: it waits for the model, asks, and ends with the reply."""

    def __init__(self, settings: config.Settings, question: Question, show: Callable[[str], None]) -> None:
        self._question = question
        self._show = show
        self._obstacle = ""
        self._daemon = Daemon(config.Dialogue(0.0, 0.0), self._observe, log_speech=settings.privacy.log_speech)
        self._kept = Kept(settings)
        self._commands = build_commands(settings)
        self._abilities = Abilities(
            settings, self._kept, self._commands, self._daemon.post, model=_model_name(settings), rings=daemon_runs()
        )
        self._abilities.sound_as_kept()
        self._doer = self._abilities.doer
        self._doer.thinker = self
        self._daemon.doer, self._daemon.ringer = self._doer.worker, self._abilities.ringer.worker
        self._daemon.thinker = _Nobody()
        self._thinker: Thinker | None = None
        self._model = ""
        self._samples = read_sound(question.audio) if question.audio else np.zeros(0, np.int16)
        self._daemon.sound = self._recording = Recording(
            self._samples,
            silence_s=LONGEST_PAUSE_S * settings.endpoint.patience + settings.endpoint.no_speech_s,
            realtime=question.realtime,
            deliver=self._deliver,
            post=self._daemon.post,
        )
        try:
            if question.audio or not self._doer.knows(question.text):
                self._start_thinker(settings)
            self._open_ears(settings)
            self._open_mouth(settings)
        except BaseException:
            self._stop_thinker()
            raise
        self._doer.worker.start()
        if self._thinker is None:
            self._daemon.post(Typed(question.text, time.monotonic()))

    def _start_thinker(self, settings: config.Settings) -> None:
        chosen = choose_model(settings, "llm")
        self._thinker = build_thinker(
            settings, chosen, self._abilities.toolbox, self._kept.for_model, self._daemon.post
        )
        self._model = chosen.model.name if chosen.model else chosen.path.name
        self._daemon.thinker = self._thinker
        self._thinker.start()

    def _stop_thinker(self) -> None:
        if self._thinker:
            self._thinker.stop()

    def post(self, message: Think | Anticipate | Forget | Note) -> None:
        """What the doer has for the thinker."""
        if self._thinker:
            self._thinker.post(message)

    def _open_ears(self, settings: config.Settings) -> None:
        self._daemon.listener = _Nobody()
        if self._question.audio:
            # A recording can wait until it is heard, so nothing is queued for long.
            ears = build_ears(settings, self._commands)
            self._is_woken = has_wake_word(ears, settings.endpoint, self._samples)
            self._listener = Listener(ears, settings.endpoint, self._daemon.post, n_queued=2)
            self._daemon.listener = self._listener.worker
            self._listener.worker.start()

    def _open_mouth(self, settings: config.Settings) -> None:
        self._aloud = bool(self._question.audio or self._question.out)
        if self._aloud:
            talker = build_talker(settings, self._recording)
            talker.worker.start()
            self._daemon.talker = talker
        else:
            self._daemon.talker = _Page(self._daemon.post)

    def _deliver(self, chunk: Chunk) -> None:
        self._listener.worker.offer(chunk, wait_s=LISTENER_PATIENCE_S)

    def _observe(self, event: Event) -> None:
        asked = self._daemon.record.turn is not None
        match event:
            case PartFound() if event.part == LANGUAGE_MODEL and not asked:
                self._daemon.post(Ready() if self._question.audio else Typed(self._question.text, time.monotonic()))
            case PartLost() if not asked:
                self._obstacle = event.reason
                self._daemon.quit()
            case Ready() if not self._is_woken:
                self._daemon.post(ButtonPressed(time.monotonic(), hold_until=len(self._samples)))
            case Ready() | ButtonPressed():
                self._recording.start()
            case Sentence():
                self._show(event.text)
            case Spoken() | HeardNothing() | Stopped():
                self._daemon.quit()
            case _:
                pass

    def run(self) -> Answer:
        try:
            self._daemon.run()
        finally:
            self._recording.stop()
            self._stop_thinker()
        record, audio = self._daemon.record, self._question.audio
        if self._obstacle:
            raise ModelError(f"the language model does not start: {self._obstacle}")
        if record.failed:
            raise AssistantError(record.failed)
        if audio and not record.transcript:
            raise NoSpeechError(f"{audio}: nobody speaks in it")
        spoken = self._recording.played if self._aloud else None
        if self._question.out and spoken is not None:
            write_sound(self._question.out, spoken, self._recording.rate_hz)
        return Answer(record, self._model, spoken, self._recording.rate_hz, self._question.out)


def _model_name(settings: config.Settings) -> str:
    """Of the language model that would be used; empty where there is none."""
    try:
        return choose_model(settings, "llm").path.stem
    except ModelError:
        return ""


def ask(settings: config.Settings, question: Question, show: Callable[[str], None] = lambda sentence: None) -> Answer:
    """Asks, and waits for the end of the reply; `show` gets each sentence of it as it comes.

    Raises:
        ModelError: a model is missing or damaged, or does not start.
        AudioFileError: the question cannot be read, or the reply not be written.
        NoSpeechError: nobody speaks in the recording.
        AssistantError: no reply could be made.
    """
    return _Asking(settings, question, show).run()
