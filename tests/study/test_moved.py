"""What of a finding has moved, cell for cell and in words."""

from __future__ import annotations

from typing import Any

import pytest

from persona_assets.study.findings import Finding, SnapshotCited
from persona_assets.study.moved import Cell, compared

COLUMNS = ["feature_id", "role", "effect", "effect_low", "effect_high"]
ROWS: list[list[Any]] = [[7, "pirate", 0.5, 0.4, 0.6], [7, "ghost", 0.1, 0.0, 0.2], [8, "ghost", 2, 1, 3]]


def saved(rows: list[list[Any]], columns: list[str] = COLUMNS) -> Finding:
    return Finding(
        name="one", question="Who?", sql="from x", study="small", model="m", saes={}, saved_at="2026-11-29",
        made_by="a test", snapshot=SnapshotCited(published_at="2026-11-29", fingerprint="0"),
        columns=columns, rows=rows,
    )  # fmt: skip


def test_the_same_answer_has_not_moved() -> None:
    found = compared(saved(ROWS), COLUMNS, [[*row[:2], row[2] * (1 + 1e-12), *row[3:]] for row in ROWS])
    assert (found.cells, found.new, found.reordered) == ([], [], False)
    assert found.today[0] == [*ROWS[0][:2], 0.5 * (1 + 1e-12), *ROWS[0][3:]]
    assert list(found.told()) == []


def test_a_row_is_found_by_what_it_is_of_wherever_it_stands() -> None:
    today = [[8, "ghost", 3.5, 1, 3], [7, None, 1, 1, 1], [7, "pirate", 0.55, 0.4, 0.6]]
    found = compared(saved(ROWS), COLUMNS, today)
    assert found.today == [today[2], None, today[0]]
    assert found.new == [today[1]]
    assert found.cells == [Cell(0, 2, outside=False), Cell(2, 2, outside=True)]
    assert list(found.told()) == [
        "1 row gone (7 ghost)",
        "1 row new (7)",
        "effect moved in 2 of 2, most of 8 ghost from 2 to 3.5",
        "1 of these out of the interval that was saved",
        "the rows come in another order",
    ]


def test_a_feature_that_is_called_otherwise_is_the_same_feature() -> None:
    columns = ["feature_id", "label", "effect"]
    found = compared(saved([[7, None, 0.5]], columns), columns, [[7, "the sea", 0.6]])
    assert (found.today, found.new) == ([[7, "the sea", 0.6]], [])
    assert found.cells == [Cell(0, 1, outside=False), Cell(0, 2, outside=False)]
    assert next(found.told()) == "label moved in 1 of 1, most of 7 from None to the sea"


def test_words_tell_rows_apart_where_nothing_else_does() -> None:
    columns = ["feature_id", "description"]
    found = compared(saved([[7, "sea"], [7, "ship"]], columns), columns, [[7, "ship"], [7, "crew"]])
    assert list(found.told()) == ["1 row gone (7 sea)", "1 row new (7 crew)"]


def test_rows_that_are_of_nothing_or_of_the_same_are_found_by_their_place() -> None:
    found = compared(saved([[1], [2]], ["n"]), ["n"], [[1], [5]])
    assert list(found.told()) == ["n moved in 1 of 2, most of row 2 from 2 to 5"]
    twice = [[7, "pirate", 1, 0, 2], [7, "pirate", 2, 1, 3]]
    found = compared(saved(ROWS[:2]), COLUMNS, twice)  # today's names do not tell the rows apart
    assert found.today == twice and {cell.row for cell in found.cells} == {0, 1}


@pytest.mark.parametrize(("old", "new"), [(None, 1.0), ("a", "b"), (True, False), ([1], [2]), (1.0, "NaN")])
def test_values_that_are_no_numbers_move_too(old: Any, new: Any) -> None:
    found = compared(saved([[old]], ["x"]), ["x"], [[new]])
    assert found.cells == [Cell(0, 0, outside=False)]
    assert len(list(found.told())) == 1


def test_another_question_s_columns_are_told_in_one_line() -> None:
    found = compared(saved(ROWS), ["x\n", "y"], [[1, 2]])
    assert list(found.told()) == ["the answer has other columns: x , y"]
