"""What was found of a role as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from scipy import sparse

from persona_assets.attribution.ablation import Trial
from persona_assets.attribution.attributed import Attributed
from persona_assets.attribution.intervals import Cells, agreement, means
from persona_assets.lake.schema import ATTRIBUTION_CHECKS, ATTRIBUTION_TABLES, FEATURE_ATTRIBUTION, Table


def contents(found: Attributed | None) -> dict[Table, pa.Table]:
    """Return the content of `ATTRIBUTION_TABLES`; no rows of a role without answers that are attributed."""
    if found is None or not found.response_ids:
        return {table: table.schema.empty_table() for table in ATTRIBUTION_TABLES}
    return {
        ATTRIBUTION_CHECKS: checks_table(found.trials),
        FEATURE_ATTRIBUTION: attribution_table(found.response_ids, found.own, found.beside),
    }


def attribution_table(
    response_ids: Sequence[int], own: sparse.csr_matrix, beside: sparse.csr_matrix
) -> pa.Table:
    """Return the rows of `FEATURE_ATTRIBUTION` of contributions float64[n_answers, d_sae].

    `own` after the role's prompt, `beside` after the anchor's. A feature has a row where it has an entry
    in either.
    """
    active = (_entries(own) + _entries(beside)).tocsr()  # how often a feature is told of in an answer: 1 or 2
    features = np.flatnonzero(active.getnnz(axis=0))
    attribution, half = means((own - beside).tocsc()[:, features], Cells.of(response_ids))
    return FEATURE_ATTRIBUTION.of(
        {
            "feature_id": features,
            "attribution": attribution,
            "low": attribution - half,
            "high": attribution + half,
            "n": np.full(len(features), len(response_ids)),
            "n_active": active.getnnz(axis=0)[features],
        }
    )


def checks_table(trials: Sequence[Trial]) -> pa.Table:
    """Return the row of `ATTRIBUTION_CHECKS`."""
    spearman, low, high = agreement(trials)
    n_answers = len({one.response_id for one in trials})
    values = {"spearman": spearman, "low": low, "high": high, "n": len(trials), "n_answers": n_answers}
    return ATTRIBUTION_CHECKS.of({name: [value] for name, value in values.items()})


def _entries(of: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(len(of.data)), of.indices, of.indptr), of.shape)
