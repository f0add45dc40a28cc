import pytest

from assistant.audio.chunk import RATE_HZ
from assistant.listening.endpoint import DETECTION_S, Ending, Endpoint, Pause

Piece = tuple[float, bool]  # for how many seconds there is speech, or none

LONG_SILENCE = (60.0, False)


def endpoint(patience: float = 1.0) -> Endpoint:
    return Endpoint(patience=patience, no_speech_s=5.0, max_speech_s=15.0)


def ending(end: Endpoint, *pieces: Piece, n_chunk: int = 160, hold_until_s: float = 0.0) -> tuple[Ending | None, float]:
    """How it ended, and after how many seconds of these pieces, less what it takes to know that a voice ended."""
    n = 0
    for duration_s, speech in pieces:
        for _ in range(round(duration_s * RATE_HZ / n_chunk)):
            n += n_chunk
            if found := end.hear(n_chunk, speech, hold=n < hold_until_s * RATE_HZ):
                return found, round(n / RATE_HZ + (DETECTION_S if found is Ending.SILENCE else 0.0), 2)
    return None, round(n / RATE_HZ, 2)


@pytest.mark.parametrize(
    ("pieces", "how", "at_s"),
    [
        pytest.param([LONG_SILENCE], Ending.NOTHING, 5.0, id="nobody speaks"),
        pytest.param([(1.0, True), LONG_SILENCE], Ending.SILENCE, 1.7, id="a word"),
        pytest.param([(4.0, False), (0.5, True), LONG_SILENCE], Ending.SILENCE, 5.2, id="a late word"),
        pytest.param([(1.0, True), (0.5, False), (1.0, True), LONG_SILENCE], Ending.SILENCE, 3.2, id="a short pause"),
        pytest.param([(0.1, True), LONG_SILENCE], Ending.NOTHING, 5.0, id="a click"),
        pytest.param([(0.1, True), (0.1, False)] * 40, Ending.NOTHING, 5.0, id="many clicks"),
        pytest.param([(0.2, True), LONG_SILENCE], Ending.SILENCE, 0.9, id="the shortest word"),
        pytest.param([(60.0, True)], Ending.TOO_LONG, 15.0, id="without end"),
        pytest.param([(1.0, True), (0.5, False)] * 20, Ending.TOO_LONG, 15.0, id="without a long pause"),
    ],
)
def test_an_utterance_ends(pieces: list[Piece], how: Ending, at_s: float) -> None:
    assert ending(endpoint(), *pieces) == (how, at_s)


@pytest.mark.parametrize("n_chunk", [80, 160, 512, 1280, 1600])
def test_silence_is_counted_in_samples_whatever_the_chunks(n_chunk: int) -> None:
    how, at_s = ending(endpoint(), (1.6, True), LONG_SILENCE, n_chunk=n_chunk)
    assert how is Ending.SILENCE
    assert at_s == pytest.approx(2.3, abs=n_chunk / RATE_HZ)


def test_a_click_in_the_silence_makes_it_start_over() -> None:
    assert ending(endpoint(), (1.0, True), (0.5, False), (0.01, True), LONG_SILENCE)[1] == pytest.approx(2.21, abs=0.02)


def test_the_silence_since_the_last_speech_can_be_read() -> None:
    end = endpoint()
    ending(end, (1.0, True), (0.5, False))
    assert end.n_silence == RATE_HZ // 2


def test_who_begins_in_the_last_moment_is_not_cut_off() -> None:
    assert ending(endpoint(), (4.95, False), (1.0, True), LONG_SILENCE) == (
        Ending.SILENCE,
        6.65,
    )


def test_while_it_is_held_no_pause_ends_it() -> None:
    pieces = [(1.0, True), (2.0, False), (1.0, True), LONG_SILENCE]
    assert ending(endpoint(), *pieces, hold_until_s=4.0) == (Ending.SILENCE, 4.7)


def test_held_for_long_in_silence_it_ends_as_soon_as_it_may() -> None:
    assert ending(endpoint(), LONG_SILENCE, hold_until_s=8.0) == (Ending.NOTHING, 8.0)


@pytest.mark.parametrize("first_s", [0.3, 2.0, 6.0])
def test_after_what_was_no_utterance_it_waits_no_longer_than_for_the_first(first_s: float) -> None:
    end = endpoint()
    how, at_s = ending(end, (first_s, True), LONG_SILENCE)
    assert how is Ending.SILENCE
    end.go_on()
    how, more_s = ending(end, LONG_SILENCE)
    assert how is Ending.NOTHING
    assert at_s - DETECTION_S + more_s == pytest.approx(max(5.0, at_s - DETECTION_S), abs=0.011)


def test_after_what_was_no_utterance_a_question_still_ends_by_its_silence() -> None:
    end = endpoint()
    ending(end, (0.3, True), LONG_SILENCE)
    end.go_on()
    assert not end.speaking
    assert ending(end, (1.0, False), (1.0, True), LONG_SILENCE) == (Ending.SILENCE, 2.7)


def test_the_longest_utterance_counts_from_the_first_sample() -> None:
    end = endpoint()
    ending(end, (0.3, True), LONG_SILENCE)
    end.go_on()
    assert ending(end, (60.0, True)) == (Ending.TOO_LONG, 14.03)


@pytest.mark.parametrize("pause", list(Pause))
@pytest.mark.parametrize("patience", [0.5, 1.0, 2.0])
def test_what_was_said_and_patience_tell_how_long_a_pause_may_be(pause: Pause, patience: float) -> None:
    end = endpoint(patience)
    for _ in range(100):
        end.hear(160, voice=True, pause=pause)
    n = 1
    while not end.hear(160, voice=False, pause=pause):
        n += 1
    assert n / 100 + DETECTION_S == pytest.approx(pause.value * patience, abs=0.011)


def test_a_voice_of_which_no_more_words_come_ends_it() -> None:
    end = endpoint()
    grown = [end.hear(160, voice=True, grew=n % 50 == 0) for n in range(300)]
    assert not any(grown)
    n = 1
    while not (how := end.hear(160, voice=True)):
        n += 1
    assert how is Ending.STALLED
    assert (49 + n) / 100 == pytest.approx(1.7, abs=0.011)


def test_a_voice_of_which_no_word_came_yet_is_waited_for() -> None:
    assert ending(endpoint(), (14.0, True)) == (None, 14.0)
