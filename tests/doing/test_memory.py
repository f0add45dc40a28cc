from pathlib import Path

import pytest

from assistant.doing.memory import LONGEST_FACT, MOST_FACTS, Memory, TooMuchError
from assistant.store import Store

FACTS = ("bin day is Tuesday", "my sister's birthday is in May", "the boiler was serviced in March")


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    memory = Memory(Store(tmp_path / "assistant.db"))
    for fact in FACTS:
        memory.remember(fact)
    return memory


def texts(memory: Memory) -> list[str]:
    return [fact.text for fact in memory.facts()]


def test_facts_are_kept_over_restarts(memory: Memory, tmp_path: Path) -> None:
    assert texts(Memory(Store(tmp_path / "assistant.db"))) == list(FACTS)


def test_the_same_fact_is_kept_once(memory: Memory) -> None:
    assert memory.remember("Bin day  is tuesday") == memory.facts()[0].id
    assert texts(memory) == list(FACTS)


@pytest.mark.parametrize(
    ("said", "forgotten"),
    [
        ("that bin day is Tuesday", [FACTS[0]]),
        ("about bin day", [FACTS[0]]),
        ("my sister's birthday", [FACTS[1]]),
        ("when the boiler was serviced", [FACTS[2]]),
        ("the birthday of my uncle", []),
        ("that it is", []),
        ("", []),
        ("?!", []),
    ],
)
def test_what_shares_most_words_is_forgotten(memory: Memory, said: str, forgotten: list[str]) -> None:
    assert [fact.text for fact in memory.forget(said)] == forgotten
    assert texts(memory) == [fact for fact in FACTS if fact not in forgotten]


def test_of_facts_that_fit_the_best_is_forgotten_and_several_only_when_equal(memory: Memory) -> None:
    memory.remember("the cellar key hangs by the door")
    memory.remember("the garage key hangs by the stairs")
    assert [fact.text for fact in memory.forget("the garage key hangs")] == ["the garage key hangs by the stairs"]
    memory.remember("the shed key is lost")
    assert len(memory.forget("key")) == 2


def test_the_last_one_or_one_by_its_id_or_all(memory: Memory) -> None:
    assert [fact.text for fact in memory.forget_last()] == [FACTS[2]]
    first = memory.facts()[0]
    assert memory.forget_id(first.id) == [first]
    assert memory.forget_id(first.id) == []
    assert len(memory.forget_all()) == 1
    assert memory.forget_last() == memory.facts() == []


def test_there_is_a_bound(memory: Memory) -> None:
    with pytest.raises(TooMuchError, match="301 characters"):
        memory.remember("x" * (LONGEST_FACT + 1))
    with pytest.raises(TooMuchError):
        memory.remember(" ")
    for number in range(MOST_FACTS - len(FACTS)):
        memory.remember(f"fact {number}")
    with pytest.raises(TooMuchError, match="200 facts are remembered already"):
        memory.remember("one more")
