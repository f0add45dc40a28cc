"""Grammars by which Vosk tells a phrase from what resembles it. Pure.

A grammar is a list of phrases, of which Vosk estimates a bigram; so a phrase that is listed twice is likelier. Words
that resemble parts of the phrase keep it from being heard in all that is said.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from assistant.listening.phrase import normalized, words_of
from assistant.listening.vocabulary import Vocabulary, sound_of

N_DECOYS = 12  # a word of a typed phrase

# How a recognizer may write words of the bundled phrases, whether it knows them or not.
ALIKE = {
    "okay": ("ok", "o k"),
    "nabu": ("nah boo", "na boo", "nab you", "nab who", "naboo"),
    "mycroft": ("my croft", "my craft"),
    "alexa": ("a lexa", "a lex a", "alex a"),
    "jarvis": ("jarvis's", "jar vis"),
}

# What people say that resembles the bundled phrases. Not among it: "okay now", which takes "okay nabu" for itself.
RESEMBLING = {
    "hey jarvis": """hey travis, hey harvest, hey service, hey jar, hey john, hey james, hey charles, hey chavez,
        hey jobs, hey nervous, a garbage""",
    "okay nabu": "okay no, okay not, okay number, okay never, okay neighbor, okay maybe",
    "alexa": """alexis, alexander, a lesson, a less on, lessons, alex, election, elections, all actions, electric,
        a lecture, relax, relaxer""",
    "hey mycroft": """hey microwave, hey microsoft, hey michael, hey mike, hey my friend, hey my, hey might,
        hey minecraft, hey craft, hey aircraft, hey mister""",
}

# Frequent words, the most frequent first, so that a phrase is not heard in just any speech.
COMMON = "a i the and to of you it is in that on for we he this be with not have".split()
N_COMMON = 8  # against a bundled phrase; more would take it for themselves in noise


def spellings(phrase: str, vocabulary: Vocabulary) -> list[tuple[str, ...]]:
    """The phrase in words that the model knows, its own first, then others that sound alike; none if it has none."""
    choices = [[(word,), *map(words_of, ALIKE.get(word, ()))] for word in words_of(phrase)]
    known = [[choice for choice in of_word if all(map(vocabulary.knows, choice))] for of_word in choices]
    return [tuple(word for choice in chosen for word in choice) for chosen in product(*known)]


def sensitive(said: Sequence[tuple[str, ...]], vocabulary: Vocabulary, n_decoys: int) -> list[str]:
    """For a first look that misses little: with `n_decoys` a word, of which each lets less through."""
    return list(dict.fromkeys([*map(" ".join, said), *_neighbors(said[0], vocabulary, n_decoys), *said[0][:-1]]))


def strict(phrase: str, said: Sequence[tuple[str, ...]], vocabulary: Vocabulary, prior: int) -> list[str]:
    """For a second look: with all that may be taken for the phrase, which is `prior` times likelier than each."""
    if phrase in RESEMBLING:
        others = map(normalized, RESEMBLING[phrase].split(","))
        decoys = [line for line in (*others, *COMMON[:N_COMMON]) if all(map(vocabulary.knows, line.split()))]
    else:
        common = [word for word in COMMON if vocabulary.knows(word)]
        begun = [" ".join([*said[0][:-1], word]) for word in common]
        decoys = [*_neighbors(said[0], vocabulary, N_DECOYS), *begun, *common]
    return [*prior * list(map(" ".join, said)), *dict.fromkeys([*decoys, *said[0][:-1]])]


def said_in(words: Sequence[str], said: Sequence[tuple[str, ...]]) -> bool:
    """Whether the phrase in one of its spellings stands among the words."""
    return any(
        tuple(words[at : at + len(spelling)]) == spelling
        for spelling in said
        for at in range(len(words) - len(spelling) + 1)
    )


def _neighbors(words: tuple[str, ...], vocabulary: Vocabulary, n: int) -> Iterator[str]:
    """The phrase with each word replaced by `n` others that are spelled or sound like it."""
    for at, word in enumerate(words):
        for other in vocabulary.nearest(word, n):
            # What has the same sound is no decoy but the phrase in another spelling.
            if other not in ALIKE.get(word, ()) and sound_of(other) != sound_of(word):
                yield " ".join([*words[:at], other, *words[at + 1 :]])
