"""Which responses of which role were pooled: the denominators, and what pairs a role with others.

A cell is a (variant, question), known by its response_id; every role has at most one response in a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from persona_assets.base.arrays import Flags, Floats, Int32s, Ints
from persona_assets.base.errors import StudyError
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import VARIANT_STRIDE
from persona_assets.lake.wholeness import READING_ERRORS, damaged


@dataclass(frozen=True)
class RoleSource:
    """Where a role's activations and its list of pooled responses lie, and how such a file is opened.

    With `only`, int64[n], the role is its responses of these ids.
    """

    role: str
    activations: str
    pooled: str
    opened: Callable[..., pq.ParquetFile] = pq.ParquetFile
    only: Ints | None = None


def role_sources(lake: Lake, files: Mapping[str, tuple[LakeFile, LakeFile]]) -> list[RoleSource]:
    """Return the sources of roles, sorted, from each one's files of activations and pooled responses."""
    return [
        RoleSource(role, lake.uri(activations.path), lake.uri(pooled.path), lake.open)
        for role, (activations, pooled) in sorted(files.items())
    ]


@dataclass(frozen=True)
class Design:
    """The pooled responses of several roles.

    `roles` are sorted; `response_ids` int64[n_cells], ascending, are the cells in which any role has a
    response, variant-major, question-minor; `present` bool[n_roles, n_cells] says which role has one;
    `lengths` float64[n_roles, n_cells] are their tokens, NaN where that is not known or there is none.
    """

    roles: list[str]
    response_ids: Ints
    present: Flags
    lengths: Floats

    @cached_property
    def variant_of(self) -> Ints:
        """int64[n_cells]: the place of each cell's variant among the study's."""
        return np.unique(self.response_ids // VARIANT_STRIDE, return_inverse=True)[1]

    @cached_property
    def question_of(self) -> Ints:
        """int64[n_cells]: the place of each cell's question among the study's."""
        return np.unique(self.response_ids % VARIANT_STRIDE, return_inverse=True)[1]

    @cached_property
    def n_responses(self) -> Ints:
        """int64[n_roles]: pooled responses, every mean's denominator."""
        return self.present.sum(axis=1)

    @cached_property
    def by_variant(self) -> Ints:
        """int64[n_roles, n_variants]: how many responses a role has under each variant."""
        return self._counted(self.variant_of)

    @cached_property
    def by_question(self) -> Ints:
        """int64[n_roles, n_questions]: how many responses a role has to each question."""
        return self._counted(self.question_of)

    @cached_property
    def centred_lengths(self) -> Floats:
        """float64[n_roles, n_cells]: `lengths` less their mean; all NaN if one response's is not known."""
        return self.lengths - self.lengths[self.present].mean()

    def question_weights(self, row: int) -> Floats:
        """float64[n_cells]: one over how often role number `row` answered the cell's question."""
        return 1 / np.maximum(self.by_question[row], 1)[self.question_of]

    def gaps(self, row: int) -> tuple[Ints, Ints]:
        """Return the places of the variants and questions at which role number `row` lacks a response.

        A variant under which it has none at all leaves no gap.
        """
        answered = np.zeros((self.by_variant.shape[1], self.by_question.shape[1]), bool)
        answered[self.variant_of[self.present[row]], self.question_of[self.present[row]]] = True
        variant, question = np.nonzero(~answered & (self.by_variant[row] > 0)[:, None])
        return variant, question

    @cached_property
    def cell_of(self) -> Int32s:
        """int32[highest response_id + 1]: the cell of each response, -1 for any other id."""
        table = np.full(self.response_ids[-1] + 1, -1, np.int32)
        table[self.response_ids] = np.arange(len(self.response_ids))
        return table

    def _counted(self, group_of: Ints) -> Ints:
        counts = np.zeros((len(self.roles), group_of.max() + 1), np.int64)
        np.add.at(counts.T, group_of, self.present.T.astype(np.int64))
        return counts


def read_design(sources: Sequence[RoleSource]) -> Design:
    """Return what was pooled of each role; `sources` are sorted by role.

    Raises StudyError where there is no role, one has no pooled response, or a file is damaged.
    """
    if not sources:
        raise StudyError("no role to analyse: none has fresh activations; run `persona run` first")
    tables = [_read_pooled(source) for source in sources]
    ids = [table["response_id"].to_numpy().astype(np.int64) for table in tables]
    response_ids = np.unique(np.concatenate(ids))
    present = np.zeros((len(sources), len(response_ids)), bool)
    lengths = np.full(present.shape, np.nan)
    for row, (table, own) in enumerate(zip(tables, ids, strict=True)):
        cells = np.searchsorted(response_ids, own)
        present[row, cells] = True
        lengths[row, cells] = table["n_tokens"].to_numpy(zero_copy_only=False)
    return Design([source.role for source in sources], response_ids, present, lengths)


def _read_pooled(source: RoleSource) -> pa.Table:
    try:
        table = source.opened(source.pooled).read(["response_id", "n_tokens", "excluded_reason"])
    except READING_ERRORS as error:
        raise damaged(source.pooled, error) from error
    table = table.filter(pc.is_null(table["excluded_reason"]))
    if source.only is not None:
        table = table.filter(pa.array(np.isin(table["response_id"].to_numpy(), source.only)))
    if table.num_rows == 0:
        raise StudyError(f"role {source.role}: no response was pooled; leave it out with analysis.exclude")
    return table
