"""Empty promises over written cases (promises.yaml), for `assistant bench commands`. On the calling thread."""

import importlib.resources
from typing import Any

import yaml

from assistant.thinking.promises import PromiseCase, promise_figures
from assistant.thinking.sentences import SentenceCutter


def promises() -> dict[str, object]:
    """The share of claiming replies that get through and of harmless ones that do not; the cases kept apart beside."""
    path = importlib.resources.files("assistant.bench") / "promises.yaml"
    written: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    everything = promise_figures(map(_case, written))
    unseen = promise_figures(_case(one) for one in written if one.get("unseen"))
    return {
        "empty_promises": round(everything.empty_promises, 4),
        "false_refusals": round(everything.false_refusals, 4),
        "empty_promises_unseen": round(unseen.empty_promises, 4),
        "false_refusals_unseen": round(unseen.false_refusals, 4),
        "n_promise_cases": len(written),
    }


def _case(written: dict[str, Any]) -> PromiseCase:
    cutter = SentenceCutter()
    sentences = [*cutter.feed(written["reply"]), cutter.finish()]
    return PromiseCase(
        written["request"], tuple(filter(None, sentences)), written["language"], claims=written["claims"]
    )
