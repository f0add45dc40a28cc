from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.listening.recognizer import VoskModel
from assistant.listening.stop_words import STOP_WORDS, StopWords
from assistant.listening.vocabulary import Vocabulary

Spoken = Callable[..., Samples]


@pytest.fixture(scope="module")
def stop_words(starter: dict[str, Path]) -> StopWords:
    model = VoskModel(starter["recognizer"])
    return StopWords(model, Vocabulary.of(model.folder))


def chunks(samples: Samples, own: Samples | None = None) -> Iterator[Chunk]:
    for start in range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        part = slice(start, start + CHUNK_SAMPLES)
        yield Chunk(samples[part], start, part.stop / RATE_HZ, own is not None, None if own is None else own[part])


def heard(stop_words: StopWords, samples: Samples, own: Samples | None = None) -> list[tuple[str, float]]:
    """What stopped it, and when in seconds, while it played `own`."""
    stop_words.start()
    words = [(chunk.end, stop_words.hear(chunk)) for chunk in chunks(samples, own)]
    return [(word, end / RATE_HZ) for end, word in words if word]


@pytest.mark.parametrize("rate", [0.85, 1.0, 1.3])
@pytest.mark.parametrize("word", STOP_WORDS)
def test_a_word_that_stands_alone_stops_it_at_once(
    word: str, rate: float, stop_words: StopWords, spoken: Spoken
) -> None:
    samples = spoken(f"{word.capitalize()}.", rate=rate, before_s=0.8, after_s=0.8)
    end_s = np.flatnonzero(np.abs(samples.astype(int)) > 300)[-1] / RATE_HZ
    [(said, at_s)] = heard(stop_words, samples)
    assert said == word
    assert at_s - end_s <= 0.4


def test_it_hears_the_word_over_what_is_left_of_its_own_voice(stop_words: StopWords, spoken: Spoken) -> None:
    samples = spoken("Stop.", before_s=2.0, after_s=0.8).astype(int)
    reply = spoken("The capital of France is Paris. It has more than two million people.").astype(int)[: len(samples)]
    assert [word for word, _ in heard(stop_words, (samples + reply // 20).astype(np.int16))] == ["stop"]


def test_what_is_left_of_its_own_voice_does_not_stop_it(stop_words: StopWords, spoken: Spoken) -> None:
    own = spoken("Stop.", before_s=1.0, after_s=0.8)
    left = (np.roll(own, 90) * 0.2 - np.roll(own, 91) * 0.1).astype(np.int16)
    person = np.roll(spoken("Stop.", rate=1.2, before_s=1.0, after_s=0.8), 400)
    assert heard(stop_words, left)
    assert heard(stop_words, left, own) == []
    assert heard(stop_words, person, spoken("The capital of France is Paris.")[: len(person)])


SENTENCES = [
    "They asked him to stop the car near the church.",
    "You must stop at the next light and wait.",
    "Please cancel my order for tomorrow.",
    "It would not stop raining.",
    "The room should be quiet at night.",
    "Stop and think before you speak.",
    "The bus will stop here in ten minutes.",
]


def test_the_word_amid_a_sentence_hardly_ever_stops_it(stop_words: StopWords, spoken: Spoken) -> None:
    stopped = [text for text in SENTENCES if heard(stop_words, spoken(text, before_s=0.8, after_s=0.8))]
    assert len(stopped) <= 1, stopped


@pytest.mark.parametrize("word", ["Yes", "No", "Okay", "Top", "Shop", "Quite", "Paris", "Channel"])
def test_another_word_alone_does_not_stop_it(word: str, stop_words: StopWords, spoken: Spoken) -> None:
    assert heard(stop_words, spoken(f"{word}.", before_s=0.8, after_s=0.8)) == []


def test_each_time_the_word_is_said_counts_once(stop_words: StopWords, spoken: Spoken) -> None:
    once = spoken("Stop.", before_s=0.8, after_s=0.8)
    assert len(heard(stop_words, np.concatenate([once, once]))) == 2


def test_what_was_heard_before_it_began_does_not_count(stop_words: StopWords, spoken: Spoken) -> None:
    samples = spoken("Stop.", before_s=0.8, after_s=0.8)
    stop_words.start()
    end = int(np.flatnonzero(np.abs(samples.astype(int)) > 300)[-1])
    for chunk in chunks(samples[: end - CHUNK_SAMPLES]):
        stop_words.hear(chunk)
    assert heard(stop_words, samples[end:]) == []


@pytest.mark.parametrize("loudness", [0, 30, 3000])
def test_silence_and_noise_do_not_stop_it(loudness: int, stop_words: StopWords) -> None:
    noise = np.random.default_rng(1).normal(0.0, loudness, 5 * RATE_HZ)
    assert heard(stop_words, noise.astype(np.int16)) == []


def test_words_that_the_model_does_not_know_are_left_out(starter: dict[str, Path]) -> None:
    model = VoskModel(starter["recognizer"])
    assert StopWords(model, Vocabulary.of(model.folder), ["stop", "basta", "be quiet"]).phrases == ("stop", "be quiet")
