from assistant.thinking.writing import Writing


class Clock:
    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


def write(writing: Writing, clock: Clock, text: str, *, piece_s: float) -> None:
    writing.begin()
    for character in text:
        clock.at_s += piece_s
        writing.note(character)


def test_before_anything_was_written_there_is_no_pace() -> None:
    assert Writing(Clock()).per_s is None


def test_the_pace_is_that_of_the_reply_under_way() -> None:
    clock = Clock()
    writing = Writing(clock)
    write(writing, clock, "a" * 11, piece_s=0.1)
    assert writing.per_s is not None
    assert round(writing.per_s, 6) == 10.0
    write(writing, clock, "a" * 11, piece_s=0.2)
    assert writing.per_s is not None
    assert round(writing.per_s, 6) == 5.0


def test_the_first_words_of_a_reply_go_by_the_one_before() -> None:
    clock = Clock()
    writing = Writing(clock)
    write(writing, clock, "a" * 11, piece_s=0.1)
    write(writing, clock, "aa", piece_s=0.001)
    assert writing.per_s is not None
    assert round(writing.per_s, 6) == 10.0
