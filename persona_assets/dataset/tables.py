"""The Parquet files of a data set: each can be read alone, with nothing told by its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from persona_assets.base.duck import literal
from persona_assets.base.progress import Progress
from persona_assets.base.queries import query
from persona_assets.lake.fingerprint import sha256_of
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import DERIVED, MARTS, SHOWN, TABLES, VIEWS, Table
from persona_assets.lake.wholeness import PATH_NOTE
from persona_assets.study.dataset import DATA, DataFile

NATIVE = tuple(table for table in SHOWN.values() if table not in (*VIEWS, *DERIVED))


def write_tables(
    connection: duckdb.DuckDBPyConnection, lake: Lake, study: str, folder: Path, progress: Progress
) -> list[DataFile]:
    """Write every table of the snapshot that has rows below `folder`; return the files, in the tables' order.

    `connection` reads the snapshot, `lake` the files that its views stand on.
    """
    named = connection.execute(query("dataset/view_files"), [[table.name for table in VIEWS]]).fetchall()
    marts = [name for (name,) in connection.execute(query("dataset/marts"), [list(SHOWN)]).fetchall()]
    written = list[DataFile]()
    for done, (name, path, size, modified) in enumerate(named, start=1):
        written.append(_copied(lake, TABLES[name], LakeFile(path, size, modified), folder))
        progress(done, len(named) + 1)
    sizes = {file.path.removeprefix(f"{DATA}/"): file.bytes for file in written}
    connection.execute(query("dataset/sizes"), {"paths": list(sizes), "sizes": list(sizes.values())})
    for table in NATIVE:
        own = table.name in ("study", "lake_files")
        source = query(f"dataset/{table.name if own else 'rows'}").replace("{table}", table.name)
        written += _exported(connection, source, f"{study}/{table.name}.parquet", folder, table.name)
    for name in marts:
        source, path = query("dataset/rows").replace("{table}", name), f"{study}/{MARTS.name}/{name}.parquet"
        written += _exported(connection, source, path, folder, MARTS.name, name)
    progress(len(named) + 1, len(named) + 1)
    order = [*SHOWN, MARTS.name]
    return sorted(written, key=lambda file: (order.index(file.table), file.path))


def with_keys(table: Table) -> Table:
    """Return the table whose files have the columns that a lake's have in their paths, in front."""
    keys = [key.name for key in table.keys]
    writer: dict[str, Any] = dict(table.writer)
    for option in ("use_dictionary", "write_statistics"):
        if option in writer:
            writer[option] = [*keys, *(writer[option] or [])]
    if isinstance(writer.get("compression"), dict):
        writer["compression"] = dict.fromkeys(keys, "zstd") | writer["compression"]
    return replace(table, columns=(*table.keys, *table.columns), per_sae=False, per_role=False, per_run=False,
                   writer=writer)  # fmt: skip


def _copied(lake: Lake, table: Table, file: LakeFile, folder: Path) -> DataFile:
    """Write a lake's file with its keys as columns, row group by row group."""
    place = folder / DATA / file.path
    place.parent.mkdir(parents=True, exist_ok=True)
    keyed = with_keys(table)
    with lake.open(lake.uri(file.path), page_checksum_verification=True) as parquet:
        n_rows = parquet.metadata.num_rows
        write_parquet(keyed, _groups(parquet, keyed, file), place, {PATH_NOTE.decode(): file.path})
    return _entry(place, f"{DATA}/{file.path}", table.name, n_rows)


def _groups(parquet: Any, table: Table, file: LakeFile) -> Iterator[pa.Table]:
    for group in range(parquet.num_row_groups):
        rows = parquet.read_row_group(group)
        for field in table.schema:
            if field.name not in rows.schema.names:  # a key; else a column that a later version added
                value = pa.scalar(file.partition.get(field.name), field.type)
                rows = rows.append_column(field, pa.repeat(value, rows.num_rows))
        yield rows


def _exported(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    path: str,
    folder: Path,
    table: str,
    mart: str | None = None,
) -> Iterator[DataFile]:
    """Write what a query gives, if it gives anything."""
    place = folder / DATA / path
    place.parent.mkdir(parents=True, exist_ok=True)
    copied = f"copy ({source}) to {literal(str(place))} (format parquet, compression zstd)"
    [(n_rows,)] = connection.execute(copied).fetchall()
    if n_rows:
        yield _entry(place, f"{DATA}/{path}", table, n_rows, mart)
    else:
        place.unlink()


def _entry(place: Path, path: str, table: str, n_rows: int, mart: str | None = None) -> DataFile:
    return DataFile(
        path=path, bytes=place.stat().st_size, sha256=sha256_of(place), table=table, mart=mart, n_rows=n_rows
    )
