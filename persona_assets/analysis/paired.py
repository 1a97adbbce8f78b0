"""The second pass: each role against all roles on the same questions, and the halves of its responses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from persona_assets.analysis import loops
from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.entries import Entries, read_entries
from persona_assets.analysis.totals import Baseline, Totals
from persona_assets.base.ahead import ahead
from persona_assets.base.arrays import Flags, Floats, Ints, Singles


@dataclass(frozen=True)
class Paired:
    """How far each role is from all roles on the same questions, float64[n_roles, d_sae].

    `levels` is the mean over the questions the role answered of (its mean on the question - the unweighted
    mean over all roles on it); `squares` are these differences' about it, squared and summed.
    """

    levels: Floats
    squares: Floats


def second_pass(
    sources: Iterable[RoleSource], totals: Totals, baseline: Baseline | None, chosen: Flags
) -> tuple[Paired | None, Singles]:
    """Read every role once more: levels (None without a baseline), and the means of its halves.

    `chosen` bool[n_splits, 2, n_roles, n_cells] are the halves; the means are float32[n_splits, 2, n_roles,
    d_sae], NaN for a half without a response. Raises StudyError where a file is damaged.
    """
    design, shape = totals.design, totals.role_means.shape
    paired = Paired(np.empty(shape), np.empty(shape)) if baseline is not None else None
    means = np.empty((*chosen.shape[:2], *shape), np.float32)
    for row, entries in enumerate(ahead(read_entries(source, design, shape[1]) for source in sources)):
        if len(chosen):
            means[:, :, row] = _half_means(design, entries, chosen[:, :, row], shape[1])
        if paired is not None and baseline is not None:
            _compare(paired, row, entries, totals, baseline)
    return paired, means


def peaks(
    sources: Iterable[RoleSource], design: Design, d_sae: int, chosen: Flags
) -> tuple[Singles, Singles]:
    """Read every role once more; return its maxima, and of each half the mean of the responses' maxima.

    float32[n_roles, d_sae] and float32[n_splits, 2, n_roles, d_sae], as `second_pass`'s. A half's own
    maximum would be an extreme of half the responses, which differs between halves by chance alone.
    Raises StudyError where a file is damaged.
    """
    highest = np.zeros((len(design.roles), d_sae), np.float32)
    means = np.empty((*chosen.shape[:2], *highest.shape), np.float32)
    for row, entries in enumerate(ahead(read_entries(source, design, d_sae, "max") for source in sources)):
        loops.maxima(entries.feature, entries.value, highest[row])
        means[:, :, row] = _half_means(design, entries, chosen[:, :, row], d_sae)
    return highest, means


def _half_means(design: Design, entries: Entries, chosen: Flags, d_sae: int) -> Floats:
    """float64[n_splits, 2, d_sae]: in one loop over the entries, summed by what all splits say of a cell."""
    n_splits = len(chosen)
    sums, ones = np.zeros((d_sae, 2**n_splits)), np.ones(len(design.response_ids))
    part: Ints = (chosen[:, 1].T.astype(np.int64) << np.arange(n_splits)).sum(axis=1)
    loops.spread(entries.feature, entries.cell, entries.value, part, ones, sums)
    second = (np.arange(2**n_splits)[:, None] >> np.arange(n_splits) & 1).astype(float)
    with np.errstate(invalid="ignore"):
        return np.stack([(sums @ (1 - second)).T, (sums @ second).T], axis=1) / chosen.sum(axis=2)[..., None]


def _compare(paired: Paired, row: int, entries: Entries, totals: Totals, baseline: Baseline) -> None:
    design, asked = totals.design, np.flatnonzero(totals.design.by_question[row])
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
