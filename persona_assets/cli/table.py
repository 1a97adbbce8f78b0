"""Rows as an aligned table for people: one line per row, long cells cut, columns hidden that have no room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.cells import cell_len, set_cell_size

_WIDEST = 60  # of a cell, in columns of the terminal
_NARROWEST = 20  # what a text keeps where the terminal has no room
_WORTH = "label_worth"  # nothing is said where no label was scored
_LABEL, _NARROWEST_LABEL = "label", 24  # cut only so that columns of `_FIRST` have room
_GAP = "  "
_PIECES = "pieces"  # the column of an evidence window's tokens: text when joined
_INTERVALS = ("effect", "difference")  # with the ends of theirs one column where room is scarce
_NUMBER = (int, float, Decimal)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# What a person looks for first, where not all columns have room; the others follow in their own order.
_FIRST = (
    "feature_id", "label", "label_worth", "role", "effect", "effect [95%]", "standardized_difference",
    "auroc", "q", "distinctness", "difference [95%]", "p", "firing_rate", "max", "pieces", "question",
    "response",
)  # fmt: skip
_EVIDENCE = ("q", "distinctness", "p")  # where one has no room, nothing that follows is shown either


@dataclass(frozen=True)
class Table:
    """The header's line and one per row, and the names of the columns that had no room."""

    lines: list[str]
    hidden: list[str]


def table_lines(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return the header's line and one per row, with every column."""
    return fitted(header, rows, None).lines


def fitted(header: Sequence[str], rows: Sequence[Sequence[Any]], room: int | None) -> Table:
    """Return the rows as a table; in a terminal of `room` columns those that tell most, the others hidden.

    Numbers are never cut. Where not all columns have room, those that tell most are as wide as they need
    before others are shown.
    """
    columns = [
        _Column.of(name, [row[place] for row in rows])
        for place, name in enumerate(header)
        if name != _WORTH or any(row[place] is not None for row in rows)
    ]
    if room is None:
        widths = {place: column.width for place, column in enumerate(columns)}
    else:
        columns = _with_intervals(columns)
        widths = _fit(columns, room)
    shown = [(columns[place], widths[place]) for place in sorted(widths)]
    lines = [
        _GAP.join(
            _padded(cell, width, column.is_number) for cell, (column, width) in zip(line, shown, strict=True)
        )
        for line in zip(*([column.name, *column.cells] for column, _ in shown), strict=True)
    ]
    hidden = [column.name for place, column in enumerate(columns) if place not in widths]
    return Table([line.rstrip() for line in lines], hidden)


@dataclass(frozen=True)
class _Column:
    name: str
    cells: list[str]
    is_number: bool

    @classmethod
    def of(cls, name: str, values: Sequence[Any]) -> _Column:
        cells = [_cut(_shown(name, value), _WIDEST) for value in values]
        return cls(name, cells, any(isinstance(value, _NUMBER) for value in values))

    @property
    def width(self) -> int:
        return max(map(cell_len, [self.name, *self.cells]))

    @property
    def least(self) -> int:
        """The width without which it is not shown."""
        narrowest = _NARROWEST_LABEL if self.name == _LABEL else max(_NARROWEST, cell_len(self.name))
        return self.width if self.is_number else min(self.width, narrowest)


def _with_intervals(columns: list[_Column]) -> list[_Column]:
    """Return the columns, some values and the ends of their intervals as one."""
    for name in _INTERVALS:
        columns = _with_interval(columns, name)
    return columns


def _with_interval(columns: list[_Column], name: str) -> list[_Column]:
    of_name = {column.name: column for column in columns}
    wanted = (name, f"{name}_low", f"{name}_high")
    if not all(one in of_name for one in wanted):
        return columns
    value, low, high = (of_name[one] for one in wanted)
    cells = [f"{v} [{a}, {b}]" for v, a, b in zip(value.cells, low.cells, high.cells, strict=True)]
    merged = _Column(f"{value.name} [95%]", cells, is_number=True)
    return [
        merged if column is value else column
        for column in columns
        if column is not low and column is not high
    ]


def _fit(columns: Sequence[_Column], room: int) -> dict[int, int]:
    """Return the width of each column that is shown, by its place."""
    first = [place for name in _FIRST for place, column in enumerate(columns) if column.name == name]
    others = [place for place in range(len(columns)) if place not in first]
    widths: dict[int, int] = {}
    left = room + len(_GAP)
    least = [column.width if column.name == _LABEL else column.least for column in columns]
    all_fit = sum(least) + len(_GAP) * len(least) <= left
    for group in [[*first, *others]] if all_fit else [first, others]:
        for place in group:
            needed = columns[place].least + len(_GAP)
            if not widths:  # one is shown in any case
                needed = min(needed, left)
            if needed <= left:
                widths[place] = needed - len(_GAP)
                left -= needed
            elif columns[place].name in _EVIDENCE:
                _widen(widths, columns, group, left)
                return widths
        left -= _widen(widths, columns, group, left)
    return widths


def _widen(widths: dict[int, int], columns: Sequence[_Column], places: Iterable[int], left: int) -> int:
    """Give the columns at `places` what they need of `left`, the first ones first; return how much."""
    given = 0
    for place in places:
        if place in widths:
            more = min(columns[place].width - widths[place], left - given)
            widths[place] += more
            given += more
    return given


def _padded(cell: str, width: int, at_right: bool) -> str:
    cut = _cut(cell, width)
    return " " * (width - cell_len(cut)) + cut if at_right else set_cell_size(cut, width)


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _shown(column: str, value: Any) -> str:
    if column == _PIECES and isinstance(value, list):
        value = "".join(value)
    return _CONTROL.sub(" ", _text(value).replace("\n", "⏎"))


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)}: {_text(of_key)}' for key, of_key in value.items())}}}"
    return str(value)
