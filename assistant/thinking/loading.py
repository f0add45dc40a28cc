"""How the language model comes, goes, and comes back, tried again with pauses that grow. On the thinker's thread."""

import logging
import time
from collections.abc import Callable

from assistant import phrases
from assistant.errors import ModelError
from assistant.events import Event, PartFound, PartLost
from assistant.thinking.messages import Loaded
from assistant.thinking.model import Model
from assistant.thinking.model_process import ModelDiedError

log = logging.getLogger(__name__)

LANGUAGE_MODEL = "language model"
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
NEVER_S = float("inf")


class Loading:
    """Starts the model, and starts it again."""

    def __init__(self, model: Model, post: Callable[[Event], None], first_retry_s: float) -> None:
        self._model = model
        self._post = post
        self._first_retry_s = self._retry_s = first_retry_s
        self._was_loaded = False
        self._lost = False
        self._stopped = False
        self.retry_at_s = NEVER_S

    @property
    def stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """From any thread: ends the model for good."""
        self._stopped = True
        self._model.close()

    def begin(self) -> Loaded | None:
        """It is to be started, or its process ended, which may be known already and is made good in time."""
        if self._model.alive or self.retry_at_s < NEVER_S:
            return None
        if not self._was_loaded:
            return self.load()
        self._put_off("its process ended")
        return None

    def load(self) -> Loaded | None:
        """Starts it; None where it does not start now."""
        if self._stopped:
            return None
        if self._was_loaded and not self._lost:
            self.lose("its process ended")
        started_s = time.monotonic()
        try:
            loaded = self._model.start()
        except (ModelError, ModelDiedError) as error:
            if not self._stopped:
                self._put_off(str(error))
            return None
        took_s = time.monotonic() - started_s
        known = "read" if loaded.n_evaluated else "kept from before"
        threads = "{} and {} threads".format(*loaded.n_threads)
        log.info(
            "language model ready after %.1f s: %s, prompt of %d tokens %s", took_s, threads, loaded.n_prefix, known
        )
        if not loaded.skips_unread:
            log.warning("llama.cpp lacks gemma4-prefill.patch: Gemma 4 reads slowly; see: assistant doctor")
        self.retry_at_s = NEVER_S
        self._was_loaded, self._lost = True, False
        self._post(PartFound(LANGUAGE_MODEL))
        return loaded

    def worked(self) -> None:
        """It replied, so the next pause is a short one."""
        self._retry_s = self._first_retry_s

    def lose(self, reason: str) -> None:
        """It is gone: said once."""
        if not self._lost:
            log.warning("the language model is lost: %s", reason)
            said = phrases.MODEL_LOST if self._was_loaded else phrases.CANNOT_THINK
            self._post(PartLost(LANGUAGE_MODEL, reason, said))
        self._lost = True

    def _put_off(self, reason: str) -> None:
        self.lose(reason)
        log.warning("the language model: %s; next try in %.0f s", reason, self._retry_s)
        self.retry_at_s = time.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
