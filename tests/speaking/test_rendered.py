import numpy as np

from assistant.audio.chunk import Samples
from assistant.speaking.rendered import Rendered


def sound(n_bytes: int) -> Samples:
    return np.zeros(n_bytes // 2, np.int16)


def test_what_is_kept_is_found_again() -> None:
    rendered, one = Rendered(), sound(10)
    rendered.keep("One.", one)
    assert rendered.get("One.") is one
    assert rendered.get("Two.") is None


def test_what_was_not_asked_for_longest_leaves_first() -> None:
    rendered = Rendered(n_bytes=30)
    for text in ("One.", "Two.", "Three."):
        rendered.keep(text, sound(10))
    rendered.get("One.")
    rendered.keep("Four.", sound(10))
    assert [text in rendered for text in ("One.", "Two.", "Three.", "Four.")] == [True, False, True, True]


def test_cleared_it_has_room_again() -> None:
    rendered = Rendered(n_bytes=20)
    rendered.keep("One.", sound(20))
    rendered.clear()
    rendered.keep("Two.", sound(20))
    assert "One." not in rendered
    assert "Two." in rendered


def test_what_is_common_stays_however_much_else_is_kept() -> None:
    rendered = Rendered(n_bytes=30, common=["Done."])
    rendered.keep("Done.", sound(10))
    for text in ("One.", "Two.", "Three."):
        rendered.keep(text, sound(10))
    assert [text in rendered for text in ("Done.", "One.", "Two.", "Three.")] == [True, False, True, True]
    assert rendered.get("Done.") is not None


def test_where_what_is_common_leaves_no_room_nothing_else_is_kept() -> None:
    rendered = Rendered(n_bytes=15, common=["Done."])
    rendered.keep("Done.", sound(20))
    rendered.keep("One.", sound(10))
    assert [text in rendered for text in ("Done.", "One.")] == [True, False]


def test_cleared_what_is_common_is_gone_too() -> None:
    rendered = Rendered(common=["Done."])
    rendered.keep("Done.", sound(10))
    rendered.clear()
    assert "Done." not in rendered
