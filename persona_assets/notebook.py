"""A study in a notebook: its newest snapshot to ask in SQL, its features per role as a matrix.

with open_study("smollm2") as study:
    study.sql("from which_roles(?)", [7]).df()
    study.feature_matrix("mean").to_pandas()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import duckdb
import pyarrow as pa

from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, newest_snapshot, snapshot_identity, warehouse_path
from persona_assets.warehouse.feature_matrix import FeatureMatrix, read_feature_matrix

if TYPE_CHECKING:
    import pandas as pd


class QueryResult:
    """What a query gave. It is computed when it is asked for, from the snapshot the query was put to."""

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self.relation = relation

    @property
    def columns(self) -> list[str]:
        """The names of the answer's columns."""
        return self.relation.columns

    def arrow(self) -> pa.Table:
        """Return the whole answer as an Arrow table."""
        return self.relation.to_arrow_table()

    def df(self) -> pd.DataFrame:
        """Return the whole answer as a pandas data frame."""
        return self.relation.df()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the whole answer as tuples."""
        return self.relation.fetchall()

    def __repr__(self) -> str:
        return repr(self.relation)


class StudyHandle:
    """A study's published data. Each query sees the snapshot that is newest when it is put."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._snapshot: str | None = None

    def sql(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> QueryResult | None:
        """The answer to `query`, with `params` for its `?` or `$name`; None where a statement gives none.

        What a query sets (a variable, a temporary table) lasts until another snapshot is published. Raises
        StudyError where nothing is published yet, and DuckDB's own error where the query is wrong.
        """
        relation = self._newest().sql(query, params=params)
        return None if relation is None else QueryResult(relation)

    def feature_matrix(self, statistic: Literal["mean", "max"], sae: str | None = None) -> FeatureMatrix:
        """Return `statistic` of every feature in every role: one row per role, columns go by `feature_ids`.

        It is of the study's first SAE unless `sae` names another. The table `role_matrix` is another thing: M
        of the features that passed the selection. Raises StudyError for an unknown statistic.
        """
        return read_feature_matrix(self._newest(), statistic, sae)

    role_matrix = feature_matrix  # what it was called; goes in version 0.3

    def close(self) -> None:
        """Let go of the snapshot."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._snapshot = None

    def __repr__(self) -> str:
        path = warehouse_path(self.study)
        return f"<study {self.study.name!r}: {path if path.exists() else 'nothing published yet'}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _newest(self) -> duckdb.DuckDBPyConnection:
        snapshot = snapshot_identity(newest_snapshot(self.study))
        if self._connection is None or snapshot != self._snapshot:
            # The old connection is not closed here: answers not yet fetched still read from it.
            self._connection, self._snapshot = connect(self.study), snapshot
        return self._connection


def open_study(name: str | Path) -> StudyHandle:
    """The study called `name`, or the one whose folder or YAML is named; StudyError where there is none."""
    return StudyHandle(load_study(name))
