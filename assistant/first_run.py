"""`assistant setup`: a short guided first run in the terminal. Called from the CLI, main thread.

Each step can be skipped, and nothing needs it: what is not set is chosen by itself. Only what differs is written.
"""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from assistant.audio import devices
from assistant.audio.devices import Device, all_devices
from assistant.audio.echo import NoEcho
from assistant.audio.round_trip import try_round_trip
from assistant.audio.sound_card import SoundCard
from assistant.config import Settings, models_folder
from assistant.device_trials import play_tone
from assistant.errors import AssistantError, DeviceError
from assistant.events import Event, PartLost, Woken
from assistant.listening.phrase import normalized
from assistant.models import ModelFolder, catalogue
from assistant.parts import build_commands, build_listener, model_of
from assistant.settings_edit import set_value
from assistant.settings_file import load
from assistant.tryout import say

N_TRIES, TRY_S = 3, 8.0  # of the wake word
MORE_SENSITIVE = 0.15
SENTENCE = "Hello. This is how I sound."


class FirstRun:
    """Asks its way from the microphone to the language model."""

    def __init__(self, path: Path, ask: Callable[[str], str], tell: Callable[[str], None]) -> None:
        """`path` is the settings file that is changed; `ask` gives what the owner types, "" for just Enter."""
        self._path = path
        self._ask = ask
        self._tell = tell

    def run(self) -> None:
        """All steps. Raises AssistantError: the file cannot be written."""
        self._tell("Enter keeps what is there; every step can be done again later: assistant setup")
        for step in (self._microphone, self._speaker, self._level, self._wake_word, self._voice, self._model):
            try:
                step()
            except DeviceError as error:
                self._tell(f"  {error}")
        self._tell(f"Done. The settings are in {self._path}; a running assistant takes them with: assistant reload")

    def _settings(self) -> Settings:
        return load(self._path)

    def _set(self, name: str, value: str) -> None:
        set_value(self._path, name, value, load)
        self._tell(f"  {name}: {value}")

    def _yes(self, question: str) -> bool:
        return self._ask(f"{question} [y/N] ").strip().lower() in {"y", "yes"}

    def _chosen(self, what: str, serves: Callable[[Device], int], now: str) -> str | None:
        """The name of the device that the owner picks; None where it stays as it is. DeviceError: there is none."""
        devices.restart()  # it may just have been plugged in
        found = [device for device in all_devices() if serves(device)]
        self._tell(f"\n{what} (now: {now})")
        if not found:
            raise DeviceError("there is none: is one plugged in?")
        for number, device in enumerate(found, 1):
            self._tell(f"  {number}  {device.name}")
        while answer := self._ask("  number, or Enter: ").strip():
            if answer.isdigit() and 1 <= int(answer) <= len(found):
                return found[int(answer) - 1].name
            self._tell(f"  that is none of 1 to {len(found)}")
        return None

    def _microphone(self) -> None:
        if name := self._chosen("Which microphone?", lambda one: one.n_inputs, self._settings().audio.input):
            self._set("audio.input", name)

    def _speaker(self) -> None:
        while True:
            if name := self._chosen("Which speaker?", lambda one: one.n_outputs, self._settings().audio.output):
                self._set("audio.output", name)
            if not self._yes("  Shall a tone be played?"):
                return
            play_tone(self._settings().audio)
            if self._yes("  Did you hear it?"):
                return

    def _level(self) -> None:
        if not self._yes("\nShall it try whether the microphone hears the speaker (a short chirp)?"):
            return
        found = try_round_trip(self._settings().audio)
        if not found.heard:
            self._tell("  not heard: turn the speaker or the microphone up (alsamixer), and run this again")
        else:
            clips = "; too loud, turn the microphone down (alsamixer)" if found.clipped else ""
            self._tell(f"  heard at {found.level_db:.0f} dB over {found.noise_db:.0f} dB of noise{clips}")

    def _wake_word(self) -> None:
        settings = self._settings()
        phrase = normalized(settings.wake.phrase[0])
        if not self._yes(f'\nWill you say "{phrase}" {N_TRIES} times, from where you will speak?'):
            return
        with _listening(settings) as events:
            n_heard = sum(self._is_heard(events, number) for number in range(1, N_TRIES + 1))
        self._tell(f"  heard {n_heard} of {N_TRIES}")
        more = round(min(1.0, settings.wake.sensitivity + MORE_SENSITIVE), 2)
        if n_heard == N_TRIES or more == settings.wake.sensitivity:
            return
        if self._yes(f"  Shall it listen more readily (wake.sensitivity {more:g})?"):
            self._set("wake.sensitivity", f"{more:g}")

    def _is_heard(self, events: "queue.SimpleQueue[Event]", number: int) -> bool:
        self._tell(f"  {number}: now")
        until_s = time.monotonic() + TRY_S
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                event = events.get(timeout=left_s)
            except queue.Empty:
                break
            if isinstance(event, Woken):
                self._tell("     heard")
                return True
            if isinstance(event, PartLost):
                raise DeviceError(event.reason)
        self._tell("     not heard")
        return False

    def _voice(self) -> None:
        settings = self._settings()
        folder = ModelFolder(models_folder(settings))
        voices = [
            model
            for model in catalogue()
            if model.purpose == "voice" and model.speaks(settings.language) and folder.installed(model)
        ]
        if len(voices) < 2:
            self._tell("\nThere is one voice; more: assistant models list, assistant models get NAME")
            return
        for voice in voices:
            if self._yes(f"\nShall the voice {voice.name} speak?"):
                say(replace(settings, voice=replace(settings.voice, model=voice.name)), SENTENCE, None)
                if self._yes("  Take it?"):
                    self._set("voice.model", voice.name)
                    return

    def _model(self) -> None:
        self._tell("")
        for purpose in ("llm", "recognizer"):
            try:
                chosen = model_of(self._settings(), purpose)
            except AssistantError as error:
                self._tell(f"  {error}")
                continue
            self._tell(f"{purpose}: {chosen.path.name}" + (f"\n  {chosen.better}" if chosen.better else ""))


@contextmanager
def _listening(settings: Settings) -> "Iterator[queue.SimpleQueue[Event]]":
    """What is heard meanwhile, as events."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    listener = build_listener(settings, build_commands(settings), events.put)
    card = SoundCard(settings.audio, NoEcho(lambda reason: None), listener.worker.offer, events.put)
    listener.worker.start()
    card.start()
    try:
        yield events
    finally:
        card.stop()
        listener.worker.stop()
