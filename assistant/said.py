"""What of a reply was heard in the room, and when. Pure; the main thread asks."""

import re
from collections.abc import Sequence

from assistant.events import Saying

ECHO_S = 1.5  # a wake word fires and is confirmed so long after it was said, at most
EARLY_S = 0.3  # the sound card's latency is known no better


def said_until(sayings: Sequence[Saying], at_s: float) -> tuple[str, ...]:
    """The sentences that were heard by then; the last one up to the word that was being spoken."""
    said = []
    for saying in sayings:
        if at_s >= saying.at_s + saying.duration_s:
            said.append(saying.text)
        elif at_s > saying.at_s:
            n_characters = int(len(saying.text) * (at_s - saying.at_s) / saying.duration_s)
            if part := saying.text[: n_characters + 1].rpartition(" ")[0].rstrip():
                said.append(part)
    return tuple(said)


def is_own(sayings: Sequence[Saying], phrase: str, at_s: float) -> bool:
    """Whether the phrase, heard at that time, stands in a sentence of ours that was sounding."""
    return any(
        saying.at_s - EARLY_S <= at_s <= saying.at_s + saying.duration_s + ECHO_S
        and f" {_plain(phrase)} " in f" {_plain(saying.text)} "
        for saying in sayings
    )


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()
