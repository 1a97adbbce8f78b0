"""Roles × features as a labelled sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import duckdb
import numpy as np
from scipy.sparse import coo_array, csr_array

from persona_assets.base.arrays import Int32s
from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FeatureMatrix:
    """A statistic of every feature in every role; a row is known by its role, a column by its feature's id.

    `values` is float32[n_roles, n_features], in units of SAE activation, zero where a feature never fires in
    a role. Columns are not all d_sae features: only those that fire in some role, ascending. Column `i` is
    feature `feature_ids[i]`, int32[n_features].
    """

    roles: list[str]
    feature_ids: Int32s
    values: csr_array

    def to_pandas(self) -> pd.DataFrame:
        """The dense matrix as a data frame, roles down, feature ids across: `frame.loc["pirate", 7]`."""
        import pandas as pd

        index, columns = pd.Index(self.roles, name="role"), pd.Index(self.feature_ids, name="feature_id")
        return pd.DataFrame(self.values.toarray(), index=index, columns=columns)


def read_feature_matrix(
    connection: duckdb.DuckDBPyConnection, statistic: Literal["mean", "max"], sae: str | None = None
) -> FeatureMatrix:
    """The matrix of a snapshot: `mean` over a role's responses or `max` of them. Roles are sorted by name.

    Raises StudyError for another statistic, and DuckDB's error where the study has no such SAE.
    """
    if statistic not in ("mean", "max"):
        raise StudyError(f"no statistic {statistic!r}; a feature matrix is of 'mean' or 'max'")
    roles = [role for (role,) in connection.execute(query("matrix/roles"), {"sae": sae}).fetchall()]
    entries = connection.execute(query("matrix/entries"), {"sae": sae, "roles": roles}).to_arrow_table()
    feature_ids, columns = np.unique(entries["feature_id"].to_numpy(), return_inverse=True)
    values = coo_array(
        (entries[statistic].to_numpy().astype(np.float32), (entries["row"].to_numpy(), columns)),
        shape=(len(roles), len(feature_ids)),
    )
    return FeatureMatrix(roles, feature_ids, values.tocsr())
