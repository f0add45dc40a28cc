"""`assistant run`: the main loop with all its parts, its control socket, and what systemd is told. Main thread."""

import logging
import math
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant import systemd
from assistant.assembly import Assembly, SoundOf
from assistant.audio.sound_card import SoundCard
from assistant.config import Settings
from assistant.control.protocol import ControlError, path_to_serve
from assistant.control.server import ControlServer, Reply
from assistant.daemon import Daemon
from assistant.doing.answer import Answer, Slots
from assistant.doing.history import exchange_now
from assistant.errors import AssistantError
from assistant.events import Event, Ready
from assistant.faults import Faults
from assistant.health import Health
from assistant.kept import Kept
from assistant.liveness import Liveness
from assistant.parts import check_models
from assistant.presence import announce
from assistant.remote import Remote
from assistant.states import Phase
from assistant.status import Status, status
from assistant.thinking.model_process import PROGRAM
from assistant.watching import Watching
from assistant.worker import BEAT_S, Worker

log = logging.getLogger(__name__)

# The main loop builds parts anew, the doer may wait for a program of the owner's, the keeper for a slow card from which
# it reads a model that was brought; what the thinker waits for has limits of its own, and a long reply takes long.
FIRST_MEND_S, LAST_MEND_S = 5.0, 300.0  # between two tries to build what is missing
SPARE_REST_S = 60.0  # after a change of the store nothing else is to change so long before it is copied
PATIENCE_S = {"main loop": 60.0, "doer": 90.0, "keeper": 180.0, "thinker": float("inf")}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the daemon lives in; a bench brings a room of its own."""

    sound_of: SoundOf = SoundCard
    observe: Callable[[Event], None] = lambda event: None
    program: Sequence[str] = PROGRAM  # of the language model's process


class Service:
    """The daemon at work."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings] | None, surroundings: Surroundings) -> None:
        """Builds all parts. Raises as `parts` does."""
        self._reread = reread
        self._surroundings = surroundings
        self._phase, self._since_s = Phase.STARTING, time.monotonic()
        self._faults = Faults()
        self._settings_fault = ""
        self._keeper = Worker[Callable[[], None]](
            "keeper", lambda keep: keep(), failed=lambda part, error, _: log.error("%s", error), idle=self._make_spare
        )
        self.daemon = Daemon(
            settings.dialogue,
            self._observe,
            log_speech=settings.privacy.log_speech,
            past=self._keep_exchange,
            muted=lambda on: self._keeper.post(lambda: self._parts.kept.keep_muted(on)),
            chores=self._do_chores,
        )
        self._health = Health(self.daemon.post)
        self._mend_s, self._mend_at_s = FIRST_MEND_S, time.monotonic() + FIRST_MEND_S
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.daemon.quit())
        signal.signal(signal.SIGHUP, lambda *_: self.reload(Reply()))
        self._watching = Watching(lambda: self.daemon.state.phase.value, lambda: self._parts.listener.wake_score)
        logging.getLogger("assistant").addHandler(self._watching)
        self._remote = Remote(self.daemon, self)
        self._parts = Assembly(
            settings,
            self.daemon,
            surroundings.sound_of,
            surroundings.program,
            tolerant=systemd.is_told(),
            overhear=self._watching.hear,
        )
        self._liveness = Liveness(self._ages_s, PATIENCE_S)
        self._control = self._open_control()

    def run(self) -> None:
        """The main loop, until it is told to end."""
        self._keeper.start()
        self._liveness.start()
        if self._control:
            self._control.start()
        self.daemon.post(Ready())
        self._parts.start_ringing()
        phrases = '" or "'.join(self._parts.settings.wake.phrase).replace("_", " ")
        log.info('ready: say "%s"', phrases)
        systemd.notify(systemd.READY)
        self.daemon.run()
        systemd.notify(systemd.STOPPING)

    def stop(self) -> None:
        """Ends all threads: Python must not end while C code works in one."""
        logging.getLogger("assistant").removeHandler(self._watching)
        self._liveness.stop()
        if self._control:
            self._control.stop()
        self._keeper.stop()  # what it still has to keep goes into the store, which ends with the parts
        self._parts.stop()

    def status(self) -> Status:
        """From any thread: what it is doing and how it is."""
        return status(self.daemon, self._parts, self._faults.now, self._since_s, self._settings_fault)

    def _open_control(self) -> ControlServer | None:
        """None where it cannot be: it hears and answers all the same."""
        try:
            return ControlServer(path_to_serve(), self._remote.answer)
        except ControlError as error:
            log.error("no control socket: %s", error)
            return None

    def _observe(self, event: Event) -> None:
        self._faults.note(event, time.monotonic())
        if (phase := self.daemon.state.phase) is not self._phase:
            self._phase, self._since_s = phase, time.monotonic()
            self._parts.panel.show(phase)
            systemd.notify(f"STATUS={phase.value}")
        self._remote.observe(event)
        self._watching.observe(event)
        self._surroundings.observe(event)

    def _do_chores(self) -> None:
        """What is to be looked after from time to time."""
        now_s = time.monotonic()
        self._health.look(now_s)
        if self._parts.kept.store.fault:  # at once, so that what rings now can be ended for good
            self._parts.mend(("kept",))
        if not self._parts.missing:
            self._mend_s, self._mend_at_s = FIRST_MEND_S, now_s + FIRST_MEND_S
        elif now_s >= self._mend_at_s:
            self._mend_at_s = math.inf
            self._keeper.post(self._look_for_missing)

    def _look_for_missing(self) -> None:
        """On the keeper's thread: it may take a minute to look at a model."""
        there: tuple[str, ...] = ()
        try:
            there = self._parts.there_again()
        finally:
            self.daemon.between_turns(lambda: self._mend(there))

    def _mend(self, parts: Sequence[str]) -> None:
        if parts:
            self._parts.mend(parts)
        self._mend_at_s = time.monotonic() + self._mend_s
        self._mend_s = min(2 * self._mend_s, LAST_MEND_S)

    def _make_spare(self) -> float:
        self._parts.kept.store.make_spare(SPARE_REST_S)
        return BEAT_S

    def with_kept(self, do: Callable[[Kept], dict[str, Any]], reply: Reply) -> None:
        """From any thread: has it done on the keeper's, which may wait for the card."""

        def answer() -> None:
            try:
                reply.end(do(self._parts.kept))
            except AssistantError as error:
                reply.fail(str(error))

        self._keeper.post(answer)

    def _keep_exchange(self, question: str, reply: str) -> None:
        exchange = exchange_now(question, reply)
        self._keeper.post(lambda: self._parts.kept.history.add(exchange))

    def watch(self, reply: Reply) -> None:
        """From any thread: tells it all that happens."""
        self._watching.add(reply)

    def act(self, intent: str, slots: Slots) -> Answer:
        """From any thread: carries out an action."""
        return self._parts.abilities.doer.do(intent, slots)

    def reload(self, reply: Reply) -> None:
        """From any thread: has the settings read again between two turns, and ends the reply then."""
        self.daemon.between_turns(lambda: self._reload(reply))

    def _reload(self, reply: Reply) -> None:
        """Has the settings take effect that stand in the files now; bad ones change nothing."""
        if self._reread is None:
            reply.fail("this assistant has no settings file")
            return
        systemd.reloading()
        try:
            settings = self._reread()
            check_models(settings)
            parts = self._parts.change(settings)
        except AssistantError as error:
            self._settings_fault = str(error)
            log.error("the new settings were refused, the old ones stay: %s", error)
            reply.fail(f"the old settings stay:\n{error}")
        else:
            self._settings_fault = ""
            self.daemon.dialogue, self.daemon.log_speech = settings.dialogue, settings.privacy.log_speech
            logging.getLogger("assistant").setLevel(settings.log.level.upper())
            reply.end({"changed": list(parts)})
        systemd.notify(systemd.READY, f"STATUS={self._phase.value}")

    def _ages_s(self) -> dict[str, float]:
        """For how long each thread has not moved."""
        parts, now_s = self._parts, time.monotonic()
        workers = (
            parts.listener.worker,
            parts.talker.worker,
            parts.thinker.worker,
            parts.abilities.doer.worker,
            parts.abilities.ringer.worker,
            self._keeper,
        )
        ages_s = {worker.name: now_s - worker.last_beat_s for worker in workers}
        return ages_s | {"main loop": now_s - self.daemon.last_beat_s, "sound card": parts.sound.stuck_s()}


def run(
    settings: Settings, reread: Callable[[], Settings] | None = None, surroundings: Surroundings | None = None
) -> None:
    """The daemon, in the foreground, until SIGTERM or SIGINT; on SIGHUP it reads its settings anew.

    Raises:
        ModelError: a model that it cannot do without is missing or damaged.
        StoreError: what is to be kept cannot be kept.
        AssistantError: another daemon runs already.
    """
    with announce():
        service = Service(settings, reread, surroundings or Surroundings())
        try:
            service.run()
        finally:
            service.stop()
