"""The parts of a daemon: built as the settings say, and those built anew whose settings changed. Main thread."""

import contextlib
import ctypes
import gc
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from assistant import config, daemon, phrases
from assistant.abilities import Abilities
from assistant.audio.chunk import Chunk, Samples
from assistant.audio.sound_card import MICROPHONE, SPEAKER, Echo
from assistant.blueprint import PARTS, changed_parts, with_users
from assistant.config import Settings
from assistant.daemon import Daemon
from assistant.doing.commands import Commands
from assistant.errors import AssistantError, ModelError
from assistant.events import Announced, PartFound, PartLost
from assistant.kept import Kept
from assistant.listening.listener import Listener
from assistant.panel.panel import Panel
from assistant.parts import (
    ECHO,
    Post,
    build_commands,
    build_echo,
    build_listener,
    build_talker,
    build_thinker,
    choose_model,
    model_of,
)
from assistant.refuge import Refuge
from assistant.speaking.talker import Talker
from assistant.stages import Stages, has_model
from assistant.stand_ins import Deaf, Speechless, Thoughtless
from assistant.states import Phase
from assistant.store import StoreError
from assistant.thinking.thinker import Thinker
from assistant.toolbox import CurrentTools
from assistant.turn import Turn

log = logging.getLogger(__name__)

STORE = "store"


class Sound(daemon.Sound, Protocol):
    """A room: what is heard there goes to the listener, what is played is heard there."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None: ...
    def finish(self, turn: Turn) -> None: ...
    def devices(self) -> dict[str, str]:
        """The names of the `microphone` and the `speaker` that are open."""

    def stuck_s(self) -> float:
        """For how long it has neither moved nor heard anything, though it should."""


SoundOf = Callable[[config.Audio, Echo, Callable[[Chunk], bool], Post], Sound]


def _with_room(kept: Kept) -> Kept:
    try:
        kept.store.check_room()
    except StoreError:
        kept.store.close()
        raise
    return kept


class Assembly:
    """All parts around the main loop, each under its name."""

    kept: Kept
    commands: Commands
    panel: Panel
    abilities: Abilities
    thinker: Thinker | Thoughtless
    listener: Listener | Deaf
    sound: Sound
    talker: Talker | Speechless

    def __init__(
        self,
        settings: Settings,
        daemon: Daemon,
        sound_of: SoundOf,
        program: Sequence[str],
        *,
        tolerant: bool,
        overhear: Callable[[Chunk], None] = lambda chunk: None,
    ) -> None:
        """Builds and starts all but what rings; raises as `parts` does, and has stopped then what it began.

        Where it is `tolerant`, a stage whose model is missing is no error: another stands in for it. What the
        microphone hears goes to `overhear` too.
        """
        self.settings = settings
        self._daemon = daemon
        self._sound_of = sound_of
        self._program = program
        self._tolerant = tolerant
        self._stages = Stages(daemon.post, tolerant=tolerant)
        self._is_homeless = False  # what is kept has a refuge only
        self._overhear = overhear
        self._built: list[str] = []
        self._refuge = Refuge()
        self._build(PARTS, settings)

    @property
    def models(self) -> dict[str, str]:
        """The names of those that it works with, by what they are."""
        return dict(self._stages.models)

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts for which another stands in."""
        return (*(("kept",) if self._is_homeless else ()), *self._stages.missing)

    def change(self, settings: Settings) -> tuple[str, ...]:
        """Builds those parts anew whose settings changed, and names them; on an AssistantError all is as before."""
        before, parts = self.settings, changed_parts(self.settings, settings)
        log.info("new settings: %s", ", ".join(parts) or "no part is another")
        self._stop(parts)
        try:
            self._build(parts, settings)
        except AssistantError:
            self._build(parts, before)
            raise
        finally:
            self.start_ringing()
            _give_back_memory()
        self.settings = settings
        return parts

    def there_again(self) -> tuple[str, ...]:
        """Those of the missing parts that can be built now; from any thread, as it may take long to look at a model."""
        return tuple(part for part in self.missing if self._is_there(part))

    def _is_there(self, part: str) -> bool:
        if part != "kept":
            return has_model(part, self.settings)
        would_be_lost = not self._refuge.whole and bool(self.kept.schedule.entries())
        return not would_be_lost and self._refuge.home_is_back()

    def mend(self, parts: Sequence[str]) -> None:
        """Builds these anew, and those that use them."""
        anew = with_users(parts)
        self._stop(anew)
        if "kept" in parts:
            with contextlib.suppress(StoreError):
                self._refuge.leave()
        self._build(anew, self.settings)
        self.start_ringing()

    def start_ringing(self) -> None:
        """From now on what is due rings."""
        if not self.abilities.ringer.worker.alive:
            self.abilities.ringer.worker.start()

    def stop(self) -> None:
        """Ends all parts."""
        self._stop(PARTS)
        self._refuge.clear()

    def _build(self, parts: Sequence[str], settings: Settings) -> None:
        try:
            for part in parts:
                self._build_one(part, settings)
                self._built.append(part)
        except BaseException:
            self._stop(parts)
            raise
        self._start(parts)

    def _build_one(self, part: str, settings: Settings) -> None:
        post = self._daemon.post
        match part:
            case "kept":
                self.kept = self._kept(settings)
                if self._daemon.state.phase is Phase.STARTING:
                    muted = self.kept.muted()  # known before the microphone is opened
                    self._daemon.state = replace(self._daemon.state, muted=muted)
            case "commands":
                self.commands = build_commands(settings)
            case "panel":
                self.panel = Panel(settings.panel, settings.outputs, post)
                self.panel.start()
                self.panel.show(self._daemon.state.phase)
            case "abilities":
                model, outputs = self._model_name(settings), self.panel.outputs
                self.abilities = Abilities(settings, self.kept, self.commands, post, model=model, outputs=outputs)
            case "thinker":
                self.thinker = self._stages.built(
                    part, settings, lambda: self._thinker(settings), lambda: Thoughtless(phrases.CANNOT_THINK, post)
                )
                self.thinker.start()  # at once, since it takes longest, in a process of its own
            case "listener":
                self.listener = self._stages.built(
                    part, settings, lambda: build_listener(settings, self.commands, post), lambda: Deaf(post)
                )
            case "sound":
                self.sound = self._sound_of(settings.audio, build_echo(settings.audio, post), self._hear, post)
                if self._daemon.state.muted:
                    self.sound.mute(on=True)
            case "talker":
                self.talker = self._stages.built(
                    part,
                    settings,
                    lambda: build_talker(settings, self.sound, self.abilities.common()),
                    lambda: Speechless(post),
                )

    def _kept(self, settings: Settings) -> Kept:
        """What is kept; in a refuge where it cannot be written, which is an error only before anything was built."""
        if self._refuge.path:
            return Kept(settings, self._refuge.path)
        try:
            kept = _with_room(Kept(settings))
        except StoreError as error:
            if not (self._tolerant or self._built):
                raise
            log.error("%s: %s", STORE, error)
            self._is_homeless = True
            self._daemon.post(PartLost(STORE, str(error), phrases.STORE_UNWRITABLE))
            self._refuge.take()
            return Kept(settings, self._refuge.path)
        if self._is_homeless:
            self._is_homeless = False
            log.info("%s: it can be written again", STORE)
            self._daemon.post(PartFound(STORE))
        if mishap := kept.mishap():
            self._daemon.post(Announced(mishap))
        return kept

    def _thinker(self, settings: Settings) -> Thinker:
        chosen = choose_model(settings, "llm")
        return build_thinker(
            settings, chosen, CurrentTools(lambda: self.abilities.toolbox), self._told, self._daemon.post, self._program
        )

    def _model_name(self, settings: Settings) -> str:
        try:
            return model_of(settings, "llm").path.stem
        except ModelError:
            return ""

    def _told(self) -> str:
        """What the model is told beside its prompt, as it is kept now."""
        return self.kept.for_model()

    def _hear(self, chunk: Chunk) -> bool:
        self._overhear(chunk)
        return self.listener.worker.offer(chunk)

    def _start(self, parts: Sequence[str]) -> None:
        """Has all of them know one another, and these begin."""
        doer = self.abilities.doer
        doer.thinker = self.thinker
        self._daemon.listener, self._daemon.doer, self._daemon.thinker = self.listener.worker, doer.worker, self.thinker
        self._daemon.talker, self._daemon.sound = self.talker, self.sound
        self._daemon.ringer = self.abilities.ringer.worker
        if "talker" in parts:
            self.abilities.sound_as_kept()
        starts = {
            "abilities": doer.worker.start,
            "listener": self.listener.worker.start,
            "sound": self.sound.start,
            "talker": self.talker.worker.start,
        }
        for part, start in starts.items():
            if part in parts:
                start()

    def _stop(self, parts: Sequence[str]) -> None:
        for part in [part for part in reversed(self._built) if part in parts]:
            self._built.remove(part)
            self._stop_one(part)

    def _stop_one(self, part: str) -> None:
        match part:
            case "kept":
                self.kept.store.close()
            case "panel":
                self.panel.stop()
            case "abilities":
                self.abilities.ringer.worker.stop()
                self.abilities.doer.worker.stop()
            case "thinker":
                self.thinker.stop()
            case "listener":
                self.listener.worker.stop()
            case "sound":
                self.sound.stop()
                for missed in (MICROPHONE, SPEAKER, ECHO):  # whoever comes next tells what it misses
                    self._daemon.post(PartFound(missed))
            case "talker":
                self.talker.worker.stop()
            case _:
                pass


def _give_back_memory() -> None:
    """A voice that is replaced takes 100 MB, which Python would find to be free some day, and the C library keep."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
