"""Rows as an aligned table for people: one line a row, long cells cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich.cells import cell_len, set_cell_size

_WIDEST = 60  # of a cell, in columns of the terminal
_NARROWEST = 20  # what a cell keeps where the terminal has no room
_GAP = "  "
_PIECES = "pieces"  # the column of an evidence window's tokens: text when joined
_NUMBER = (int, float, Decimal)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def table_lines(header: Sequence[str], rows: Sequence[Sequence[Any]], room: int | None = None) -> list[str]:
    """The header's line and one a row. In a terminal of `room` columns the last cells are cut more."""
    shown = [
        [_cut(_shown(name, value), _WIDEST) for name, value in zip(header, row, strict=True)] for row in rows
    ]
    lines = [list(header), *shown]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(header))]
    if room is not None:
        _fit(widths, room)
    at_right = [any(isinstance(row[place], _NUMBER) for row in rows) for place in range(len(header))]
    return [_line(line, widths, at_right) for line in lines]


def _line(cells: Sequence[str], widths: Sequence[int], at_right: Sequence[bool]) -> str:
    return _GAP.join(map(_padded, cells, widths, at_right)).rstrip()


def _padded(cell: str, width: int, at_right: bool) -> str:
    cut = _cut(cell, width)
    return " " * (width - cell_len(cut)) + cut if at_right else set_cell_size(cut, width)


def _fit(widths: list[int], room: int) -> None:
    """Narrow the columns, the last first, until a line has `room`."""
    for place in reversed(range(len(widths))):
        excess = sum(widths) + len(_GAP) * (len(widths) - 1) - room
        widths[place] -= max(0, min(excess, widths[place] - _NARROWEST))


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
