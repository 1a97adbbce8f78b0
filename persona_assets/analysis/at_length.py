"""What lengths explain of an effect: the slope within roles, and how far roles' lengths overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.analysis.reference import middle_half
from persona_assets.base.arrays import Floats


@dataclass(frozen=True)
class Slope:
    """Of activation on length, and its `variance`, float64[d_sae] each.

    NaN where lengths do not vary within any role, or are not known.
    """

    slope: Floats
    variance: Floats


class Slopes:
    """How a feature's activation goes with the response's tokens within roles, pooled over roles.

    Frisch and Waugh: the slope of activation on length less the role's mean length. Its error takes roles
    for clusters.
    """

    def __init__(self, design: Design, n_features: int) -> None:
        self._design = design
        self._squares = np.zeros(len(design.roles))  # of each role's lengths about their mean
        self._products, self._of_products, self._with_squares = np.zeros((3, n_features))

    def add(self, row: int, products: Floats) -> None:
        """Take in role number `row`; `products` float64[n_features] are `RateReadings.add`'s."""
        lengths = self._design.lengths[row, self._design.present[row]]
        self._squares[row] = ((lengths - lengths.mean()) ** 2).sum()
        self._products += products
        self._of_products += products**2
        self._with_squares += products * self._squares[row]

    def slopes(self) -> Slope:
        """Return the features' slopes."""
        total, n_roles = self._squares.sum(), len(self._squares)
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = self._products / total
            squares = self._of_products - 2 * slope * self._with_squares
            squares += slope**2 * (self._squares**2).sum()
            factor = n_roles / np.float64(n_roles - 1)
            return Slope(slope, np.maximum(squares, 0) / total**2 * factor)


def longer(design: Design) -> Floats:
    """float64[n_roles]: by how many tokens each role is longer than the others' middle half.

    On the same questions, as effects are.
    """
    lengths = np.where(design.present, design.lengths, 0)
    sums = np.stack([np.bincount(design.question_of, own) for own in lengths])
    answered = design.by_question > 0
    means = sums / np.maximum(design.by_question, 1)
    means -= means.sum(axis=0, where=answered) / np.maximum(answered.sum(axis=0), 1)
    levels = means.mean(axis=1, where=answered)[:, None]
    return (levels - middle_half(levels, np.zeros_like(levels))[0])[:, 0]


def overlaps(design: Design) -> Floats:
    """float64[n_roles]: how far each role's lengths are those of the others: 1 alike, 0 where none are.

    1 - the largest distance of the two distribution functions (Kolmogorov and Smirnov), the others' with the
    same weight for each role. NaN where there are no others or lengths are not known.
    """
    n_roles = len(design.roles)
    if not np.isfinite(design.lengths[design.present]).all() or n_roles < 2:
        return np.full(n_roles, np.nan)
    steps = np.unique(design.lengths[design.present])
    functions = np.stack([_distribution(design, row, steps) for row in range(n_roles)])
    others = (functions.sum(axis=0) - functions) / (n_roles - 1)
    return 1 - np.abs(functions - others).max(axis=1)


def _distribution(design: Design, row: int, steps: Floats) -> Floats:
    own = np.sort(design.lengths[row, design.present[row]])
    return np.searchsorted(own, steps, side="right") / len(own)
