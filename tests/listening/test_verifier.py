from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.listening.phrase import BUNDLED
from assistant.listening.recognizer import VoskModel
from assistant.listening.verifier import Verifier
from assistant.listening.vocabulary import Vocabulary

Spoken = Callable[..., Samples]
NEAR = {
    "hey jarvis": ["Hey Travis", "Hey Harvest", "Hey John", "Hey Service"],
    "okay nabu": ["Okay now", "Okay number", "Okay then"],
    "alexa": ["Alexis", "Electric", "Relax"],
    "hey mycroft": ["Hey my friend", "Hey Michael", "Hey Travis"],
    "hello kitchen": ["Hello chicken", "Hello there", "The chicken"],
}


@pytest.fixture(scope="module")
def model(starter: dict[str, Path]) -> VoskModel:
    return VoskModel(starter["recognizer"])


@pytest.fixture(scope="module")
def verifier(model: VoskModel) -> Verifier:
    return Verifier(model, Vocabulary.of(model.folder), [*BUNDLED, "hello_kitchen"])


def verdict(verifier: Verifier, phrase: str, samples: Samples, fired: int) -> tuple[bool, float]:
    """What it says of a first stage that fired at sample `fired`, and how long after."""
    said, n = verifier.start(phrase, samples[:fired]), 0
    while said is None:
        said = verifier.hear(samples[fired + n : fired + n + CHUNK_SAMPLES])
        n += CHUNK_SAMPLES
    return said, n / RATE_HZ


def end_of(samples: Samples) -> int:
    return int(np.flatnonzero(np.abs(samples.astype(int)) > 300)[-1])


@pytest.mark.parametrize("early_s", [-0.2, 0.0, 0.15])
@pytest.mark.parametrize("phrase", NEAR)
def test_the_phrase_is_confirmed_wherever_the_first_stage_fires(
    phrase: str, early_s: float, verifier: Verifier, spoken: Spoken
) -> None:
    samples = spoken(f"{phrase.title()}.", before_s=1.0, after_s=1.0)
    said, late_s = verdict(verifier, phrase, samples, end_of(samples) - round(early_s * RATE_HZ))
    assert said
    assert late_s - early_s <= 0.45


@pytest.mark.parametrize("phrase", ["hey jarvis", "hey mycroft"])
def test_the_phrase_is_confirmed_with_a_question_in_the_same_breath(
    phrase: str, verifier: Verifier, spoken: Spoken
) -> None:
    samples = spoken(f"{phrase.title()} what time is it?", before_s=1.0, after_s=0.5)
    assert verdict(verifier, phrase, samples, RATE_HZ + round(0.85 * RATE_HZ))[0]


def test_the_phrase_is_confirmed_after_other_speech(verifier: Verifier, spoken: Spoken) -> None:
    samples = spoken("The dinner was very good. Hey Jarvis.", before_s=0.5, after_s=1.0)
    assert verdict(verifier, "hey jarvis", samples, end_of(samples) + 1600)[0]


@pytest.mark.parametrize("phrase", ["hey jarvis", "hey mycroft", "alexa"])
def test_the_phrase_is_confirmed_in_noise(phrase: str, verifier: Verifier, spoken: Spoken) -> None:
    samples = spoken(f"{phrase.title()}.", before_s=2.5, after_s=1.0)
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=len(samples)))
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 10.0), len(samples))
    loud = float(np.quantile(np.abs(samples[samples != 0].astype(float)), 0.7))
    noisy = (samples + pink / pink.std() * loud * 10 ** (-10 / 20)).clip(-32768, 32767).astype(np.int16)
    assert verdict(verifier, phrase, noisy, end_of(samples) + 1600)[0]


@pytest.mark.parametrize(("phrase", "near"), [(phrase, near) for phrase, nears in NEAR.items() for near in nears])
def test_what_resembles_the_phrase_is_refused_in_time(
    phrase: str, near: str, verifier: Verifier, spoken: Spoken
) -> None:
    samples = spoken(f"{near}.", before_s=1.0, after_s=1.0)
    said, late_s = verdict(verifier, phrase, samples, end_of(samples))
    assert not said
    assert late_s <= 0.35


@pytest.mark.parametrize("phrase", NEAR)
def test_silence_and_other_speech_are_refused(phrase: str, verifier: Verifier, spoken: Spoken) -> None:
    assert not verdict(verifier, phrase, np.zeros(4 * RATE_HZ, np.int16), 3 * RATE_HZ)[0]
    other = spoken("What is the weather tomorrow?", after_s=1.0)
    assert not verdict(verifier, phrase, other, RATE_HZ)[0]


def test_a_first_stage_that_fires_at_once_has_hardly_anything_to_show(verifier: Verifier) -> None:
    assert verdict(verifier, "alexa", np.zeros(RATE_HZ, np.int16), 0)[0] is False


def test_a_phrase_that_the_model_cannot_hear_is_taken_on_trust_and_named(model: VoskModel) -> None:
    verifier = Verifier(model, Vocabulary("hey jarvis okay".split()), ["hey jarvis", "okay_nabu"])
    assert verifier.unverified == ("okay nabu",)
    assert verifier.start("okay nabu", np.zeros(RATE_HZ, np.int16)) is True


def test_a_word_that_the_model_lacks_is_confirmed_by_others_that_sound_alike(model: VoskModel, spoken: Spoken) -> None:
    known = Vocabulary.of(model.folder)
    words = [word for word in "okay ok not no number never boo you nab".split() if known.knows(word)]
    verifier = Verifier(model, Vocabulary([*words, "o", "k"]), ["okay nabu"])
    assert verifier.unverified == ("okay nabu",), "the starter has no words for it: nab and boo are unknown"
