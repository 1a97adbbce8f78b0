from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from persona_assets.analysis.selection import select
from persona_assets.atlas import tables
from persona_assets.atlas.build import build_atlas
from persona_assets.atlas.map import NOTE, lay_out
from persona_assets.atlas.metrics import feature_metrics
from persona_assets.atlas.roles import role_space
from persona_assets.atlas.tables import AtlasTables
from persona_assets.lake.schema import ATLAS, ATLAS_SUMMARY, NEIGHBORS, ROLE_AXES, ROLE_SIMILARITY
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import centre, made, random_means

SETTINGS = AtlasSettings(question_centering=False, top_k=20, neighbor_k=4, umap_n_neighbors=5)
MEANS = random_means(0, 6, 70)


@pytest.fixture(scope="module")
def atlas() -> AtlasTables:
    return build_atlas(select(made(MEANS), SETTINGS), SETTINGS, "default")


def nan_anywhere(table: pa.Table) -> bool:
    doubles = [table[field.name] for field in table.schema if field.type == pa.float64()]
    return any(value != value for column in doubles for value in column.to_pylist())


def test_every_selected_feature_has_a_row_with_its_place_and_metrics(atlas: AtlasTables) -> None:
    selection = select(made(MEANS), SETTINGS).first(SETTINGS.top_k)
    layout, metrics = lay_out(selection, SETTINGS), feature_metrics(selection)
    frame = atlas.atlas.to_pandas().set_index("feature_id")
    assert frame.index.tolist() == selection.selected.tolist()
    assert frame["rank"].tolist() == list(range(1, 21))
    np.testing.assert_array_equal(frame[["umap_x", "umap_y"]], layout.umap)
    np.testing.assert_array_equal(frame[["pca_x", "pca_y"]], layout.pca)
    for name in ("score", "stability", "sd", "mu"):
        np.testing.assert_array_equal(frame[name], getattr(selection, name)[selection.selected])
    for name in ("pref_ratio", "active_frac", "cv", "mean_activation", "max_activation", "bridge_entropy"):
        np.testing.assert_array_equal(frame[name], getattr(metrics, name))
    for place, (preferred, top) in enumerate(zip(frame["preferred_role"], frame["top_roles"], strict=True)):
        assert preferred == top[0]["role"] == selection.roles[metrics.preferred[place]]
        assert [role["activation"] for role in top] == metrics.top_values[:, place].tolist()
        assert [role["share"] for role in top] == metrics.top_shares[:, place].tolist()


def test_neighbors_are_named_by_their_ids(atlas: AtlasTables) -> None:
    selection = select(made(MEANS), SETTINGS).first(SETTINGS.top_k)
    places = {feature: place for place, feature in enumerate(selection.selected.tolist())}
    unit = selection.columns / np.linalg.norm(selection.columns, axis=0).clip(1e-300)
    rows = atlas.neighbors.to_pylist()
    assert len(rows) == 20 * 4
    for row in rows:
        expected = unit[:, places[row["feature_id"]]] @ unit[:, places[row["neighbor_id"]]]
        assert row["similarity"] == pytest.approx(expected) and row["neighbor_id"] != row["feature_id"]
    assert [row["rank"] for row in rows[:8]] == [1, 2, 3, 4, 1, 2, 3, 4]


def test_every_pair_of_roles_has_a_similarity(atlas: AtlasTables) -> None:
    space, roles = role_space(select(made(MEANS), SETTINGS).first(20), "default"), made(MEANS).roles
    assert atlas.role_similarity.num_rows == 36
    for row in atlas.role_similarity.to_pylist():
        expected = space.similarity[roles.index(row["role_a"]), roles.index(row["role_b"])]
        assert row["similarity"] == expected


def test_every_axis_has_a_position_of_every_role(atlas: AtlasTables) -> None:
    space, roles = role_space(select(made(MEANS), SETTINGS).first(20), "default"), made(MEANS).roles
    assert space.assistant is not None
    frame = atlas.role_axes.to_pandas().set_index(["axis", "role"])
    assert frame.index.get_level_values("axis").unique().tolist() == [
        "assistant",
        *(f"pc{i}" for i in range(1, 6)),
    ]
    assert frame.loc["assistant"].index.tolist() == frame.loc["pc3"].index.tolist() == roles
    np.testing.assert_array_equal(frame.loc["assistant", "position"], space.assistant.positions)
    assert (frame.loc["assistant", "cosine_with_assistant"] == 1).all() and frame["reason"].isna().all()
    for number in range(5):
        rows = frame.loc[f"pc{number + 1}"]
        np.testing.assert_array_equal(rows["position"], space.positions[:, number])
        assert set(rows["explained_variance"]) == {space.explained[number]}
        assert set(rows["cosine_with_assistant"]) == {space.assistant.cosines[number]}


def test_without_the_anchor_the_axis_is_null_with_a_reason() -> None:
    frame = (
        build_atlas(select(made(MEANS), SETTINGS), SETTINGS, "nobody").role_axes.to_pandas().set_index("axis")
    )
    assert frame.loc["assistant", "position"].isna().all() and len(frame.loc["assistant"]) == 6
    assert set(frame.loc["assistant", "reason"]) == {"the anchor 'nobody' is not among the roles compared"}
    assert frame.loc["pc1", "position"].notna().all() and frame.loc["pc1", "reason"].isna().all()
    assert frame["cosine_with_assistant"].isna().all()


def test_the_summary_tells_what_was_selected_and_how_good_the_map_is(atlas: AtlasTables) -> None:
    selection = select(made(MEANS), SETTINGS).first(SETTINGS.top_k)
    layout = lay_out(selection, SETTINGS)
    assert atlas.summary.to_pylist() == [
        {
            "role_matrix_mode": "log1p_role_mean",
            "n_roles": 6,
            "d_sae": 70,
            "alive_count": selection.alive.sum(),
            "pass_count": selection.passed.sum(),
            "selected_count": 20,
            "sd_threshold": selection.threshold,
            "criterion": "classic",
            "quality_k": 15,
            "preservation": layout.preserved,
            "preservation_null": layout.preserved_null,
            "map_stability": layout.overlap,
            "neighbors_stable": None,
            "neighbor_null": layout.neighbor_null,
            "similarity_null": role_space(selection, "default", seed=SETTINGS.random_seed).nulls.similarity,
            "axes_unit": "raw",
            "pca_x_explained": layout.explained[0],
            "pca_y_explained": layout.explained[1],
            "note": NOTE,
        }
    ]


def test_centred_there_is_no_cv_and_the_summary_says_so() -> None:
    atlas = build_atlas(
        select(made(MEANS, centred=centre(MEANS)), AtlasSettings()), AtlasSettings(top_k=8), "default"
    )
    assert atlas.atlas["cv"].null_count == 8
    assert atlas.summary["note"].to_pylist() == [f"{NOTE} {tables.NO_CV_NOTE}"]


HOSTILE = {
    "all dead": made(np.zeros((4, 12))),
    "all dead, centred": made(np.zeros((4, 12)), centred=np.zeros((4, 12))),
    "one role": made(random_means(1, 1, 30)),
    "one centred role": made(random_means(1, 1, 30), centred=np.zeros((1, 30))),
    "two roles": made(random_means(2, 2, 30)),
    "two centred roles": made(random_means(2, 2, 30), centred=centre(random_means(2, 2, 30))),
    "constant columns": made(np.ones((5, 12))),
    "one feature": made(random_means(3, 5, 1) + 1),
    "a half missing": made(
        random_means(4, 5, 30), np.where(np.arange(10).reshape(2, 5, 1) == 3, np.nan, random_means(4, 5, 30))
    ),
    "all halves missing": made(random_means(5, 5, 30), np.full((2, 5, 30), np.nan)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_statistics_give_tables_with_their_schemas_and_null_for_what_is_not(case: str) -> None:
    atlas = build_atlas(select(HOSTILE[case], AtlasSettings()), AtlasSettings(), "default")
    expected = {
        "atlas": ATLAS.schema,
        "neighbors": NEIGHBORS.schema,
        "role_similarity": ROLE_SIMILARITY.schema,
        "role_axes": ROLE_AXES.schema,
        "summary": ATLAS_SUMMARY.schema,
    }
    for name, schema in expected.items():
        table = getattr(atlas, name)
        assert table.schema == schema and not nan_anywhere(table), name
    n_roles = len(HOSTILE[case].roles)
    assert atlas.role_similarity.num_rows == n_roles**2 and atlas.role_axes.num_rows >= n_roles


def test_the_same_statistics_give_the_same_tables(atlas: AtlasTables) -> None:
    again = build_atlas(select(made(MEANS), SETTINGS), SETTINGS, "default")
    assert all(getattr(again, name).equals(table) for name, table in vars(atlas).items())


def test_questions_of_the_tables_are_short_in_sql(atlas: AtlasTables) -> None:
    role_axes, neighbors, selected = atlas.role_axes, atlas.neighbors, atlas.atlas  # noqa: F841
    nearest = duckdb.sql(
        "select role from role_axes where axis = 'assistant' order by position desc"
    ).fetchall()
    assert nearest[0] == ("default",)
    first = duckdb.sql(
        "select neighbor_id from neighbors join selected using (feature_id) where selected.rank = 1"
    ).fetchall()
    assert len(first) == 4
