"""The score of a label: balanced accuracy of a scorer's answers, its interval, and a test against chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.stats import hypergeom

from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.significance import wilson
from persona_assets.base.arrays import Floats

LEVEL = 0.05  # of q: a label that has more is not better than chance

Answered = tuple[bool, bool | None]  # what is true, and what was answered; None: that cannot be read


@dataclass(frozen=True)
class Score:
    """How often answers were right, and how sure that is.

    `score` is the mean of the shares of right answers among what is true and among what is not, `low` and
    `high` its 95% interval; `p` is that of answers that have nothing to do with the truth, one-sided. `n`
    answers count, of which the `n_unparsed` that could not be read are wrong.
    """

    score: float
    low: float
    high: float
    p: float
    n: int
    n_unparsed: int


def score_of(answers: Iterable[Answered]) -> Score | None:
    """Return the score of answers; None where nothing that is true was asked, or nothing that is not.

    The interval is Newcombe's (1998), of Wilson's for the two shares; `p` is Fisher's exact test's.
    """
    given = list(answers)
    right = {truth: [said is truth for known, said in given if known is truth] for truth in (True, False)}
    if not (right[True] and right[False]):
        return None
    (share_of_true, below_true, above_true), (share_of_false, below_false, above_false) = (
        _share(sum(one), len(one)) for one in right.values()
    )
    score = (share_of_true + share_of_false) / 2
    n_true, n_false = len(right[True]), len(right[False])
    n_yes_of_false = n_false - sum(right[False])
    n_yes = sum(right[True]) + n_yes_of_false
    return Score(
        score,
        score - hypot(below_true, below_false) / 2,
        score + hypot(above_true, above_false) / 2,
        float(hypergeom.sf(sum(right[True]) - 1, n_true + n_false, n_true, n_yes)),
        len(given),
        sum(said is None for _, said in given),
    )


def better_than_chance(q: float | None) -> bool:
    """Return whether a label foretells anything, at a false discovery rate of 5%."""
    return q is not None and q <= LEVEL


def adjusted(scores: Sequence[Score | None]) -> Floats:
    """Return the q of each score among all of them; NaN where there is none."""
    return benjamini_hochberg(np.array([np.nan if one is None else one.p for one in scores], np.float64))


def _share(n_right: int, n: int) -> tuple[float, float, float]:
    """Return a share, and how far Wilson's interval reaches below and above it."""
    share = n_right / n
    low, high = wilson(share, n)
    return share, share - low, high - share
