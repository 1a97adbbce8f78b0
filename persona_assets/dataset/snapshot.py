"""A data set's database: the snapshot's own tables filled, views over its Parquet files, the macros.

It is made of the Parquet files alone, by whoever writes a data set and again by whoever pulls it: SQL that
somebody else wrote is never run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from persona_assets.base.duck import exact_path, list_literal, refusal
from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line
from persona_assets.base.queries import query
from persona_assets.dataset.tables import NATIVE
from persona_assets.lake.schema import MARTS, SHOWN, VIEWS, Table
from persona_assets.lake.schema.definition import definition
from persona_assets.study.dataset import DATA, DataSet
from persona_assets.warehouse.build import MEMORY, add_views, at_once
from persona_assets.warehouse.marts import load_mart


def build_snapshot(path: Path, dataset: DataSet, folder: Path, url: str | None = None) -> None:
    """Write the database at `path`, of the data set whose files lie in `folder`.

    Its views read the files below `url`; without one below the current folder, unless the variable `lake`
    says otherwise. Raises StudyError where a file does not hold what its table is made of.
    """
    root = f"{url.rstrip('/')}/{DATA}" if url else DATA
    paths = {
        table.name: [file.path.removeprefix(f"{DATA}/") for file in dataset.of(table.name)] for table in VIEWS
    }
    with of_the_files(dataset, folder), duckdb.connect(str(path)) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set variable lake = ?", [str(folder / DATA)])  # views are tried when made
        with at_once(connection):
            for table in NATIVE:
                connection.execute(definition(table))
        for table in NATIVE:
            _fill(connection, table, [str(folder / file.path) for file in dataset.of(table.name)])
        for file in dataset.of(MARTS.name):
            _add_mart(connection, dataset, str(file.mart), str(folder / file.path))
        add_views(connection, root, paths, default_sae(dataset))
        connection.execute("checkpoint")


@contextmanager
def of_the_files(dataset: DataSet, folder: Path) -> Iterator[None]:
    """Turn what DuckDB says of a data set's files into a StudyError, but for what the disk refuses."""
    try:
        yield
    except duckdb.Error as error:
        if refusal(error) is not None:
            raise
        said = one_line(str(error), 300)
        raise StudyError(
            f"{folder}: the data set's files do not hold what this version reads ({said}); it was written by "
            f"{dataset.made_by}"
        ) from error


def default_sae(dataset: DataSet) -> str:
    """Return the SAE that questions are about unless they say otherwise: the study's first."""
    return next(iter(dataset.settings["extraction"]["saes"]))


def _fill(connection: duckdb.DuckDBPyConnection, table: Table, places: list[str]) -> None:
    if not places:
        return
    stored = [name for name, column in table.shown.items() if not column.made_of]
    statement = (
        query("dataset/fill").replace("{table}", table.name).replace("{columns}", list_literal(stored))
    )
    connection.execute(statement, {"files": [exact_path(place) for place in places]})


def _add_mart(connection: duckdb.DuckDBPyConnection, dataset: DataSet, name: str, place: str) -> None:
    if name in SHOWN:
        raise StudyError(f"{dataset.study}: a mart has the name of a table: {name}")
    load_mart(connection, name, exact_path(place), dataset.comments.get(name, ""))
