"""How far answers reach along a direction: quantiles and shares, with what other answers would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from persona_assets.analysis.significance import CONFIDENCE
from persona_assets.base.arrays import Floats, Ints

_TAILS = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
_DRAWS = 1000
_FEWEST = 10  # questions, or roles
_FEWEST_BEYOND = 2.5  # questions on the smaller side of a quantile


@dataclass(frozen=True)
class Reach:
    """How far a role's answers reach along a direction, float64[n], each the mean of its tokens.

    `questions` int64[n] says what each answers.
    """

    values: Floats
    questions: Ints

    def quantile(self, share: float) -> float:
        """Return the value below which this share of the answers lies."""
        return float(np.quantile(self.values, share))

    def interval(self, share: float) -> tuple[float, float]:
        """Return the quantile's 95 % interval for answers to other questions (Korn and Graubard 1998).

        The answers count as as many independent ones as the questions make of them; the ends are answers, by
        the binomial's exact interval. NaN where questions are too few to tell.
        """
        names, place = np.unique(self.questions, return_inverse=True)
        n, n_questions = len(self.values), len(names)
        if n_questions < _FEWEST or n_questions * min(share, 1 - share) < _FEWEST_BEYOND:
            return np.nan, np.nan
        sums = np.bincount(place, (self.values <= self.quantile(share)) - share, n_questions)
        variance = n_questions * sums.var(ddof=1) / n**2
        wider = (stats.t.ppf(_TAILS[1], n - 1) / stats.t.ppf(_TAILS[1], n_questions - 1)) ** 2
        alone = min(n, wider * share * (1 - share) / variance) if variance > 0 else n
        below = alone * share
        low = int(np.floor(n * stats.beta.ppf(_TAILS[0], below, alone - below + 1)))
        high = int(np.ceil(n * stats.beta.ppf(_TAILS[1], below + 1, alone - below)))
        if low < 1 or high > n:
            return np.nan, np.nan
        ordered = np.sort(self.values)
        return float(ordered[low - 1]), float(ordered[high - 1])


@dataclass(frozen=True)
class Below:
    """The share of other roles' `n` answers below a threshold, its interval, and each role's own share.

    The interval is NaN with fewer than ten roles or questions.
    """

    share: float
    low: float
    high: float
    n: int
    of_roles: Mapping[str, float]


def share_below(
    anchor: Reach, others: Mapping[str, Reach], quantile: float, threshold: float, seed: int = 0
) -> Below:
    """Return how much of the other roles' answers lies below the anchor's quantile, which is `threshold`.

    For the interval roles and questions are drawn with replacement, and the threshold with these.
    """
    of_roles = {role: float((one.values < threshold).mean()) for role, one in others.items()}
    sizes = np.array([len(one.values) for one in others.values()], np.float64)
    if not len(sizes):
        return Below(np.nan, np.nan, np.nan, 0, {})
    share = float(np.average(list(of_roles.values()), weights=sizes))
    low, high = _resampled(anchor, list(others.values()), quantile, seed)
    return Below(share, low, high, int(sizes.sum()), of_roles)


def _resampled(anchor: Reach, others: list[Reach], quantile: float, seed: int) -> tuple[float, float]:
    names = np.unique(np.concatenate([anchor.questions, *(one.questions for one in others)]))
    if min(len(np.unique(anchor.questions)), len(others)) < _FEWEST:
        return np.nan, np.nan
    random = np.random.default_rng(seed)
    asked = _multinomial(random, len(names))
    order = np.argsort(anchor.values)
    weights = asked[:, np.searchsorted(names, anchor.questions[order])].cumsum(axis=1)
    thresholds = anchor.values[order][(weights >= quantile * weights[:, -1:]).argmax(axis=1)]
    below, whole = np.zeros(_DRAWS), np.zeros(_DRAWS)
    for one, times in zip(others, _multinomial(random, len(others)).T, strict=True):
        weights = asked[:, np.searchsorted(names, one.questions)]
        below += times * (weights * (one.values < thresholds[:, None])).sum(axis=1)
        whole += times * weights.sum(axis=1)
    low, high = np.nanquantile(below / np.where(whole > 0, whole, np.nan), _TAILS)
    return float(low), float(high)


def _multinomial(random: np.random.Generator, n: int) -> Ints:
    """Return how often each of `n` is drawn when `n` are, int64[n_draws, n]."""
    return random.multinomial(n, np.full(n, 1 / n), _DRAWS)
