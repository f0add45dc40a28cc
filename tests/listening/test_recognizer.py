from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import word_error_rate

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.errors import ModelError
from assistant.listening.recognizer import UNKNOWN, Spotter, VoskModel, VoskRecognizer
from assistant.listening.transcript import Word, text_of

Spoken = Callable[..., Samples]


@pytest.fixture(scope="module")
def recognizer(starter: dict[str, Path]) -> VoskRecognizer:
    return VoskRecognizer(starter["recognizer"])


def hear(recognizer: VoskRecognizer, samples: Samples) -> list[list[str]]:
    """All partials that differ from the one before."""
    partials: list[list[str]] = [[]]
    for start in range(0, len(samples), CHUNK_SAMPLES):
        recognizer.hear(samples[start : start + CHUNK_SAMPLES])
        partial = recognizer.partial()
        if partial != partials[-1]:
            partials.append(partial)
    return partials[1:]


def understood(recognizer: VoskRecognizer, samples: Samples) -> list[Word]:
    recognizer.start()
    hear(recognizer, samples)
    return recognizer.finish()


def test_household_sentences_are_understood(recognizer: VoskRecognizer, spoken: Spoken) -> None:
    sentences = [
        "what time is it",
        "what is the weather tomorrow",
        "set a timer for ten minutes",
        "turn on the light in the kitchen",
        "play some music in the living room",
        "what is seven times eight",
        "how far is the moon",
        "stop the alarm",
    ]
    heard = [text_of(understood(recognizer, spoken(f"{sentence}."))) for sentence in sentences]
    assert word_error_rate(" ".join(sentences), " ".join(heard)) <= 0.15, heard


def test_words_come_with_their_times(recognizer: VoskRecognizer, spoken: Spoken) -> None:
    samples = spoken("What time is it?", before_s=1.0)
    words = understood(recognizer, samples)
    assert text_of(words) == "what time is it"
    at_s = np.flatnonzero(np.abs(samples.astype(int)) > 1000) / RATE_HZ
    assert words[0].start_s == pytest.approx(at_s[0], abs=0.15)
    assert words[-1].end_s == pytest.approx(at_s[-1], abs=0.25)
    assert all(0.5 < word.confidence <= 1.0 and word.start_s < word.end_s for word in words)


def test_partials_grow_while_it_is_spoken(recognizer: VoskRecognizer, spoken: Spoken) -> None:
    recognizer.start()
    partials = hear(recognizer, spoken("Set a timer for ten minutes."))
    assert len(partials) >= 3
    assert partials[0][0] == "set"
    lengths = [len(partial) for partial in partials]
    assert lengths == sorted(lengths)
    assert partials[-1] == [word.text for word in recognizer.finish()]


def test_one_utterance_does_not_mix_with_the_next(recognizer: VoskRecognizer, spoken: Spoken) -> None:
    first, second = spoken("Set a timer for ten minutes."), spoken("What time is it?")
    assert text_of(understood(recognizer, first)) == "set a timer for ten minutes"
    words = understood(recognizer, second)
    assert text_of(words) == "what time is it"
    assert words[-1].end_s < len(second) / RATE_HZ


def test_an_utterance_broken_off_leaves_nothing_behind(recognizer: VoskRecognizer, spoken: Spoken) -> None:
    recognizer.start()
    first = spoken("Set a timer for ten minutes.")
    hear(recognizer, first[: len(first) // 2])
    assert text_of(understood(recognizer, spoken("What time is it?"))) == "what time is it"


def test_a_pause_at_which_vosk_ends_a_segment_loses_no_words(recognizer: VoskRecognizer, spoken: Spoken) -> None:
    first, second = spoken("Set a timer for ten minutes.", after_s=1.5), spoken("What time is it?")
    recognizer.start()
    partials = hear(recognizer, np.concatenate([first, second]))
    words = recognizer.finish()
    assert text_of(words) == "set a timer for ten minutes what time is it"
    assert words[6].start_s == pytest.approx((len(first) + 0.3 * RATE_HZ) / RATE_HZ, abs=0.2)
    assert [word.text for word in words[:6]] in partials
    assert partials[-1] == [word.text for word in words]


def test_silence_says_nothing(recognizer: VoskRecognizer) -> None:
    assert understood(recognizer, np.zeros(3 * RATE_HZ, np.int16)) == []


def test_what_was_never_fed_says_nothing(recognizer: VoskRecognizer) -> None:
    recognizer.start()
    assert recognizer.partial() == []
    assert recognizer.finish() == []


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_that_is_no_model_is_refused_by_name(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "vosk-model"
    if made:
        folder.mkdir()
    with pytest.raises(ModelError, match=f"Vosk refuses the model in {folder}"):
        VoskRecognizer(folder)


def test_recognizers_of_one_model_do_not_mix(starter: dict[str, Path], spoken: Spoken) -> None:
    model = VoskModel(starter["recognizer"])
    one, other = VoskRecognizer(model), VoskRecognizer(model)
    hear(one, spoken("Set a timer for ten minutes."))
    hear(other, spoken("What time is it?"))
    assert text_of(one.finish()) == "set a timer for ten minutes"
    assert text_of(other.finish()) == "what time is it"


def test_a_spotter_knows_its_phrases_and_nothing_else(starter: dict[str, Path], spoken: Spoken) -> None:
    spotter = Spotter(VoskModel(starter["recognizer"]), ["hello kitchen", "stop"])
    samples = spoken("Hello kitchen.", before_s=0.5, after_s=0.5)
    words = spotter.words(samples)
    assert [word.text for word in words if word.text != UNKNOWN] == ["hello", "kitchen"]
    assert 0.4 < words[0].start_s < words[-1].end_s < len(samples) / RATE_HZ
    other = spotter.words(spoken("What is the weather tomorrow?"))
    assert {word.text for word in other} <= {"hello", "kitchen", "stop", UNKNOWN}


def test_a_spotter_tells_the_words_so_far_until_it_starts_anew(starter: dict[str, Path], spoken: Spoken) -> None:
    spotter = Spotter(VoskModel(starter["recognizer"]), ["hello kitchen", "stop"])
    samples = spoken("Hello kitchen.", before_s=0.5, after_s=0.5)
    chunks = [samples[at : at + CHUNK_SAMPLES] for at in range(0, len(samples), CHUNK_SAMPLES)]
    partials = [spotter.hear(chunk) for chunk in chunks]
    assert partials[0] == []
    assert partials[-1] == ["hello", "kitchen"]
    spotter.start()
    assert spotter.hear(chunks[0]) == []
