"""The warehouse: a study's published DuckDB snapshot, `warehouse.duckdb`.

It is an artifact of the lake: built under another name, swapped in whole, opened read-only.
"""

from __future__ import annotations

from persona_assets.warehouse.build import macro_definition
from persona_assets.warehouse.kept import keep, kept
from persona_assets.warehouse.losing import losing, makes_again
from persona_assets.warehouse.reading import (
    connect,
    hindered,
    newest_snapshot,
    snapshot_identity,
    stands_on,
    warehouse_path,
    warehouse_root,
)
from persona_assets.warehouse.snapshot import Snapshot, publish

__all__ = [
    "Snapshot",
    "connect",
    "hindered",
    "keep",
    "kept",
    "losing",
    "macro_definition",
    "makes_again",
    "newest_snapshot",
    "publish",
    "snapshot_identity",
    "stands_on",
    "warehouse_path",
    "warehouse_root",
]
