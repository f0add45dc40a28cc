from pathlib import Path

import numpy as np
import pytest

from assistant.audio.chunk import RATE_HZ
from assistant.bench import noise
from assistant.bench.clips import clip
from assistant.bench.rendering import noises, spoken
from assistant.bench.speech import Line, Speakers
from assistant.bench.takes import Take


def test_takes_become_clips_in_their_order_with_the_pause_between_the_parts(starter: dict[str, Path]) -> None:
    takes = [
        Take("b", (Line("set a timer", "joe", 1.1, ","), Line("for ten minutes", "joe", 1.1)), 0.5),
        Take("a", (Line("stop", "espeak-ng en-us"),)),
    ]
    timer, stop = spoken(takes, Speakers(starter["voice"]))
    assert (timer.name, timer.text, timer.speaker, timer.pause_s) == ("b", "set a timer for ten minutes", "joe", 0.5)
    assert (stop.name, stop.text, stop.pause_s) == ("a", "stop", 0.0)
    silent = np.flatnonzero(timer.samples == 0)
    assert max(map(len, np.split(silent, np.flatnonzero(np.diff(silent) > 1) + 1))) >= 0.45 * RATE_HZ
    assert 0.0 < timer.speech_begin_s < timer.speech_end_s < timer.duration_s


def test_who_says_stop_in_a_sentence_is_on_the_radio() -> None:
    silent = clip("silent", np.zeros(5 * RATE_HZ, np.int16), "Nothing.", "somebody")
    loud = clip("loud", noise.pink(5 * RATE_HZ), "The bus will stop here.", "somebody")
    music = clip("music", np.zeros(6 * RATE_HZ, np.int16), "", "music")
    made = {one.name: one for one in noises({"human": [silent], "synthetic": [loud], "music": [music]}, quick=True)}
    assert set(made) == {"fan", "pink", "babble", "kitchen", "radio"}
    assert np.any(made["radio"].samples)
    assert [one.duration_s for one in made.values()] == pytest.approx([20.0] * 5)
