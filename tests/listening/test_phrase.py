import pytest

from assistant.listening.phrase import normalized, words_of


@pytest.mark.parametrize("written", ["hey_jarvis", "Hey Jarvis", "  hey,  JARVIS! ", "hey-jarvis"])
def test_however_it_is_written_it_is_the_same_phrase(written: str) -> None:
    assert normalized(written) == "hey jarvis"


def test_letters_of_any_language_and_apostrophes_belong_to_words() -> None:
    assert words_of("Grüß 'dich', o'clock") == ("grüß", "dich", "o'clock")
    assert words_of("Gru\u0308n") == ("grün",)


def test_signs_alone_are_no_words() -> None:
    assert words_of("_ !? ") == ()
