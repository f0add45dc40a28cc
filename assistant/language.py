"""The file of a language: its sentences for hassil, and its words. Loaded once; any thread may read it."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from hassil import merge_dict
from home_assistant_intents import get_intents

LANGUAGES = ("en", "de", "es")


@cache
def language_file(language: str) -> dict[str, Any]:
    """What the file holds, with what it borrows of Home Assistant filled in; not to be changed.

    FileNotFoundError when there is none for the language.
    """
    text = files("assistant.doing").joinpath(f"languages/{language}.yaml").read_text(encoding="utf-8")
    source: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    lender = get_intents(language) or {}
    borrowed = {kind: {name: lender[kind][name] for name in names} for kind, names in source.pop("borrowed").items()}
    for intent in source["intents"].values():
        for block in intent["data"]:
            if "from" in block:
                name, _, combination = block.pop("from").partition("/")
                block["sentences"] = [
                    sentence
                    for lent in lender["intents"][name]["data"]
                    if lent["metadata"]["slot_combination"] == combination
                    for sentence in lent["sentences"]
                ]
    merge_dict(borrowed, source)
    return borrowed
