from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from persona_assets.analysis.design import RoleSource
from persona_assets.analysis.entries import FeatureRanges
from persona_assets.analysis.shelf import Shelf
from persona_assets.analysis.statistics import analyse
from persona_assets.base.errors import StudyError
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS
from tests.analysis.dense import D_SAE, make_roles, write


@pytest.fixture
def sources(tmp_path: Path) -> list[RoleSource]:
    return write(tmp_path, make_roles(np.random.default_rng(30), n_roles=3))


def rewrite(source: RoleSource, table: pa.Table) -> None:
    write_parquet(replace(ACTIVATIONS, row_group_size=40), table, Path(source.activations))


def test_a_range_holds_its_features_and_no_others(sources: list[RoleSource]) -> None:
    table = pq.read_table(sources[1].activations)
    for start, stop in ((0, D_SAE), (4, 5), (0, 1), (5, 9), (D_SAE, D_SAE + 1)):
        feature, response, value = FeatureRanges(sources[1]).read(start, stop, Shelf())
        wanted = (table["feature_id"].to_numpy() >= start) & (table["feature_id"].to_numpy() < stop)
        np.testing.assert_array_equal(feature, table["feature_id"].to_numpy()[wanted])
        np.testing.assert_array_equal(response, table["response_id"].to_numpy()[wanted])
        np.testing.assert_array_equal(value, table["mean"].to_numpy()[wanted])


def test_ranges_one_after_the_other_read_no_row_group_twice(sources: list[RoleSource]) -> None:
    table = pq.read_table(sources[1].activations)
    rewrite(sources[1], table)
    read: list[int] = []

    class Counted(pq.ParquetFile):
        def read_row_groups(self, row_groups: list[int], *given: object, **named: object) -> pa.Table:
            read.extend(row_groups)
            return super().read_row_groups(row_groups, *given, **named)

    ranges = FeatureRanges(replace(sources[1], opened=Counted))
    parts = [
        ranges.read(start, stop, Shelf()) for start, stop in ((0, 2), (2, 3), (3, 3), (3, 9), (9, D_SAE))
    ]
    for column, name in enumerate(("feature_id", "response_id", "mean")):
        np.testing.assert_array_equal(
            np.concatenate([part[column] for part in parts]), table[name].to_numpy()
        )
    n_groups = pq.read_metadata(sources[1].activations).num_row_groups
    assert n_groups > 2 and read == list(range(n_groups))
    again = ranges.read(2, 3, Shelf())
    np.testing.assert_array_equal(again[2], parts[1][2])


def test_a_role_in_which_nothing_fires_is_a_role(sources: list[RoleSource]) -> None:
    rewrite(sources[1], ACTIVATIONS.schema.empty_table())
    statistics = analyse(sources, D_SAE, aligned=True, split_seed=0)
    assert not statistics.raw.whole[1].any()
    assert set(statistics.role_contrasts["role"].to_pylist()) == {"role_0", "role_1", "role_2"}


def test_a_feature_that_the_sae_does_not_have_is_refused(sources: list[RoleSource]) -> None:
    with pytest.raises(StudyError, match=r"role_0-a.*feature ids do not ascend from 0 to at most 9"):
        analyse(sources, 10, aligned=True, split_seed=0)


def test_an_unsorted_file_is_refused(sources: list[RoleSource]) -> None:
    table = pq.read_table(sources[2].activations)
    rewrite(sources[2], pa.concat_tables([table.slice(50), table.slice(0, 50)]))
    with pytest.raises(StudyError, match=r"role_2-a.*do not ascend"):
        analyse(sources, D_SAE, aligned=True, split_seed=0)


@pytest.mark.parametrize("response", [900_000, 5_000_000, -1, 1])
def test_a_response_that_was_not_pooled_is_refused(sources: list[RoleSource], response: int) -> None:
    table = pq.read_table(sources[1].activations)
    ids = table["response_id"].to_numpy().copy()
    ids[10] = response
    rewrite(sources[1], table.set_column(1, "response_id", [ids]))
    with pytest.raises(StudyError, match=r"role_1-a.*not among those pooled of role role_1"):
        analyse(sources, D_SAE, aligned=True, split_seed=0)


@pytest.mark.parametrize("table", ["activations", "pooled"])
def test_a_damaged_file_is_named(sources: list[RoleSource], table: str) -> None:
    path = Path(getattr(sources[1], table))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StudyError, match=rf"{path.name}: damaged"):
        analyse(sources, D_SAE, aligned=True, split_seed=0)


def test_a_role_without_a_pooled_response_is_named(sources: list[RoleSource]) -> None:
    table = pq.read_table(sources[1].pooled)
    pq.write_table(table.filter(pc.is_valid(table["excluded_reason"])), sources[1].pooled)
    with pytest.raises(StudyError, match=r"role role_1: no response was pooled"):
        analyse(sources, D_SAE, aligned=True, split_seed=0)


def test_no_roles_are_a_mistake() -> None:
    with pytest.raises(StudyError, match="no role to analyse"):
        analyse([], D_SAE, aligned=True, split_seed=0)
