from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from persona_assets.analysis.aggregate import aggregate, aggregated
from persona_assets.base.errors import StudyError
from persona_assets.lake.lake import Lake
from persona_assets.lake.schema import ACTIVATIONS, POOLED, RESPONSES, ROLE_FEATURES
from persona_assets.study.study import Study
from tests.warehouse.world import EXCLUDED, ROLES, World, land, responses_of

FINGERPRINT = "0123456789abcdef"


def aggregate_dense(folder: Path, mean: np.ndarray, excluded: int = 0) -> pa.Table:
    """Aggregate `mean`, float32[n_responses, d_sae], to which `excluded` responses are added."""
    lake = Lake(folder, "study")
    feature, response = np.nonzero(mean.T)
    values = mean[response, feature]
    ones = np.ones(len(values), np.int32)
    activations = pa.table([feature, response, values, values, ones, ones], names=ACTIVATIONS.schema.names)
    n_responses = len(mean) + excluded
    reasons = [None] * len(mean) + ["empty response"] * excluded
    numbers = np.arange(n_responses)
    pooled = pa.table([*[numbers] * 6, pa.array(reasons, pa.string())], names=POOLED.schema.names)
    where = {"made_from": FINGERPRINT, "sae": "s", "role": "pirate"}
    return aggregated(
        lake, lake.write(ACTIVATIONS, activations, **where), lake.write(POOLED, pooled, **where)
    )


def test_aggregates_equal_the_dense_computation(published: World) -> None:
    for sae in published.mean:
        for role in ROLES:
            [file] = published.study.lake.files(ROLE_FEATURES, sae=sae, role=role)
            content = published.study.lake.read(ROLE_FEATURES, file)
            assert content.schema == ROLE_FEATURES.schema
            alive = content["feature_id"].to_numpy()
            assert alive.tolist() == np.flatnonzero(published.mean_of(role, sae)).tolist()
            np.testing.assert_allclose(content["mean"], published.mean_of(role, sae)[alive], rtol=1e-12)
            np.testing.assert_allclose(content["sd"], published.sd_of(role, sae)[alive], rtol=1e-12)
            np.testing.assert_array_equal(content["firing_rate"], published.rate_of(role, sae)[alive])
            np.testing.assert_array_equal(content["max"], published.max[sae][role][:, alive].max(axis=0))


def test_excluded_responses_are_in_no_denominator(tmp_path: Path) -> None:
    mean = np.array([[2.0, 0.0], [4.0, 3.0]], np.float32)
    [first, second] = aggregate_dense(tmp_path, mean, excluded=5).to_pylist()
    assert (first["n_responses"], first["firing_rate"], first["mean"], first["sd"]) == (2, 1.0, 3.0, 1.0)
    assert (second["n_active_responses"], second["firing_rate"], second["mean"]) == (1, 0.5, 1.5)
    assert second["sd"] == 1.5


def test_a_small_spread_of_large_values_is_not_lost(tmp_path: Path) -> None:
    # float32 near 1000 has steps of 6e-5; the naive mean of squares minus square of the mean has an error of
    # about 1e-10 in the variance in float64, and is pure noise in float32.
    random = np.random.default_rng(0)
    mean = (1e3 + 1e-3 * random.standard_normal((1200, 3))).astype(np.float32)
    content = aggregate_dense(tmp_path, mean)
    np.testing.assert_allclose(content["sd"], mean.astype(np.float64).std(axis=0), rtol=1e-9)
    np.testing.assert_allclose(content["mean"], mean.astype(np.float64).mean(axis=0), rtol=1e-14)


def test_the_same_files_give_the_same_bits(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    mean = np.where(random.random((1200, 400)) < 0.6, random.random((1200, 400)), 0).astype(np.float32)
    contents = [aggregate_dense(tmp_path / str(number), mean) for number in range(3)]
    assert contents[0].equals(contents[1])
    assert contents[0].equals(contents[2])


def test_a_role_in_which_nothing_fires_has_no_rows(tmp_path: Path) -> None:
    assert aggregate_dense(tmp_path / "silent", np.zeros((3, 4), np.float32)).num_rows == 0
    assert aggregate_dense(tmp_path / "excluded", np.zeros((0, 4), np.float32), excluded=2).num_rows == 0


def test_what_is_fresh_is_returned_at_once_and_made_again_only_on_purpose(world: World) -> None:
    lake = world.study.lake
    [there] = lake.files(ROLE_FEATURES, sae="first", role="ghost")
    assert aggregate(world.study, "ghost", "first") == there
    again = aggregate(world.study, "ghost", "first", overwrite=True)
    assert again.revision == 1
    assert lake.read(ROLE_FEATURES, again).equals(lake.read(ROLE_FEATURES, there))


def test_a_role_without_activations_is_told_to_run_extraction(unfilled: Study) -> None:
    land(unfilled, RESPONSES, responses_of("ghost"), "ghost")
    with pytest.raises(StudyError, match=r"ghost has no fresh activations .* --select activations` first"):
        aggregate(unfilled, "ghost", "first")


@pytest.mark.parametrize("table", [ACTIVATIONS, POOLED], ids=lambda table: table.name)
def test_a_truncated_file_is_named(world: World, table) -> None:
    file = world.study.lake.files(table, sae="first", role="ghost")[0]
    path = Path(world.study.lake.uri(file.path))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(StudyError, match=f"{path}: damaged.*--delete"):
        aggregate(world.study, "ghost", "first", overwrite=True)


def test_the_excluded_response_is_really_there_in_the_world(published: World) -> None:
    [file] = published.study.lake.files(POOLED, sae="first", role="ghost")
    reasons = published.study.lake.read(POOLED, file)["excluded_reason"].to_pylist()
    assert [place for place, reason in enumerate(reasons) if reason] == [EXCLUDED]
