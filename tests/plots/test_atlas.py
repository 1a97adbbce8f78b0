from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.colors import to_hex

from persona_assets.analysis.role_test import RoleTest
from persona_assets.analysis.selection import select
from persona_assets.atlas.build import build_atlas
from persona_assets.plots.atlas import atlas_figure
from persona_assets.plots.axes import axes_figure
from persona_assets.plots.canvas import CATEGORIES, FAINT
from persona_assets.plots.similarity import similarity_figure
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import made, random_means, role_names
from tests.plots.made import ABOUT, NOTE, atlas, cut_off, overlapping, summary, texts


@pytest.mark.parametrize(("n_features", "n_roles"), [(4, 2), (1000, 30), (2000, 276)])
def test_no_text_lies_on_another_or_beyond_the_edge(n_features: int, n_roles: int) -> None:
    figure = atlas_figure(atlas(n_features, n_roles), summary(), ABOUT)
    assert overlapping(figure) == []
    assert cut_off(figure) == []


def test_the_note_and_how_far_the_map_can_be_trusted_stand_below_it() -> None:
    said = " ".join(texts(atlas_figure(atlas(50, 5), summary(preservation=0.527), "study"))).replace(
        "\n", " "
    )
    assert NOTE in said
    assert "Of a feature's 15 nearest by cosine, 53% are among its 15 nearest here (by chance 20%)." in said
    assert "Another random state keeps 60% of these." in said


def test_roles_that_most_features_prefer_have_colours_and_the_rest_are_grey() -> None:
    table = atlas(500, 30)
    figure = atlas_figure(table, summary(), "study")
    *coloured, rest = figure.axes[0].collections
    colours = [to_hex(dots.get_facecolor()[0]) for dots in coloured]
    assert colours == [colour.lower() for colour in CATEGORIES]
    assert to_hex(rest.get_facecolor()[0]) == FAINT
    counts = sorted(table["preferred_role"].value_counts().field("counts").to_pylist(), reverse=True)
    assert [len(dots.get_offsets()) for dots in coloured] == counts[:8]
    assert len(rest.get_offsets()) == sum(counts[8:])
    assert f"22 other roles ({sum(counts[8:])})" in " ".join(texts(figure))


def test_a_role_whose_name_begins_with_an_underscore_is_in_the_legend() -> None:
    table = atlas(9, 1).set_column(2, "preferred_role", pa.array(["_ghost"] * 9))
    assert any("_ghost (9)" in text for text in texts(atlas_figure(table, summary(), "study")))


def test_where_features_have_no_place_there_is_no_map_but_the_note() -> None:
    nowhere = pa.nulls(3, pa.float64())
    table = atlas(3, 2).set_column(0, "umap_x", nowhere).set_column(1, "umap_y", nowhere)
    said = " ".join(texts(atlas_figure(table, summary(preservation=None), "study")))
    assert "no map: too few features" in said
    assert NOTE in said
    assert "3 features have no place on the map" in said.replace("\n", " ")


def test_where_no_feature_passed_the_pictures_say_so_and_how_to_map_nevertheless() -> None:
    test = RoleTest(np.ones(20), np.full(20, 0.5), np.zeros(20))
    statistics = made(random_means(0, 4, 20), test=test)
    tables = build_atlas(select(statistics, AtlasSettings()), AtlasSettings(), role_names(4)[0])
    said = " ".join(texts(atlas_figure(tables.atlas, tables.summary, "study"))).replace("\n", " ")
    assert "no map: no feature was selected" in said and "`atlas.selection: classic` maps" in said
    assert tables.role_similarity["similarity"].null_count == 16
    similarity_figure(tables.role_similarity, "study")
    axes = axes_figure(tables.role_axes, tables.summary, role_names(4)[0], "study")
    assert "no feature was selected" in " ".join(texts(axes))
