from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant import phrases
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.config import Endpoint
from assistant.events import Event, Failed, Heard, HeardNothing, Ignore, Listen, Partial, Turn, Woken
from assistant.listening.listener import Listener, Recognizer, VoiceActivity, WakeWord
from assistant.listening.recognizer import VoskRecognizer
from assistant.listening.transcript import Word
from assistant.listening.voice_activity import SileroActivity
from assistant.listening.wake import MicroWake, OpenWake

Spoken = Callable[..., Samples]
Build = Callable[..., "Ears"]


class Ears:
    """A listener at work: what it is given is handled in order, as fast as it goes."""

    def __init__(
        self, wake: WakeWord, activity: VoiceActivity, recognizer: Recognizer, settings: Endpoint | None = None
    ) -> None:
        self.n_heard = 0
        self._events: list[Event] = []
        self._listener = Listener(wake, activity, recognizer, settings or Endpoint(), self._events.append)
        self._listener.worker.start()

    def hear(self, samples: Samples) -> "Ears":
        for start in range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
            chunk = Chunk(samples[start : start + CHUNK_SAMPLES], self.n_heard, 1000.0 + self.n_heard / RATE_HZ)
            self._listener.worker.post(chunk)
            self.n_heard += CHUNK_SAMPLES
        return self

    def tell(self, command: Listen | Ignore) -> "Ears":
        self._listener.worker.post(command)
        return self

    def events(self) -> list[Event]:
        """All that happened; nothing can be heard after this."""
        assert self._listener.worker.stop(60.0)
        return self._events


def silence(duration_s: float) -> Samples:
    return np.zeros(round(duration_s * RATE_HZ), np.int16)


def outcomes(events: Iterable[Event]) -> list[object]:
    """What became of it: the text that was heard, or the name of the event."""
    return [
        event.text if isinstance(event, Heard) else type(event).__name__
        for event in events
        if not isinstance(event, Partial)
    ]


def partials(events: Iterable[Event]) -> list[Partial]:
    return [event for event in events if isinstance(event, Partial)]


# With real engines


@pytest.fixture(scope="module")
def recognizer(starter: dict[str, Path]) -> VoskRecognizer:
    return VoskRecognizer(starter["recognizer"])


@pytest.fixture
def ears(recognizer: VoskRecognizer) -> Build:
    def build(settings: Endpoint | None = None, engine: Callable[[str], WakeWord] = MicroWake) -> Ears:
        return Ears(engine("hey_jarvis"), SileroActivity(), recognizer, settings)

    return build


def firing(samples: Samples, engine: Callable[[str], WakeWord] = MicroWake) -> int:
    """The sample at which the wake word fires."""
    wake = engine("hey_jarvis")
    ends = range(CHUNK_SAMPLES, len(samples) + 1, CHUNK_SAMPLES)
    return next(end for end in ends if wake.hear(samples[end - CHUNK_SAMPLES : end]) is not None)


def woken_and_told(
    ears: Ears, samples: Samples, engine: Callable[[str], WakeWord] = MicroWake, late_s: float = 0.0
) -> list[Event]:
    """Hears the samples, and is told to listen, as the daemon would, so long after the wake word fired."""
    fired = firing(samples, engine)
    told = min(fired + round(late_s * RATE_HZ / CHUNK_SAMPLES) * CHUNK_SAMPLES, len(samples))
    ears.hear(samples[:told]).tell(Listen(Turn(1), since=fired)).hear(samples[told:])
    return ears.events()


@pytest.mark.parametrize("late_s", [0.0, 1.0])
@pytest.mark.parametrize("rate", [0.9, 1.0, 1.15])
def test_a_question_in_one_breath_with_the_wake_word_loses_no_word(
    ears: Build, spoken: Spoken, rate: float, late_s: float
) -> None:
    samples = spoken("Hey Jarvis, what time is it?", rate=rate, before_s=0.5, after_s=1.5)
    events = woken_and_told(ears(), samples, late_s=late_s)
    assert outcomes(events) == ["Woken", "what time is it"]
    texts = [partial.text for partial in partials(events)]
    assert texts
    assert all("what time is it".startswith(text) for text in texts), texts


def test_so_it_does_with_the_other_engine(ears: Build, spoken: Spoken) -> None:
    samples = spoken("Hey Jarvis, what time is it?", before_s=0.5, after_s=1.5)
    events = woken_and_told(ears(engine=OpenWake), samples, OpenWake)
    assert outcomes(events) == ["Woken", "what time is it"]


def test_a_short_command_is_over_before_it_is_told_to_listen(ears: Build, spoken: Spoken) -> None:
    samples = spoken("Hey Jarvis, stop.", before_s=0.5, after_s=2.0)
    assert outcomes(woken_and_told(ears(), samples, late_s=1.5)) == ["Woken", "stop"]


@pytest.mark.parametrize("pause_s", [0.7, 0.8, 1.5, 3.0])
def test_a_question_may_follow_after_a_pause(ears: Build, spoken: Spoken, pause_s: float) -> None:
    phrase = spoken("Hey Jarvis.", before_s=0.5, after_s=0.0)
    question = spoken("What time is it?", before_s=pause_s, after_s=1.5)
    events = woken_and_told(ears(), np.concatenate([phrase, question]))
    assert outcomes(events) == ["Woken", "what time is it"]


def test_after_the_wake_word_alone_it_waits_as_long_as_is_set(ears: Build, spoken: Spoken) -> None:
    samples = np.concatenate([spoken("Hey Jarvis.", before_s=0.5, after_s=0.0), silence(5.0)])
    settings, fired = Endpoint(no_speech_s=3.0), firing(samples)
    assert outcomes(woken_and_told(ears(settings), samples[: fired + 2 * RATE_HZ])) == ["Woken"]
    assert outcomes(woken_and_told(ears(settings), samples[: fired + 3 * RATE_HZ])) == ["Woken", "HeardNothing"]


def test_at_the_press_of_a_button_it_listens_from_now_on(ears: Build, spoken: Spoken) -> None:
    room = ears().hear(spoken("Set a timer for ten minutes.")).tell(Listen(Turn(1)))
    events = room.hear(spoken("What time is it?", before_s=0.5, after_s=1.5)).events()
    assert outcomes(events) == ["what time is it"]
    assert partials(events)[-1].text == "what time is it"


def test_a_pause_in_what_is_held_does_not_end_it(ears: Build, spoken: Spoken) -> None:
    first, second = spoken("Set a timer.", after_s=0.9), spoken("For ten minutes.", after_s=0.0)
    question = np.concatenate([first, second])
    room = ears().tell(Listen(Turn(1), hold_until=len(question))).hear(np.concatenate([question, silence(1.5)]))
    assert outcomes(room.events()) == ["set a timer for ten minutes"]


Sound = npt.NDArray[np.float64]


def white(n_samples: int) -> Sound:
    return np.random.default_rng(3).standard_normal(n_samples)


def pink(n_samples: int) -> Sound:
    spectrum = np.fft.rfft(white(n_samples))
    sound: Sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), n_samples)
    return sound


def hum(n_samples: int) -> Sound:
    at_s = np.arange(n_samples) / RATE_HZ
    sound: Sound = np.sum([np.sin(2 * np.pi * 50 * n * at_s) / n for n in range(1, 8)], axis=0)
    return sound


def chords(n_samples: int) -> Sound:
    """Music of a kind: struck chords of three notes with their overtones, five in two seconds."""
    notes, n_beat = np.random.default_rng(4), round(0.4 * RATE_HZ)
    sound = np.zeros(n_samples)
    for start in range(0, n_samples, n_beat):
        at_s = np.arange(n_samples - start) / RATE_HZ
        for pitch_hz in notes.choice([220.0, 261.6, 293.7, 329.6, 392.0, 440.0, 523.3, 659.3], 3):
            overtones = [np.sin(2 * np.pi * pitch_hz * n * at_s) / n for n in range(1, 5)]
            sound[start:] += np.exp(-3 * at_s) * np.sum(overtones, axis=0)
    return sound


def loud(sound: Sound, loudness: float) -> Samples:
    samples: Samples = (sound / np.abs(sound).max() * loudness * 32767).astype(np.int16)
    return samples


@pytest.mark.parametrize("loudness", [0.03, 0.3])
@pytest.mark.parametrize("noise", [white, pink, hum, chords])
def test_noise_says_nothing(ears: Build, noise: Callable[[int], Sound], loudness: float) -> None:
    room = ears().tell(Listen(Turn(1))).hear(loud(noise(6 * RATE_HZ), loudness))
    assert [type(event) for event in room.events()] == [HeardNothing]


@pytest.mark.parametrize("duration_s", [0.15, 0.5])
def test_a_bang_before_the_question_is_not_part_of_it(ears: Build, spoken: Spoken, duration_s: float) -> None:
    n_samples = round(duration_s * RATE_HZ)
    bang = loud(pink(n_samples) * np.exp(-3 * np.linspace(0, 1, n_samples)), 0.5)
    phrase = spoken("Hey Jarvis.", before_s=0.5, after_s=0.3)
    question = spoken("What time is it?", before_s=0.4, after_s=1.5)
    assert outcomes(woken_and_told(ears(), np.concatenate([phrase, bang, question]))) == ["Woken", "what time is it"]


# With engines made up: a chunk of the value n is the word number n of this list


WORDS = ["", "hey", "jarvis", "what", "time", "the", "boom"]


def said(text: str) -> Samples:
    """Words of 0.256 s each."""
    return np.repeat(np.array([WORDS.index(word) for word in text.split()], np.int16), 8 * CHUNK_SAMPLES)


class Phrase:
    """Fires at the end of "jarvis"."""

    phrase = "hey_jarvis"

    def __init__(self) -> None:
        self._before = 0

    def hear(self, samples: Samples) -> float | None:
        before, self._before = self._before, int(samples[0])
        return 0.9 if WORDS[before] == "jarvis" and self._before != before else None


class Loudness:
    def reset(self) -> None: ...
    def is_speech(self, samples: Samples) -> bool:
        return bool(samples.any())


class Spelling:
    """Knows each word by its number, and falls over "boom"."""

    def start(self) -> None:
        self._values: list[int] = []

    def hear(self, samples: Samples) -> None:
        if WORDS[samples[0]] == "boom":
            raise RuntimeError("it does not know what to do")
        self._values.append(int(samples[0]))

    def partial(self) -> list[str]:
        return [word.text for word in self.finish()]

    def finish(self) -> list[Word]:
        return list(self._words())

    def _words(self) -> Iterator[Word]:
        begin = 0
        for n, value in enumerate(self._values, 1):
            if n == len(self._values) or self._values[n] != value:
                if value:
                    yield Word(WORDS[value], begin * CHUNK_SAMPLES / RATE_HZ, n * CHUNK_SAMPLES / RATE_HZ, 1.0)
                begin = n


def made_up(settings: Endpoint | None = None) -> Ears:
    return Ears(Phrase(), Loudness(), Spelling(), settings)


def test_the_wake_word_is_told_with_its_place() -> None:
    phrase = said("hey jarvis")
    events = made_up().hear(np.concatenate([phrase, silence(1.0)])).events()
    assert events == [Woken("hey_jarvis", 0.9, len(phrase) + CHUNK_SAMPLES)]


def test_what_is_said_to_nobody_is_not_heard() -> None:
    assert made_up().hear(np.concatenate([said("what time"), silence(2.0)])).events() == []


def test_what_was_heard_comes_with_its_times() -> None:
    turn = Turn(1)
    question = np.concatenate([silence(0.512), said("what time")])
    [*_, heard] = made_up().tell(Listen(turn)).hear(np.concatenate([question, silence(2.0)])).events()
    assert isinstance(heard, Heard)
    assert (heard.turn, heard.text) == (turn, "what time")
    assert heard.speech_end_s == pytest.approx(1000.0 + (len(question) - CHUNK_SAMPLES) / RATE_HZ)
    assert heard.endpoint_s <= heard.at_s


def test_partials_tell_how_many_words_were_there_before() -> None:
    events = made_up().tell(Listen(Turn(1))).hear(np.concatenate([said("what time the"), silence(1.0)])).events()
    assert [(partial.text, partial.n_stable) for partial in partials(events)] == [
        ("what", 0),
        ("what time", 1),
        ("what time the", 2),
    ]
    times_s = [partial.t_s for partial in partials(events)]
    assert times_s == sorted(times_s)
    assert times_s[1] == pytest.approx(9 * CHUNK_SAMPLES / RATE_HZ)


class ChangesItsMind(Spelling):
    """Hears one thing, and then another."""

    def partial(self) -> list[str]:
        thoughts = ["what", "what time", "what time of", "what dime of", "what dime of day", "a dime"]
        return thoughts[min(len(self._values) // 6, 5)].split()


def test_words_that_changed_are_not_stable() -> None:
    ears = Ears(Phrase(), Loudness(), ChangesItsMind())
    events = ears.tell(Listen(Turn(1))).hear(said("what time what time what")).events()
    assert [partial.n_stable for partial in partials(events)] == [0, 1, 2, 1, 3, 0]


def test_the_wake_phrase_is_not_in_the_partials() -> None:
    samples = np.concatenate([said("hey jarvis what time"), silence(1.0)])
    fired = 17 * CHUNK_SAMPLES
    events = made_up().hear(samples[:fired]).tell(Listen(Turn(1), since=fired)).hear(samples[fired:]).events()
    assert [partial.text for partial in partials(events)] == ["what", "what time"]
    assert outcomes(events) == ["Woken", "what time"]


def test_a_filler_is_no_question() -> None:
    room = made_up().tell(Listen(Turn(1))).hear(np.concatenate([said("the"), silence(6.0)]))
    assert outcomes(room.events()) == ["HeardNothing"]


def test_after_a_filler_the_question_may_still_come() -> None:
    sound = np.concatenate([said("the"), silence(1.5), said("what time"), silence(1.0)])
    assert outcomes(made_up().tell(Listen(Turn(1))).hear(sound).events()) == ["what time"]


def test_who_never_stops_is_heard_at_last() -> None:
    settings = Endpoint(max_speech_s=3.0)
    events = made_up(settings).tell(Listen(Turn(1))).hear(said("what time " * 10)).events()
    assert outcomes(events) == ["what time what time what time what time what time what time"]


def test_to_a_turn_that_was_cancelled_it_does_not_listen() -> None:
    turn = Turn(1)
    turn.cancel()
    assert made_up().tell(Listen(turn)).hear(np.concatenate([said("what time"), silence(6.0)])).events() == []


def test_it_stops_listening_when_told() -> None:
    room = made_up().tell(Listen(Turn(1))).hear(said("what"))
    assert outcomes(room.tell(Ignore()).hear(np.concatenate([said("time"), silence(6.0)])).events()) == []


def test_told_to_listen_anew_it_forgets_what_it_heard() -> None:
    first, second = Turn(1), Turn(2)
    room = made_up().tell(Listen(first)).hear(said("the time")).tell(Listen(second))
    events = room.hear(np.concatenate([said("what"), silence(1.0)])).events()
    assert outcomes(events) == ["what"]
    assert events[-1] == Heard(
        second, "what", *(getattr(events[-1], name) for name in ("speech_end_s", "endpoint_s", "at_s"))
    )


def test_it_is_woken_while_it_listens() -> None:
    room = made_up().tell(Listen(Turn(1))).hear(np.concatenate([said("what hey jarvis time"), silence(1.0)]))
    assert outcomes(room.events()) == ["Woken", "what hey jarvis time"]


def test_when_the_recognizer_fails_only_that_turn_is_lost() -> None:
    first, second = Turn(1), Turn(2)
    room = made_up().tell(Listen(first)).hear(np.concatenate([said("what boom time"), silence(1.0)]))
    events = room.tell(Listen(second)).hear(np.concatenate([said("what time"), silence(1.0)])).events()
    assert outcomes(events) == ["Failed", "what time"]
    assert Failed(first, phrases.LISTENING_FAILED) in events


class Deaf(Phrase):
    def hear(self, samples: Samples) -> float | None:
        if WORDS[samples[0]] == "boom":
            raise RuntimeError("a fault of the engine")
        return super().hear(samples)


def test_a_fault_while_nobody_speaks_to_it_is_no_turn_that_failed() -> None:
    room = Ears(Deaf(), Loudness(), Spelling()).hear(said("boom"))
    assert outcomes(room.hear(np.concatenate([said("hey jarvis"), silence(0.1)])).events()) == ["Woken"]
