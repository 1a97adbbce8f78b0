"""Each role against all roles on the same questions, and the halves of its responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from persona_assets.analysis import loops
from persona_assets.analysis.design import Design
from persona_assets.analysis.entries import Entries
from persona_assets.analysis.totals import Baseline
from persona_assets.base.arrays import Flags, Floats, Ints, Singles


@dataclass(frozen=True)
class Paired:
    """How far each role is from all roles on the same questions, float64[n_roles, d_sae].

    `levels` is the mean over the questions the role answered of (its mean on the question - the unweighted
    mean over all roles on it); `squares` are these differences' about it, squared and summed.
    """

    levels: Floats
    squares: Floats


def pair(roles: Sequence[Entries], design: Design, baseline: Baseline) -> Paired:
    """Return how far the roles are from all roles, whose `baseline` is of the same features."""
    shape = len(roles), len(baseline.question_means)
    paired = Paired(np.empty(shape), np.empty(shape))
    for row, entries in enumerate(roles):
        asked = np.flatnonzero(design.by_question[row])
        loops.paired_moments(
            entries.starts,
            entries.cell,
            entries.value,
            np.searchsorted(asked, design.question_of),
            design.question_weights(row),
            asked,
            baseline.question_means,
            paired.levels[row],
            paired.squares[row],
        )
    return paired


def half_means(roles: Sequence[Entries], design: Design, chosen: Flags) -> Singles:
    """Return the means of the roles' halves, float32[n_splits, 2, n_roles, n_features].

    `chosen` bool[n_splits, 2, n_roles, n_cells] are the halves; NaN for a half without a response.
    """
    means = np.empty((*chosen.shape[:2], len(roles), len(roles[0].starts) - 1), np.float32)
    for row, entries in enumerate(roles):
        means[:, :, row] = _half_means(entries, chosen[:, :, row])
    return means


def peaks(roles: Sequence[Entries]) -> Singles:
    """Return the roles' maxima, float32[n_roles, n_features]; their entries have the `highest`."""
    found = np.zeros((len(roles), len(roles[0].starts) - 1), np.float32)
    for row, entries in enumerate(of_maxima(roles)):
        loops.maxima(entries.starts, entries.value, found[row])
    return found


def of_maxima(roles: Sequence[Entries]) -> list[Entries]:
    """Return the entries with the responses' maxima for values.

    A half's own maximum would be an extreme of half the responses, which differs between halves by chance
    alone: of halves there are the means of the responses' maxima.
    """
    return [replace(entries, value=entries.highest) for entries in roles if entries.highest is not None]


def _half_means(entries: Entries, chosen: Flags) -> Floats:
    """float64[n_splits, 2, n_features]: summed in one loop, by what all splits say of a cell."""
    n_splits = len(chosen)
    sums = np.zeros((len(entries.starts) - 1, 2**n_splits))
    part: Ints = (chosen[:, 1].T.astype(np.int64) << np.arange(n_splits)).sum(axis=1)
    loops.spread(entries.starts, entries.cell, entries.value, part, sums)
    second = (np.arange(2**n_splits)[:, None] >> np.arange(n_splits) & 1).astype(float)
    with np.errstate(invalid="ignore"):
        return np.stack([(sums @ (1 - second)).T, (sums @ second).T], axis=1) / chosen.sum(axis=2)[..., None]
