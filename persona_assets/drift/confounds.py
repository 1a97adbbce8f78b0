"""What else could make a score move: the length of a turn's vector, how much fires, how long the turn is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

from persona_assets.base.arrays import Floats

Verdict = Literal["LOW", "MODERATE", "HIGH"]

CONFOUNDS = ("norm", "n_active_features", "n_tokens")
MODERATE, HIGH = 0.40, 0.70  # |r|
_MIN_TURNS = 3  # any two points correlate perfectly


def confounds(turns: Mapping[str, Floats], score: str) -> dict[str, float | None]:
    """Return the correlation of a score with each confound; `turns` has their columns, float64[n_turns]."""
    return {name: correlation(turns[score], turns[name]) for name in CONFOUNDS}


def correlation(score: Floats, confound: Floats) -> float | None:
    """Pearson's r over turns; None with fewer than three, or where one of the two never changes."""
    known = np.isfinite(score) & np.isfinite(confound)
    score, confound = score[known], confound[known]
    if len(score) < _MIN_TURNS or _constant(score) or _constant(confound):
        return None
    return float(np.corrcoef(score, confound)[0, 1])


def verdict(r: float | None) -> Verdict | None:
    """Return how suspicious a correlation is; None where there is none."""
    if r is None:
        return None
    return "HIGH" if abs(r) >= HIGH else "MODERATE" if abs(r) >= MODERATE else "LOW"


def worst(correlations: Iterable[float | None]) -> Verdict | None:
    """Return the verdict on the strongest correlation."""
    return verdict(max((r for r in correlations if r is not None), key=abs, default=None))


def _constant(values: Floats) -> bool:
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())
