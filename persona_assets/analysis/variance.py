"""How much of a feature's variance over responses goes with the role, the question and the role's variant.

Sequential (type I) sums of squares of the linear model role + question + variant within role, each term given
those before it. All are exact least squares, however many responses are missing: projecting role (or role x
variant) out leaves for the questions normal equations that are the same for every feature,

    A = diag(n_q) - sum over groups g of n_gq n_gq' / n_g
    b_q = sum over responses x to q of (x - mean of x's group)

with n_gq the responses of group g (a role, or a role's variant) to question q, and the questions, given the
groups, explain b' A⁺ b. If nothing is missing this is the textbook's balanced sum of squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis import loops
from persona_assets.analysis.design import Design
from persona_assets.analysis.totals import Baseline, Totals
from persona_assets.base.arrays import Flags, Floats, Ints


@dataclass(frozen=True)
class VarianceShares:
    """Shares of the total sum of squares, float64[d_sae] each; NaN where a feature does not vary.

    `question` is all NaN where roles are not asked the same. `residual` is what the others leave; then it
    holds the questions too.
    """

    role: Floats
    question: Floats
    variant: Floats
    residual: Floats


class Projections:
    """What the questions' sums of squares take of a design: the same for every feature."""

    def __init__(self, design: Design) -> None:
        self._by_question = design.by_question.astype(float)
        self._given_roles = _Projection(design.by_question)
        self._given_variants = _Projection(_by_variant_and_question(design))
        self._question_of = design.question_of

    def squares(self, totals: Totals, baseline: Baseline) -> tuple[Floats, Floats]:
        """Return the questions' sums of squares given roles, and given roles' variants, float64[d_sae]."""
        sums = np.zeros_like(baseline.question_means)
        loops.fold(baseline.cell_sums, self._question_of, sums)
        given_roles = self._given_roles.squares(sums - totals.role_means.T @ self._by_question)
        return given_roles, self._given_variants.squares(sums - baseline.variant_sums)


def variance_shares(
    totals: Totals, baseline: Baseline | None, projections: Projections | None
) -> VarianceShares:
    """Return the shares of every feature."""
    correction = totals.sums**2 / totals.design.n_responses.sum()
    between_roles = totals.design.n_responses @ totals.role_means**2
    given_roles = given_variants = np.zeros(len(correction))
    if baseline is not None and projections is not None:
        given_roles, given_variants = projections.squares(totals, baseline)
    # Variants within role given the questions: what both explain together, less what questions alone do.
    variants = totals.between_variants - between_roles + given_variants - given_roles
    role = np.clip((between_roles - correction) / totals.deviations, 0, 1)
    question = np.clip(given_roles / totals.deviations, 0, 1)
    variant = np.clip(variants / totals.deviations, 0, 1)
    residual = np.clip(1 - role - question - variant, 0, 1)
    if baseline is None:
        question = np.full(len(role), np.nan)
    return VarianceShares(role, question, variant, residual)


class _Projection:
    """Normal equations of the questions once groups are projected out; `counts` is n_gq above."""

    def __init__(self, counts: Ints) -> None:
        of_group = counts.sum(axis=1, keepdims=True)
        matrix = np.diag(counts.sum(axis=0)) - (counts / of_group).T @ counts
        eigenvalues, vectors = np.linalg.eigh(matrix)
        # Each set of questions that no group links to the others has one 0: its own mean is the groups'.
        estimable = eigenvalues > 1e-9 * max(eigenvalues[-1], 1)
        self._root = vectors[:, estimable] / np.sqrt(eigenvalues[estimable])

    def squares(self, right_hand_side: Floats) -> Floats:
        """b' A⁺ b of each row b of float64[n, n_questions]."""
        return ((right_hand_side @ self._root) ** 2).sum(axis=1)


def _by_variant_and_question(design: Design) -> Ints:
    """int64[n_groups, n_questions]: the responses of each variant of each role to each question."""
    n_variants, n_questions = design.by_variant.shape[1], design.by_question.shape[1]
    answered: Flags = np.zeros((len(design.roles), n_variants, n_questions), bool)
    answered[:, design.variant_of, design.question_of] = design.present
    groups = answered.reshape(-1, n_questions).astype(np.int64)
    return groups[groups.any(axis=1)]
