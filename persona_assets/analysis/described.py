"""Roles' features by themselves, as `role_features` has them, of what was summed to compare the roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from persona_assets.analysis.totals import Totals
from persona_assets.base.arrays import Floats, Singles
from persona_assets.lake.schema import PLAYED_FEATURES


@dataclass(frozen=True)
class Described:
    """Iterated over, it gives the rows of `PLAYED_FEATURES`, one role's at a time.

    `highest` float32[n_roles, d_sae] are the roles' maxima, `sd` float64[n_roles, d_sae] the standard
    deviations of their responses.
    """

    totals: Totals
    highest: Singles
    sd: Floats

    def __iter__(self) -> Iterator[pa.Table]:
        for row, role in enumerate(self.totals.design.roles):
            fired = np.flatnonzero(self.totals.counts[row])
            n, counts = int(self.totals.design.n_responses[row]), self.totals.counts[row, fired]
            yield PLAYED_FEATURES.of(
                {
                    "role": pa.DictionaryArray.from_arrays(np.zeros(len(fired), np.int32), [role]),
                    "feature_id": fired.astype(np.int32),
                    "n_responses": np.full(len(fired), n, np.int32),
                    "n_active_responses": counts,
                    "firing_rate": counts / n,
                    "mean": self.totals.role_means[row, fired],
                    "max": self.highest[row, fired],
                    "sd": self.sd[row, fired],
                }
            )
