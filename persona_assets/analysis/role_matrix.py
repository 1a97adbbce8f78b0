"""The selection as tables of the lake, and back: so that mapping it anew needs no reading of activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from persona_assets.analysis.selection import RoleMatrixMode, Selection, ranked
from persona_assets.lake.schema import FEATURES, ROLE_MATRIX


def with_selection(features: pa.Table, selection: Selection) -> pa.Table:
    """The rows of `FEATURES`: statistics by feature, with what the selection says of each beside them."""
    known = {
        "atlas_alive": selection.alive,
        "atlas_mu": selection.mu,
        "atlas_sd": selection.sd,
        "stability": selection.stability,
        "pass": selection.passed,
        "score": selection.score,
    }
    return FEATURES.of({name: features[name] for name in features.schema.names} | known)


def role_matrix_table(selection: Selection) -> pa.Table:
    """Return the rows of `ROLE_MATRIX`: the selected features' columns, by feature and role."""
    by_id = np.argsort(selection.selected)
    n_roles, n_selected = selection.columns.shape
    rows = pa.array(np.tile(np.arange(n_roles, dtype=np.int32), n_selected))
    return ROLE_MATRIX.of(
        {
            "feature_id": np.repeat(selection.selected[by_id].astype(np.int32), n_roles),
            "role": pa.DictionaryArray.from_arrays(rows, pa.array(selection.roles, pa.string())),
            "value": selection.columns[:, by_id].T.ravel(),
            "raw": selection.raw[:, by_id].T.ravel(),
        }
    )


def read_selection(
    roles: Sequence[str], mode: RoleMatrixMode, features: pa.Table, role_matrix: pa.Table
) -> Selection:
    """The selection that `features` and `role_matrix` were made of; `roles` are those compared, sorted."""
    known = {name: features[name].to_numpy(zero_copy_only=False) for name in features.schema.names}
    passed = known["pass"].astype(bool)
    selected = ranked(known["score"], passed)
    by_id = np.argsort(np.argsort(selected))
    shape = len(selected), len(roles)
    columns, raw = (role_matrix[name].to_numpy().reshape(shape).T[:, by_id] for name in ("value", "raw"))
    return Selection(
        roles=list(roles),
        mode=mode,
        mu=known["atlas_mu"],
        sd=known["atlas_sd"],
        alive=known["atlas_alive"].astype(bool),
        passed=passed,
        stability=known["stability"],
        score=known["score"],
        selected=selected,
        columns=columns,
        raw=raw,
    )
