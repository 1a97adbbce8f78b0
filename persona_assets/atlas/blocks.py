"""The selected features by role, wording and group of questions: one reading of the activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design, RoleSource, read_design
from persona_assets.analysis.entries import Entries, read_entries
from persona_assets.analysis.loops import Cell, Feature, Value
from persona_assets.base.arrays import Flags, Floats, Ints, Singles
from persona_assets.base.compiled import compiled

_MOST_GROUPS = 10  # of questions


@dataclass(frozen=True)
class Blocks:
    """What is left of the selected features' means less what all roles do on the same responses.

    `means` float32[n_roles, n_wordings, n_groups, n_selected], 0 where `present` bool[n_roles, n_wordings,
    n_groups] says that there is no response. The questions, by number, are dealt to at most ten groups.
    """

    means: Singles
    present: Flags

    def halves(self) -> Floats | None:
        """float64[2, n_roles, n_selected]: means over the even and the odd wordings, or groups of questions.

        Of questions where there is one wording; None with one question, too, or where a role lacks a half.
        """
        axis = 1 if self.means.shape[1] > 1 else 2
        parts = [np.arange(start, self.means.shape[axis], 2) for start in (0, 1)]
        counts = [self.present.take(part, axis).sum(axis=(1, 2))[:, None] for part in parts]
        if min(count.min() for count in counts) == 0:
            return None
        sums = [self.means.take(part, axis).sum(axis=(1, 2), dtype=np.float64) for part in parts]
        return np.stack(sums) / np.stack(counts)


def read_blocks(sources: Sequence[RoleSource], selected: Ints, d_sae: int) -> Blocks:
    """Return the blocks of the features `selected` int64[n_selected].

    Needs memory for 4 bytes x n_selected x roles x blocks. Raises StudyError where a file is damaged.
    """
    sources = sorted(sources, key=lambda source: source.role)
    design = read_design(sources)
    block_of, n_wordings, n_groups = blocks_of(design)
    place_of = np.full(d_sae, -1, np.int64)
    place_of[selected] = np.arange(len(selected))
    n_blocks = n_wordings * n_groups
    means = np.empty((len(sources), n_blocks, len(selected)), np.float32)
    of_cells = np.zeros((len(selected), len(design.response_ids)))
    for row, source in enumerate(sources):
        means[row] = _summed(read_entries(source, design, d_sae), place_of, block_of, n_blocks, of_cells).T
    of_cells /= design.present.sum(axis=0)
    counts = np.zeros((len(sources), n_blocks))
    for row, present in enumerate(design.present):
        counts[row] = np.bincount(block_of[present], minlength=n_blocks)
        means[row] -= _by_block(of_cells, present, block_of, n_blocks).astype(np.float32)
        means[row] /= np.maximum(counts[row], 1)[:, None]
    shape = len(sources), n_wordings, n_groups
    return Blocks(means.reshape(*shape, -1), (counts > 0).reshape(shape))


def blocks_of(design: Design) -> tuple[Ints, int, int]:
    """Return the block of each cell, int64[n_cells], and how many wordings and groups there are."""
    n_wordings, n_questions = design.by_variant.shape[1], design.by_question.shape[1]
    n_groups = min(_MOST_GROUPS, n_questions)
    return design.variant_of * n_groups + design.question_of % n_groups, n_wordings, n_groups


def _summed(entries: Entries, place_of: Ints, block_of: Ints, n_blocks: int, of_cells: Floats) -> Floats:
    """float64[n_selected, n_blocks]: the role's sums; its entries are added to `of_cells`."""
    sums = np.zeros((len(of_cells), n_blocks))
    _tally(entries.feature, entries.cell, entries.value, place_of, block_of, sums, of_cells)
    return sums


def _by_block(of_cells: Floats, present: Flags, block_of: Ints, n_blocks: int) -> Floats:
    """float64[n_blocks, n_selected]: the sums over the cells of a role."""
    member = np.zeros((n_blocks, len(present)))
    member[block_of[present], np.flatnonzero(present)] = 1
    return member @ of_cells.T


@compiled()
def _tally(
    feature: Feature,
    cell: Cell,
    value: Value,
    place_of: Ints,
    block_of: Ints,
    sums: Floats,
    of_cells: Floats,
) -> None:
    """Add each entry of a feature that has a place to its block in `sums`, and to its cell in `of_cells`."""
    for at in range(len(feature)):
        place = place_of[feature[at]]
        if place >= 0:
            sums[place, block_of[cell[at]]] += value[at]
            of_cells[place, cell[at]] += value[at]
