"""What each part of a daemon is made of: of which settings, and of which other parts. Pure."""

from collections.abc import Callable, Collection

from assistant.config import Settings

# In the order in which they are built.
_MADE_OF: dict[str, tuple[Callable[[Settings], object], frozenset[str]]] = {
    "kept": (lambda s: (s.language, s.clock, s.privacy.history, s.llm.n_ctx), frozenset()),
    "commands": (lambda s: (s.language, s.commands), frozenset()),
    "panel": (lambda s: (s.panel, s.outputs), frozenset()),
    "abilities": (lambda s: (s.llm.model, s.models), frozenset({"kept", "commands", "panel"})),
    "thinker": (lambda s: (s.language, s.llm, s.models, s.dialogue.remember_s), frozenset()),
    "listener": (lambda s: (s.language, s.wake, s.endpoint, s.recognizer, s.models), frozenset({"commands"})),
    "sound": (lambda s: s.audio, frozenset()),
    "talker": (lambda s: (s.language, s.voice, s.models), frozenset({"sound"})),
}
PARTS = tuple(_MADE_OF)


def with_users(parts: Collection[str]) -> tuple[str, ...]:
    """These parts and all that are made of them, in the order in which they are built."""
    found = set(parts)
    for part, (_, uses) in _MADE_OF.items():
        if uses & found:
            found.add(part)
    return tuple(part for part in PARTS if part in found)


def changed_parts(before: Settings, after: Settings) -> tuple[str, ...]:
    """The parts that are other ones with the settings as they are `after`, in the order in which they are built."""
    return with_users([part for part, (made_of, _) in _MADE_OF.items() if made_of(before) != made_of(after)])
