"""AUROC of every role, wording and feature, exact, in time linear in what is not zero (but for the logarithm
of its number).

A feature's values of all roles are brought together and sorted; the responses in which it did not fire share
the lowest rank. The files are sorted by feature, so this goes range by range of features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from persona_assets.analysis.design import RoleSource
from persona_assets.analysis.entries import FeatureRanges
from persona_assets.analysis.placements import Placements, place_answers
from persona_assets.analysis.totals import Totals
from persona_assets.base.ahead import ahead
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles
from persona_assets.base.compiled import compiled
from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import VARIANT_STRIDE

Keys = npt.NDArray[np.uint64]

# Brought together at once, of 8 bytes each; a range has one feature at least, and two ranges are in memory.
MAX_ENTRIES = 24_000_000


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


def rank(sources: Sequence[RoleSource], totals: Totals, max_entries: int = MAX_ENTRIES) -> Ranks:
    """Read every role once more, range by range of features, and rank.

    Raises StudyError where a file is damaged or has changed since `totals` were made.
    """
    files, shape = [FeatureRanges(source) for source in sources], totals.role_means.shape
    spread, wording, lowest = np.empty((3, *shape), np.float32)
    ranks = Ranks(np.empty(shape), np.empty(shape[1]), spread, wording, lowest, np.empty(shape, np.int32))
    blocks = list(ranges(totals.fired, max_entries))
    gathered = ahead(_gather(files, totals, start, stop) for start, stop in blocks)
    for (start, stop), (keys, bounds) in zip(blocks, gathered, strict=True):
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            keys[first:last].sort()
        placed = place_answers(keys, bounds, totals.design.by_variant)
        _summarise(placed, totals.design.by_variant, ranks, np.s_[start:stop])
    return ranks


def _summarise(placed: Placements, by_variant: Ints, ranks: Ranks, block: slice) -> None:
    """Write what is kept of a range's placements into `ranks`."""
    n_roles, n_variants = by_variant.shape
    n = by_variant.sum(axis=1)[:, None]
    n_others = n.sum() - n
    sums = placed.sums.reshape(n_roles, n_variants, -1)
    of_role = sums.sum(axis=1)
    ranks.sums[:, block] = of_role + n * (n + 1) / 2
    ranks.ties[block] = placed.ties
    with np.errstate(invalid="ignore", divide="ignore"):
        auroc = of_role / (n * n_others)
        of_wording = sums / (by_variant[:, :, None] * n_others[:, None])
        ranks.spread[:, block] = np.maximum(placed.squares / (n * n_others**2.0) - auroc**2, 0)
        about = by_variant[:, :, None] * (of_wording - auroc[:, None]) ** 2
        df = np.maximum((by_variant > 0).sum(axis=1) - 1, 1)[:, None]
        ranks.wording[:, block] = np.nansum(about, axis=1) / df
        ranks.lowest[:, block] = np.where(n_others > 0, np.nanmin(of_wording, axis=1, initial=2), np.nan)
        same = np.sign(of_wording - 0.5) == np.sign(auroc - 0.5)[:, None]
        ranks.agree[:, block] = (same & (auroc != 0.5)[:, None]).sum(axis=1)


def ranges(fired: Ints, max_entries: int) -> Iterator[tuple[int, int]]:
    """Ranges of features that together fired at most `max_entries` times, or of one that did more often."""
    ends, start = np.cumsum(fired), 0
    while start < len(fired):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + max_entries, "right")))
        yield start, stop
        start = stop


def _gather(files: list[FeatureRanges], totals: Totals, start: int, stop: int) -> tuple[Keys, Ints]:
    """Feature by feature the values of all roles, as keys that sort by value, and where each feature begins.

    A key is the bits of a float32 that is not negative, which ascend as it does, then role x variant.
    """
    counts, design = totals.counts[:, start:stop], totals.design
    bounds = np.append(0, np.cumsum(counts.sum(axis=0, dtype=np.int64)))
    keys, place = np.empty(bounds[-1], np.uint64), bounds[:-1].copy()
    for row, file in enumerate(files):
        feature, response, value = file.read(start, stop)
        if len(feature) != counts[row].sum():
            raise StudyError(f"{file.source.activations}: changed while it was read; run the analysis again")
        group_of = row * design.by_variant.shape[1] + design.variant_places
        _place(feature, response, value.view(np.uint32), start, group_of, place, keys)
    return keys, bounds


@compiled()
def _place(
    feature: Int32s,
    response: Int32s,
    bits: npt.NDArray[np.uint32],
    start: int,
    group_of: Ints,
    place: Ints,
    keys: Keys,
) -> None:
    for at in range(len(feature)):
        one = feature[at] - start
        group = group_of[response[at] // VARIANT_STRIDE]
        keys[place[one]] = (np.uint64(bits[at]) << np.uint64(32)) | np.uint64(group)
        place[one] += 1
