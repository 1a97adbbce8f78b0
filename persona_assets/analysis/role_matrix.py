"""The selection as tables of the lake, and back: so that mapping it again needs no reading of activations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from persona_assets.analysis.selection import Criterion, RoleMatrixMode, Selection, ranked
from persona_assets.base.arrays import Ints
from persona_assets.lake.schema import FEATURES, ROLE_MATRIX

# Columns of `FEATURES`, and what of the selection they hold.
_COLUMNS = {
    "atlas_alive": "alive",
    "atlas_mu": "mu",
    "atlas_sd": "sd",
    "stability": "stability",
    "pass": "passed",
    "score": "score",
    "role_f": "f",
    "role_q": "q",
    "stability_classic": "classic_stability",
    "pass_classic": "classic_passed",
    "score_classic": "classic_score",
}
_FLAGS = ("alive", "passed", "classic_passed")

_FEATURES = 4096  # in a part of the matrix


def with_selection(features: pa.Table, selection: Selection) -> pa.Table:
    """The rows of `FEATURES`: statistics by feature, with what the selection says of each beside them."""
    known = {column: getattr(selection, name) for column, name in _COLUMNS.items()}
    return FEATURES.of({name: features[name] for name in features.schema.names} | known)


@dataclass(frozen=True)
class RoleMatrix:
    """The rows of `ROLE_MATRIX`, by feature and role; iterated over, it gives them in parts."""

    selection: Selection

    def __iter__(self) -> Iterator[pa.Table]:
        by_id = np.argsort(self.selection.selected)
        for start in range(0, max(len(by_id), 1), _FEATURES):
            yield self._part(by_id[start : start + _FEATURES])

    def table(self) -> pa.Table:
        """Return all parts as one table."""
        return pa.concat_tables(self)

    def _part(self, places: Ints) -> pa.Table:
        selection, n_roles = self.selection, len(self.selection.roles)
        rows = pa.array(np.tile(np.arange(n_roles, dtype=np.int32), len(places)))
        return ROLE_MATRIX.of(
            {
                "feature_id": np.repeat(selection.selected[places].astype(np.int32), n_roles),
                "role": pa.DictionaryArray.from_arrays(rows, pa.array(selection.roles, pa.string())),
                "value": selection.columns[:, places].T.ravel(),
                "raw": selection.raw[:, places].T.ravel(),
            }
        )


def read_selection(
    roles: Sequence[str],
    mode: RoleMatrixMode,
    criterion: Criterion,
    features: pa.Table,
    role_matrix: pa.Table,
) -> Selection:
    """The selection that `features` and `role_matrix` were made of; `roles` are those compared, sorted."""
    known = {
        name: features[column].to_numpy(zero_copy_only=False).astype(bool if name in _FLAGS else float)
        for column, name in _COLUMNS.items()
    }
    selected = ranked(known["score"], known["passed"])
    by_id = np.argsort(np.argsort(selected))
    shape = len(selected), len(roles)
    columns, raw = (role_matrix[name].to_numpy().reshape(shape).T[:, by_id] for name in ("value", "raw"))
    return Selection(
        roles=list(roles),
        mode=mode,
        criterion=criterion,
        selected=selected,
        columns=columns,
        raw=raw,
        **known,
    )
