"""What a table of the lake is, and how a response is known.

A response is identified by `response_id = variant * 100_000 + question_id`, never by its position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

VARIANT_STRIDE = 100_000

# What is told of every role and feature lies in tiles of so many features, role by role within a tile: both a
# feature's rows and a role's lie in few places.
FEATURE_TILE = 512

INT, FLOAT, DOUBLE, TEXT = pa.int32(), pa.float32(), pa.float64(), pa.string()


def response_id(variant: int, question_id: int) -> int:
    """The identity of a role's answer to `question_id` under instruction `variant`."""
    return variant * VARIANT_STRIDE + question_id


@dataclass(frozen=True, eq=False)
class Table:
    """One table of the lake.

    `schema` holds the columns of a file; `role` and `sae`, where the table has them, are in the file's path.
    `row_group_size` is in rows; where the table is sorted by a column `unbroken`, a row group ends only where
    its value changes. `writer` are options of `pyarrow.parquet.ParquetWriter`.
    """

    name: str
    schema: pa.Schema
    per_sae: bool
    per_role: bool = True
    row_group_size: int = 122_880
    unbroken: str | None = None
    writer: dict[str, Any] = field(default_factory=dict)
