from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import Samples
from assistant.audio.recording import Recording
from assistant.events import Event, FirstAudio, Saying, Spoken
from assistant.orders import Finish, Render, Say, SetPace
from assistant.speaking.talker import PAUSE_S, Talker
from assistant.speaking.voice import Piper
from assistant.turn import Turn
from assistant.worker import BEAT_S

RATE_HZ = 1000
GAP = [0] * 5


class Letters:
    """Speaks a sentence in as many samples as it has letters, each of them its length."""

    rate_hz = RATE_HZ

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None  # happens during the next synthesis

    def synthesize(self, text: str, turn: Turn) -> Samples:
        if "boom" in text:
            raise RuntimeError("this cannot be spoken")
        self.spoken.append(text)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return np.full(0 if turn.cancelled else len(text), len(text), np.int16)

    def set_pace(self, times: float) -> None:
        self.spoken.append(f"at {times}")


class Ear:
    """Hears what is played, as a speaker would play it."""

    def __init__(self) -> None:
        self.heard: list[tuple[Turn, list[int]]] = []
        self.finished: list[Turn] = []

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        assert rate_hz == RATE_HZ
        self.heard.append((turn, samples.tolist()))

    def finish(self, turn: Turn) -> None:
        self.finished.append(turn)


def talk(*commands: Say | Render | Finish | SetPace) -> tuple[Letters, Ear]:
    voice, ear = Letters(), Ear()
    talker = Talker(voice, ear, sentence_gap_s=0.005)
    talker.worker.start()
    for command in commands:
        talker.worker.post(command)
    assert talker.worker.stop()
    return voice, ear


def test_what_was_said_before_is_not_synthesized_again_unless_the_pace_has_changed() -> None:
    turn = Turn(1)
    voice, ear = talk(Say(turn, "One."), Say(turn, "One."), SetPace(0.5), Say(turn, "One."))
    assert voice.spoken == ["One.", "at 0.5", "One."]
    assert [samples[-4:] for _, samples in ear.heard] == [[4] * 4] * 3


def test_what_is_common_is_synthesized_before_it_is_said() -> None:
    voice = Letters()
    talker = Talker(voice, Ear(), 0.0, ["One.", "Three."])
    assert [talker.worker.rest() for _ in range(3)] == [PAUSE_S, PAUSE_S, BEAT_S]
    assert voice.spoken == ["One.", "Three."]


def test_sentences_are_spoken_in_order_with_a_gap_only_between_them() -> None:
    turn = Turn(1)
    _, ear = talk(Say(turn, "One."), Say(turn, "Three."), Say(turn, "Two."), Finish(turn))
    assert ear.heard == [(turn, [4] * 4), (turn, GAP + [6] * 6), (turn, GAP + [4] * 4)]
    assert ear.finished == [turn]


def test_the_next_turn_begins_without_a_gap() -> None:
    first, second = Turn(1), Turn(2)
    _, ear = talk(Say(first, "One."), Finish(first), Say(second, "Two."), Finish(second))
    assert ear.heard == [(first, [4] * 4), (second, [4] * 4)]
    assert ear.finished == [first, second]


def test_the_text_is_made_speakable_first() -> None:
    voice, _ = talk(Say(Turn(1), "It is **12** %."))
    assert voice.spoken == ["It is 12 percent."]


@pytest.mark.parametrize("text", ["", " ", "***", "\N{GRINNING FACE}", "---"])
def test_what_cannot_be_spoken_is_skipped(text: str) -> None:
    turn = Turn(1)
    voice, ear = talk(Say(turn, text), Say(turn, "One."), Finish(turn))
    assert voice.spoken == ["One."]
    assert ear.heard == [(turn, [4] * 4)]
    assert ear.finished == [turn]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_fault_in_one_sentence_does_not_lose_the_others(place: int) -> None:
    turn, texts = Turn(1), ["One.", "Two."]
    texts.insert(place, "boom")
    voice, ear = talk(*[Say(turn, text) for text in texts], Finish(turn))
    assert voice.spoken == ["One.", "Two."]
    assert ear.heard == [(turn, [4] * 4), (turn, GAP + [4] * 4)]
    assert ear.finished == [turn]


def test_of_a_cancelled_turn_nothing_more_is_spoken() -> None:
    dead, turn = Turn(1), Turn(2)
    dead.cancel()
    voice, ear = talk(Say(dead, "One."), Finish(dead), Say(turn, "Two."), Finish(turn))
    assert voice.spoken == ["Two."]
    assert ear.heard == [(turn, [4] * 4)]


def test_a_cancel_ends_what_is_synthesized_for_the_turn_and_the_talker_goes_on() -> None:
    voice, ear, dead, turn = Letters(), Ear(), Turn(1), Turn(2)
    talker = Talker(voice, ear, 0.0)
    voice.meanwhile = dead.cancel
    for command in (Say(dead, "One."), Say(dead, "Two."), Finish(dead), Say(turn, "One."), Finish(turn)):
        talker.worker.post(command)
    talker.worker.work_off()
    assert voice.spoken == ["One.", "One."]
    assert ear.heard == [(turn, [4] * 4)]
    assert ear.finished == [dead, turn]


def test_what_was_held_or_gathered_for_a_cancelled_turn_is_dropped() -> None:
    voice, ear, dead, turn = Letters(), Ear(), Turn(1), Turn(2)
    talker = Talker(voice, ear, 0.0)
    talker.worker.post(Say(dead, "One,", part=True, written_per_s=18.0))
    talker.worker.work_off()
    assert voice.spoken == ["One,"]
    dead.cancel()
    assert talker.worker.rest() == BEAT_S
    for command in (Say(turn, "Two."), Say(dead, "three,", part=True), Say(turn, "Four.")):
        talker.worker.post(command)
    talker.worker.work_off()
    assert [samples for _, samples in ear.heard] == [[4] * 4, [5] * 5]


def test_when_another_turn_begins_the_one_before_it_is_said_to_its_end() -> None:
    ear, first, second = Ear(), Turn(1), Turn(2)
    talker = Talker(Letters(), ear, 0.0)
    talker.worker.post(Say(first, "One,", part=True, written_per_s=18.0))
    talker.worker.post(Say(second, "Two."))
    talker.worker.work_off()
    assert ear.heard == [(first, [4] * 4), (second, [4] * 4)]


def test_what_was_rendered_is_not_synthesized_when_it_is_said() -> None:
    guess, turn = Turn(1), Turn(2)
    voice, ear = talk(Render(guess, "In **Paris**,"), Say(turn, "In **Paris**,", part=True), Finish(turn))
    assert voice.spoken == ["In Paris,"]
    assert len(ear.heard) == 1


def test_what_is_rendered_is_not_heard_and_costs_nothing_twice() -> None:
    voice, ear = talk(Render(Turn(1), "One."), Render(Turn(2), "One."))
    assert voice.spoken == ["One."]
    assert ear.heard == []


def test_for_a_cancelled_turn_nothing_is_rendered() -> None:
    guess = Turn(1)
    guess.cancel()
    assert talk(Render(guess, "One."))[0].spoken == []


def test_what_was_rendered_in_part_is_not_taken_for_the_whole() -> None:
    voice, ear, guess, turn = Letters(), Ear(), Turn(1), Turn(2)
    talker = Talker(voice, ear, 0.0)
    voice.meanwhile = guess.cancel
    talker.worker.post(Render(guess, "One."))
    talker.worker.post(Say(turn, "One."))
    talker.worker.work_off()
    assert ear.heard == [(turn, [4] * 4)]


def test_what_is_common_makes_way_for_what_is_posted_and_is_synthesized_later() -> None:
    voice, ear, turn = Letters(), Ear(), Turn(1)
    talker = Talker(voice, ear, 0.0, ["Common."])
    voice.meanwhile = lambda: talker.post(Say(turn, "One."))
    talker.worker.rest()
    talker.worker.work_off()
    assert ear.heard == [(turn, [4] * 4)]
    talker.post(Finish(turn))
    talker.worker.work_off()
    talker.worker.rest()
    talker.post(Say(Turn(2), "Common."))
    talker.worker.work_off()
    assert voice.spoken == ["Common.", "One.", "Common."]
    assert ear.heard[-1][1] == [7] * 7


def test_nothing_common_is_synthesized_while_a_reply_is_under_way() -> None:
    voice, turn = Letters(), Turn(1)
    talker = Talker(voice, Ear(), 0.0, ["Common."])
    talker.worker.post(Say(turn, "One."))
    talker.worker.work_off()
    talker.worker.rest()
    assert voice.spoken == ["One."]
    talker.worker.post(Finish(turn))
    talker.worker.work_off()
    talker.worker.rest()
    assert voice.spoken == ["One.", "Common."]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [("In Paris,", "In Paris,"), ("in Paris —", "in Paris,"), ("in the", "in the"), ("Here:", "Here:"), ("*a*;", "a,")],
)
def test_where_a_sentence_goes_on_the_voice_is_told(written: str, spoken: str) -> None:
    assert talk(Say(Turn(1), written, part=True))[0].spoken == [spoken]


def test_if_the_rest_of_a_reply_cannot_be_spoken_the_reply_still_ends() -> None:
    ear, turn = Ear(), Turn(1)
    talker = Talker(Letters(), ear, 0.0, now_s=lambda: 0.0)
    for command in (Say(turn, "x" * 30_000), Say(turn, "boom,", part=True), Finish(turn)):
        talker.worker.post(command)
    talker.worker.work_off()
    assert len(ear.heard) == 1
    assert ear.finished == [turn]


def test_a_reply_without_a_sentence_still_ends() -> None:
    turn = Turn(1)
    assert talk(Finish(turn))[1].finished == [turn]


def test_to_warm_up_it_speaks_to_nobody() -> None:
    voice, ear = Letters(), Ear()
    Talker(voice, ear, sentence_gap_s=0.2).warm()
    assert voice.spoken
    assert ear.heard == []


def test_a_real_voice_speaks_a_reply(starter: dict[str, Path]) -> None:
    events: list[Event] = []
    nothing = np.zeros(0, np.int16)
    recording = Recording(nothing, silence_s=0, realtime=False, deliver=lambda chunk: None, post=events.append)
    voice = Piper(starter["voice"], 1.0)
    talker, turn = Talker(voice, recording, sentence_gap_s=0.5), Turn(1)
    talker.worker.start()
    for command in (Say(turn, "Good morning."), Say(turn, "It is nine."), Finish(turn)):
        talker.worker.post(command)
    assert talker.worker.stop(60.0)
    assert [type(event) for event in events] == [FirstAudio, Saying, Saying, Spoken]
    loud = np.flatnonzero(np.abs(recording.played.astype(int)) > 300) / voice.rate_hz
    assert 1.2 < loud[-1] < 5.0
    assert max(np.diff(loud)) > 0.5  # the gap
