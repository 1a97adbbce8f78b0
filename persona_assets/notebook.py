"""A study in a notebook: its newest snapshot to ask in SQL, its features per role as a matrix.

with open_study("smollm2") as study:
    study.top_features("pirate").df()
    study.sql("from which_roles(?)", [7]).df()
    study.feature_matrix("mean").to_pandas()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import duckdb
import pyarrow as pa

from persona_assets.base.lit import SHOWN, html_table
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, newest_snapshot, snapshot_identity, warehouse_path
from persona_assets.warehouse.feature_matrix import FeatureMatrix, read_feature_matrix

if TYPE_CHECKING:
    import pandas as pd
    import polars
    from ibis.backends import BaseBackend
    from matplotlib.figure import Figure


class QueryResult:
    """What a query gave, of the snapshot it was put to.

    A query without parameters is computed when its answer is fetched, one with parameters at once.
    """

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

    def pl(self) -> polars.DataFrame:
        """Return the whole answer as a Polars data frame; it takes the package polars."""
        return self.relation.pl()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the whole answer as tuples."""
        return self.relation.fetchall()

    def __repr__(self) -> str:
        return repr(self.relation)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the first rows, tokens lit by their activations."""
        return html_table(self.columns, self.relation.limit(SHOWN + 1).fetchall())


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

    def which_roles(self, feature: int, *, sae: str | None = None) -> QueryResult:
        """Return the roles that fire a feature, and in how many of their answers: the macro `which_roles`."""
        return self._macro("which_roles", [index(feature)], sae=sae)

    def top_features(self, role: str, *, by: str = "distinctness", sae: str | None = None) -> QueryResult:
        """Return a role's features, the most characteristic first: the macro `top_features`.

        `by` is another of its orders: effect, lift, score, auroc.
        """
        return self._macro("top_features", [role], by=by, sae=sae)

    def top_responses(self, feature: int, *, sae: str | None = None) -> QueryResult:
        """Return the 100 answers that fire a feature most, with its tokens: the macro `top_responses`."""
        return self._macro("top_responses", [index(feature)], sae=sae)

    def compare_roles(
        self, a: str, b: str, *, by: str = "standardized_difference", sae: str | None = None
    ) -> QueryResult:
        """Return the features that tell two roles apart: the macro `compare_roles`."""
        return self._macro("compare_roles", [a, b], by=by, sae=sae)

    def plot(self, subject: str, name: str | int | None = None, *, sae: str | None = None) -> Figure:
        """Return the picture that `persona plot` writes, which a notebook shows.

        `subject` is similarity, axes or atlas, or feature or role with its `name`. Raises StudyError where
        there is no such thing to draw, and DuckDB's error where there is no such role.
        """
        from persona_assets.plots.picture import picture

        connection, named = self._newest(), None if name is None else str(name)
        if subject == "role" and named is not None:
            connection.execute("select known_role(?, ?)", [named, sae])
        return picture(self.study, connection, subject, named, sae)

    def ibis(self) -> BaseBackend:
        """Return an Ibis connection to the newest snapshot; it takes the package ibis-framework[duckdb].

        It stays with that snapshot, whatever is published.
        """
        import ibis

        return ibis.duckdb.from_connection(connect(self.study))

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

    def _macro(self, name: str, asked: Sequence[Any], **options: Any) -> QueryResult:
        named = {f"at_{place}": value for place, value in enumerate(asked)}
        places = [f"${place}" for place in named]
        marks = [*places, *(f'"{option}" := ${option}' for option in options)]
        answer = self.sql(f"from {name}({', '.join(marks)})", named | options)
        assert answer is not None
        return answer

    def _newest(self) -> duckdb.DuckDBPyConnection:
        snapshot = snapshot_identity(newest_snapshot(self.study))
        if self._connection is None or snapshot != self._snapshot:
            # The old connection is not closed here: answers not yet fetched still read from it.
            self._connection, self._snapshot = connect(self.study), snapshot
        return self._connection


def open_study(name: str | Path) -> StudyHandle:
    """The study called `name`, or the one whose folder or YAML is named; StudyError where there is none."""
    return StudyHandle(load_study(name))
