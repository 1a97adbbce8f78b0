"""What more and more of an edit does: effects by strength, each with its interval, before its controls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from persona_assets.plots.canvas import CATEGORIES, FAINT, GREY, drawing, entitle, new_figure
from persona_assets.plots.intervals import LEVEL
from persona_assets.plots.words import literally

MOST = len(CATEGORIES)  # targets, so that colours tell them apart

_WIDTH, _HEIGHT = 3.3, 3.1  # inches of a panel
_APART = 0.012  # of the panel's width between targets, so that their intervals can be told apart
_LONGEST_NAME = 28
_METRICS = {
    "readout": "towards the role (1: all the way)",
    "kl": "predictions move, nats a token",
    "loss": "loss of given answers, nats a token",
    "answer_readout": "answers anew: towards the role (1: all the way)",
    "answer_score": "answers anew: the judge's score",
    "answer_loss": "answers anew: loss, nats a token",
    "answer_repetition": "answers anew: repetition",
}

Row = dict[str, Any]


@drawing
def doses_figure(effects: pa.Table, about: str) -> Figure:
    """`INTERVENTION_EFFECTS` of one intervention, with a panel for each metric, and a row for each role.

    A target goes from strength to strength, with its 95 % interval; a filled dot does more than its controls
    at q of at most 0.05, and the band is where 95 % of these lie. Random features are the controls where
    there are any. Of many targets the surest are drawn. `about` names the data.
    """
    rows = effects.to_pylist()
    against = "feature" if any(row["against"] == "feature" for row in rows) else "direction"
    rows = [row for row in rows if row["against"] == against]
    roles = sorted({row["role"] for row in rows})
    metrics = [metric for metric in _METRICS if any(row["metric"] == metric for row in rows)]
    targets, n_targets = _surest(rows)
    figure = new_figure(_WIDTH * len(metrics) + 0.6, _HEIGHT * len(roles) + 1.0)
    entitle(figure, _title(rows[0], targets, n_targets, about))
    panels = figure.subplots(len(roles), len(metrics), squeeze=False)
    for role, of_role in zip(roles, panels, strict=True):
        for metric, axes in zip(metrics, of_role, strict=True):
            _draw(axes, [one for one in rows if (one["role"], one["metric"]) == (role, metric)], targets)
            axes.set_title(_METRICS[metric], fontsize=8)
        of_role[0].set_ylabel(f"effect on answers of {literally(role, _LONGEST_NAME)}")
    figure.legend(handles=_legend(targets, against), loc="outside lower left", ncols=4)
    return figure


def _surest(rows: list[Row]) -> tuple[list[str], int]:
    """Return the targets to draw, in the order of the table, and how many there are."""
    least = dict[str, float]()
    for row in rows:
        least[row["target"]] = min(least.get(row["target"], np.inf), row["q"])
    chosen = set(sorted(least, key=lambda target: least[target])[:MOST])
    return [target for target in least if target in chosen], len(least)


def _title(row: Row, targets: list[str], n_targets: int, about: str) -> str:
    many = f", the surest {len(targets)} of {n_targets} targets" if n_targets > len(targets) else ""
    return f"{literally(row['intervention'], _LONGEST_NAME)} ({row['operation']}){many} · {literally(about)}"


def _draw(axes: Axes, rows: list[Row], targets: list[str]) -> None:
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set_xlabel("strength")
    if not rows:
        return
    bands = {row["strength"]: (row["control_low"], row["control_high"]) for row in rows}
    strengths = sorted(bands)
    low, high = zip(*(bands[one] for one in strengths), strict=True)
    axes.fill_between(strengths, low, high, color=FAINT, linewidth=0)
    axes.set_xticks(strengths, [f"{one:g}" for one in strengths])
    apart = _APART * (strengths[-1] - strengths[0])
    for number, target in enumerate(targets):
        color, shift = CATEGORIES[number], apart * (number - (len(targets) - 1) / 2)
        of_target = sorted((row for row in rows if row["target"] == target), key=lambda row: row["strength"])
        at = [row["strength"] + shift for row in of_target]
        axes.plot(at, [row["effect"] for row in of_target], color=color, linewidth=1)
        for x, row in zip(at, of_target, strict=True):
            _draw_dot(axes, x, row, color)


def _draw_dot(axes: Axes, x: float, row: Row, color: str) -> None:
    if row["low"] is not None and not np.isnan(row["low"]):
        axes.vlines(x, row["low"], row["high"], color=color, linewidth=1)
    inside = color if row["q"] <= LEVEL else "white"
    axes.plot(x, row["effect"], "o", color=color, markerfacecolor=inside, markersize=4.5, zorder=3)


def _legend(targets: list[str], against: str) -> list[Line2D]:
    named = [
        Line2D([], [], color=CATEGORIES[number], label=literally(target, _LONGEST_NAME))
        for number, target in enumerate(targets)
    ]
    marks: Any = {"color": GREY, "linestyle": "none", "marker": "o", "markersize": 4.5}
    return [
        *named,
        Line2D([], [], color=FAINT, linewidth=6, label=f"95% of random {against}s"),
        Line2D([], [], label=f"q ≤ {LEVEL:g}", **marks),
        Line2D([], [], label="not surely more", markerfacecolor="white", **marks),
    ]
