import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from assistant.bench.timeline import LANES, PLAYS, READS, SILENCE, SPEAKS, WRITES, Chain, Span, draw
from assistant.errors import AssistantError

SVG = "{http://www.w3.org/2000/svg}"
OURS = Chain(
    "assistant",
    (
        Span(SPEAKS, -2.0, 0.0),
        Span(SILENCE, 0.0, 0.7),
        Span(READS, 0.2, 0.5, "question"),
        Span(WRITES, 0.5, 3.0, "it costs $3.50 & not $4"),
        Span(PLAYS, 0.94, 4.0, "reply"),
    ),
    0.7,
)
NAIVE = Chain(
    "naive chain", (Span(SPEAKS, -2.0, 0.0), Span(READS, 0.8, 2.6, "all of it"), Span(PLAYS, 5.0, 8.0, "reply")), 0.8
)


def drawn(chains: Sequence[Chain], folder: Path, name: str = "turn.svg") -> bytes:
    draw(chains, folder / name)
    return (folder / name).read_bytes()


def written(svg: bytes) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_picture_tells_lanes_labels_and_when_each_chain_is_first_heard(tmp_path: Path) -> None:
    told = written(drawn([OURS, NAIVE], tmp_path))
    assert told.count("model reads") == 2
    assert told.count("endpoint") == 2
    for one in ("assistant", "naive chain", "first sound after 0.9 s", "first sound after 5.0 s", "all of it"):
        assert one in told
    assert "it costs $3.50 & not $4" in told  # as it is, no formula


def test_known_lanes_stand_in_the_order_of_a_turn_and_unused_ones_are_left_out(tmp_path: Path) -> None:
    mixed = Chain("mixed", (Span(PLAYS, 1.0, 2.0), Span("clock", 0.0, 1.0), Span(SPEAKS, -1.0, 0.0)))
    told = written(drawn([mixed], tmp_path))
    assert [one for one in told if one in LANES or one == "clock"] == [SPEAKS, PLAYS, "clock"]


def test_equal_chains_give_equal_pictures_small_enough_for_a_readme(tmp_path: Path) -> None:
    svg = drawn([OURS, NAIVE], tmp_path, "a.svg")
    assert svg == drawn([OURS, NAIVE], tmp_path, "b.svg")
    assert len(svg) < 60_000
    assert ElementTree.fromstring(svg).attrib["width"] == "675pt"  # 900 px


def test_a_label_without_room_is_left_out(tmp_path: Path) -> None:
    crowd = [Span(WRITES, i / 10, (i + 1) / 10, f"clause {i}") for i in range(20)]
    told = written(
        drawn([Chain("crowded", (*crowd, Span(WRITES, 3.0, 4.0, "the end"), Span(PLAYS, 4.0, 5.0)))], tmp_path)
    )
    # Only the last of the crowd has room beside it.
    assert [one for one in told if one.startswith("clause")] == ["clause 19"]
    assert "the end" in told


def test_a_png_is_sharp(tmp_path: Path) -> None:
    png = drawn([OURS], tmp_path, "turn.png")
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 2 * 900


def test_a_chain_that_never_sounds_is_drawn_whole(tmp_path: Path) -> None:
    told = written(drawn([Chain("silent", (Span(SPEAKS, -1.0, 0.0), Span(READS, 0.0, 2.0)))], tmp_path))
    assert not [one for one in told if one.startswith("first sound")]
    assert "2.0" in told


def test_another_suffix_and_a_folder_that_is_missing_are_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match=r"name it \.svg or \.png"):
        draw([OURS], tmp_path / "turn.gif")
    with pytest.raises(AssistantError, match="cannot be written: No such file"):
        draw([OURS], tmp_path / "missing" / "turn.svg")


def test_a_missing_matplotlib_is_told_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(AssistantError, match=r"^bench: matplotlib is not installed; run: pip install matplotlib$"):
        draw([OURS], tmp_path / "turn.svg")
