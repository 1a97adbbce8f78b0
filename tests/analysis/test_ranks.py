from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import rankdata

from persona_assets.analysis.by_feature import joined
from persona_assets.analysis.design import RoleSource, read_design
from persona_assets.analysis.placements import sort_by_value
from persona_assets.analysis.ranks import Ranks, rank
from persona_assets.analysis.reading import MAX_ENTRIES, ranges, read_blocks
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS
from tests.analysis.dense import D_SAE, DenseRole, make_roles, stacked, with_holes, write


def ranked(folder: Path, roles: list[DenseRole], max_entries: int) -> Ranks:
    return rank_all(write(folder, roles), max_entries)


def rank_all(sources: list[RoleSource], max_entries: int = MAX_ENTRIES) -> Ranks:
    design = read_design(sources)
    blocks = read_blocks(sources, design, D_SAE, max_entries=max_entries)
    return joined(((block.features, rank(block.roles, design)) for block in blocks), D_SAE)


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
    dense = roles[0].values.copy()
    dense[np.searchsorted(roles[0].ids, table["response_id"].to_numpy()[sunk]), 6] = 0
    all_values, owner = stacked([replace(roles[0], values=dense), *roles[1:]])
    expected = rankdata(all_values[:, 6])[owner == 0].sum()
    assert rank_all(sources).sums[0, 6] == expected


@pytest.mark.parametrize("n", [0, 3, 199, 200, 5000])
def test_keys_are_sorted_by_value_whatever_their_digits_share(n: int) -> None:
    random = np.random.default_rng(18)
    spread = [
        np.exp(4 * random.normal(size=n)),
        1 + random.random(n) / 4096,
        np.full(n, 0.5),
        random.random(n),
    ]
    bits = np.concatenate(spread).astype(np.float32).view(np.uint32).astype(np.uint64)
    keys = bits << np.uint64(32) | random.integers(0, 2**32, 4 * n, dtype=np.uint64)
    found, bounds = keys.copy(), np.arange(5, dtype=np.int64) * n
    sort_by_value(found, bounds)
    for start, stop in pairwise(bounds.tolist()):
        own, sorted_ones = keys[start:stop], found[start:stop]
        np.testing.assert_array_equal(sorted_ones >> np.uint64(32), np.sort(own >> np.uint64(32)))
        np.testing.assert_array_equal(np.sort(sorted_ones), np.sort(own))
