import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.thinking.clauses import ClauseCutter
from assistant.thinking.conversation import Conversation, tokens_until
from assistant.thinking.messages import Exchange, Piece

N_AROUND = 10


def exchange(number: int, n_tokens: int = 20) -> Exchange:
    """With `n_tokens` in all, five of them of the question."""
    return Exchange((number,) * 5, (number,) * (n_tokens - 5))


def numbers(conversation: Conversation) -> list[int]:
    return [e.question[0] for e in conversation.history]


def pieces(*texts: str) -> list[Piece]:
    """Their tokens are 0, 1, 2 …"""
    return [Piece(1, token, text) for token, text in enumerate(texts)]


def test_exchanges_are_kept_in_order_while_they_fit() -> None:
    conversation = Conversation(n_budget=90, n_around=N_AROUND)
    for number in (1, 2, 3):
        conversation.add(exchange(number))
    assert conversation.history == (exchange(1), exchange(2), exchange(3))


def test_the_oldest_leave_in_one_block_and_as_a_whole() -> None:
    conversation = Conversation(n_budget=300, n_around=N_AROUND)
    kept = []
    for number in range(1, 31):
        conversation.add(exchange(number))
        kept.append(numbers(conversation))
    assert kept[9] == list(range(1, 11))
    assert kept[10] == [7, 8, 9, 10, 11]
    assert kept[15] == list(range(7, 17))
    assert kept[16] == [13, 14, 15, 16, 17]


def test_one_long_exchange_drives_out_the_others() -> None:
    conversation = Conversation(n_budget=300, n_around=N_AROUND)
    for number in (1, 2, 3):
        conversation.add(exchange(number))
    conversation.add(exchange(4, n_tokens=280))
    assert numbers(conversation) == []
    conversation.add(exchange(5, n_tokens=140))
    assert numbers(conversation) == [5]


@pytest.mark.parametrize("n_budget", [0, -500])
def test_without_room_nothing_is_kept(n_budget: int) -> None:
    conversation = Conversation(n_budget=n_budget, n_around=N_AROUND)
    conversation.add(exchange(1))
    assert conversation.history == ()


def test_what_was_handed_out_does_not_change() -> None:
    conversation = Conversation(n_budget=300, n_around=N_AROUND)
    conversation.add(exchange(1))
    history = conversation.history
    conversation.add(exchange(2))
    conversation.forget()
    assert history == (exchange(1),)
    assert conversation.history == ()


@given(st.lists(st.integers(5, 120), max_size=60), st.integers(0, 400))
def test_the_budget_is_never_exceeded_and_the_newest_are_kept(lengths: list[int], n_budget: int) -> None:
    conversation = Conversation(n_budget=n_budget, n_around=N_AROUND)
    for number, n_tokens in enumerate(lengths):
        before = numbers(conversation)
        conversation.add(exchange(number, n_tokens))
        kept = numbers(conversation)
        used = sum(len(e.question) + len(e.reply) + N_AROUND for e in conversation.history)
        assert used <= n_budget
        assert kept == [*before, number][len(before) + 1 - len(kept) :]
        if len(kept) <= len(before):
            assert used <= n_budget // 2


@pytest.mark.parametrize(
    ("sentences", "n_tokens"),
    [
        ([], 0),
        (["It is Paris."], 4),
        (["It is Paris.", "Yes."], 6),
        (["It is Paris.", "Yes.", "Yes."], 8),
        (["It is Paris.", "Yes.", "Yes.", "It is Paris."], 12),
    ],
)
def test_a_reply_is_kept_up_to_its_last_spoken_sentence(sentences: list[str], n_tokens: int) -> None:
    reply = pieces("It", " is", " Paris", ".", " Yes", ".", " Yes", ".", " It", " is", " Paris", ". And", " so")
    assert tokens_until(reply, sentences) == tuple(range(n_tokens))


def test_a_token_in_which_a_sentence_ends_is_kept_whole() -> None:
    assert tokens_until(pieces("No", ".\n\nBut", " yes", "."), ["No."]) == (0, 1)


def test_tokens_without_text_before_a_sentence_are_kept() -> None:
    assert tokens_until(pieces("", "", "Yes", ".", "", " No"), ["Yes."]) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("said", "n_tokens"),
    [
        (["It is far, so take the bus."], 4),
        (["It is far,", "so take"], 3),
        (["It is far, so take the bus. Try this: Or walk."], 8),
        (["It is far,", "I have set it.", "Or walk."], 8),
        (["It is near, so walk."], 0),
    ],
)
def test_white_space_and_code_make_no_difference(said: list[str], n_tokens: int) -> None:
    reply = pieces(
        "It is", "  far,\n", "so take ", "the\xa0bus.", "\n\nTry ", "this:\n", "```\nx. y\n```\n", "Or walk."
    )
    assert tokens_until(reply, said) == tuple(range(n_tokens))


def test_parts_that_were_joined_are_found_where_the_reply_has_no_space() -> None:
    assert tokens_until(pieces("你好，", "再见。", "好"), ["你好， 再见。"]) == (0, 1)


TEXTS = st.lists(
    st.sampled_from(
        ["Yes. ", "It is so. ", "No", "!", "\n", "```", " at 3 p.m. ", "Dr. Who, ", "“Oh?” ", "and so it goes, \n", ""]
    )
)


@given(TEXTS, st.booleans())
def test_everything_that_is_cut_from_a_reply_is_found_in_it(texts: Sequence[str], joined: bool) -> None:
    cutter, reply = ClauseCutter(), pieces(*texts)
    parts = [part.text for piece in reply for part in cutter.feed(piece.text)]
    rest = cutter.finish()
    parts += [rest.text] if rest else []
    kept = tokens_until(reply, [" ".join(parts)] if joined else parts)
    assert kept == tuple(range(len(kept)))
    text = "".join(reply[token].text for token in kept)
    assert re.search(".*".join(map(re.escape, parts)), text, re.DOTALL)
