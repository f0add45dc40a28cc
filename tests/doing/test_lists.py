from pathlib import Path

import pytest

from assistant.doing.lists import MOST_ITEMS, ListFullError, Lists
from assistant.store import Store


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(Store(tmp_path / "assistant.db"))


def test_items_are_kept_in_the_order_and_the_words_in_which_they_were_said(lists: Lists, tmp_path: Path) -> None:
    assert lists.add("shopping", "Oat  milk")
    assert lists.add("Shopping", "eggs")
    assert lists.add("hardware store", "nails")
    again = Lists(Store(tmp_path / "assistant.db"))
    assert again.items("shopping") == ["Oat milk", "eggs"]
    assert again.names() == ["hardware store", "shopping"]


def test_nothing_is_on_a_list_twice(lists: Lists) -> None:
    assert lists.add("shopping", "eggs")
    assert not lists.add("shopping", "an egg")
    assert not lists.add("shopping", "  ")
    assert lists.items("shopping") == ["eggs"]


@pytest.mark.parametrize(
    ("on_the_list", "said"),
    [
        ("eggs", "the egg"),
        ("Milk", "milk"),
        ("apples", "apple"),
        ("a tomato", "tomatoes"),
        ("berry", "berries"),
        ("glass", "glasses"),
        ("oat milk", "the oat milk"),
        ("cheese", "cheeses"),
        ("Tomaten", "eine Tomate"),
        ("Kartoffeln", "die Kartoffel"),
        ("los huevos", "huevo"),
        ("???", "???"),
    ],
)
def test_an_item_is_taken_off_in_singular_and_plural_with_and_without_article(
    lists: Lists, on_the_list: str, said: str
) -> None:
    lists.add("shopping", on_the_list)
    lists.add("shopping", "something else")
    assert lists.remove("shopping", said)
    assert lists.items("shopping") == ["something else"]


@pytest.mark.parametrize(
    ("on_the_list", "said"),
    [("milk", "oat milk"), ("bread", "butter"), ("rice", "ice"), ("tea", "peas"), ("gas", "gum")],
)
def test_another_item_stays(lists: Lists, on_the_list: str, said: str) -> None:
    lists.add("shopping", on_the_list)
    assert not lists.remove("shopping", said)
    assert lists.items("shopping") == [on_the_list]


def test_a_list_is_cleared_by_itself(lists: Lists) -> None:
    for item in ("milk", "eggs"):
        lists.add("shopping", item)
    lists.add("packing", "socks")
    assert lists.clear("shopping") == 2
    assert lists.items("shopping") == []
    assert lists.items("packing") == ["socks"]


def test_a_full_list_refuses_more(lists: Lists) -> None:
    for number in range(MOST_ITEMS):
        lists.add("shopping", f"thing {number}")
    with pytest.raises(ListFullError, match="shopping list holds 200 items"):
        lists.add("shopping", "milk")
