"""What else could make a score move: the length of a turn's vector, how much fires, how long the turn is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

import numpy as np
from scipy.stats import norm

from persona_assets.base.arrays import Floats

Verdict = Literal["LOW", "MODERATE", "HIGH"]

# What the command line, Dagster and the pages call them: LOW is no all-clear, for its interval may reach far.
CALLED: dict[Verdict, str] = {"LOW": "unproven", "MODERATE": "moderate", "HIGH": "high"}

CONFOUNDS = ("norm", "n_active_features", "n_tokens")
MODERATE, HIGH = 0.40, 0.70  # |r|
MIN_TURNS = 8  # of fewer, chance alone correlates strongly: three turns pass |r| 0.7 half the time
_ONE = 1 - 1e-12  # for which Fisher's z is finite
_LEVEL = 0.05 / len(CONFOUNDS)  # the strongest of three is what is shown


def confounds(turns: Mapping[str, Floats], score: str) -> dict[str, float | None]:
    """Return the correlation of a score with each confound; `turns` has their columns, float64[n_turns]."""
    return {name: correlation(turns[score], turns[name]) for name in CONFOUNDS}


def correlation(score: Floats, confound: Floats) -> float | None:
    """Pearson's r over turns; None with fewer than eight, or where one of the two never changes."""
    known = np.isfinite(score) & np.isfinite(confound)
    score, confound = score[known], confound[known]
    if len(score) < MIN_TURNS or _constant(score) or _constant(confound):
        return None
    return float(np.corrcoef(score, confound)[0, 1])


def interval(r: float, n_turns: int) -> tuple[float, float]:
    """Return the ends of the interval of r over `n_turns` turns (Fisher's z).

    Its level is such that all three of a run's correlations lie within theirs in 95% of runs (in simulations
    of independent turns in 94.1% to 95.2%).
    """
    z, reach = np.arctanh(np.clip(r, -_ONE, _ONE)), norm.isf(_LEVEL / 2) / np.sqrt(n_turns - 3)
    return float(np.tanh(z - reach)), float(np.tanh(z + reach))


def at_least(r: float, n_turns: int) -> float:
    """Return the lower end of the interval of |r| over `n_turns` turns: at least 0."""
    low, high = interval(r, n_turns)
    return max(low, -high, 0.0)


class Told(TypedDict):
    """A correlation as the explorer tells it: without an interval and a verdict below eight turns."""

    r: float | None
    low: float | None
    high: float | None
    verdict: Verdict | None


def told(r: float | None, n_turns: int) -> Told:
    """Return a correlation over `n_turns` turns with its interval and the verdict on it."""
    judged = verdict(r, n_turns)
    if r is None or judged is None:
        return {"r": r, "low": None, "high": None, "verdict": None}
    low, high = interval(r, n_turns)
    return {"r": r, "low": low, "high": high, "verdict": judged}


def verdict(r: float | None, n_turns: int) -> Verdict | None:
    """Return how suspicious a correlation is, by the lower end of its interval; None where there is none.

    None with fewer than eight turns too: other tools give one there.
    """
    if r is None or n_turns < MIN_TURNS:
        return None
    low = at_least(r, n_turns)
    return "HIGH" if low >= HIGH else "MODERATE" if low >= MODERATE else "LOW"


def worst(correlations: Iterable[float | None], n_turns: int) -> Verdict | None:
    """Return the verdict on the strongest correlation."""
    return verdict(max((r for r in correlations if r is not None), key=abs, default=None), n_turns)


def _constant(values: Floats) -> bool:
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())
