"""Rank sums of every role and feature over all responses, exact, in time linear in what is not zero (but for
the logarithm of its number).

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
from persona_assets.analysis.totals import Totals
from persona_assets.base.arrays import Floats, Int32s, Ints
from persona_assets.base.compiled import compiled
from persona_assets.base.errors import StudyError

Keys = npt.NDArray[np.uint64]

MAX_ENTRIES = 48_000_000  # brought together at once, of 8 bytes each; a range has one feature at least


@dataclass(frozen=True)
class Ranks:
    """Mid-ranks, from 1, of all responses of all roles by a feature's mean activation.

    `sums` float64[n_roles, d_sae]: over the role's responses; `ties` float64[d_sae]: sum over groups of t
    equal values, the zeros among them, of t³ - t.
    """

    sums: Floats
    ties: Floats


def rank(sources: Sequence[RoleSource], totals: Totals, max_entries: int = MAX_ENTRIES) -> Ranks:
    """Read every role once more, range by range of features, and rank.

    Raises StudyError where a file is damaged or has changed since `totals` were made.
    """
    files = [FeatureRanges(source) for source in sources]
    ranks = Ranks(np.empty(totals.role_means.shape), np.empty(totals.role_means.shape[1]))
    for start, stop in ranges(totals.fired, max_entries):
        keys, bounds = _gather(files, totals.counts[:, start:stop], start, stop)
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            keys[first:last].sort()
        _rank(keys, bounds, totals.design.n_responses, ranks.sums[:, start:stop], ranks.ties[start:stop])
    return ranks


def ranges(fired: Ints, max_entries: int) -> Iterator[tuple[int, int]]:
    """Ranges of features that together fired at most `max_entries` times, or of one that did more often."""
    ends, start = np.cumsum(fired), 0
    while start < len(fired):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + max_entries, "right")))
        yield start, stop
        start = stop


def _gather(files: list[FeatureRanges], counts: Int32s, start: int, stop: int) -> tuple[Keys, Ints]:
    """Feature by feature the values of all roles, as keys that sort by value, and where each feature begins.

    A key is the bits of a float32 that is not negative, which ascend as it does, then the role's number.
    """
    bounds = np.append(0, np.cumsum(counts.sum(axis=0, dtype=np.int64)))
    keys, place = np.empty(bounds[-1], np.uint64), bounds[:-1].copy()
    for row, file in enumerate(files):
        feature, value = file.read(start, stop)
        if len(feature) != counts[row].sum():
            raise StudyError(f"{file.source.activations}: changed while it was read; run the analysis again")
        _place(feature, value.view(np.uint32), start, row, place, keys)
    return keys, bounds


@compiled()
def _place(
    feature: Int32s,
    bits: npt.NDArray[np.uint32],
    start: int,
    row: int,
    place: Ints,
    keys: Keys,
) -> None:
    for at in range(len(feature)):
        one = feature[at] - start
        keys[place[one]] = (np.uint64(bits[at]) << np.uint64(32)) | np.uint64(row)
        place[one] += 1


@compiled()
def _rank(keys: Keys, bounds: Ints, n_responses: Ints, sums: Floats, ties: Floats) -> None:
    """Rank each feature's sorted keys into `sums` float64[n_roles, n_features] and `ties`."""
    n = n_responses.sum()
    of_role = np.empty(len(n_responses))
    for one in range(len(bounds) - 1):
        first, last = bounds[one], bounds[one + 1]
        # Values that were so small that they are zero tie with the responses in which nothing fired.
        while first < last and keys[first] >> np.uint64(32) == 0:
            first += 1
        n_zero = float(n - (last - first))
        zeros_rank = (n_zero + 1) / 2
        of_role[:] = n_responses * zeros_rank
        tied = n_zero**3 - n_zero
        below = n_zero
        while first < last:
            after = first + 1
            while after < last and keys[after] >> np.uint64(32) == keys[first] >> np.uint64(32):
                after += 1
            count = float(after - first)
            for at in range(first, after):
                of_role[keys[at] & np.uint64(0xFFFFFFFF)] += below + (count + 1) / 2 - zeros_rank
            tied += count**3 - count
            below += count
            first = after
        sums[:, one] = of_role
        ties[one] = tied
