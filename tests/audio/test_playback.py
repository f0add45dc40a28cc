"""Playback in simulated time: a speaker that only counts."""

import numpy as np
import pytest

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.audio.playback import AWAKE_S, Playback
from assistant.config import Audio
from assistant.events import Event, FirstAudio, Saying, Spoken
from assistant.orders import Earcon
from assistant.turn import Turn

SPEAKER_HZ = 48_000
N_BLOCK = SPEAKER_HZ // 50
LATENCY_S = 0.1


class Speaker:
    """Plays each block 0.1 s after it is written, and tells what it was asked to do."""

    rate_hz, n_block, is_open = SPEAKER_HZ, N_BLOCK, True

    def __init__(self) -> None:
        self.now_s = 100.0
        self.runs = False
        self.did: list[str] = []
        self.blocks: list[Samples] = []

    def start(self) -> None:
        self.runs = True
        self.did.append("start")

    def write(self, block: Samples) -> float:
        assert self.runs
        assert len(block) == N_BLOCK
        self.blocks.append(block)
        heard_s = self.now_s + LATENCY_S
        self.now_s += N_BLOCK / SPEAKER_HZ
        return heard_s

    def stop(self) -> None:
        self.runs = False
        self.did.append("stop")

    def abort(self) -> None:
        self.runs = False
        self.did.append("abort")


class Echo:
    def __init__(self) -> None:
        self.heard: list[tuple[Samples, float]] = []
        self.silenced_s: list[float] = []

    def played(self, samples: Samples, heard_s: float) -> None:
        self.heard.append((samples, heard_s))

    def silenced(self, at_s: float) -> None:
        self.silenced_s.append(at_s)


class Stage:
    def __init__(self, **settings: float) -> None:
        self.speaker, self.echo, self.events = Speaker(), Echo(), list[Event]()
        self.playback = Playback(Audio(**settings), self.speaker, self.echo, self.events.append)  # type: ignore[arg-type]
        self.playback.opened()

    def run(self, duration_s: float) -> "Stage":
        end_s = self.speaker.now_s + duration_s
        while self.speaker.now_s < end_s - 1e-9:
            if not self.playback.feed(self.speaker.now_s):
                self.speaker.now_s += 0.02
        return self

    def say(self, turn: Turn, text: str, duration_s: float, pitch_hz: float = 500.0) -> None:
        at_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
        self.playback.play(turn, text, (8000 * np.sin(2 * np.pi * pitch_hz * at_s)).astype(np.int16), RATE_HZ)

    def sounding(self) -> list[bool]:
        return [bool(np.abs(block).max() > 100) for block in self.speaker.blocks]


def test_a_reply_is_told_sentence_by_sentence_as_it_is_heard() -> None:
    stage, turn = Stage(lead_in_s=0.2), Turn(1)
    stage.say(turn, "One.", 1.0)
    stage.say(turn, "Two.", 0.5)
    stage.playback.finish(turn, stage.speaker.now_s)
    stage.run(3.0)
    first_s = 100.0 + 0.2 + LATENCY_S
    begun, one, two, spoken = stage.events
    assert isinstance(begun, FirstAudio)
    assert isinstance(one, Saying)
    assert isinstance(two, Saying)
    assert [begun.at_s, one.at_s, two.at_s] == pytest.approx([first_s, first_s, first_s + 1.0])
    assert [(saying.text, saying.duration_s) for saying in (one, two)] == [("One.", 1.0), ("Two.", 0.5)]
    assert isinstance(spoken, Spoken)
    assert first_s + 1.5 <= spoken.at_s <= first_s + 1.55


def test_a_late_sentence_belongs_to_the_same_reply() -> None:
    stage, turn = Stage(), Turn(1)
    stage.say(turn, "One.", 0.2)
    stage.run(2.0)
    stage.say(turn, "Two.", 0.2)
    stage.run(1.0)
    stage.playback.finish(turn, stage.speaker.now_s)
    stage.run(0.3)
    assert [type(event) for event in stage.events] == [FirstAudio, Saying, Saying, Spoken]
    assert stage.speaker.did == ["start"]  # it did not fall asleep between them


def test_only_a_sleeping_speaker_gets_silence_first() -> None:
    stage = Stage(lead_in_s=0.5)
    stage.playback.chime(Earcon.WAKE)
    stage.run(0.5)
    assert stage.sounding().index(True) == 25
    n_before = len(stage.speaker.blocks)
    stage.say(Turn(1), "One.", 0.2)
    stage.run(0.1)
    assert stage.sounding()[n_before:].index(True) == 0


def test_it_is_kept_awake_for_a_while_and_then_may_sleep() -> None:
    stage = Stage()
    stage.playback.chime(Earcon.WAKE)
    stage.run(AWAKE_S - 1.0)
    assert stage.speaker.did == ["start"]
    stage.run(3.0)
    assert stage.speaker.did == ["start", "stop"]


def test_a_silent_earcon_wakes_the_speaker_too() -> None:
    stage = Stage(earcons=0.0)
    stage.playback.chime(Earcon.WAKE)
    stage.run(0.2)
    assert stage.speaker.did == ["start"]
    assert not any(stage.sounding())


def test_a_cancelled_reply_is_silent_in_the_next_block_and_the_next_sound_comes_at_once() -> None:
    stage, dead, turn = Stage(lead_in_s=0.5), Turn(1), Turn(2)
    stage.say(dead, "One.", 5.0)
    stage.run(2.0)
    dead.cancel()
    stage.say(turn, "Two.", 0.2)
    n_before, at_s = len(stage.speaker.blocks), stage.speaker.now_s
    stage.run(0.1)
    assert stage.speaker.did == ["start", "abort", "start"]
    assert stage.echo.silenced_s == [at_s]
    assert stage.sounding()[n_before] is True
    assert isinstance(stage.events[-1], Saying)
    assert stage.events[-1].text == "Two."


def test_cancelled_while_its_last_words_are_in_the_buffer_it_is_silent_too() -> None:
    stage, turn = Stage(), Turn(1)
    stage.say(turn, "One.", 0.2)
    stage.playback.finish(turn, stage.speaker.now_s)
    stage.run(0.32)  # 0.1 s of silence, then all of it, which is heard 0.1 s later
    turn.cancel()
    stage.run(0.1)
    assert "abort" in stage.speaker.did


def test_a_reply_without_a_sentence_is_over_at_once() -> None:
    stage, turn = Stage(), Turn(1)
    stage.playback.finish(turn, 7.0)
    assert stage.events == [Spoken(turn, 7.0)]
    assert stage.speaker.did == []


def test_when_the_speaker_is_lost_nobody_waits_for_the_end_of_the_reply() -> None:
    stage, turn = Stage(), Turn(1)
    stage.say(turn, "One.", 5.0)
    stage.playback.finish(turn, stage.speaker.now_s)
    stage.run(1.0)
    stage.playback.lost(7.0)
    assert stage.events[-1] == Spoken(turn, 7.0)
    assert not stage.playback.busy


def test_what_is_sent_is_told_at_the_rate_inside_with_its_time() -> None:
    stage, turn = Stage(lead_in_s=0.1), Turn(1)
    stage.say(turn, "One.", 1.0, pitch_hz=440.0)
    stage.run(1.5)
    samples = np.concatenate([samples for samples, _ in stage.echo.heard]).astype(float)
    assert stage.echo.heard[0][1] == pytest.approx(100.0 + LATENCY_S)
    for (before, at_s), (_, next_s) in zip(stage.echo.heard, stage.echo.heard[1:], strict=False):
        assert next_s - at_s == pytest.approx(len(before) / RATE_HZ, abs=1e-6)
    tone = samples[int(0.3 * RATE_HZ) :][: RATE_HZ // 2]
    assert np.abs(np.fft.rfft(tone)).argmax() * 2 == pytest.approx(440, abs=3)
    assert np.flatnonzero(np.abs(samples) > 1000)[0] / RATE_HZ == pytest.approx(0.1, abs=0.01)


def test_it_rings_through_a_reply_more_softly() -> None:
    stage = Stage()
    stage.playback.ring(on=True, low=False)
    stage.run(2.5)
    loud = max(np.abs(block).max() for block in stage.speaker.blocks)
    n_before = len(stage.speaker.blocks)
    stage.playback.play(Turn(1), "…", np.zeros(4 * RATE_HZ, np.int16), RATE_HZ)
    stage.run(2.5)
    soft = max(np.abs(block).max() for block in stage.speaker.blocks[n_before + 10 :])
    assert 0 < soft < 0.2 * loud
    stage.playback.ring(on=False, low=False)
    stage.run(3.0)
    assert not any(stage.sounding()[-50:])
