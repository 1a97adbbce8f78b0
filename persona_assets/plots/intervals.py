"""Dots with their intervals, a row each, the highest on top: how much roles, or features, stand out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

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
_MEANS: dict[Measure, str] = {
    "effect": "effect: the role's mean less that of the other roles' middle half on the same questions,\n"
    "with 95% interval (SAE activation, mean over a response's tokens)",
    "auroc": "AUROC: how often a response of the role has more of the feature than one of the other roles,\n"
    "with 95% interval",
}
_CHANCE: dict[Measure, float] = {"effect": 0.0, "auroc": 0.5}

Row = dict[str, Any]
Measure = Literal["effect", "auroc"]


def interval_figure(
    contrasts: pa.Table, measure: Measure, title: str, kind: str, name: Callable[[Row], str]
) -> Figure:
    """Return rows of `ROLE_CONTRASTS` as dots with intervals, by the end of the interval that is nearer to no
    difference.

    Of many rows, those at both ends. `name` gives what stands beside a row; `kind` says in the plural what a
    row is.
    """
    known = contrasts.filter(pc.is_valid(contrasts[measure])).to_pylist()
    known.sort(key=lambda row: (row["role"], row["feature_id"]), reverse=True)
    rows, n_between = _ends(sorted(known, key=lambda row: (_surely(row, measure), row[measure])))
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


def _surely(row: Row, measure: Measure) -> float:
    """Return how far the row surely is from no difference; 0 where it may have none or nobody can tell."""
    low, high = (row[f"{measure}_{end}"] for end in ("low", "high"))
    if low is None:
        return 0.0
    return max(low - _CHANCE[measure], 0.0) or min(high - _CHANCE[measure], 0.0)


def _ends(rows: list[Row]) -> tuple[list[Row], int]:
    """Return the rows to show and how many are left out between them."""
    n_between = len(rows) - 2 * _ENDS
    return (rows[:_ENDS] + rows[-_ENDS:], n_between) if n_between > 0 else (rows, 0)


def _draw(axes: Axes, rows: list[Row], places: Ints, measure: Measure) -> None:
    axes.axvline(_CHANCE[measure], color=GREY, linewidth=0.6, linestyle=":")
    for row, place in zip(rows, places, strict=True):
        inside = BLUE if row["q"] is not None and row["q"] < LEVEL else "white"
        if row[f"{measure}_low"] is not None:
            ends = [row[f"{measure}_low"], row[f"{measure}_high"]]
            axes.plot(ends, [place, place], color=BLUE, linewidth=1.2)
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
