"""The table of `make bench`: times beside those of the last record."""

from __future__ import annotations

from pathlib import Path

from tests.bench.figures import Time, draw, load, measured, save, table

BEFORE = {"preview of dev": Time(10.0, 20.0), "gone": Time(1.0, 1.0)}


def test_a_time_stands_beside_its_ratio_to_the_last_one() -> None:
    lines = table({"preview of dev": Time(15.0, 10.0), "make check": Time(60.0, 100.0)}, BEFORE).splitlines()
    assert lines[2:] == ["| preview of dev | 15.0 | 1.50 | 10.0 | 0.50 |", "| make check | 60.0 | new | 100.0 | new |"]


def test_a_record_is_read_as_it_was_written_and_none_is_empty(tmp_path: Path) -> None:
    assert load(tmp_path / "record.json") == {}
    save(BEFORE, tmp_path / "record.json")
    assert load(tmp_path / "record.json") == BEFORE


def test_cases_take_turns() -> None:
    order: list[str] = []
    found = measured({name: lambda name=name: order.append(name) for name in "ab"}, 2)  # type: ignore[misc]
    assert order == ["a", "b", "a", "b"]
    assert set(found) == {"a", "b"}


def test_the_picture_has_a_bar_for_each_case(tmp_path: Path) -> None:
    draw({"a": Time(1.0, 2.0)}, {}, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
