"""One stage by itself, from the command line: say a text, or show what is heard. Main thread."""

import queue
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant.audio.echo import NoEcho
from assistant.audio.recording import Recording, write_sound
from assistant.audio.sound_card import SPEAKER, SoundCard
from assistant.config import Settings
from assistant.errors import DeviceError
from assistant.events import Event, Failed, Heard, HeardNothing, Partial, PartLost, Spoken
from assistant.orders import Finish, Listen, Say
from assistant.parts import build_commands, build_listener, build_talker
from assistant.thinking.sentences import SentenceCutter
from assistant.turn import Turn


def say(settings: Settings, text: str, out: Path | None) -> None:
    """Says the text through the speaker, or writes it to a WAV file.

    Raises:
        ModelError: there is no voice.
        DeviceError: there is no speaker.
        AudioFileError: the file cannot be written.
    """
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    nothing = np.zeros(0, np.int16)
    recording = Recording(nothing, silence_s=0, realtime=False, deliver=lambda chunk: None, post=events.put)
    card = None if out else SoundCard(settings.audio, NoEcho(lambda reason: None), lambda chunk: None, events.put)
    talker = build_talker(settings, card or recording)
    if card:
        card.start()
    talker.worker.start()
    turn, cutter = Turn(1), SentenceCutter()
    for sentence in [*cutter.feed(text), cutter.finish()]:
        talker.worker.post(Say(turn, sentence))
    talker.worker.post(Finish(turn))
    try:
        while not isinstance(event := events.get(), Spoken):
            if isinstance(event, PartLost) and event.part == SPEAKER:
                raise DeviceError(event.reason)
    finally:
        turn.cancel()
        talker.worker.stop()
        if card:
            card.stop()
    if out:
        write_sound(out, recording.played, recording.rate_hz)


def listen(settings: Settings, *, partial: Callable[[str], None], final: Callable[[str], None]) -> None:
    """Shows what is heard until interrupted, as if it had just been woken, over and over.

    Raises:
        ModelError: there is no recognizer.
        DeviceError: there is no microphone, or it was unplugged.
    """
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    listener = build_listener(settings, build_commands(settings), events.put)
    card = SoundCard(settings.audio, NoEcho(lambda reason: None), listener.worker.offer, events.put)
    listener.worker.start()
    card.start()
    turn = Turn(1)
    listener.worker.post(Listen(turn))
    try:
        while True:
            match events.get():
                case Partial(text=text):
                    partial(text)
                case PartLost(part=part, reason=reason) if part != SPEAKER:
                    raise DeviceError(reason)
                case Heard() | HeardNothing() | Failed() as event:
                    if isinstance(event, Heard):
                        final(event.text)
                    turn = Turn(turn.number + 1)
                    listener.worker.post(Listen(turn))
                case _:
                    pass
    except KeyboardInterrupt:
        return
    finally:
        card.stop()
        listener.worker.stop()  # Python must not end while Vosk works in another thread
