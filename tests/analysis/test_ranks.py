from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import rankdata

from persona_assets.analysis.design import read_design
from persona_assets.analysis.ranks import Ranks, ranges, rank
from persona_assets.analysis.totals import first_pass
from persona_assets.base.errors import StudyError
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS
from tests.analysis.dense import D_SAE, DenseRole, make_roles, stacked, with_holes, write


def ranked(folder: Path, roles: list[DenseRole], max_entries: int) -> Ranks:
    sources = write(folder, roles)
    totals, _ = first_pass(sources, read_design(sources), D_SAE, aligned=False)
    return rank(sources, totals, max_entries)


@pytest.mark.parametrize("max_entries", [1, 100, 1_000_000])
def test_rank_sums_are_scipy_s_however_little_is_read_at_once(tmp_path: Path, max_entries: int) -> None:
    random = np.random.default_rng(15)
    roles = with_holes(random, make_roles(random))
    values, owner = stacked(roles)
    ranks = rankdata(values, axis=0)
    expected = np.stack([ranks[owner == role].sum(axis=0) for role in range(len(roles))])
    found = ranked(tmp_path, roles, max_entries)
    np.testing.assert_array_equal(found.sums, expected)
    for feature in range(D_SAE):
        counts = np.unique(values[:, feature], return_counts=True)[1].astype(float)
        assert found.ties[feature] == (counts**3 - counts).sum()


def test_ranges_cover_every_feature_once_within_the_limit() -> None:
    fired = np.array([0, 5, 3, 0, 9, 1, 1, 1, 0])
    found = list(ranges(fired, 4))
    assert [start for start, _ in found] == [0, *(stop for _, stop in found[:-1])]
    assert found[-1][1] == len(fired)
    assert all(fired[start:stop].sum() <= 4 or stop == start + 1 for start, stop in found)


def test_a_mean_too_small_for_a_float_ties_with_those_that_did_not_fire(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(16), n_roles=3)
    sources = write(tmp_path, roles)
    table = pq.read_table(sources[0].activations)
    values = table["mean"].to_numpy().copy()
    sunk = np.flatnonzero(table["feature_id"].to_numpy() == 6)[:2]
    values[sunk] = 0
    place = table.schema.get_field_index("mean")
    write_parquet(ACTIVATIONS, table.set_column(place, "mean", [values]), Path(sources[0].activations))
    design = read_design(sources)
    totals, _ = first_pass(sources, design, D_SAE, aligned=False)
    dense = roles[0].values.copy()
    dense[np.searchsorted(roles[0].ids, table["response_id"].to_numpy()[sunk]), 6] = 0
    all_values, owner = stacked([replace(roles[0], values=dense), *roles[1:]])
    expected = rankdata(all_values[:, 6])[owner == 0].sum()
    assert rank(sources, totals).sums[0, 6] == expected


def test_a_file_that_changed_between_two_readings_is_refused(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(17), n_roles=3)
    sources = write(tmp_path, roles)
    totals, _ = first_pass(sources, read_design(sources), D_SAE, aligned=False)
    table = pq.read_table(sources[1].activations)
    write_parquet(ACTIVATIONS, table.slice(1), Path(sources[1].activations))
    with pytest.raises(StudyError, match=r"role_1-a.*changed"):
        rank(sources, totals)
