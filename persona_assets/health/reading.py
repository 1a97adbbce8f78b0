"""One file, read to its last page."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from persona_assets.health.inventory import Held
from persona_assets.lake import PATH_NOTE, Lake, damaged, is_of_the_store
from persona_assets.schema import POOLED, ROLE_FEATURES

# The column whose sum is the role's number of activations.
_COUNTS_ACTIVATIONS = {POOLED.name: "n_active_features", ROLE_FEATURES.name: "n_active_responses"}


@dataclass(frozen=True)
class Reading:
    """What a file showed: a `problem`, or its rows and how many activations it counts (None: it does not).

    `has_checksums` is False for a file of a version that wrote none.
    """

    problem: str | None = None
    n_rows: int = 0
    n_activations: int | None = None
    has_checksums: bool = True


def read_whole(lake: Lake, held: Held) -> Reading:
    """Decode every page against its checksum, a row group at a time.

    Raises StudyError where the lake's store does not answer: that is no problem of the file.
    """
    n_rows, counts = 0, []
    try:
        with lake.open(lake.uri(held.file.path), page_checksum_verification=True) as parquet:
            notes = parquet.metadata.metadata or {}
            problem = _misplaced(held, parquet, notes)
            for group in range(parquet.num_row_groups):
                rows = parquet.read_row_group(group)
                n_rows += rows.num_rows
                counts.append(_count(held, rows))
            if problem is None and n_rows != parquet.metadata.num_rows:
                problem = f"has {n_rows} rows, but its footer says {parquet.metadata.num_rows}"
    except (pa.ArrowException, OSError, ValueError) as error:
        if is_of_the_store(error):
            raise damaged(lake.uri(held.file.path), error) from error
        return Reading(f"cannot be read: {' '.join(str(error).split())}")
    known = [count for count in counts if count is not None]
    n_activations = sum(known) if known and len(known) == len(counts) else None
    return Reading(problem, n_rows, n_activations, PATH_NOTE in notes)


def _misplaced(held: Held, parquet: pq.ParquetFile, notes: dict[bytes, bytes]) -> str | None:
    written_as = notes.get(PATH_NOTE, held.file.path.encode()).decode()
    if written_as != held.file.path:
        return f"was written as {written_as}"
    if parquet.schema_arrow.names != held.table.schema.names:
        return f"its columns are not those of {held.table.name}"
    return None


def _count(held: Held, rows: pa.Table) -> int | None:
    column = _COUNTS_ACTIVATIONS.get(held.table.name)
    if column is None or column not in rows.schema.names or rows[column].null_count:
        return None
    return int(pc.sum(rows[column]).as_py() or 0)
