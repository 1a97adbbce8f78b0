"""Which numbers of a finding have moved: the answer that was saved beside one of today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from persona_assets.base.given import one_line
from persona_assets.study.findings import Finding

_CLOSE = 1e-9
_LARGE = 2**1000  # beyond it an integer is no float
_SHOWN = 5  # rows named in a sentence

# Columns that say what a row is of; what else a row holds is said of it. Words about a feature, which another
# model may say otherwise tomorrow, do so only where the others do not tell the rows apart.
_WORDS = frozenset({"label", "description"})
_KEYS = frozenset(
    {
        "study", "sae", "contrast", "kind", "role", "role_a", "role_b", "a", "b", "feature_id", "neighbor_id",
        "response_id", "variant", "question_id", "run", "name", "turn", "judge", "axis",
    }
)  # fmt: skip

_Row = list[Any]
_Name = tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A value that has moved: its saved row and column, and whether it is `outside` of the interval saved."""

    row: int
    column: int
    outside: bool


@dataclass(frozen=True)
class Comparison:
    """What is another today. `today` has each saved row's own, None where it is gone; `new` are others."""

    saved: Finding
    other_columns: list[str] | None = None
    names: list[_Name] = field(default_factory=list)
    today: list[_Row | None] = field(default_factory=list)
    new_names: list[_Name] = field(default_factory=list)
    new: list[_Row] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    reordered: bool = False

    def told(self) -> Iterator[str]:
        """Yield what is another today, each in a few words and one line."""
        if self.other_columns is not None:
            yield one_line(f"the answer has other columns: {', '.join(self.other_columns)}", 300)
            return
        gone = [name for name, row in zip(self.names, self.today, strict=True) if row is None]
        for what, names in (("gone", gone), ("new", self.new_names)):
            if names:
                shown = ", ".join(sorted(map(_called, names))[:_SHOWN])
                yield f"{len(names)} row{'' if len(names) == 1 else 's'} {what} ({one_line(shown, 100)})"
        for column in range(len(self.saved.columns)):
            yield from self._told_of(column)
        if self.reordered:
            yield "the rows come in another order"

    def _told_of(self, column: int) -> Iterator[str]:
        moved = [cell for cell in self.cells if cell.column == column]
        if not moved:
            return
        most = max(moved, key=lambda cell: _distance(*self._pair(cell)))
        old, new = map(_short, self._pair(most))
        n_both = sum(row is not None for row in self.today)
        where = f"most of {_called(self.names[most.row])} from {old} to {new}"
        yield one_line(f"{self.saved.columns[column]} moved in {len(moved)} of {n_both}, {where}", 300)
        outside = sum(cell.outside for cell in moved)
        if outside:
            yield f"{outside} of these out of the interval that was saved"

    def _pair(self, cell: Cell) -> tuple[Any, Any]:
        today = self.today[cell.row]
        assert today is not None
        return self.saved.rows[cell.row][cell.column], today[cell.column]


def compared(saved: Finding, columns: list[str], rows: list[_Row]) -> Comparison:
    """Return what is another in an answer of today: its `columns` and `rows`."""
    if saved.columns != columns:
        return Comparison(saved, other_columns=columns)
    names, names_today = _names(columns, saved.rows, rows)
    by_name = dict(zip(names_today, rows, strict=True))
    today = [by_name.get(name) for name in names]
    known = set(names)
    new = [place for place, name in enumerate(names_today) if name not in known]
    return Comparison(
        saved,
        names=names,
        today=today,
        new_names=[names_today[place] for place in new],
        new=[rows[place] for place in new],
        cells=list(_moved(saved, today)),
        reordered=[name for name in names if name in by_name] != [n for n in names_today if n in known],
    )


def _names(columns: list[str], *answers: Sequence[_Row]) -> list[list[_Name]]:
    """Return what the rows of each answer are of; their places where that does not tell them apart."""
    for keys in (_KEYS, _KEYS | _WORDS):
        at = [place for place, column in enumerate(columns) if column in keys]
        named = [[tuple(str(row[place]) for place in at) for row in rows] for rows in answers]
        if at and all(len(set(names)) == len(names) for names in named):
            return named
    return [[(f"row {number}",) for number, _ in enumerate(rows, 1)] for rows in answers]


def _moved(saved: Finding, today: Sequence[_Row | None]) -> Iterator[Cell]:
    for at, (old, new) in enumerate(zip(saved.rows, today, strict=True)):
        for place, column in enumerate(saved.columns):
            if new is not None and not _equal(old[place], new[place]):
                yield Cell(at, place, _outside(saved.columns, old, new[place], column))


def _called(name: _Name) -> str:
    return " ".join(part for part in name if part != "None")


def _number(value: Any) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and abs(value) < _LARGE


def _equal(old: Any, new: Any) -> bool:
    if _number(old) and _number(new):
        return bool(abs(old - new) <= _CLOSE * max(abs(old), abs(new)))
    return bool(old == new)


def _distance(old: Any, new: Any) -> float:
    return abs(old - new) if _number(old) and _number(new) else float("inf")


def _outside(columns: list[str], saved: _Row, value: Any, column: str) -> bool:
    """Return whether a value of today is outside of the interval that was saved beside it."""
    ends = f"{column}_low", f"{column}_high"
    if not set(ends) <= set(columns):
        return False
    low, high = (saved[columns.index(end)] for end in ends)
    return all(map(_number, (low, high, value))) and not low <= value <= high


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else one_line(str(value), 40)
