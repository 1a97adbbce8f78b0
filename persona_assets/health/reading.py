"""One file, read to its last page."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from persona_assets.base.errors import DamagedError
from persona_assets.health.inventory import Held
from persona_assets.lake.lake import Lake
from persona_assets.lake.parquet import sum_agrees
from persona_assets.lake.schema import POOLED, ROLE_FEATURES
from persona_assets.lake.wholeness import PATH_NOTE, READING_ERRORS, damaged, refusal_of, refuse_other_kinds

# The column whose sum is the role's number of activations.
_COUNTS_ACTIVATIONS = {POOLED.name: "n_active_features", ROLE_FEATURES.name: "n_active_responses"}


@dataclass(frozen=True)
class Reading:
    """What a file showed: a `problem`, or its rows and how many activations it counts (None: it does not).

    `refused` says that the file could not be read now, which says nothing of its content. `has_checksums` is
    False for a file of a version that wrote none.
    """

    problem: str | None = None
    n_rows: int = 0
    n_activations: int | None = None
    has_checksums: bool = True
    refused: bool = False


def read_whole(lake: Lake, held: Held) -> Reading:
    """Decode every page against its checksum, a row group at a time, after the whole file against its own.

    Raises StudyError where the lake's store does not answer.
    """
    n_rows, counts = 0, []
    try:
        _check_sum(lake, held)
        with lake.open(lake.uri(held.file.path), page_checksum_verification=True) as parquet:
            notes = parquet.metadata.metadata or {}
            problem = _misplaced(held, notes)
            for group in range(parquet.num_row_groups):
                rows = parquet.read_row_group(group)
                n_rows += rows.num_rows
                counts.append(_count(held, rows))
            if problem is None and n_rows != parquet.metadata.num_rows:
                problem = f"has {n_rows} rows, but its footer says {parquet.metadata.num_rows}"
    except DamagedError as error:
        return Reading(f"cannot be read: {error.reason}")
    except READING_ERRORS as error:
        return _unread(lake, held, error)
    known = [count for count in counts if count is not None]
    n_activations = sum(known) if known and len(known) == len(counts) else None
    return Reading(problem, n_rows, n_activations, PATH_NOTE in notes)


def _check_sum(lake: Lake, held: Held) -> None:
    """Of a file in a folder; one in a bucket is read once, page by page."""
    folder = lake.storage.folder
    if folder is None:
        return
    place = folder / held.file.path
    refuse_other_kinds(place)
    with place.open("rb") as file:
        if sum_agrees(file) is False:
            raise damaged(str(place), "its checksum is not that of its content")


def _unread(lake: Lake, held: Held, error: BaseException) -> Reading:
    reason = " ".join(str(error).split())
    remedy = refusal_of(error)
    if remedy is None:
        return Reading(f"cannot be read: {reason}")
    if lake.storage.folder is None:
        raise damaged(lake.uri(held.file.path), error) from error
    return Reading(f"cannot be read now: {reason}; {remedy}", refused=True)


def _misplaced(held: Held, notes: dict[bytes, bytes]) -> str | None:
    written_as = notes.get(PATH_NOTE, held.file.path.encode()).decode()
    return f"was written as {written_as}" if written_as != held.file.path else None


def _count(held: Held, rows: pa.Table) -> int | None:
    column = _COUNTS_ACTIVATIONS.get(held.table.name)
    if column is None or column not in rows.schema.names or rows[column].null_count:
        return None
    return int(pc.sum(rows[column]).as_py() or 0)
