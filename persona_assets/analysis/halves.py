"""Split halves of every role's responses, and role means less what other roles do on the same responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.analysis.totals import Baseline, Totals
from persona_assets.base.arrays import Flags, Floats, Singles

_BLOCK = 4096  # features at a time


@dataclass(frozen=True)
class Matrices:
    """A statistic of every role's responses, and of the two halves of them.

    `whole` float64[n_roles, d_sae], `halves` float32[2, n_roles, d_sae]. A half without a response is NaN.
    """

    whole: Floats
    halves: Singles


def split(design: Design, seed: int) -> Flags:
    """bool[2, n_roles, n_cells]: which responses make each role's first and second half.

    The responses of role after role, in the order of their cells, are permuted by one
    `numpy.random.RandomState(seed)`; the first n // 2 of them are the first half.
    """
    random = np.random.RandomState(seed)
    chosen = np.zeros((2, *design.present.shape), bool)
    for row, present in enumerate(design.present):
        cells = np.flatnonzero(present)
        order = random.permutation(len(cells))
        chosen[0, row, cells[order[: len(cells) // 2]]] = True
        chosen[1, row, cells[order[len(cells) // 2 :]]] = True
    return chosen


def centred(totals: Totals, baseline: Baseline, raw: Matrices, chosen: Flags) -> Matrices:
    """`raw` means less the mean, over the same responses, of their cell's mean over the roles that have it.

    `chosen` is `split`'s.
    """
    design = totals.design
    whole_weights = _weights(design, design.present)
    half_weights = [_weights(design, half) for half in chosen]
    whole, halves = np.empty_like(raw.whole), np.empty_like(raw.halves)
    for start in range(0, whole.shape[1], _BLOCK):
        block = np.s_[start : start + _BLOCK]
        sums = baseline.cell_sums[block].T
        whole[:, block] = raw.whole[:, block] - whole_weights @ sums
        for half, weights in enumerate(half_weights):
            halves[half, :, block] = raw.halves[half, :, block] - weights @ sums
    return Matrices(whole, halves)


def _weights(design: Design, rows: Flags) -> Floats:
    """Return what makes of a cell's sum over roles the mean over a role's `rows` bool[n_roles, n_cells]."""
    in_cell = design.present.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return rows / in_cell / rows.sum(axis=1, keepdims=True)
