"""A role's activations as three arrays, whole or a range of features of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from persona_assets.analysis import loops
from persona_assets.analysis.design import Design, RoleSource
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles
from persona_assets.base.errors import StudyError
from persona_assets.lake.wholeness import READING_ERRORS, damaged

Strategy = Literal["mean", "max"]


@dataclass(frozen=True)
class Entries:
    """Activations that are not zero, by feature, then cell: int32[n], int32[n], float32[n].

    Those of a feature begin at its place in `starts` int64[d_sae + 1]. `active` int32[n]: on how many tokens;
    None where that was not read, or is not known.
    """

    feature: Int32s
    starts: Ints
    cell: Int32s
    value: Singles
    active: Int32s | None = None


def read_entries(
    source: RoleSource, design: Design, d_sae: int, strategy: Strategy = "mean", *, with_active: bool = False
) -> Entries:
    """Return the role's activations, each response's `mean` or `max` over its tokens.

    Raises StudyError, naming the file, where it is damaged, not sorted, speaks of a feature the SAE does not
    have or of a response that was not pooled.
    """
    names = ["feature_id", "response_id", strategy]
    feature, response, value, *active = _columns(source, [*names, "n_active"] if with_active else names)
    if len(feature) and (feature[0] < 0 or feature[-1] >= d_sae or (feature[1:] < feature[:-1]).any()):
        raise damaged(source.activations, f"its feature ids do not ascend from 0 to at most {d_sae - 1}")
    cell = np.empty(len(response), np.int32)
    if not loops.locate(response, design.cell_table(source.role), cell):
        raise StudyError(
            f"{source.activations}: speaks of a response that is not among those pooled of role "
            f"{source.role}; delete it and run the role again"
        )
    known = with_active and active[0].dtype == np.int32  # with a NULL they come as floats
    starts = np.empty(d_sae + 1, np.int64)
    loops.find_starts(feature, starts)
    return Entries(feature, starts, cell, value, active[0] if known else None)


class FeatureRanges:
    """A role's file read range of features by range of features, its footer once.

    Ranges that follow each other read no row group twice: what the last one holds beyond a range is kept for
    the next. With `with_active` it reads, too, on how many tokens features were active. Raises StudyError
    where the file is damaged.
    """

    def __init__(self, source: RoleSource, *, with_active: bool = False) -> None:
        self.source = source
        self._names = ["feature_id", "response_id", "mean", *(["n_active"] if with_active else [])]
        try:
            self._metadata = source.opened(source.activations).metadata
        except READING_ERRORS as error:
            raise damaged(source.activations, error) from error
        bounds = [_bounds(self._metadata, group) for group in range(self._metadata.num_row_groups)]
        self._rows = [self._metadata.row_group(group).num_rows for group in range(len(bounds))]
        self._first = np.array([first for first, _ in bounds])
        self._last = np.array([last for _, last in bounds])
        self._rest_from = -1
        self._rest: list[npt.NDArray[Any]] = []

    def expected(self, d_sae: int) -> Floats:
        """float64[d_sae]: how often each feature fired, each row group's rows shared out evenly."""
        rows = np.zeros(d_sae)
        for first, last, n in zip(self._first, self._last, self._rows, strict=True):
            rows[first : last + 1] += n / (last + 1 - first)
        return rows

    def read(self, start: int, stop: int) -> list[npt.NDArray[Any]]:
        """Feature ids, response ids and means of the features from `start` to before `stop`, by feature.

        Then their active tokens, where these are asked for: as floats with NaN where one is not known.
        """
        kept = self._rest if start == self._rest_from else []
        groups = np.flatnonzero((self._first < stop) & (self._last >= start))
        if kept:
            groups = groups[self._first[groups] >= start]
        columns = self._read(groups.tolist())
        if kept:
            columns = [np.concatenate(parts) for parts in zip(kept, columns, strict=True)]
        first, last = np.searchsorted(columns[0], [start, stop])
        self._rest_from, self._rest = stop, [column[last:].copy() for column in columns]
        return [column[first:last] for column in columns]

    def _read(self, groups: list[int]) -> list[npt.NDArray[Any]]:
        return _columns(self.source, self._names, groups, self._metadata)


def _bounds(metadata: pq.FileMetaData, group: int) -> tuple[int, int]:
    statistics = metadata.row_group(group).column(0).statistics
    return statistics.min, statistics.max


def _columns(
    source: RoleSource,
    names: list[str],
    groups: list[int] | None = None,
    metadata: pq.FileMetaData | None = None,
) -> list[npt.NDArray[Any]]:
    try:
        file = source.opened(source.activations, metadata=metadata)
        table = file.read(names) if groups is None else file.read_row_groups(groups, names)
    except READING_ERRORS as error:
        raise damaged(source.activations, error) from error
    if source.only is not None:
        table = table.filter(pa.array(np.isin(table["response_id"].to_numpy(), source.only)))
    return [table[name].to_numpy() for name in names]
