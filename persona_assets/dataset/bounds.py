"""What a stranger's data set may come to when it is read: a few bytes of Parquet may hold gigabytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from duckdb.sqltypes import DuckDBPyType

from persona_assets.base.duck import exact_path, identifier, literal
from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.lake.schema import VIEWS
from persona_assets.study.dataset import DataFile, DataSet
from persona_assets.warehouse.build import MEMORY

LEAST = 64 * 2**20  # bytes that the tables of any data set may come to
TIMES = 100  # and as many times the size of their files besides
_VALUE = 8  # bytes of a number, or of where a text or list lies
_DEEPEST = 8  # lists and structures within one another
_NUMBERS = frozenset(
    {"boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint"}
    | {"hugeint", "uhugeint", "float", "double", "decimal", "date", "time", "timestamp", "interval", "uuid"}
    | {"timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone", "time with time zone"}
)


def check_bounds(dataset: DataSet, folder: Path) -> None:
    """Raise StudyError where a file has other rows than the list says, or the database would be too large.

    What the views read stays in its files; the other tables are filled, so all their values are measured.
    Raises duckdb.Error where a file cannot be read.
    """
    views = {table.name for table in VIEWS}
    filled = [file for file in dataset.files if file.table not in views]
    allowed = float(LEAST + TIMES * sum(file.bytes for file in filled))
    for file in dataset.files:
        _check_rows(file, folder)
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": ""}) as connection:
        for file in filled:
            allowed -= _n_bytes(connection, folder / file.path, file, allowed)
            if allowed < 0:
                raise too_large(folder / file.path, dataset)


def too_large(place: Path, dataset: DataSet) -> StudyError:
    """Return the error of a data set that comes to more than it may at `place`."""
    return StudyError(
        f"{place}: the data set's tables would come to far more than their files' size allows "
        f"({LEAST / 2**20:.0f} MiB and {TIMES} times the files); it was written by {dataset.made_by}"
    )


def _check_rows(file: DataFile, folder: Path) -> None:
    try:
        n_rows = pq.read_metadata(folder / file.path).num_rows
    except (OSError, ValueError) as error:  # pyarrow's own are among them
        raise StudyError(f"{folder / file.path}: is no Parquet file that this version reads") from error
    if n_rows != file.n_rows:
        raise StudyError(
            f"{folder / file.path}: has {n_rows:,} rows, but the data set's list says {file.n_rows:,}"
        )


def _n_bytes(connection: duckdb.DuckDBPyConnection, place: Path, file: DataFile, allowed: float) -> float:
    """Return what a file's values come to. It is not read where the rows alone are more than is `allowed`."""
    pattern = exact_path(str(place))
    [*columns] = connection.read_parquet(pattern, hive_partitioning=False).description
    least = float(file.n_rows) * len(columns) * _VALUE
    if least > allowed:
        return least
    weights = [_weight(identifier(name), kind, 0) for name, kind, *_ in columns]
    statement = query("dataset/measured").replace("{bytes}", " + ".join(weights))
    [(_, n_bytes)] = connection.execute(statement, {"file": pattern}).fetchall()
    return float(n_bytes)


def _weight(value: str, kind: DuckDBPyType, depth: int) -> str:
    """Return SQL for the bytes that a value of this type comes to."""
    if depth > _DEEPEST:
        raise StudyError("the data set's files hold lists within lists, deeper than this version reads")
    if kind.id in _NUMBERS:
        return str(_VALUE)
    if kind.id in ("list", "map"):
        inner: dict[str, Any] = dict(kind.children)
        entries = value if kind.id == "list" else f"map_entries({value})"
        one = f"x{depth}"
        if kind.id == "list":
            weight = _weight(one, inner["child"], depth + 1)
        else:
            weight = " + ".join(_weight(f"{one}.{part}", inner[part], depth + 1) for part in ("key", "value"))
        return f"({_VALUE} + coalesce(list_sum(list_transform({entries}, lambda {one}: {weight})), 0))"
    if kind.id == "struct":
        fields: dict[str, Any] = dict(kind.children)
        parts = [
            _weight(f"struct_extract({value}, {literal(name)})", of, depth + 1) for name, of in fields.items()
        ]
        return f"({' + '.join([str(_VALUE), *parts])})"
    length = f"octet_length({value})" if kind.id == "blob" else f"strlen({value}::varchar)"
    return f"({_VALUE} + coalesce({length}, 0))"
