from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from persona_assets.plots.feature import feature_figure
from persona_assets.plots.role import role_figure
from tests.plots.made import ABOUT, contrasts, cut_off, labels, overlapping, role_names, texts


def of_feature(n_roles: int, *, aligned: bool = True) -> pa.Table:
    return contrasts(role_names(n_roles), [7] * n_roles, aligned=aligned)


def dots(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if line.get_marker() == "o"]


def x_of(line: Line2D) -> list[float]:
    return np.asarray(line.get_xdata(), float).tolist()


@pytest.mark.parametrize("n_roles", [1, 3, 30, 276])
@pytest.mark.parametrize("label", [None, "word " * 500])
def test_no_text_lies_on_another_or_beyond_the_edge(n_roles: int, label: str | None) -> None:
    figure = feature_figure(of_feature(n_roles), 7, label, ABOUT)
    assert overlapping(figure) == []
    assert cut_off(figure) == []


def test_a_role_is_a_dot_at_its_effect_within_its_interval_the_highest_on_top() -> None:
    [axes] = feature_figure(of_feature(5), 7, None, "study").axes
    bars = [line for line in axes.lines if line.get_marker() == "None" and line.get_linestyle() == "-"]
    assert [x_of(dot)[0] for dot in dots(axes)] == pytest.approx([-1, -0.5, 0, 0.5, 1])
    assert [x_of(bar)[0] for bar in bars] == pytest.approx([-1.1, -0.6, -0.1, 0.4, 0.9])
    assert [x_of(bar)[1] for bar in bars] == pytest.approx([-0.9, -0.4, 0.1, 0.6, 1.1])
    assert [label.get_text() for label in axes.get_yticklabels()] == role_names(5)
    assert axes.get_ylim()[0] < axes.get_ylim()[1]


def test_of_many_roles_those_at_both_ends_are_shown_and_the_others_counted() -> None:
    figure = feature_figure(of_feature(276), 7, None, "study")
    names, shown = role_names(276), [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown == names[:15] + names[-15:]
    assert "246 roles in between" in texts(figure)


def test_a_dot_is_filled_where_the_difference_is_a_discovery() -> None:
    [axes] = feature_figure(of_feature(5), 7, None, "study").axes
    filled = [to_hex(dot.get_markerfacecolor()) != "#ffffff" for dot in dots(axes)]
    assert filled == [True, True, False, False, False]  # q is 0, 0.025, 0.05, …


def test_where_roles_share_no_questions_auroc_takes_the_place_of_the_effect() -> None:
    figure = feature_figure(of_feature(5, aligned=False), 7, None, "study")
    assert [x_of(dot)[0] for dot in dots(figure.axes[0])] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert any("AUROC: how often" in text for text in texts(figure))


def test_an_effect_of_a_single_question_has_no_interval() -> None:
    table = of_feature(3)
    for column in ("effect_low", "effect_high"):
        table = table.set_column(table.column_names.index(column), column, pa.nulls(3, pa.float64()))
    [axes] = feature_figure(table, 7, None, "study").axes
    assert len(dots(axes)) == 3
    assert not [line for line in axes.lines if line.get_marker() == "None" and line.get_linestyle() == "-"]


def test_a_roles_features_stand_beside_their_preferred_labels() -> None:
    table = contrasts(["pirate"] * 100, list(range(100)))
    described = {99: "the open sea", 98: "moons", 97: "law", 50: "ships"}
    figure = role_figure(table, labels(described, {99: 0.001, 98: 0.4}), "pirate", "study")
    assert overlapping(figure) == []
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [one.split("  ")[0] for one in shown[-3:]] == ["law", "moons?", "the open sea"]
    assert shown[-1].split("  ") == ["the open sea", "99"]
    assert shown[:2] == ["0", "1"]
    assert "70 features in between" in texts(figure)


def test_sure_features_that_are_too_rare_for_an_interval_are_named_in_the_title() -> None:
    table = contrasts(["pirate"] * 100, list(range(100)))
    rows = table.to_pylist()
    for row in rows:
        row["q"] = 0.5
    rows[40] |= {"q": 0.01, "auroc_low": None, "auroc_high": None}
    rows[41] |= {"q": 0.06, "auroc_low": None, "auroc_high": None}
    title = "pirate: highest and lowest of 100 features · study"
    rare = role_figure(pa.Table.from_pylist(rows, schema=table.schema), labels({}), "pirate", "study")
    assert rare.get_suptitle().replace("\n", " ") == f"{title} · too rare for an interval, with q < 0.05: 40"
    rows[40]["q"] = 0.2
    none = role_figure(pa.Table.from_pylist(rows, schema=table.schema), labels({}), "pirate", "study")
    assert none.get_suptitle() == title


def test_features_of_a_role_stand_in_the_same_order_however_loud_one_of_them_is() -> None:
    table = contrasts(["pirate"] * 9, list(range(9)))
    effect = table["effect"].to_numpy().copy()
    effect[5] *= 100
    louder = table.set_column(table.column_names.index("effect"), "effect", pa.array(effect))
    named = [
        [
            label.get_text()
            for label in role_figure(of, labels({}), "pirate", "study").axes[0].get_yticklabels()
        ]
        for of in (table, louder)
    ]
    assert named == [[str(feature) for feature in range(9)]] * 2


def test_a_feature_that_is_surely_more_stands_above_one_that_is_perhaps_more() -> None:
    table = contrasts(["pirate"] * 3, [0, 1, 2])
    sure = {"auroc": [0.5, 0.7, 0.9], "auroc_low": [0.4, 0.65, 0.45], "auroc_high": [0.6, 0.75, 1.0]}
    for name, values in sure.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    [axes] = role_figure(table, labels({}), "pirate", "study").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "2", "1"]
