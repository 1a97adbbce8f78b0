"""A query's answer as JSON for the page, or as a file to keep."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import duckdb

from persona_assets.base.spelled import AS_TEXT, IN_ISO, Spelled, spelled
from persona_assets.explorer.problems import ProblemError

_BATCH = 1000  # rows held at a time
_EXACT = 2**53  # beyond it a number of JavaScript is not the one that was meant

# Types that, alone or within others, would stand in words of Python's: DuckDB writes them in their stead.
_IN_ITS_WORDS = re.compile(r"\b(INTERVAL|UNION|BIT|UUID|MAP|UHUGEINT|ENUM|TIME WITH TIME ZONE)\b")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")  # names of fields, and texts of an ENUM
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Said = dict[str, Any]


ConsoleAnswer = duckdb.DuckDBPyConnection | Spelled


def executed(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, form: str) -> Any:
    """Return the answer to `statement`, of which DuckDB writes what JSON lacks; Parquet has it all anyway."""
    return connection.execute(statement) if form == "parquet" else spelled(connection, statement, _spelling)


def _spelling(kind: str) -> str | None:
    """Return how a column of this type is asked for where DuckDB writes it."""
    return IN_ISO.get(kind) or (AS_TEXT if _IN_ITS_WORDS.search(_QUOTED.sub("", kind)) else None)


def write_json(answer: ConsoleAnswer, out: BinaryIO, max_rows: int, max_bytes: int) -> Said:
    """Write the contract's `SqlResult` but for its seconds: at most `max_rows`, about `max_bytes`."""
    columns = [{"name": column[0], "type": str(column[1])} for column in answer.description or []]
    out.write(b'{"columns":' + _json(columns) + b',"rows":[')
    n_bytes, truncated, between = 0, False, b""
    for number, row in enumerate(_rows(answer)):
        line = _json([shown(value) for value in row])
        n_bytes += len(line)
        if n_bytes > max_bytes and number == 0:
            raise ProblemError(400, "a single row is too large to show; select fewer or shorter columns")
        if truncated := number == max_rows or n_bytes > max_bytes:
            break
        out.write(between + line)
        between = b","
    out.write(b'],"truncated":' + _json(truncated) + b"}")
    out.flush()
    return {"truncated": truncated, "none": n_bytes == 0}


def write_csv(answer: ConsoleAnswer, out: BinaryIO, max_rows: int, max_bytes: int) -> Said:
    """Write the first `max_rows` as CSV with a header; lists and structures as JSON.

    A text that a spreadsheet would take for a formula begins with an apostrophe, as in the page's own files.
    """
    counted = _Counted(out, max_bytes)
    text = io.TextIOWrapper(counted, encoding="utf-8", errors="replace", newline="")  # type: ignore[type-var]
    writer = csv.writer(text)
    writer.writerow([_cell(column[0]) for column in answer.description or []])
    truncated = False
    for number, row in enumerate(_rows(answer)):
        if truncated := number == max_rows:
            break
        writer.writerow([_cell(value) for value in row])
    text.flush()
    return {"truncated": truncated}


def write_parquet(answer: duckdb.DuckDBPyConnection, out: BinaryIO, max_rows: int, max_bytes: int) -> Said:
    """Write the first `max_rows` as Parquet."""
    import pyarrow.parquet as pq

    batches = answer.to_arrow_reader(_BATCH * 100)
    left, truncated = max_rows, False
    with pq.ParquetWriter(_Counted(out, max_bytes), batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.slice(0, left))
            left -= batch.num_rows
            if left < 0:
                truncated = True
                break
    out.flush()
    return {"truncated": truncated}


def shown(value: Any) -> Any:
    """Return a value as JSON has it: large integers and decimals are strings, so are NaN and infinities."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return (
            value if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity"}.get(str(value), "-Infinity")
        )
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {str(key): shown(item) for key, item in value.items()}
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.hex() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(shown(value), ensure_ascii=False)
    text = value if value is None or isinstance(value, (bool, int, float, str)) else _text(value)
    return f"'{text}" if isinstance(value, str) and value.startswith(_FORMULA) else text


def _rows(answer: ConsoleAnswer) -> Iterator[tuple[Any, ...]]:
    fetch: Callable[[], list[tuple[Any, ...]]] = lambda: answer.fetchmany(_BATCH)  # noqa: E731
    for batch in iter(fetch, []):
        yield from batch


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode(errors="replace")


class _Counted(io.RawIOBase):
    """Passes on what is written, up to a limit: a pipe that says how far it is."""

    def __init__(self, out: BinaryIO, limit: int) -> None:
        self._out, self._limit, self._written = out, limit, 0

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return how much was written."""
        return self._written

    def write(self, data: Any) -> int:
        """Write `data`. Raises the problem 400 beyond the limit."""
        n = memoryview(data).nbytes
        self._written += n
        if self._written > self._limit:
            raise ProblemError(400, f"more than {self._limit / 2**30:g} GiB; add a filter or a LIMIT")
        self._out.write(data)
        return n
