"""Asking the warehouse and printing what it says."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, count, islice
from typing import Any, TextIO

import duckdb

from persona_assets.base.counts import counted
from persona_assets.base.duck import heeding_ctrl_c
from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line
from persona_assets.base.jsonl import checked_text
from persona_assets.base.queries import query
from persona_assets.cli.edge import end_unread
from persona_assets.cli.executed import executed, refused
from persona_assets.cli.table import fitted
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from persona_assets.warehouse.empty import empty_tables, why_empty

_TABLE_ROWS = 1000  # what a person may still look through
_BATCH = 1000  # rows held in memory at a time


def ask(
    study: Study,
    query: str,
    output: str,
    *,
    wide: bool = False,
    if_none: str | None = None,
    snapshot: str | None = None,
    **parameters: Any,
) -> None:
    """Run `query`, a single statement, on the study's warehouse and print the answer as it comes.

    `snapshot` names one that is kept. Below a table without rows stands `if_none`, or else which of the
    tables that were asked have none, and why.
    """
    with connect(study, snapshot=snapshot) as connection:
        statement = _only_statement(connection, query)
        print_answer(study, connection, statement, output, wide=wide, if_none=if_none, parameters=parameters)


def say_unshown(study: Study, *, role: str, sae: str | None, limit: int, by: str) -> None:
    """Say on standard error how many sure features of a role its first `limit` in the order `by` lack."""
    asked = {"role": role, "sae": sae, "limit": limit, "by": by}
    with connect(study) as connection:
        [(n,)] = connection.execute(query("cli/unshown_features"), asked).fetchall()
    if n:
        sys.stdout.flush()
        print(f"not among these: {counted(n, 'feature')} more of {role} at q < 0.05; --by q", file=sys.stderr)


def say_uncompared(study: Study, *, role: str, sae: str | None) -> None:
    """Say on standard error why a role has no effect, AUROC or q, where nothing compares it with others."""
    compared = "select count(*) from role_contrasts where role = $role and sae = chosen_sae($sae)"
    with connect(study) as connection:
        [(n,)] = connection.execute(compared, {"role": role, "sae": sae}).fetchall()
    if n:
        return
    excluded = study.settings.analysis.exclude
    why = f"the roles are not compared yet; `persona run {study.name} --select statistics,warehouse` does it"
    if role in excluded:
        why = f"analysis.exclude leaves {role} out of comparisons"
    elif len({*study.role_names} - {*excluded}) < 2:
        why = "no other role takes part; name more in roles.include"
    sys.stdout.flush()
    print(
        f"nothing compares {role} with other roles, so effect, auroc and q are empty: {why}", file=sys.stderr
    )


def print_answer(
    study: Study,
    connection: duckdb.DuckDBPyConnection,
    statement: duckdb.Statement,
    output: str,
    *,
    wide: bool = False,
    widened_by: str = "--wide",
    if_none: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Run a statement and print its answer as it comes. Raises StudyError where DuckDB refuses it."""
    with heeding_ctrl_c(connection.interrupt) as call:
        try:
            answer = call(executed, connection, statement, parameters, output)
            header = [column[0] for column in answer.description or []]
            batches = iter(lambda: call(answer.fetchmany, _BATCH), [])
            rows = chain.from_iterable(batches)
            first = next(rows, None)
            found = () if first is None else chain((first,), rows)
            footer = None
            if first is None:
                footer = if_none or _why_none(study, call(empty_tables, connection, statement.query))
            print_rows(header, found, output, footer, wide=wide, widened_by=widened_by)
        except duckdb.Error as error:
            raise refused(connection, error, statement) from error


def _why_none(study: Study, empty: list[str]) -> str | None:
    reason = why_empty(study, empty)
    return reason and f"0 rows; {reason}"


def read_given(argument: str | None, what: str, command: str) -> str:
    """Return what is given as an argument of `command`; without one, what is on standard input.

    `what` it is, such as "a query", is asked for in a terminal.
    """
    if argument is not None and os.path.isfile(argument):  # noqa: PTH113 (a Path refuses a long query)
        raise StudyError(f"{argument} is a file; to give what it holds: {command} < {argument}")
    if argument is None and sys.stdin.isatty():
        print(f"Type or paste {what}; end it with Ctrl-D.", file=sys.stderr)
    try:
        return sys.stdin.read() if argument is None else argument
    except UnicodeDecodeError as error:
        raise StudyError("what stands on standard input is not UTF-8; save it as UTF-8") from error


def print_rows(
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    output: str,
    footer: str | None = None,
    *,
    wide: bool = False,
    widened_by: str = "--wide",
) -> None:
    """Print rows as a table for people, the first thousand, or all of them as CSV or JSON for programs.

    In a terminal, columns that have no room are hidden and named, unless it is `wide`, with what shows them.
    Below a table stands `footer`, by default how many rows it has.
    """
    if output in ("csv", "json") and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's is: programs read it
    with _ending_with_its_reader():
        if output == "csv":
            writer = csv.writer(sys.stdout)
            writer.writerow(header)
            writer.writerows(rows)
        elif output == "json":
            _print_json(header, rows)
        else:
            _print_table(header, iter(rows), footer, None if wide else widened_by)


def statements_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[duckdb.Statement]:
    """Return the statements of a text. Raises StudyError where DuckDB cannot read it."""
    checked_text(query, "the query")
    try:
        return connection.extract_statements(query)
    except duckdb.Error as error:
        raise refused(connection, error) from error


def _only_statement(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.Statement:
    statements = statements_of(connection, query)
    if not statements:
        raise StudyError('no query given; try: persona sql STUDY "from which_roles(7)"')
    if len(statements) > 1:
        raise StudyError(f"{len(statements)} statements given; ask one at a time")
    return statements[0]


@contextmanager
def _ending_with_its_reader() -> Iterator[None]:
    """End silently, as other tools do, when `head` or whoever else reads the pipe has seen enough."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        end_unread()


def _print_json(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a list, one record per line; JSON has no number that is not finite, so null stands for it."""
    before, names = "[\n", _apart(header)
    for row in rows:
        sys.stdout.write(before + _record(dict(zip(names, row, strict=True))))
        before = ",\n"
    print("[]" if before == "[\n" else "\n]")


def _apart(header: Sequence[str]) -> list[str]:
    """Return the names, those that stand again numbered: a record has each once."""
    names: list[str] = []
    for name in header:
        numbered = (f"{name}_{number}" for number in count(1))
        free = (one for one in numbered if one not in names and one not in header)
        names.append(next(free) if name in names else name)
    return names


def _record(record: dict[str, Any]) -> str:
    try:
        return json.dumps(record, default=_plain, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(record), default=_plain, ensure_ascii=False)


def _finite(value: Any) -> Any:
    """Return `value` with None for each number within that is not finite."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_table(
    header: Sequence[str], rows: Iterator[Sequence[Any]], footer: str | None, widened_by: str | None
) -> None:
    shown = list(islice(rows, _TABLE_ROWS))
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() and widened_by else None
    table = fitted(header, shown, room)
    print("\n".join(table.lines))
    if next(rows, None) is None:
        print(footer or f"{len(shown)} row{'' if len(shown) == 1 else 's'}")
    else:
        sys.stdout.flush()
        print(f"the first {_TABLE_ROWS:,} rows; --format csv or json gives all", file=sys.stderr)
    if table.hidden:
        sys.stdout.flush()
        hidden = ", ".join(table.hidden)
        print(f"hidden for lack of room ({widened_by} shows them): {hidden}", file=sys.stderr)


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def print_if_any(line: str | None, to: TextIO | None = None) -> None:
    """Print a line that only some studies need: on stdout by default."""
    if line is not None:
        print(line, file=to)


def print_inserted(prompt: str | None) -> None:
    """Print the system prompt that the chat template inserts by itself, if it does."""
    if prompt is not None:
        inserted = one_line(prompt, 300)
        print(f"where a role sends no system message, the chat template inserts: {inserted}")
