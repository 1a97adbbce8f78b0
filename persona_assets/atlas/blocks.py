"""The selected features by role, wording and group of questions: one reading of the activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design, RoleSource, read_design
from persona_assets.analysis.entries import read_entries
from persona_assets.analysis.loops import Cell, Value
from persona_assets.base.arrays import Flags, Floats, Int32s, Ints, Singles
from persona_assets.base.compiled import compiled

MOST_GROUPS = 10  # of questions


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


@dataclass(frozen=True)
class BlocksBeside:
    """Blocks of `roles`, less what one of them does on the same responses: of this role all are 0.

    `means` float64[n_roles, n_selected] are over all of a role's answers.
    """

    roles: list[str]
    blocks: Blocks
    means: Floats

    def of(self, rows: Ints) -> BlocksBeside:
        """Return the roles of these rows."""
        blocks = Blocks(self.blocks.means[rows], self.blocks.present[rows])
        return BlocksBeside([self.roles[row] for row in rows], blocks, self.means[rows])


def read_blocks(sources: Sequence[RoleSource], selected: Ints, d_sae: int) -> Blocks:
    """Return the blocks of the features `selected` int64[n_selected].

    Needs memory for 4 bytes x n_selected x roles x blocks. Raises StudyError where a file is damaged.
    """
    layout = _Layout.of(sources, selected, d_sae)
    sums, of_cells = layout.read()
    of_cells /= layout.design.present.sum(axis=0)
    return layout.blocks(sums, of_cells)[0]


def read_blocks_beside(
    sources: Sequence[RoleSource], beside: RoleSource, selected: Ints, d_sae: int
) -> BlocksBeside:
    """Return the blocks less what the role `beside` of `sources` does, which has all responses of the others.

    However unlike the roles are in which responses they have, what the questions bring is gone. With a mean
    over those who have a response there would remain who they are.
    """
    layout = _Layout.of(sources, selected, d_sae)
    sums, _ = layout.read()
    _, of_cells = layout.read([beside])
    blocks, counts = layout.blocks(sums, of_cells)
    share = counts / counts.sum(axis=(1, 2), keepdims=True)
    means = np.einsum("rwgf,rwg->rf", blocks.means, share, optimize=True)
    return BlocksBeside(layout.design.roles, blocks, means)


def blocks_of(design: Design) -> tuple[Ints, int, int]:
    """Return the block of each cell, int64[n_cells], and how many wordings and groups there are."""
    n_wordings, n_questions = design.by_variant.shape[1], design.by_question.shape[1]
    n_groups = min(MOST_GROUPS, n_questions)
    return design.variant_of * n_groups + design.question_of % n_groups, n_wordings, n_groups


@dataclass(frozen=True)
class _Layout:
    """Which block each response of `sources` is in, and which column each feature is; -1 for none."""

    sources: Sequence[RoleSource]
    design: Design
    block_of: Ints
    n_wordings: int
    n_groups: int
    place_of: Ints
    n_selected: int

    @classmethod
    def of(cls, sources: Sequence[RoleSource], selected: Ints, d_sae: int) -> _Layout:
        sources = sorted(sources, key=lambda source: source.role)
        design = read_design(sources)
        place_of = np.full(d_sae, -1, np.int64)
        place_of[selected] = np.arange(len(selected))
        return cls(sources, design, *blocks_of(design), place_of, len(selected))

    @property
    def n_blocks(self) -> int:
        return self.n_wordings * self.n_groups

    def read(self, sources: Sequence[RoleSource] | None = None) -> tuple[Singles, Floats]:
        """Return the sums float32[n_roles, n_blocks, n_selected], and those float64[n_selected, n_cells]."""
        sources = self.sources if sources is None else sources
        sums = np.empty((len(sources), self.n_blocks, self.n_selected), np.float32)
        of_cells = np.zeros((self.n_selected, len(self.design.response_ids)))
        for row, source in enumerate(sources):
            of = read_entries(source, self.design, len(self.place_of))
            by_block = np.zeros((self.n_selected, self.n_blocks))
            _tally(of.feature, of.cell, of.value, self.place_of, self.block_of, by_block, of_cells)
            sums[row] = by_block.T
        return sums, of_cells

    def blocks(self, sums: Singles, of_cells: Floats) -> tuple[Blocks, Floats]:
        """Return the blocks of `sums`, which they take, less `of_cells`; and how many responses each has."""
        counts = np.zeros(sums.shape[:2])
        for row, present in enumerate(self.design.present):
            counts[row] = np.bincount(self.block_of[present], minlength=self.n_blocks)
            sums[row] -= _by_block(of_cells, present, self.block_of, self.n_blocks).astype(np.float32)
            sums[row] /= np.maximum(counts[row], 1)[:, None]
        shape = len(sums), -1, self.n_groups
        counts = counts.reshape(shape)
        return Blocks(sums.reshape(*counts.shape, -1), counts > 0), counts


def _by_block(of_cells: Floats, present: Flags, block_of: Ints, n_blocks: int) -> Floats:
    """float64[n_blocks, n_selected]: the sums over the cells of a role."""
    member = np.zeros((n_blocks, len(present)))
    member[block_of[present], np.flatnonzero(present)] = 1
    return member @ of_cells.T


@compiled()
def _tally(
    feature: Int32s,
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
