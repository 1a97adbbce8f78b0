from __future__ import annotations

from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from matplotlib.figure import Figure

from persona_assets.plots.similarity import similarity_figure
from tests.plots.made import ABOUT, cut_off, overlapping, role_names, role_similarity, texts


def rows_in_order(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[1].get_yticklabels()]


def cells(figure: Figure) -> np.ma.MaskedArray:
    [image] = figure.axes[1].images
    shown = image.get_array()
    assert isinstance(shown, np.ma.MaskedArray)
    return shown


@pytest.mark.parametrize("n_roles", [2, 3, 30, 100, 276])
def test_every_role_is_named_and_no_name_lies_on_another_or_beyond_the_edge(n_roles: int) -> None:
    figure = similarity_figure(role_similarity(n_roles), ABOUT)
    assert overlapping(figure) == []
    assert cut_off(figure) == []
    assert set(role_names(n_roles)) <= set(texts(figure))


def test_roles_that_are_alike_stand_beside_each_other() -> None:
    groups = [int(name[4:7]) % 3 for name in rows_in_order(similarity_figure(role_similarity(30), "study"))]
    assert np.count_nonzero(np.diff(groups)) == 2


def test_a_cell_is_the_similarity_of_its_row_and_column() -> None:
    table = role_similarity(5)
    figure = similarity_figure(table.take(np.random.default_rng(0).permutation(25)), "study")
    order = rows_in_order(figure)
    for row, name in enumerate(order):
        of_row = table.filter(pc.equal(table["role_a"], name))
        values = dict(zip(of_row["role_b"].to_pylist(), of_row["similarity"].to_pylist(), strict=True))
        assert cells(figure)[row].tolist() == [values[column] for column in order]


def test_a_role_without_a_similarity_is_left_empty_outside_all_groups_and_the_title_says_why() -> None:
    table, silent = role_similarity(30), role_names(30)[1]
    of_silent = pc.or_(pc.equal(table["role_a"], silent), pc.equal(table["role_b"], silent))
    values = pc.if_else(of_silent, pa.scalar(None, pa.float64()), table["similarity"])
    figure = similarity_figure(table.set_column(2, "similarity", values), "study")
    assert cells(figure).mask.sum() == 59
    order = [None if name == silent else int(name[4:7]) % 3 for name in rows_in_order(figure)]
    assert len(list(groupby(order))) == 4
    assert any("grey: zero in every feature" in text for text in texts(figure))


@pytest.mark.parametrize(("shift", "signed"), [(0.0, True), (20.0, False)])
def test_zero_is_white_where_roles_can_be_opposite_and_the_diagonal_does_not_pale_the_rest(
    shift: float, signed: bool
) -> None:
    figure = similarity_figure(role_similarity(9, shift=shift), "study")
    [image] = figure.axes[1].images
    low, high = image.get_clim()
    assert (low == -high) == signed
    assert high == pytest.approx(np.abs(cells(figure)[~np.eye(9, dtype=bool)]).max())
