"""What it says of itself, in its language: `phrases.NO_ANSWER` is `no_answer` under `phrases` in the language's file.

The language is chosen once, before the parts are built; any thread reads.
"""

from assistant.language import language_file

_chosen = {"language": "en"}


def choose(language: str) -> None:
    """From now on it speaks this language."""
    _chosen["language"] = language


def __getattr__(name: str) -> str:
    words: dict[str, str] = language_file(_chosen["language"])["phrases"]
    try:
        return words[name.lower()]
    except KeyError:
        raise AttributeError(name) from None
