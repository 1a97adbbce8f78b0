"""AUROC of every role, wording and feature, exact, in time linear in what is not zero.

A feature's values of all roles are brought together and sorted; the responses in which it did not fire share
the lowest rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from persona_assets.analysis.design import Design
from persona_assets.analysis.entries import Entries
from persona_assets.analysis.placements import Keys, Placements, place_answers, sort_by_value
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles
from persona_assets.base.compiled import compiled


@dataclass(frozen=True)
class Ranks:
    """How the roles' responses stand among one another by a feature's mean activation; ties count half.

    `sums` float64[n_roles, d_sae]: mid-ranks, from 1, over the role's responses; `ties` float64[d_sae]: sum
    over groups of t equal values, the zeros among them, of t³ - t. An answer's placement is the share of the
    other roles' that have less. float32[n_roles, d_sae] each, of the role's placements: `spread` the
    variance, `wording` the mean square between its wordings, `lowest` the least mean of a wording; NaN where
    there are no others. `agree` int32[n_roles, d_sae]: wordings on the role's side of 1/2.
    """

    sums: Floats
    ties: Floats
    spread: Singles
    wording: Singles
    lowest: Singles
    agree: Int32s


def rank(roles: Sequence[Entries], design: Design) -> Ranks:
    """Return how the responses stand among one another, of the features of the roles' entries."""
    keys, bounds = _gather(roles, design)
    sort_by_value(keys, bounds)
    return _summarised(place_answers(keys, bounds, design.by_variant), design.by_variant)


def _summarised(placed: Placements, by_variant: Ints) -> Ranks:
    """Return what is kept of placements."""
    n_roles, n_variants = by_variant.shape
    n = by_variant.sum(axis=1)[:, None]
    n_others = n.sum() - n
    sums = placed.sums.reshape(n_roles, n_variants, -1)
    of_role = sums.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        auroc = of_role / (n * n_others)
        of_wording = sums / (by_variant[:, :, None] * n_others[:, None])
        spread = np.maximum(placed.squares / (n * n_others**2.0) - auroc**2, 0)
        about = by_variant[:, :, None] * (of_wording - auroc[:, None]) ** 2
        df = np.maximum((by_variant > 0).sum(axis=1) - 1, 1)[:, None]
        lowest = np.where(n_others > 0, np.nanmin(of_wording, axis=1, initial=2), np.nan)
        same = np.sign(of_wording - 0.5) == np.sign(auroc - 0.5)[:, None]
        return Ranks(
            of_role + n * (n + 1) / 2,
            placed.ties,
            spread.astype(np.float32),
            (np.nansum(about, axis=1) / df).astype(np.float32),
            lowest.astype(np.float32),
            (same & (auroc != 0.5)[:, None]).sum(axis=1, dtype=np.int32),
        )


def _gather(roles: Sequence[Entries], design: Design) -> tuple[Keys, Ints]:
    """Feature by feature the values of all roles, as keys that sort by value, and where each feature begins.

    A key is the bits of a float32 that is not negative, which ascend as it does, then role x variant.
    """
    counts = np.sum([np.diff(entries.starts) for entries in roles], axis=0)
    bounds = np.append(0, np.cumsum(counts)).astype(np.int64)
    keys, place = np.empty(bounds[-1], np.uint64), bounds[:-1].copy()
    for row, entries in enumerate(roles):
        group_of = (row * design.by_variant.shape[1] + design.variant_of).astype(np.uint64)
        _put(entries.starts, entries.cell, entries.value.view(np.uint32), group_of, place, keys)
    return keys, bounds


@compiled()
def _put(
    starts: Ints, cell: Int32s, bits: npt.NDArray[np.uint32], low: Keys, place: Ints, keys: Keys
) -> None:
    """Write a role's keys, `low` uint64[n_cells] in their lower half, from `place` int64[n_features] on."""
    for one in range(len(place)):
        at_key = place[one]
        for at in range(starts[one], starts[one + 1]):
            keys[at_key] = (np.uint64(bits[at]) << np.uint64(32)) | low[np.uint32(cell[at])]
            at_key += 1
        place[one] = at_key
