from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from persona_assets.analysis.selection import select
from persona_assets.atlas.build import build_atlas
from persona_assets.atlas.tables import AtlasTables
from persona_assets.interchange.bundle import Dataset, FeatureLabel, make_bundle, write_bundle
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import made, random_means
from tests.atlas.test_tables import HOSTILE, MEANS, SETTINGS

DATASET = Dataset("toy", "aggregated/general/toy/mean/per_role.npz", "features/general/toy")
SCHEMA = json.loads(Path(__file__).with_name("bundle.schema.json").read_text())
UNTRUSTED = 'says "ahoy",\nand <b>more</b> \ud800'


@pytest.fixture(scope="module")
def atlas() -> AtlasTables:
    return build_atlas(select(made(MEANS), SETTINGS), SETTINGS, "default")


@pytest.fixture(scope="module")
def labels(atlas: AtlasTables) -> dict[int, FeatureLabel]:
    best, second, *_ = atlas.atlas["feature_id"].to_pylist()
    return {best: FeatureLabel(UNTRUSTED, "https://example.org/1"), second: FeatureLabel(None, None)}


@pytest.fixture(scope="module")
def bundle(atlas: AtlasTables, labels: dict[int, FeatureLabel]) -> dict[str, Any]:
    return make_bundle(atlas, DATASET, SETTINGS, labels)


def written(folder: Path, bundle: dict[str, Any]) -> dict[str, Any]:
    write_bundle(folder, bundle)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads((folder / "bundle.json").read_text(), parse_constant=refuse)


def check(content: dict[str, Any]) -> None:
    """The schema, and what it cannot say: that all lists have the lengths of roles and features."""
    jsonschema.validate(content, SCHEMA)
    n_roles, n_features = len(content["roles"]), len(content["feature_ids"])
    neighbors = content["neighbors"]
    assert content["dataset"]["n_roles"] == n_roles
    for of_features in (*content["coords"].values(), neighbors["indices"], neighbors["similarities"]):
        assert len(of_features) == n_features
    assert len(content["features"]) == n_features
    for near in (*neighbors["indices"], *neighbors["similarities"]):
        assert len(near) == neighbors["k"]
    assert all(0 <= place < n_features for near in neighbors["indices"] for place in near)
    assert [len(row) for row in content["role_similarity"]] == [n_roles] * n_roles
    for place, feature in enumerate(content["features"]):
        assert feature["feature_row"] == place and feature["feature_id"] == content["feature_ids"][place]
        assert content["roles"][feature["preferred_role_idx"]] == feature["preferred_role"]
        assert len(feature["top_roles"]) == min(3, n_roles)
        assert all(content["roles"][top["role_idx"]] == top["role"] for top in feature["top_roles"])


def test_the_bundle_is_as_the_schema_says(bundle: dict[str, Any], tmp_path: Path) -> None:
    check(written(tmp_path / "toy", bundle))


@pytest.mark.parametrize("case", HOSTILE)
def test_so_is_that_of_hostile_statistics(case: str, tmp_path: Path) -> None:
    settings = AtlasSettings()
    check(
        written(
            tmp_path,
            make_bundle(
                build_atlas(select(HOSTILE[case], settings), settings, "default"), DATASET, settings, {}
            ),
        )
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bundle: bundle["dataset"].pop("split_seed"),
        lambda bundle: bundle["dataset"]["selection"].update(role_matrix_mode="raw"),
        lambda bundle: bundle["features"][0]["metrics"].update(sd="0.5"),
        lambda bundle: bundle["coords"]["umap"][0].append(0.0),
        lambda bundle: bundle.update(more=1),
    ],
)
def test_the_schema_refuses_what_is_not_a_bundle(bundle: dict[str, Any], spoil: Any) -> None:
    spoilt = copy.deepcopy(bundle)
    spoil(spoilt)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, SCHEMA)


def test_the_dataset_is_what_the_study_and_the_selection_say(bundle: dict[str, Any]) -> None:
    means = np.log1p(MEANS)
    threshold = np.median(means.std(axis=0)[means.any(axis=0)])
    assert bundle["dataset"] == {
        "name": "toy",
        "aggregated_file": DATASET.aggregated_file,
        "features_dir": DATASET.features_dir,
        "strategy": "mean",
        "question_centering": False,
        "n_roles": 6,
        "sae_dim": 70,
        "top_k": 20,
        "random_seed": 42,
        "split_seed": 42,
        "umap": {"n_neighbors": 5, "min_dist": 0.1, "random_state": 24},
        "selection": {
            "alive_count": int(means.any(axis=0).sum()),
            "pass_basic_count": int((means.std(axis=0) >= threshold).sum()),
            "sd_threshold": pytest.approx(threshold),
            "role_matrix_mode": "log1p_role_mean",
        },
    }
    assert bundle["guardrails"]["knn_overlap_at_k"] == 15 and "navigation" in bundle["guardrails"]["note"]


def test_neighbors_are_places_among_the_features(bundle: dict[str, Any], atlas: AtlasTables) -> None:
    ids = bundle["feature_ids"]
    assert ids == atlas.atlas["feature_id"].to_pylist()
    rows = atlas.neighbors.to_pylist()
    for place, (near, similarities) in enumerate(
        zip(bundle["neighbors"]["indices"], bundle["neighbors"]["similarities"], strict=True)
    ):
        expected = [row for row in rows if row["feature_id"] == ids[place]]
        assert [ids[other] for other in near] == [row["neighbor_id"] for row in expected]
        assert similarities == pytest.approx([row["similarity"] for row in expected])


def test_the_order_of_the_tables_rows_does_not_matter(
    bundle: dict[str, Any], atlas: AtlasTables, labels: dict[int, FeatureLabel]
) -> None:
    random = np.random.default_rng(0)
    shuffled = {name: table.take(random.permutation(table.num_rows)) for name, table in vars(atlas).items()}
    assert make_bundle(AtlasTables(**shuffled), DATASET, SETTINGS, labels) == bundle


def test_labels_are_where_they_are_known(bundle: dict[str, Any]) -> None:
    known = [(feature["description"], feature["neuronpedia_url"]) for feature in bundle["features"]]
    assert known == [(UNTRUSTED, "https://example.org/1"), *[(None, None)] * 19]


def test_the_csv_has_a_line_a_feature_with_the_same_numbers(bundle: dict[str, Any], tmp_path: Path) -> None:
    write_bundle(tmp_path, bundle)
    with (tmp_path / "features.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == [
        "feature_row", "feature_id", "preferred_role", "score", "stability", "sd", "mu", "pref_ratio",
        "active_frac", "cv", "mean_activation", "max_activation", "bridge_entropy", "description",
        "neuronpedia_url",
    ]  # fmt: skip
    for line, feature in zip(lines, bundle["features"], strict=True):
        assert {name: float(line[name]) for name in feature["metrics"]} == feature["metrics"]
        assert line["feature_id"] == str(feature["feature_id"])
        assert line["preferred_role"] == feature["preferred_role"]
    assert lines[0]["description"] == UNTRUSTED.replace("\ud800", "?") and lines[1]["description"] == ""


def test_centred_the_cv_is_null_and_empty(tmp_path: Path) -> None:
    settings, means = AtlasSettings(top_k=6), random_means(9, 5, 40)
    atlas = build_atlas(
        select(made(means, centred=means - means.mean(axis=0)), settings), settings, "default"
    )
    content = written(tmp_path, make_bundle(atlas, DATASET, settings, {}))
    check(content)
    assert (
        content["dataset"]["question_centering"]
        and "(cv: the spread over roles, divided by the mean) is not given" in content["guardrails"]["note"]
    )
    assert {feature["metrics"]["cv"] for feature in content["features"]} == {None}
    with (tmp_path / "features.csv").open(newline="") as file:
        assert {line["cv"] for line in csv.DictReader(file)} == {""}
