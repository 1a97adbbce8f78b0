"""A role's activations as arrays, whole or a range of features of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from persona_assets.analysis import loops
from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.shelf import Shelf
from persona_assets.base.arrays import Floats, Int32s, Ints, Singles
from persona_assets.base.errors import StudyError
from persona_assets.lake.wholeness import READING_ERRORS, damaged

Strategy = Literal["mean", "max"]
Column = Literal["mean", "max", "n_active"]

_Columns = list[npt.NDArray[Any]]


@dataclass(frozen=True)
class Entries:
    """Activations of a role that are not zero, by feature, then cell.

    Those of a feature begin at its place in `starts` int64[n_features + 1]. `cell` int32[n]; `value`
    float32[n], the mean over the response's tokens. Where they were read, `highest` float32[n] is the maximum
    over these, and `active` int32[n] on how many of them; None where that is not known, too.
    """

    starts: Ints
    cell: Int32s
    value: Singles
    highest: Singles | None = None
    active: Int32s | None = None

    @property
    def feature(self) -> Int32s:
        """int32[n]: each entry's, counted from the first that was read."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


def read_entries(source: RoleSource, design: Design, d_sae: int) -> Entries:
    """Return all of the role's activations.

    Raises StudyError, naming the file, where it is damaged, not sorted, speaks of a feature the SAE does not
    have or of a response that was not pooled.
    """
    columns = _columns(source, ["feature_id", "response_id", "mean"])
    feature = columns[0]
    if len(feature) and (feature[0] < 0 or feature[-1] >= d_sae):
        raise not_ascending(source, d_sae)
    return _located(source, columns, design, range(d_sae), ())


def not_ascending(source: RoleSource, d_sae: int) -> StudyError:
    """Return the error that says that a file is not sorted by the SAE's features."""
    return damaged(source.activations, f"its feature ids do not ascend from 0 to at most {d_sae - 1}")


def _located(
    source: RoleSource, columns: _Columns, design: Design, features: range, also: Sequence[Column]
) -> Entries:
    """Return the entries of `columns`: feature ids, response ids, means and what is `also` there."""
    feature, response, *values = columns
    if (feature[1:] < feature[:-1]).any():
        raise not_ascending(source, features.stop)
    cell, present = np.empty(len(response), np.int32), design.present[design.roles.index(source.role)]
    if source.only is not None:
        present = present & np.isin(design.response_ids, source.only)
        place = np.empty(len(response), np.int64)
        place = place[: loops.choose(response, design.cell_of, present, cell, place)]
        feature, cell, values = feature[place], cell[: len(place)], [one[place] for one in values]
    elif not loops.locate(response, design.cell_of, present, cell):
        raise StudyError(
            f"{source.activations}: speaks of a response that is not among those pooled of role "
            f"{source.role}; delete it and run the role again"
        )
    starts = np.searchsorted(feature, np.arange(features.start, features.stop + 1, dtype=np.int32))
    known = dict(zip(also, values[1:], strict=True))
    active = known.get("n_active")
    if active is not None and active.dtype != np.int32:  # with a NULL they come as floats
        active = None
    return Entries(starts, cell, values[0], known.get("max"), active)


class FeatureRanges:
    """A role's file read range of features by range of features, its footer once.

    Ranges that follow each other read no row group twice: what the last one holds beyond a range is kept for
    the next. What is to be read `also` stands beside the means. Raises StudyError where the file is damaged.
    """

    def __init__(self, source: RoleSource, also: Sequence[Column] = ()) -> None:
        self.source = source
        self._also, self._names = also, ["feature_id", "response_id", "mean", *also]
        try:
            self._metadata = source.opened(source.activations).metadata
        except READING_ERRORS as error:
            raise damaged(source.activations, error) from error
        bounds = [_bounds(self._metadata, group) for group in range(self._metadata.num_row_groups)]
        self._rows = [self._metadata.row_group(group).num_rows for group in range(len(bounds))]
        self._first = np.array([first for first, _ in bounds])
        self._last = np.array([last for _, last in bounds])
        self._rest_from = -1
        self._rest: _Columns = []

    def expected(self, d_sae: int) -> Floats:
        """float64[d_sae]: how often each feature fired, each row group's rows shared out evenly.

        Raises StudyError where the row groups are not sorted by the SAE's features.
        """
        if len(self._rows) and (
            self._first[0] < 0 or self._last[-1] >= d_sae or (self._first[1:] < self._last[:-1]).any()
        ):
            raise not_ascending(self.source, d_sae)
        rows = np.zeros(d_sae)
        for first, last, n in zip(self._first, self._last, self._rows, strict=True):
            rows[first : last + 1] += n / (last + 1 - first)
        return rows

    def entries(self, features: range, design: Design, shelf: Shelf, beyond: Shelf) -> Entries:
        """Return the role's activations of some features, kept on `shelf`; what is read `beyond` them on its.

        Raises StudyError as `read_entries` does.
        """
        columns = self.read(features.start, features.stop, beyond)
        found = _located(self.source, columns, design, features, self._also)
        arrays = {name: shelf.keep(values) for name, values in vars(found).items() if values is not None}
        return replace(found, **arrays)

    def read(self, start: int, stop: int, beyond: Shelf) -> _Columns:
        """Feature ids, response ids and means of the features from `start` to before `stop`, by feature.

        Then what was asked for besides; as floats with NaN where one is not known.
        """
        kept = self._rest if start == self._rest_from else []
        groups = np.flatnonzero((self._first < stop) & (self._last >= start))
        if kept:
            groups = groups[self._first[groups] >= start]
        columns = self._read(groups.tolist())
        if kept:
            columns = [np.concatenate(parts) for parts in zip(kept, columns, strict=True)]
        first, last = np.searchsorted(columns[0], [start, stop])
        self._rest_from, self._rest = stop, [beyond.keep(column[last:]) for column in columns]
        return [column[first:last] for column in columns]

    def _read(self, groups: list[int]) -> _Columns:
        return _columns(self.source, self._names, groups, self._metadata)


def _bounds(metadata: pq.FileMetaData, group: int) -> tuple[int, int]:
    statistics = metadata.row_group(group).column(0).statistics
    return statistics.min, statistics.max


def _columns(
    source: RoleSource,
    names: list[str],
    groups: list[int] | None = None,
    metadata: pq.FileMetaData | None = None,
) -> _Columns:
    try:
        file = source.opened(source.activations, metadata=metadata, pre_buffer=True)
        table = file.read(names) if groups is None else file.read_row_groups(groups, names, use_threads=False)
    except READING_ERRORS as error:
        raise damaged(source.activations, error) from error
    return [table[name].to_numpy() for name in names]
