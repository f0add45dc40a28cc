"""That docs/faults.md names tests that there are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "faults.md"
HEAD = "| fault | what a person notices | how it heals | the test that shows it |"


def names_in(path: Path) -> set[str]:
    """The names under which pytest collects what stands in a file."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def rows(table: str) -> list[list[str]]:
    """The cells of each row below a head."""
    lines = [line for line in table.splitlines() if line.startswith("|") and line != HEAD and set(line) - set("|-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def wrong(table: str) -> list[str]:
    """The rows that lack a cell, or name no test that there is."""
    told = []
    for cells in rows(table):
        named = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", cells[-1])
        if len(cells) != 4 or not all(cells) or not named or named[2] not in names_in(ROOT / named[1]):
            told.append(" | ".join(cells))
    return told


def test_each_fault_has_a_test_that_there_is() -> None:
    table = TABLE.read_text()
    assert wrong(table) == []
    assert len(rows(table)) >= 35
    assert len({cells[0] for cells in rows(table)}) == len(rows(table))


@pytest.mark.parametrize(
    "row",
    [
        "| fire | smoke | by water | `tests/test_faults_table.py::test_there_is_none` |",
        "| fire | smoke | by water | `tests/test_there_is_none.py::test_each_fault_has_a_test_that_there_is` |",
        "| fire | smoke | by water | `tests/test_faults_table.py::names_in` |",
        "| fire | smoke | by water | |",
        "| fire | smoke | by water | somebody looked |",
        "| fire | | by water | `tests/test_faults_table.py::test_each_fault_has_a_test_that_there_is` |",
        "| fire | smoke | `tests/test_faults_table.py::test_each_fault_has_a_test_that_there_is` |",
    ],
)
def test_a_row_that_shows_nothing_is_found(row: str) -> None:
    good = "| fire | smoke | by water | `tests/test_faults_table.py::test_each_fault_has_a_test_that_there_is` |"
    assert wrong(f"{HEAD}\n|---|---|---|---|\n{good}\n{row}\n") == [
        " | ".join(cell.strip() for cell in row.strip("|").split("|"))
    ]
