"""How soon a command is answered, from its transcript to the first sample, for `assistant bench commands`.

Doer, talker and voice run on their threads as in `assistant run`; the sound card is a clock.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from assistant.abilities import Abilities
from assistant.audio.chunk import Samples
from assistant.config import Settings
from assistant.events import Event, Sentence
from assistant.kept import Kept
from assistant.orders import Say, Think
from assistant.parts import build_commands, build_talker
from assistant.turn import Turn

COMMON = "set a timer for ten minutes"
N_TIMES = 9
PATIENCE_S = 60.0


class _Watch:
    """A sound card that tells when something was given to it."""

    def __init__(self) -> None:
        self.played = threading.Event()
        self.at_s = 0.0

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        self.at_s = time.perf_counter()
        self.played.set()

    def finish(self, turn: Turn) -> None: ...


def first_audio_s(settings: Settings) -> float:
    """The median over some times, in seconds. Raises ModelError: there is no voice."""
    watch = _Watch()
    say: list[Callable[[Say], None]] = []

    def post(event: Event) -> None:
        if isinstance(event, Sentence):
            say[0](Say(event.turn, event.text))

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "assistant.db"
        abilities = Abilities(settings, Kept(settings, store), build_commands(settings), post)
        doer = abilities.doer
        talker = build_talker(settings, watch, abilities.common())
        while talker.worker.rest() < 1.0:  # until all that is common is rendered, as in a daemon that was idle
            pass
        say.append(talker.worker.post)
        doer.worker.start()
        talker.worker.start()
        times_s = [_ask(doer.worker.post, watch, number) for number in range(N_TIMES)]
        doer.worker.stop()
        talker.worker.stop()
    return round(statistics.median(times_s), 4)


def _ask(post: Callable[[Think], None], watch: _Watch, number: int) -> float:
    watch.played.clear()
    began_s = time.perf_counter()
    post(Think(Turn(number), COMMON))
    if not watch.played.wait(PATIENCE_S):
        raise TimeoutError("a command was not answered")
    return watch.at_s - began_s
