from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from assistant import phrases
from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Chunk, Samples
from assistant.config import Endpoint
from assistant.events import EndLikely, Event, Failed, Heard, HeardNothing, Mistaken, Partial, Stopped, Woken
from assistant.listening.endpoint import Pause
from assistant.listening.listener import Ears, Listener
from assistant.listening.recognizer import VoskModel, VoskRecognizer
from assistant.listening.stop_words import StopWords
from assistant.listening.transcript import Word
from assistant.listening.verifier import Verifier
from assistant.listening.vocabulary import Vocabulary
from assistant.listening.voice_activity import SileroActivity
from assistant.listening.wake import Hit, MicroWake, OpenWake, WakeWord
from assistant.orders import Enough, Heed, Ignore, Listen
from assistant.turn import Turn

Spoken = Callable[..., Samples]
Build = Callable[..., "Hearing"]


class Hearing:
    """A listener at work: what it is given is handled in order, as fast as it goes."""

    def __init__(self, ears: Ears, settings: Endpoint | None = None) -> None:
        self.n_heard = 0
        self._events: list[Event] = []
        self._listener = Listener(ears, settings or Endpoint(), self._events.append)

    def hear(self, samples: Samples, *, playing: bool = False) -> "Hearing":
        for start in range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
            captured_s = 1000.0 + self.n_heard / RATE_HZ
            chunk = Chunk(samples[start : start + CHUNK_SAMPLES], self.n_heard, captured_s, playing)
            self._listener.worker.post(chunk)
            self.n_heard += CHUNK_SAMPLES
        return self

    def tell(self, command: Listen | Enough | Heed | Ignore) -> "Hearing":
        self._listener.worker.post(command)
        return self

    def events(self) -> list[Event]:
        """All that happened."""
        self._listener.worker.work_off()
        return self._events


def silence(duration_s: float) -> Samples:
    return np.zeros(round(duration_s * RATE_HZ), np.int16)


def outcomes(events: Iterable[Event]) -> list[object]:
    """What became of it: the text that was heard, or the name of the event."""
    return [
        event.text if isinstance(event, Heard) else type(event).__name__
        for event in events
        if not isinstance(event, Partial | EndLikely)
    ]


def likely_ends(events: Iterable[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, EndLikely)]


def partials(events: Iterable[Event]) -> list[Partial]:
    return [event for event in events if isinstance(event, Partial)]


# With real engines

LOOK_S = 0.35  # what the second look takes at most


@pytest.fixture(scope="module")
def model(starter: dict[str, Path]) -> VoskModel:
    return VoskModel(starter["recognizer"])


@pytest.fixture
def ears(model: VoskModel) -> Build:
    vocabulary = Vocabulary.of(model.folder)

    def build(settings: Endpoint | None = None, engine: Callable[[list[str]], WakeWord] = MicroWake) -> Hearing:
        return made_up(
            settings,
            wake=engine(["hey jarvis"]),
            verifier=Verifier(model, vocabulary, ["hey jarvis"]),
            stop_words=StopWords(model, vocabulary),
            voice_activity=SileroActivity(),
            recognizer=VoskRecognizer(model),
        )

    return build


def firing(samples: Samples, engine: Callable[[list[str]], WakeWord] = MicroWake) -> int:
    """The sample at which the wake word fires."""
    wake = engine(["hey jarvis"])
    ends = range(CHUNK_SAMPLES, len(samples) + 1, CHUNK_SAMPLES)
    return next(end for end in ends if wake.hear(samples[end - CHUNK_SAMPLES : end]) is not None)


def woken_and_told(
    ears: Hearing, samples: Samples, engine: Callable[[list[str]], WakeWord] = MicroWake, late_s: float = 0.0
) -> list[Event]:
    """Hears the samples, and is told to listen, as the daemon would, so long after the wake word fired."""
    fired = firing(samples, engine)
    told = min(fired + round((late_s + LOOK_S) * RATE_HZ / CHUNK_SAMPLES) * CHUNK_SAMPLES, len(samples))
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


# With engines made up: a chunk of the value LOUD + n is the word number n of this list, silence is 0


WORDS = ["", "hey", "jarvis", "what", "time", "the", "boom", "stop"]
LOUD = 1000


def said(text: str) -> Samples:
    """Words of 0.256 s each."""
    return np.repeat(np.array([LOUD + WORDS.index(word) for word in text.split()], np.int16), 8 * CHUNK_SAMPLES)


def word_in(samples: Samples) -> str:
    return WORDS[max(0, int(samples[0]) - LOUD)]


class Phrase:
    """Fires at the end of "jarvis"."""

    score = 0.0

    def __init__(self) -> None:
        self._before = ""

    def hear(self, samples: Samples) -> Hit | None:
        before, self._before = self._before, word_in(samples)
        return Hit("hey jarvis", 0.9) if before == "jarvis" and self._before != before else None


class SecondLook:
    """Needs so many chunks more to be sure of this verdict."""

    def __init__(self, verdict: bool = True, n_chunks: int = 0) -> None:
        self._verdict = verdict
        self._n_chunks = n_chunks
        self.recent_s = 0.0

    def start(self, phrase: str, recent: Samples) -> bool | None:
        assert phrase == "hey jarvis"
        self.recent_s, self._n_left = len(recent) / RATE_HZ, self._n_chunks
        return self._verdict if self._n_left == 0 else None

    def hear(self, samples: Samples) -> bool | None:
        self._n_left -= 1
        return self._verdict if self._n_left <= 0 else None


class Stops:
    """Spots one word, as soon as it begins."""

    def start(self) -> None: ...
    def hear(self, chunk: Chunk) -> str | None:
        return "stop" if word_in(chunk.samples) == "stop" else None


class Loudness:
    def reset(self) -> None: ...
    def is_speech(self, samples: Samples) -> bool:
        return bool(samples.any())


class Spelling:
    """Knows each word by its number, and falls over "boom"."""

    def start(self) -> None:
        self._texts: list[str] = []

    def hear(self, samples: Samples) -> None:
        if word_in(samples) == "boom":
            raise RuntimeError("it does not know what to do")
        self._texts.append(word_in(samples))

    def partial(self) -> list[str]:
        return [word.text for word in self.finish()]

    def settle(self) -> list[Word]:
        return self.finish()

    def finish(self) -> list[Word]:
        return list(self._words())

    def _words(self) -> Iterator[Word]:
        begin = 0
        for n, text in enumerate(self._texts, 1):
            if n == len(self._texts) or self._texts[n] != text:
                if text:
                    yield Word(text, begin * CHUNK_SAMPLES / RATE_HZ, n * CHUNK_SAMPLES / RATE_HZ, 1.0)
                begin = n


PAUSES = {"what time": Pause.SHORT, "what time the": Pause.LONG}


def engines(**others: Any) -> Ears:
    made: dict[str, Any] = {
        "wake": Phrase(),
        "verifier": SecondLook(),
        "stop_words": Stops(),
        "voice_activity": Loudness(),
        "recognizer": Spelling(),
        "pause_after": lambda text: PAUSES.get(text, Pause.USUAL),
    }
    return Ears(**(made | others))


def made_up(settings: Endpoint | None = None, **others: Any) -> Hearing:
    return Hearing(engines(**others), settings)


def test_the_wake_word_is_told_with_its_place() -> None:
    phrase = said("hey jarvis")
    events = made_up().hear(np.concatenate([phrase, silence(1.0)])).events()
    end = len(phrase) + CHUNK_SAMPLES
    assert events == [Woken("hey jarvis", 0.9, end, 1000.0 + (end - CHUNK_SAMPLES) / RATE_HZ)]


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
        return thoughts[min((len(self._texts) - 1) // 6, 5)].split()


def test_words_that_changed_are_not_stable() -> None:
    ears = made_up(recognizer=ChangesItsMind())
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
    def hear(self, samples: Samples) -> Hit | None:
        if word_in(samples) == "boom":
            raise RuntimeError("a fault of the engine")
        return super().hear(samples)


def test_a_fault_while_nobody_speaks_to_it_is_no_turn_that_failed() -> None:
    room = made_up(wake=Deaf()).hear(said("boom"))
    assert outcomes(room.hear(np.concatenate([said("hey jarvis"), silence(0.1)])).events()) == ["Woken"]


def test_what_only_resembles_the_phrase_wakes_nobody() -> None:
    second = SecondLook(verdict=False, n_chunks=3)
    events = made_up(verifier=second).hear(np.concatenate([silence(5.0), said("hey jarvis"), silence(1.0)])).events()
    assert events == [Mistaken("hey jarvis", 0.9)]
    assert second.recent_s == pytest.approx(2.5, abs=0.04)


def test_the_second_look_may_take_its_time_and_the_phrase_is_still_where_it_was() -> None:
    phrase = said("hey jarvis")
    [woken] = made_up(verifier=SecondLook(n_chunks=8)).hear(np.concatenate([phrase, silence(1.0)])).events()
    assert isinstance(woken, Woken)
    assert woken.end == len(phrase) + CHUNK_SAMPLES
    assert woken.at_s == pytest.approx(1000.0 + (len(phrase) + 8 * CHUNK_SAMPLES) / RATE_HZ)


def seconds_until_heard(text: str) -> float:
    sound = np.concatenate([said(text), silence(3.0)])
    [*_, heard] = made_up().tell(Listen(Turn(1))).hear(sound).events()
    assert isinstance(heard, Heard)
    n_chunks = 0
    room = made_up().tell(Listen(Turn(1))).hear(said(text))
    while not any(isinstance(event, Heard) for event in room.events()):
        room.hear(silence(CHUNK_SAMPLES / RATE_HZ))
        n_chunks += 1
    return n_chunks * CHUNK_SAMPLES / RATE_HZ


def test_what_was_said_tells_how_long_it_waits_for_more() -> None:
    for text, pause in (("what time", Pause.SHORT), ("what", Pause.USUAL), ("what time the", Pause.LONG)):
        assert seconds_until_heard(text) == pytest.approx(pause.value, abs=0.05)


def test_a_softer_voice_in_the_background_does_not_keep_it_listening() -> None:
    television = np.repeat(np.array([LOUD // 10], np.int16), 6 * RATE_HZ)
    room = made_up().tell(Listen(Turn(1))).hear(said("the what"))
    n_before = len(room.events())
    room.hear(television[: 2 * RATE_HZ])
    assert outcomes(room.events()[n_before:]) == ["the what"]


class Muttering(Spelling):
    """Hears the first two words, and nothing in what follows."""

    def partial(self) -> list[str]:
        return super().partial()[:2]

    def finish(self) -> list[Word]:
        return super().finish()[:2]


def test_a_voice_of_which_no_words_come_does_not_keep_it_listening() -> None:
    room = made_up(recognizer=Muttering()).tell(Listen(Turn(1))).hear(said("what the" + " what the" * 6))
    assert outcomes(room.events()) == ["what the"]


def playing(room: Hearing, samples: Samples) -> Hearing:
    """What is heard while the assistant itself sounds."""
    return room.hear(samples, playing=True)


def test_a_follow_up_begins_after_the_last_words_of_the_reply() -> None:
    room = made_up().tell(Listen(Turn(1), wait_s=4.0))
    playing(room, said("what time"))
    assert outcomes(room.hear(np.concatenate([said("what"), silence(1.0)])).events()) == ["what"]


def test_without_a_follow_up_it_waits_as_long_as_it_is_told_and_no_longer() -> None:
    room = playing(made_up().tell(Listen(Turn(1), wait_s=2.0)), said("what time"))
    assert outcomes(room.hear(silence(1.9)).events()) == []
    assert outcomes(room.hear(silence(0.2)).events()) == ["HeardNothing"]


def test_a_question_over_an_earcon_is_heard() -> None:
    room = playing(made_up().tell(Listen(Turn(1))), said("what time"))
    assert outcomes(room.hear(silence(1.0)).events()) == ["what time"]


def test_while_it_speaks_a_word_stops_it() -> None:
    room = made_up().tell(Heed()).hear(said("what"))
    n_before = room.n_heard
    [stopped, *_] = room.hear(said("stop")).events()
    assert stopped == Stopped(1000.0 + n_before / RATE_HZ, "stop")


@pytest.mark.parametrize("command", [Ignore(), Listen(Turn(1))])
def test_at_other_times_that_word_is_like_any_other(command: Ignore | Listen) -> None:
    room = made_up().tell(Heed()).tell(command).hear(np.concatenate([said("stop"), silence(0.1)]))
    assert not any(isinstance(event, Stopped) for event in room.events())


def test_at_a_pause_it_tells_what_was_said_if_that_was_all() -> None:
    room = made_up().tell(Listen(Turn(1))).hear(said("what")).hear(silence(0.3))
    assert likely_ends(room.events()) == ["what"]
    assert outcomes(room.events()) == []
    room.hear(said("what the")).hear(silence(0.3))
    said_so_far = likely_ends(room.events())
    assert said_so_far[-1] == "what what the"
    room.hear(silence(1.5))
    assert likely_ends(room.events()) == said_so_far  # once a pause
    assert outcomes(room.events()) == ["what what the"]


def test_a_pause_while_the_button_is_held_is_no_likely_end() -> None:
    room = made_up().tell(Listen(Turn(1), hold_until=5 * RATE_HZ)).hear(said("what")).hear(silence(1.0))
    assert likely_ends(room.events()) == []


def test_a_likely_end_says_nothing_of_noise() -> None:
    room = made_up().tell(Listen(Turn(1))).hear(silence(1.0))
    assert likely_ends(room.events()) == []


class SettlesOnOthers(Spelling):
    """Hears another word when it has to be certain."""

    def settle(self) -> list[Word]:
        self._texts = ["jarvis" if text == "the" else text for text in self._texts]
        return self.finish()


def test_words_that_became_others_at_the_pause_are_told_before_the_likely_end() -> None:
    turn = Turn(1)
    room = made_up(recognizer=SettlesOnOthers()).tell(Listen(turn)).hear(said("what the")).hear(silence(0.3))
    *_, partial, end = room.events()
    assert isinstance(partial, Partial)
    assert (partial.text, partial.n_stable) == ("what jarvis", 2)
    assert end == EndLikely(turn, "what jarvis")
    assert outcomes(room.hear(silence(1.0)).events()) == ["what jarvis"]


@pytest.mark.parametrize("rest", ["", "what"])
def test_a_pause_after_the_wake_phrase_and_its_rest_is_no_likely_end(rest: str) -> None:
    samples = np.concatenate([said("hey jarvis"), said(rest), silence(0.5)])
    fired = 17 * CHUNK_SAMPLES
    room = made_up().hear(samples[:fired]).tell(Listen(Turn(1), since=fired)).hear(samples[fired:])
    assert likely_ends(room.events()) == []
    likely = likely_ends(room.hear(said("what time the")).hear(silence(0.3)).events())
    assert likely[-1] == f"{rest} what time the".strip()


def test_a_likely_end_comes_before_the_end_of_the_shortest_command() -> None:
    turn = Turn(1)
    room = made_up().tell(Listen(turn)).hear(np.concatenate([said("what time"), silence(1.0)]))
    *_, likely, heard = room.events()
    assert likely == EndLikely(turn, "what time")
    assert isinstance(heard, Heard)


def test_who_goes_on_after_a_pause_is_not_cut_in_the_first_word() -> None:
    room = made_up().tell(Listen(Turn(1)))
    for word in ("what", "the", "time"):
        room.hear(said(word)).hear(silence(0.23))
    assert likely_ends(room.events()) == ["what", "what the", "what the time"]


def test_while_a_button_is_held_no_pause_ends_what_is_said_but_letting_it_go_does() -> None:
    turn = Turn(1)
    room = made_up().tell(Listen(turn, held=True)).hear(said("what")).hear(silence(3.0))
    assert outcomes(room.events()) == []
    room.hear(said("time")).tell(Enough(turn)).hear(silence(0.2))
    assert outcomes(room.events()) == []  # the end of the last word may still be under way
    assert outcomes(room.hear(silence(0.2)).events()) == ["what time"]


def test_letting_go_of_a_button_without_a_word_is_nothing_heard() -> None:
    turn = Turn(1)
    room = made_up().tell(Listen(turn, held=True)).hear(silence(0.5)).tell(Enough(turn)).hear(silence(0.5))
    assert outcomes(room.events()) == ["HeardNothing"]


def test_letting_go_of_a_button_ends_no_later_turn() -> None:
    room = made_up().tell(Listen(Turn(2), held=True)).hear(said("what")).tell(Enough(Turn(1))).hear(silence(2.0))
    assert outcomes(room.events()) == []


def test_a_button_that_is_stuck_does_not_keep_it_listening_for_ever() -> None:
    room = made_up().tell(Listen(Turn(1), held=True)).hear(said("what")).hear(silence(62.0))
    assert outcomes(room.events()) == ["what"]


def test_another_microphone_counts_anew() -> None:
    room = made_up().hear(said("time")).hear(silence(60.0))
    room.n_heard = 0
    turn = Turn(1)
    room.hear(silence(0.5)).tell(Listen(turn, since=room.n_heard)).hear(said("what")).hear(silence(1.0))
    assert outcomes(room.events()) == ["what"]
