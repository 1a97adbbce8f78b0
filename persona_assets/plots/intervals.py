"""Dots with their intervals, a row each, the highest on top: how much roles, or features, stand out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from persona_assets.base.arrays import Ints
from persona_assets.plots.canvas import BLUE, GREY, entitle, new_figure

LEVEL = 0.05  # of q: how many of the filled dots may be false

_ENDS = 15  # rows shown from either end
_ROW_HEIGHT = 0.19  # inches
_MEANS = {
    "effect": "effect: the role's mean less the mean of all roles on the same questions, with 95% interval\n"
    "(SAE activation, mean over a response's tokens)",
    "auroc": "AUROC: how often a response of the role has more of the feature than one of the other roles\n"
    "(roles are asked different questions here: there is no effect)",
}
_CHANCE = {"effect": 0.0, "auroc": 0.5}

Row = dict[str, Any]


def interval_figure(contrasts: pa.Table, title: str, kind: str, name: Callable[[Row], str]) -> Figure:
    """Return rows of `ROLE_CONTRASTS` as effects with intervals, or, where none has an effect, as AUROC.

    Of many rows, those at both ends. `name` gives what stands beside a row; `kind` says in the plural what a
    row is.
    """
    measure = "effect" if contrasts["effect"].null_count < contrasts.num_rows else "auroc"
    known = contrasts.filter(pc.is_valid(contrasts[measure]))
    order = [(measure, "ascending"), ("role", "descending"), ("feature_id", "descending")]
    rows, n_between = _ends(known.sort_by(order).to_pylist())
    places = np.arange(len(rows)) + ((np.arange(len(rows)) >= _ENDS) if n_between else 0)
    figure = new_figure(8.6, 1.5 + _ROW_HEIGHT * (places.max(initial=0) + 1) + 0.15 * (len(title) // 95))
    entitle(figure, title)
    axes = figure.subplots()
    _draw(axes, rows, places, measure)
    axes.set_yticks(places, [name(row) for row in rows])
    axes.set_ylim(-0.7, places.max(initial=0) + 0.7)
    if n_between:
        across = axes.get_yaxis_transform()
        words = f"{n_between:,} {kind} in between"
        clear = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.text(0.01, _ENDS, words, color=GREY, va="center", transform=across, bbox=clear)
    return figure


def _ends(rows: list[Row]) -> tuple[list[Row], int]:
    """Return the rows to show and how many are left out between them."""
    n_between = len(rows) - 2 * _ENDS
    return (rows[:_ENDS] + rows[-_ENDS:], n_between) if n_between > 0 else (rows, 0)


def _draw(axes: Axes, rows: list[Row], places: Ints, measure: str) -> None:
    axes.axvline(_CHANCE[measure], color=GREY, linewidth=0.6, linestyle=":")
    for row, place in zip(rows, places, strict=True):
        inside = BLUE if row["q"] is not None and row["q"] < LEVEL else "white"
        if measure == "effect" and row["effect_low"] is not None:
            axes.plot([row["effect_low"], row["effect_high"]], [place, place], color=BLUE, linewidth=1.2)
        axes.plot(row[measure], place, "o", color=BLUE, markerfacecolor=inside, markersize=4.5)
    if measure == "effect":
        across = axes.get_yaxis_transform()
        for row, place in zip(rows, places, strict=True):
            axes.text(1.01, place, f"{row['auroc']:.3f}", va="center", fontsize=7, transform=across)
        top = places.max(initial=0) + 0.7
        axes.text(1.01, top, "AUROC", va="bottom", fontsize=7, transform=across)
    axes.set_xlabel(_MEANS[measure])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", linewidth=0.3)
    axes.set_axisbelow(True)
    _explain(axes)


def _explain(axes: Axes) -> None:
    handles = [
        Line2D([], [], marker="o", linestyle="none", color=BLUE, markerfacecolor=inside, markersize=4.5)
        for inside in (BLUE, "white")
    ]
    labels = [f"q < {LEVEL:g}", f"q ≥ {LEVEL:g}"]
    axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
