"""What is summed over each role's responses, and over roles at each (variant, question)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from persona_assets.analysis import loops
from persona_assets.analysis.design import Design
from persona_assets.analysis.entries import Entries
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles

# With less variance than this share of the mean square, what is left is rounding: the feature is constant.
_STEADY = 1e-9


@dataclass(frozen=True)
class Totals:
    """Sums of the responses' mean activations.

    By role: `role_means` float64[n_roles, d_sae], over its pooled responses, zeros too, and `counts`
    int32[n_roles, d_sae], the responses in which the feature fired. Over all responses, float64[d_sae]:
    `squares`, and `length_products` with the response's tokens less their mean. `between_variants`,
    float64[d_sae]: over all roles' variants, (sum)² / n.
    """

    design: Design
    role_means: Floats
    counts: Int32s
    squares: Floats
    length_products: Floats
    between_variants: Floats

    @cached_property
    def sums(self) -> Floats:
        """float64[d_sae]: over all responses."""
        return self.design.n_responses @ self.role_means

    @cached_property
    def mean_sums(self) -> Floats:
        """float64[d_sae]: the role means' sum."""
        return self.role_means.sum(axis=0)

    def shares(self, row: int) -> Floats:
        """float64[d_sae]: the mean of role number `row` over the sum of all role means; NaN for 0 of 0."""
        with np.errstate(invalid="ignore"):
            return self.role_means[row] / self.mean_sums

    @cached_property
    def deviations(self) -> Floats:
        """float64[d_sae]: squared deviations of all responses from their mean, summed; NaN for a constant."""
        squares = self.squares - self.sums**2 / self.design.n_responses.sum()
        squares[squares <= _STEADY * self.squares] = np.nan
        return squares

    @cached_property
    def fired(self) -> Ints:
        """int64[d_sae]: responses of any role in which the feature fired."""
        return self.counts.sum(axis=0, dtype=np.int64)


@dataclass(frozen=True)
class Within:
    """How each role's responses vary, float32[n_roles, d_sae].

    `wording_squares`: its variants' means about its own, squared, times their responses; `spread`: the
    variance of its responses.
    """

    wording_squares: Singles
    spread: Singles


@dataclass(frozen=True)
class Baseline:
    """What all roles do at each cell and question: the other side of every paired comparison.

    `cell_sums` float64[d_sae, n_cells]: over roles. `question_means` float64[d_sae, n_questions]: unweighted
    mean over the roles that answered the question of the role's mean on it. `variant_sums`
    float64[d_sae, n_questions]: over every response to the question, the mean of its role under its variant.
    """

    cell_sums: Floats
    question_means: Floats
    variant_sums: Floats


def sum_up(
    roles: Sequence[Entries], design: Design, *, aligned: bool
) -> tuple[Totals, Within, Baseline | None]:
    """Return the sums over the roles' entries; no baseline unless roles are `aligned`: asked the same."""
    n_features = len(roles[0].starts) - 1
    shape = len(roles), n_features
    totals = Totals(design, np.zeros(shape), np.zeros(shape, np.int32), *np.zeros((3, n_features)))
    within = Within(*np.zeros((2, *shape), np.float32))
    gathering = _Gathering(design, n_features) if aligned else None
    for row, entries in enumerate(roles):
        variant_means = _tally(totals, within, row, entries)
        if gathering is not None:
            gathering.add(row, entries, variant_means)
    return totals, within, gathering.baseline() if gathering is not None else None


def _tally(totals: Totals, within: Within, row: int, entries: Entries) -> Floats:
    """Put role number `row` in; its means by variant, float64[d_sae, n_variants], 0 where it has none."""
    design = totals.design
    sums, before = np.zeros((len(totals.squares), design.by_variant.shape[1])), totals.squares.copy()
    loops.tally(
        entries.starts,
        entries.cell,
        entries.value,
        design.variant_of,
        design.centred_lengths[row],
        sums,
        totals.squares,
        totals.length_products,
        totals.counts[row],
    )
    totals.role_means[row] = sums.sum(axis=1) / design.n_responses[row]
    means = sums / np.maximum(design.by_variant[row], 1)
    totals.between_variants[:] += (sums * means).sum(axis=1)
    about = (means - totals.role_means[row][:, None]) ** 2
    within.wording_squares[row] = about @ design.by_variant[row].astype(float)
    n = design.n_responses[row]
    about_mean = totals.squares - before - n * totals.role_means[row] ** 2
    within.spread[row] = np.maximum(about_mean, 0) / max(n - 1, 1)
    return means


class _Gathering:
    """A baseline in the making."""

    def __init__(self, design: Design, d_sae: int) -> None:
        n_cells, n_questions = len(design.response_ids), design.by_question.shape[1]
        self._design = design
        self._cell_sums = np.zeros((d_sae, n_cells))
        self._question_sums = np.zeros((d_sae, n_questions))
        self._variant_sums = np.zeros(d_sae)
        self._gaps = np.zeros((d_sae, n_questions))

    def add(self, row: int, entries: Entries, variant_means: Floats) -> None:
        """Take in role number `row`; `variant_means` float64[d_sae, n_variants]."""
        design, weights = self._design, self._design.question_weights(row)
        sums = self._cell_sums, self._question_sums
        loops.gather(entries.starts, entries.cell, entries.value, design.question_of, weights, *sums)
        self._variant_sums += variant_means.sum(axis=1)
        variant, question = design.gaps(row)
        loops.add_gaps(variant_means, variant, question, self._gaps)

    def baseline(self) -> Baseline:
        """Of all that was taken in."""
        self._question_sums /= (self._design.by_question > 0).sum(axis=0)
        # Every variant of a role answers every question but those it lacks.
        np.subtract(self._variant_sums[:, None], self._gaps, out=self._gaps)
        return Baseline(self._cell_sums, self._question_sums, self._gaps)
