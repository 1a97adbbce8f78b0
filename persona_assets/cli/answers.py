"""Asking the warehouse and printing what it says."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from persona_assets.errors import StudyError
from persona_assets.study import Study
from persona_assets.warehouse import connect

_PIPE_WIDTH = 10_000


def ask(study: Study, query: str, output: str, **parameters: Any) -> None:
    """Run `query` on the study's warehouse and print the answer."""
    with connect(study) as connection:
        try:
            answer = connection.execute(query, parameters or None)
            header = [column[0] for column in answer.description or []]
            print_rows(header, answer.fetchall(), output)
        except duckdb.Error as error:
            raise StudyError(str(error).strip()) from error


def read_query() -> str:
    """The query on standard input."""
    if sys.stdin.isatty():
        print("Type a query; end it with Ctrl-D.", file=sys.stderr)
    query = sys.stdin.read().strip()
    if not query:
        raise StudyError('no query given; try: persona sql STUDY "from which_roles(7)"')
    return query


def print_rows(header: Sequence[str], rows: Iterable[Sequence[Any]], output: str) -> None:
    """Print rows as a table for people, or as CSV or JSON for programs."""
    if output == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(header)
        writer.writerows(rows)
    elif output == "json":
        records = [dict(zip(header, row, strict=True)) for row in rows]
        json.dump(records, sys.stdout, default=_plain, ensure_ascii=False, indent=1)
        print()
    else:
        _print_table(header, list(rows))


def _print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, name in enumerate(header):
        number = any(isinstance(row[place], (int, float)) for row in rows[:50])
        table.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row))  # Text: markup in an answer is only text
    # Who reads a pipe wants every column whole; only a terminal has an edge to wrap at.
    console = Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
    console.print(table)
    console.print(f"[dim]{len(rows)} row{'' if len(rows) == 1 else 's'}[/dim]", highlight=False)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)
