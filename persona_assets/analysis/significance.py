"""P values of a role against all others: t of its effect, Fisher's exact test and Mann-Whitney's."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from persona_assets.base.arrays import Floats, Ints, Singles
from persona_assets.base.compiled import compiled

CONFIDENCE = 0.95
NORMAL = float(ndtri((1 + CONFIDENCE) / 2))  # the half width of such an interval in standard errors

_TOLERANCE = 1 + 1e-7  # tables this little more likely than the one seen are as likely: rounding
_INVERSE_DF = np.linspace(0, 1, 20_001)  # where t's reach is computed: between two of them it is a line
_REACH = np.append(NORMAL, stdtrit(1 / _INVERSE_DF[1:], (1 + CONFIDENCE) / 2))


def student(effect: Floats, error: Singles, df: Singles) -> Floats:
    """Return two-sided p of effects with their standard errors, by Student's t."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return 2 * stdtr(df, -np.abs(effect / error))


def reach(df: Singles) -> Floats:
    """Return the half width of an interval of CONFIDENCE in standard errors, by Student's t.

    Interpolated: within 1e-8 of it, which float32 does not tell, and several times as fast.
    """
    with np.errstate(divide="ignore"):
        found = np.interp(1 / df.astype(np.float64), _INVERSE_DF, _REACH)
    few = df < 1
    found[few] = stdtrit(df[few].astype(np.float64), (1 + CONFIDENCE) / 2)
    return found


def wilson(share: float, n: float, reach: float = NORMAL) -> tuple[float, float]:
    """Return Wilson's (1927) interval of a share of `n`, `reach` standard errors wide on each side."""
    centre = (share + reach**2 / (2 * n)) / (1 + reach**2 / n)
    half = reach / (1 + reach**2 / n) * np.sqrt(share * (1 - share) / n + reach**2 / (4 * n**2))
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def fieller(
    rate: Floats, variance: Floats, others: Floats, of_others: Floats, reach: Floats
) -> tuple[Floats, Floats]:
    """Return the interval of a ratio of means (Fieller 1954); NaN where the others' might be 0.

    `rate` over `others`, with their variances, `reach` standard errors wide on each side.
    """
    squares = others**2 - reach**2 * of_others
    product, own = rate * others, rate**2 - reach**2 * variance
    root = np.sqrt(np.maximum(product**2 - squares * own, 0))
    bounded = squares > 0
    low, high = (product - root) / squares, (product + root) / squares
    return np.where(bounded, np.maximum(low, 0), np.nan), np.where(bounded, high, np.nan)


def beyond(difference: Floats, smallest: float, error: Floats, df: Singles) -> Floats:
    """Return p that the size of differences is `smallest` at most (Murphy and Myors 1999), by Student's t."""
    with np.errstate(invalid="ignore", divide="ignore"):
        above = (np.abs(difference) - smallest) / error
        return np.asarray(stdtr(df, -above) + stdtr(df, -above - 2 * smallest / error))


def inflated(p: Floats, inflation: Singles) -> Floats:
    """Return two-sided p whose normal score is divided by the root of `inflation`."""
    return 2 * ndtr(ndtri(p / 2) / np.sqrt(inflation))


def mann_whitney(u: Floats, n_role: int, n_others: int, ties: Floats) -> Floats:
    """Two-sided p of the statistics `u`, by the normal approximation with tie and continuity correction.

    `ties`: for each statistic the sum over groups of t equal values of t³ - t. Where all values are equal p
    is 1.
    """
    n = n_role + n_others
    half = n_role * n_others / 2
    sd = np.sqrt(half / 6 * np.maximum(n + 1 - ties / (n * (n - 1)), 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (np.abs(u - half) - 0.5) / sd
    return np.where(sd > 0, np.minimum(2 * ndtr(-z), 1), 1.0)


def fisher(fired: Ints, n_role: int, fired_in_all: Ints, n: int) -> Floats:
    """Two-sided p that a role's share of firing is that of the others, by Fisher's exact test.

    `fired` of the role's `n_role` responses and `fired_in_all` of all `n`, each an array with an item a
    feature; two-sided: the probability of all tables that are at most as likely as the one seen.
    """
    p = np.empty(len(fired))
    _fisher(np.argsort(fired_in_all, kind="stable"), fired, n_role, fired_in_all, n, p)
    return p


@compiled()
def _fisher(order: Ints, fired: Ints, n_role: int, fired_in_all: Ints, n: int, p: Floats) -> None:
    """Fill `p`; `order` sorts the features by `fired_in_all`, so that each table of p is made once."""
    known = np.int64(-1)
    first, of_count = _two_sided(0, n_role, n)
    for one in order:
        if fired_in_all[one] != known:
            known = fired_in_all[one]
            first, of_count = _two_sided(known, n_role, n)
        p[one] = of_count[fired[one] - first]


@compiled()
def _two_sided(fired: int, n_role: int, n: int) -> tuple[int, Floats]:
    """The lowest possible count, and two-sided p of each count from there on."""
    first = max(0, fired + n_role - n)
    weight = _weights(first, min(fired, n_role), fired, n_role, n)
    p, total = np.empty(len(weight)), 0.0
    # Weights rise to the mode, then fall: the least likely is always at one of the ends.
    low, high = 0, len(weight) - 1
    while low <= high:
        least = min(weight[low], weight[high]) * _TOLERANCE
        from_low, from_high = low, high
        while low <= high and weight[low] <= least:
            total += weight[low]
            low += 1
        while low <= high and weight[high] <= least:
            total += weight[high]
            high -= 1
        p[from_low:low] = total
        p[high + 1 : from_high + 1] = total
    return first, p / total


@compiled()
def _weights(first: int, last: int, fired: int, n_role: int, n: int) -> Floats:
    """Hypergeometric probabilities of `first` to `last`, up to a factor: 1 at the mode.

    From the mode outwards by the ratio of neighbors: nothing overflows, and what underflows is 0.
    """
    mode = min(max((fired + 1) * (n_role + 1) // (n + 2), first), last)
    weight = np.empty(last - first + 1)
    weight[mode - first] = 1.0
    for k in range(mode, last):
        ratio = (fired - k) * (n_role - k) / ((k + 1.0) * (n - fired - n_role + k + 1))
        weight[k + 1 - first] = weight[k - first] * ratio
    for k in range(mode, first, -1):
        ratio = k * (n - fired - n_role + k) / ((fired - k + 1.0) * (n_role - k + 1))
        weight[k - 1 - first] = weight[k - first] * ratio
    return weight
