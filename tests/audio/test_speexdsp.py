import numpy as np
import pytest

from assistant.audio.speexdsp import AdaptiveFilter


def test_it_learns_an_echo_of_two_signals() -> None:
    random = np.random.default_rng(1)
    far = random.normal(0, 3000, (32_000, 2)).astype(np.int16)
    near = (0.5 * np.roll(far[:, 0], 40) + 0.3 * np.roll(far[:, 1], 90)).astype(np.int16)
    out = AdaptiveFilter(256, 1024, 2).cancel(near, far)
    assert np.std(out[:256].astype(float)) > 0.5 * np.std(near.astype(float))
    assert np.std(out[-8000:].astype(float)) < 0.1 * np.std(near.astype(float))


def test_what_is_no_echo_passes() -> None:
    random = np.random.default_rng(1)
    near = random.normal(0, 1000, 16_384).astype(np.int16)
    out = AdaptiveFilter(256, 1024, 1).cancel(near, np.zeros((16_384, 1), np.int16))
    assert np.corrcoef(near[8000:], out[8000:])[0, 1] > 0.95  # it takes out the lowest frequencies


@pytest.mark.parametrize("far_shape", [(512,), (512, 1), (256, 2)])
def test_signals_that_do_not_fit_together_are_refused(far_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="in frames of 256"):
        AdaptiveFilter(256, 1024, 2).cancel(np.zeros(512, np.int16), np.zeros(far_shape, np.int16))


def test_half_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="in frames of 256"):
        AdaptiveFilter(256, 1024, 1).cancel(np.zeros(384, np.int16), np.zeros((384, 1), np.int16))
