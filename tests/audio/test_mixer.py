import numpy as np
import pytest

from assistant.audio.chunk import Samples
from assistant.audio.mixer import FADE_BLOCKS, LOW, Mixer, Piece
from assistant.turn import Turn

N_BLOCK = 10


def flat(value: int, n_samples: int) -> Samples:
    return np.full(n_samples, value, np.int16)


def piece(value: int, n_samples: int, turn: Turn | None = None) -> Piece:
    return Piece(flat(value, n_samples), lambda at_s: None, turn)


def blocks(mixer: Mixer, n: int) -> list[int]:
    return [int(sample) for _ in range(n) for sample in mixer.block()[0]]


def test_with_nothing_to_say_it_gives_silence() -> None:
    mixer = Mixer(N_BLOCK)
    assert not mixer.busy
    assert blocks(mixer, 2) == [0] * 20


def test_pieces_follow_one_another_to_the_sample() -> None:
    mixer = Mixer(N_BLOCK)
    for value in (1, 2, 3):
        mixer.add(piece(value, 7))
    assert blocks(mixer, 3) == [1] * 7 + [2] * 7 + [3] * 7 + [0] * 9
    assert not mixer.busy


def test_it_tells_where_a_piece_begins_and_a_mark_stands() -> None:
    mixer = Mixer(N_BLOCK)
    first, mark, second = piece(1, 13), piece(0, 0), piece(2, 20)
    for part in (first, mark, second):
        mixer.add(part)
    assert mixer.block()[1] == [(first, 0)]
    assert mixer.block()[1] == [(mark, 3), (second, 3)]
    assert mixer.block()[1] == []


def test_what_was_cancelled_is_dropped_wherever_it_stands() -> None:
    mixer, dead, alive = Mixer(N_BLOCK), Turn(1), Turn(2)
    for part in (piece(1, 15, dead), piece(2, 5), piece(3, 5, dead), piece(4, 5, alive)):
        mixer.add(part)
    blocks(mixer, 1)
    assert not mixer.drop_cancelled()
    dead.cancel()
    assert mixer.drop_cancelled()  # it was sounding
    assert not mixer.drop_cancelled()
    assert blocks(mixer, 1) == [2] * 5 + [4] * 5


def test_dropping_what_does_not_sound_yet_silences_nothing() -> None:
    mixer, dead = Mixer(N_BLOCK), Turn(1)
    mixer.add(piece(1, 15))
    mixer.add(piece(2, 15, dead))
    blocks(mixer, 1)
    dead.cancel()
    assert not mixer.drop_cancelled()


def ringing(low: bool = False) -> Mixer:
    mixer = Mixer(N_BLOCK)
    mixer.ring(flat(1000, 7), low=low)
    return mixer


def test_it_rings_on_and_on_faded_in() -> None:
    mixer = ringing()
    assert mixer.busy
    faded = blocks(mixer, FADE_BLOCKS + 2)
    assert faded == sorted(faded)
    assert faded[0] == 0
    assert blocks(mixer, 5) == [1000] * 50
    mixer.ring(None, low=False)
    assert not mixer.busy
    assert blocks(mixer, 1) == [0] * 10


@pytest.mark.parametrize("turn", [None, Turn(1)])
def test_a_reply_or_an_earcon_lowers_it_and_restores_it(turn: Turn | None) -> None:
    mixer = ringing()
    blocks(mixer, FADE_BLOCKS + 2)
    mixer.add(piece(2000, 8 * N_BLOCK, turn))
    falling = blocks(mixer, FADE_BLOCKS + 1)
    assert falling == sorted(falling, reverse=True)
    assert blocks(mixer, 1) == [2000 + round(LOW * 1000)] * N_BLOCK
    blocks(mixer, 1)
    rising = blocks(mixer, FADE_BLOCKS + 1)
    assert rising == sorted(rising)
    assert blocks(mixer, 1) == [1000] * N_BLOCK


def test_told_to_ring_low_it_does_so_until_it_may_ring_again() -> None:
    mixer = ringing(low=True)
    blocks(mixer, FADE_BLOCKS + 1)
    assert blocks(mixer, 1) == [round(LOW * 1000)] * N_BLOCK
    mixer.ring(flat(1000, 7), low=False)
    blocks(mixer, FADE_BLOCKS + 1)
    assert blocks(mixer, 1) == [1000] * N_BLOCK


def test_what_is_too_loud_together_is_clipped_and_does_not_wrap() -> None:
    mixer = Mixer(N_BLOCK)
    mixer.ring(flat(32_767, 7), low=True)
    blocks(mixer, FADE_BLOCKS + 1)
    mixer.add(piece(32_000, N_BLOCK))
    assert blocks(mixer, 1) == [32_767] * N_BLOCK
