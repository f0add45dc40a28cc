import itertools
import random
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.audio.chunk import Samples
from assistant.orders import Finish, Say
from assistant.speaking.talker import Talker
from assistant.turn import Turn

RATE_HZ = 1000
PER_S = 15.0  # characters of speech
LOUD = 1000


class World:
    """A voice, a speaker and a writer with one clock, which stands still but for what they do."""

    rate_hz = RATE_HZ

    def __init__(self, factor: float, gap_s: float = 0.0) -> None:
        self.factor = factor  # seconds of synthesis per second of speech
        self.now_s = 1000.0
        self.spoken: list[tuple[float, str]] = []  # when it was ready
        self.played: list[tuple[float, float, str]] = []  # when, how long, what
        self.finished = False
        self._written: list[tuple[float, Say | Finish]] = []
        self._talker = Talker(self, self, gap_s, now_s=lambda: self.now_s)
        self._talker.warm()
        self.spoken.clear()
        self.turn, self.began_s = Turn(1), self.now_s

    def synthesize(self, text: str, turn: Turn) -> Samples:
        n_samples = round(len(text) / PER_S * RATE_HZ)
        self._pass(self.now_s + n_samples / RATE_HZ * self.factor)
        self.spoken.append((self.now_s - 1000.0, text))
        return np.full(n_samples, LOUD, np.int16)

    def set_pace(self, times: float) -> None: ...

    def play(self, turn: Turn, text: str, samples: Samples, rate_hz: int) -> None:
        self.played.append((self.now_s - self.began_s, len(samples) / rate_hz, text))

    def finish(self, turn: Turn) -> None:
        self.finished = True

    def write(self, at_s: float, text: str, *, part: bool = True, per_s: float | None = None) -> None:
        self._written.append((self.began_s + at_s, Say(self.turn, text, part, per_s)))

    def write_all(self, texts: list[tuple[str, bool]], per_s: float) -> None:
        """Texts, and whether the sentence goes on, as a model writes them, and the end."""
        at_s = 0.0
        for text, part in texts:
            at_s += (len(text) + 1) / per_s
            self.write(at_s, text, part=part, per_s=per_s)
        self.end(at_s)

    def end(self, at_s: float) -> None:
        self._written.append((self.began_s + at_s, Finish(self.turn)))

    def run(self, until_s: float = 1e6) -> None:
        """Until the reply was given to its end, or until then."""
        while not self.finished and self.now_s < self.began_s + until_s:
            if self._talker.worker.work_off():
                continue
            before_s, wait_s = self.now_s, self._talker.worker.rest()
            if self.now_s == before_s and wait_s > 0.0:
                next_s = self._written[0][0] if self._written else before_s + wait_s
                self._pass(min(next_s, before_s + wait_s))

    def _pass(self, until_s: float) -> None:
        while self._written and self._written[0][0] <= until_s:
            self._talker.worker.post(self._written.pop(0)[1])
        self.now_s = max(self.now_s, until_s)

    @property
    def begins_s(self) -> float:
        return self.played[0][0]

    @property
    def silences_s(self) -> list[float]:
        """Between one piece and the next; the time for which it waits where it comes early is negative."""
        ends = itertools.accumulate(self.played, lambda end_s, piece: max(end_s, piece[0]) + piece[1], initial=0.0)
        return [piece[0] - end_s for piece, end_s in zip(self.played, ends, strict=False)][1:]

    @property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.played]


def sayable(n_characters: int, rng: random.Random) -> str:
    """Never the same twice: what was said before need not be synthesized."""
    return "".join(rng.choices("abcdefgh", k=n_characters))


def parts(lengths: Iterator[int], rng: random.Random, n: int = 20) -> list[tuple[str, bool]]:
    whole = [rng.random() < 0.4 for _ in range(n - 1)]
    return [(sayable(next(lengths), rng), not ends) for ends in (*whole, True)]


@pytest.mark.parametrize("factor", [0.1, 0.2, 0.4, 0.6])
@pytest.mark.parametrize("times", [1.2, 1.5, 2.0, 3.0, 6.0, 8.0])
def test_however_long_the_parts_are_speech_once_begun_does_not_wait(times: float, factor: float) -> None:
    rng = random.Random(f"{times} {factor}")
    for _ in range(15):
        world, lengths = World(factor), iter(lambda: rng.randint(12, 72), 0)
        texts = parts(lengths, rng)
        world.write_all(texts, times * PER_S)
        world.run()
        assert max(world.silences_s, default=0.0) <= 0.2
        assert " ".join(world.texts) == " ".join(text for text, _ in texts)


@pytest.mark.parametrize(
    ("times", "factor", "delay_s"), [(6.0, 0.1, 0.15), (6.0, 0.3, 0.5), (3.0, 0.1, 1.0), (1.2, 0.1, 4.5)]
)
def test_the_first_part_is_not_held_for_longer_than_the_pace_demands(
    times: float, factor: float, delay_s: float
) -> None:
    rng = random.Random(1)
    delays_s = []
    for _ in range(30):
        world = World(factor)
        lengths = itertools.chain([20], iter(lambda: rng.randint(20, 60), 0))
        world.write_all(parts(lengths, rng), times * PER_S)
        world.run()
        synthesized_s = 21 / (times * PER_S) + 20 / PER_S * factor
        delays_s.append(world.begins_s - synthesized_s)
    assert sorted(delays_s)[15] <= delay_s


def test_a_fast_writer_s_first_part_is_spoken_at_once() -> None:
    world = World(factor=0.1)
    world.write(0.0, "x" * 30, per_s=90.0)
    world.run(until_s=3.0)
    assert world.begins_s == pytest.approx(0.2)


def test_a_slow_writer_s_first_part_waits_for_the_next_or_the_end() -> None:
    world = World(factor=0.1)
    world.write(0.0, "x" * 30, per_s=18.0)
    world.end(2.0)
    world.run()
    assert world.begins_s == pytest.approx(2.0)
    world = World(factor=0.1)
    world.write(0.0, "x" * 30, per_s=18.0)
    world.write(2.0, "y" * 60, per_s=18.0)
    world.run(until_s=3.0)
    assert world.begins_s == pytest.approx(2.0)


def test_what_is_held_is_said_when_the_writing_is_held_up() -> None:
    world = World(factor=0.6)
    world.write(0.0, "Let me see,", per_s=18.0)
    world.run(until_s=30.0)
    assert 4.0 < world.begins_s < 5.0


def test_nothing_is_held_where_all_of_the_reply_is_known() -> None:
    world = World(factor=0.5)
    world.write(0.0, "Yes,")
    world.write(0.0, "x" * 90, part=False)
    world.run(until_s=5.0)
    assert world.begins_s == pytest.approx(4 / PER_S * 0.5, abs=0.01)


def test_of_what_is_written_slower_than_it_is_spoken_whole_sentences_are_said() -> None:
    world = World(factor=0.1)
    texts = [("a" * 30, True), ("b" * 30, False), ("c" * 30, True), ("d" * 45, False)]
    world.write_all(texts, per_s=10.0)
    world.run()
    begin_s = [at_s for at_s, _, _ in world.played]
    assert begin_s[0] == begin_s[1] == pytest.approx(62 / 10 + 30 / PER_S * 0.1)
    assert begin_s[2] == begin_s[3]


def test_while_there_is_sound_ahead_the_parts_of_a_sentence_are_spoken_together() -> None:
    world = World(factor=0.1)
    world.write(0.0, "x" * 150, part=False)
    world.write(1.0, "one,")
    world.write(2.0, "two,")
    world.write(3.0, "three.", part=False)
    world.write(4.0, "Four.", part=False)
    world.end(5.0)
    world.run()
    assert world.texts[1:] == ["one, two, three.", "Four."]


def test_what_was_gathered_is_spoken_before_the_sound_runs_out() -> None:
    world = World(factor=0.1)
    world.write(0.0, "x" * 75, part=False)
    world.write(1.0, "one,")
    world.write(2.0, "two,")
    world.write(20.0, "three.", part=False)
    world.end(20.0)
    world.run()
    at_s, _, text = world.played[1]
    assert text == "one, two,"
    assert 2.0 < at_s < 5.5
    assert world.silences_s[0] <= 0.0


def test_a_part_that_would_take_too_long_together_with_those_before_it_is_spoken_after_them() -> None:
    world = World(factor=0.6)
    world.write(0.0, "x" * 90, part=False)
    world.write(3.7, "y" * 20)
    world.write(4.0, "z" * 90, part=False)
    world.end(4.0)
    world.run()
    assert world.texts[1:] == ["y" * 20, "z" * 90]


def test_the_gap_stands_between_sentences_and_not_within_one() -> None:
    world = World(factor=0.1, gap_s=0.5)
    for text, part in (("x" * 15, True), ("x" * 15, False), ("x" * 15, False)):
        world.write(0.0, text, part=part)
    world.end(0.0)
    world.run()
    assert [duration_s for _, duration_s, _ in world.played] == pytest.approx([1.0, 1.0, 1.5])


def test_a_sentence_ends_even_where_its_end_cannot_be_spoken() -> None:
    world = World(factor=0.1, gap_s=0.5)
    for text, part in (("x" * 15, True), ("***", False), ("x" * 15, False)):
        world.write(0.0, text, part=part)
    world.end(0.0)
    world.run()
    assert [duration_s for _, duration_s, _ in world.played] == pytest.approx([1.0, 1.5])
