"""Collects what the benchmarks measured, so that goal and figure are printed side by side at the end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured figure; `goal` is what it is compared with, such as ">= 4"."""

    name: str
    goal: str
    figure: float
    unit: str


ROWS: list[Row] = []


def record(name: str, goal: str, figure: float, unit: str) -> None:
    """Put a figure into the table that is printed at the end; nothing fails on it."""
    ROWS.append(Row(name, goal, figure, unit))


def table() -> list[str]:
    """The lines of the table, aligned."""
    header = ("what", "goal", "measured", "unit")
    cells = [header, *((row.name, row.goal, f"{row.figure:.3g}", row.unit) for row in ROWS)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
