"""What a table of the lake is, and how a response is known.

A response is identified by `response_id = variant * 100_000 + question_id`, never by its position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

VARIANT_STRIDE = 100_000

# What is told of every role and feature lies in tiles of so many features, role by role within a tile: both a
# feature's rows and a role's lie in few places.
FEATURE_TILE = 512

INT, BIGINT, HALF, FLOAT, DOUBLE = pa.int32(), pa.int64(), pa.float16(), pa.float32(), pa.float64()
TEXT, BOOL, TIME, JSON = pa.string(), pa.bool_(), pa.timestamp("us"), pa.json_()

ACTIVATION = "units of SAE activation"


def response_id(variant: int, question_id: int) -> int:
    """Return the identity of a role's answer to `question_id` under instruction `variant`."""
    return variant * VARIANT_STRIDE + question_id


@dataclass(frozen=True)
class Column:
    """A column, said once: the files, the warehouse, the docs, Dagster and the explorer have it from here.

    `nullable`: some rows may have no value. `later`: files of earlier versions lack it. `packed` is False
    where the warehouse keeps it uncompressed. `made_of` is SQL over a file's row `f`, for a column that no
    file has and the warehouse adds.
    """

    name: str
    type: pa.DataType
    comment: str | None = None
    unit: str | None = None
    nullable: bool = False
    later: bool = False
    packed: bool = True
    made_of: str | None = None

    @property
    def says(self) -> str | None:
        """The comment with the unit; None where the name says all."""
        return f"{self.comment}; {self.unit}" if self.comment and self.unit else self.comment


SAE, ROLE = Column("sae", TEXT), Column("role", TEXT)
RUN = Column(
    "run", TEXT, "The conversation's hash: the same conversation is the same run, whatever it is called"
)


@dataclass(frozen=True, eq=False)
class Table:
    """One table of the lake, or of a snapshot alone.

    `columns` are those of a file, and those that the warehouse adds; the `keys` stand in the file's path.
    `made_from` names the tables whose files are the inputs of one of these, as its footer says.
    `row_group_size` is in rows; where the table is sorted by a column `unbroken`, a row group ends only where
    its value changes. `writer` are options of `pyarrow.parquet.ParquetWriter`.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]
    per_sae: bool
    per_role: bool = True
    per_run: bool = False
    made_from: tuple[str, ...] = ()
    row_group_size: int = 122_880
    unbroken: str | None = None
    writer: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of a file, in their order. Any may be NULL there, as in every file so far."""
        return pa.schema([(column.name, column.type) for column in self.columns if not column.made_of])

    def has(self, names: Sequence[str]) -> bool:
        """Return whether a file with columns of these `names` is one of the table, of whichever version.

        A data set's have the keys, too.
        """
        keys = [key.name for key in self.keys]
        known = [column for column in self.columns if not column.made_of]
        own = [one.name for one in known if one.name in names or not one.later]
        return list(names) in (own, [*keys, *own])

    @cached_property
    def keys(self) -> tuple[Column, ...]:
        """The columns that every row of a file has the same value of: `sae`, `role` and `run`."""
        has = ((SAE, self.per_sae), (ROLE, self.per_role), (RUN, self.per_run))
        return tuple(column for column, one in has if one)

    @cached_property
    def shown(self) -> dict[str, Column]:
        """The columns of the warehouse by name, in their order."""
        return {column.name: column for column in (*self.keys, *self.columns)}

    def of(self, values: Mapping[str, Any]) -> pa.Table:
        """Return rows from the values of each column of a file, by its name; NaN becomes NULL.

        Raises ValueError where a column lacks values, or values lack a column.
        """
        if values.keys() != set(self.schema.names):
            raise ValueError(f"{self.name}: {sorted(values.keys() ^ set(self.schema.names))} do not match")
        return self.part(values)

    def part(self, values: Mapping[str, Any]) -> pa.Table:
        """Return rows of some of a file's columns, in the file's order."""
        fields = [field for field in self.schema if field.name in values]
        return pa.table({field.name: _array(values[field.name], field.type) for field in fields})


def _array(values: Any, type_: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(type_)
    return pa.array(values, type_, from_pandas=True)
