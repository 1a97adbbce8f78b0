from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from persona_assets.plots.axes import axes_figure, spread
from persona_assets.plots.canvas import VERMILLION
from tests.plots.made import ABOUT, cut_off, overlapping, role_axes, role_names, summary, texts


@pytest.mark.parametrize("n_roles", [3, 30, 276])
def test_no_name_lies_on_another_or_beyond_the_edge(n_roles: int) -> None:
    figure = axes_figure(role_axes(n_roles), summary(), role_names(n_roles)[1], ABOUT)
    assert overlapping(figure) == []
    assert cut_off(figure) == []


def test_every_role_is_a_dot_at_its_position_in_each_strip() -> None:
    table = role_axes(60)
    figure = axes_figure(table, summary(), "role001s_advocate", "study")
    for number, axis in enumerate(("assistant", "pc1", "pc2", "pc3")):
        drawn = [line for line in figure.axes[number].lines if line.get_marker() in ("o", "D")]
        heights = np.sort(np.concatenate([np.asarray(line.get_ydata(), float) for line in drawn]))
        wanted = [row["position"] for row in table.to_pylist() if row["axis"] == axis]
        assert heights == pytest.approx(np.sort(wanted))


def test_every_interval_is_a_line_from_end_to_end() -> None:
    table = role_axes(7)
    figure = axes_figure(table, summary(), "role000", "study")
    for number, axis in enumerate(("assistant", "pc1")):
        [lines] = figure.axes[number].collections
        drawn = sorted(tuple(segment[:, 1]) for segment in lines.get_segments())
        rows = [row for row in table.to_pylist() if row["axis"] == axis]
        assert drawn == sorted((row["position_low"], row["position_high"]) for row in rows)


def test_places_by_played_answers_stand_beside_those_by_all_where_there_are_any() -> None:
    table = role_axes(7, played=True)
    figure = axes_figure(table, summary(), "role000", "study")
    assert len(figure.axes) == 5 and len(axes_figure(role_axes(7), summary(), "role000", "study").axes) == 4
    assert "its cosine with that of all answers 0.87" in " ".join(texts(figure))
    [lines] = figure.axes[1].collections
    drawn = sorted(tuple(segment[:, 1]) for segment in lines.get_segments())
    rows = [row for row in table.to_pylist() if row["played_position"] is not None]
    assert len(rows) == 6
    assert drawn == sorted((row["played_position_low"], row["played_position_high"]) for row in rows)


def test_the_anchor_is_marked_and_named_wherever_it_lies() -> None:
    table = role_axes(276)
    in_the_middle = sorted(
        (row for row in table.to_pylist() if row["axis"] == "pc1"), key=lambda row: row["position"]
    )[138]
    figure = axes_figure(table, summary(), in_the_middle["role"], "study")
    [mark] = [line for line in figure.axes[1].lines if line.get_marker() == "D"]
    assert np.asarray(mark.get_ydata()) == pytest.approx([in_the_middle["position"]])
    [name] = [text for text in figure.axes[1].texts if text.get_text() == in_the_middle["role"]]
    assert to_hex(name.get_color()) == VERMILLION.lower()


def test_components_say_how_much_they_explain_and_positions_their_unit() -> None:
    said = " ".join(texts(axes_figure(role_axes(5), summary(), "role000", "study")))
    assert "PC1 (50.0% of variance, by chance 10.0%)" in said
    assert "another role as its own anchor: 1.5" in said
    assert "cosine with the assistant axis −0.25" in said
    assert "standard errors of a role's mean" in said
    logarithmic = axes_figure(role_axes(5), summary("log1p_role_mean"), "role000", "study")
    assert "log(1 + SAE activation)" in " ".join(texts(logarithmic))


def test_where_there_is_no_assistant_axis_its_strip_says_why() -> None:
    figure = axes_figure(role_axes(5, reason="the anchor 'x' is not among them"), summary(), "x", "study")
    assert any("the anchor 'x' is not" in text for text in texts(figure))
    assert len(figure.axes) == 4


def test_names_move_apart_no_further_than_they_must() -> None:
    assert spread(np.array([0.1, 0.5, 0.9]), 0.1) == pytest.approx([0.1, 0.5, 0.9])
    assert spread(np.array([0.5, 0.5, 0.5]), 0.1) == pytest.approx([0.4, 0.5, 0.6])
    assert spread(np.array([0.0, 0.0, 1.0]), 0.1) == pytest.approx([0.0, 0.1, 1.0])
    crowded = spread(np.sort(np.random.default_rng(0).random(40)) ** 4, 0.02)
    assert np.diff(crowded).min() >= 0.02 - 1e-12
    assert 0 <= crowded.min() <= crowded.max() <= 1
    assert spread(np.zeros(11), 0.5) == pytest.approx(np.linspace(0, 1, 11))
