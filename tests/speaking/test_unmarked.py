import pytest

from assistant.speaking.unmarked import unmarked


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Es ist 7 Uhr 30.", "Es ist 7 Uhr 30."),
        ("**Timer** für _zehn_ Minuten 🎉", "Timer für zehn Minuten"),
        ("- La lista: [leche](http://x.y), 20 °C", "La lista: leche, 20 °C"),
        ("# ¿Cuánto?", "¿Cuánto?"),
        ("👍🏽 ***", ""),
    ],
)
def test_marks_and_pictures_are_not_read(written: str, spoken: str) -> None:
    assert unmarked(written) == spoken
