"""How activations lie in Parquet, and role features in the snapshot: what one question has to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_assets.lake.parquet import row_groups, write_parquet
from persona_assets.lake.schema import ACTIVATIONS, POOLED
from persona_assets.warehouse import build, connect, publish
from tests.warehouse.world import World

SIZE = ACTIVATIONS.row_group_size


def sorted_by_feature(features: np.ndarray) -> pa.Table:
    """Activations of these features, one row each."""
    numbers = np.arange(len(features))
    columns = [features, numbers, np.ones(len(features)), np.ones(len(features)), numbers % 7, numbers % 5]
    return pa.table(columns, names=ACTIVATIONS.schema.names).cast(ACTIVATIONS.schema)


@pytest.mark.parametrize(
    "counts",
    [
        [1000] * 400,
        [SIZE, SIZE, 5],
        [SIZE - 1, 2, SIZE - 1],
        [3 * SIZE, 10, 2 * SIZE],
        [10, 3 * SIZE],
        [1],
        [],
    ],
)
def test_a_feature_lies_in_one_row_group_and_no_row_is_lost(tmp_path: Path, counts: list[int]) -> None:
    content = sorted_by_feature(np.repeat(np.arange(len(counts)), counts))
    write_parquet(ACTIVATIONS, content, tmp_path / "x.parquet")
    file = pq.ParquetFile(tmp_path / "x.parquet")
    assert file.read().equals(content)
    found = [np.unique(file.read_row_group(number)["feature_id"]) for number in range(file.num_row_groups)]
    assert np.concatenate([np.empty(0, int), *found]).tolist() == list(range(len(counts)))
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert all(size <= max(SIZE, *counts) for size in sizes)


def test_a_table_without_such_a_column_is_cut_evenly() -> None:
    content = pa.table({"response_id": np.zeros(2 * SIZE + 1)})
    assert list(row_groups(POOLED, content)) == [(0, SIZE), (SIZE, 2 * SIZE), (2 * SIZE, 2 * SIZE + 1)]


def test_role_features_lie_tile_by_tile_and_in_a_tile_role_by_role(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "FEATURE_TILE", 16)
    publish(world.study)
    with connect(world.study) as warehouse:
        rows = warehouse.execute(
            "select sae, feature_id // 16, role, feature_id from role_features"
        ).fetchall()
    assert rows == sorted(rows)
    assert len({tile for _, tile, _, _ in rows}) > 1
