"""Builds the stages, and what stands in for one whose model is missing. Main thread."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from assistant import phrases
from assistant.config import Settings
from assistant.errors import ModelError
from assistant.events import PartFound, PartLost
from assistant.parts import Post, Purpose, model_of
from assistant.thinking.loading import LANGUAGE_MODEL

log = logging.getLogger(__name__)

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class _Stage:
    """What a stage needs, what that is called when it is missing, and what the person is told."""

    purpose: Purpose
    part: str
    phrase: str = ""


_STAGES = {
    "thinker": _Stage("llm", LANGUAGE_MODEL, "cannot_think"),
    "listener": _Stage("recognizer", "recognizer", "cannot_hear"),
    "talker": _Stage("voice", "voice"),
}


class Stages:
    """Which stages there are, with which models, and which are missing."""

    def __init__(self, post: Post, *, tolerant: bool) -> None:
        """Where it is `tolerant`, a missing model is no error: another stage stands in."""
        self.models: dict[str, str] = {}  # the names of the files, by what they are
        self.missing: tuple[str, ...] = ()
        self._post = post
        self._tolerant = tolerant

    def built(self, name: str, settings: Settings, build: Callable[[], T], stand_in: Callable[[], S]) -> T | S:
        """The stage, or what stands in for it. Raises ModelError where it is not tolerant."""
        stage, was_missing = _STAGES[name], name in self.missing
        self.missing = tuple(one for one in self.missing if one != name)
        try:
            self.models[stage.part] = model_of(settings, stage.purpose).path.name
            built = build()
        except ModelError as error:
            if not self._tolerant:
                raise
            if not was_missing:
                log.error("%s: %s", stage.part, error)
            self.missing = (*self.missing, name)
            self.models[stage.part] = "missing"
            self._post(PartLost(stage.part, str(error), getattr(phrases, stage.phrase, "")))
            return stand_in()
        if was_missing and stage.part != LANGUAGE_MODEL:  # which tells itself when it is loaded
            self._post(PartFound(stage.part))
        return built


def has_model(name: str, settings: Settings) -> bool:
    """Whether the model of this stage is there and whole; any thread, as it may take a minute to look."""
    try:
        model_of(settings, _STAGES[name].purpose)
    except ModelError:
        return False
    return True
