"""The assistant axis as a line with every role on it, and beneath it what marks its ends, in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from persona_assets.base.lit import sentence
from persona_assets.base.text import cleaned
from persona_assets.plots.axes import outermost, spread
from persona_assets.plots.canvas import BLUE, FAINT, GREY, INK, VERMILLION, drawing, new_figure
from persona_assets.plots.words import literally

N_MARKS = 5  # features of each end

_WIDTH, _LINE_HEIGHT, _ROW = 11.0, 2.9, 0.62  # inches
_LANES = 9  # intervals beside each other, so that they can be told apart
_NAMES = 10.5  # where names begin, in lanes
_MOST_NAMED, _NAME_GAP = 62, 0.0155  # of the line's width
_LONGEST_NAME, _LONGEST_LABEL = 20, 62
_SIZE = 7.5  # points of a sentence
_CHARACTER = 0.602 * _SIZE / 72  # inches: DejaVu Sans Mono is as wide everywhere
_LONGEST = 80  # characters of a sentence
_LIT = "#E8820C"
_NONE = "no feature: none is sure, and no AUROC's 95% interval lies on this side of ½"
_HOW = "q < 0.05 first, then by AUROC's 95% interval, which is not adjusted for how many features there are"

Row = dict[str, Any]


@drawing
def line_figure(role_axes: pa.Table, toward: list[Row], away: list[Row], anchor: str, about: str) -> Figure:
    """`ROLE_AXES` of the assistant axis, each role with its interval, and the features that mark its ends.

    `toward` are those of which the `anchor` has more than the other roles, `away` those of which it has less:
    rows of `ROLE_CONTRASTS` with `label`, and with `pieces`, `activations` and `from_role` of the strongest
    evidence, or None. `about` names the data.
    """
    below = 0.75 + _ROW * max(len(toward), len(away), 1)
    height = _LINE_HEIGHT + below + 0.45
    figure = new_figure(_WIDTH, height)
    figure.set_layout_engine("none")
    rows = role_axes.filter(
        pc.and_(pc.equal(role_axes["axis"], "assistant"), pc.is_valid(role_axes["position"]))
    )
    title = f"{rows.num_rows} roles on the assistant axis · {literally(about)}"
    figure.text(0.02, 1 - 0.14 / height, title, fontsize=10, va="top")
    line = figure.add_axes((0.03, (below + 0.35) / height, 0.94, (_LINE_HEIGHT - 0.3) / height))
    _draw_line(line, rows.sort_by("position").to_pylist(), anchor)
    words = figure.add_axes((0, 0, 1, below / height))
    words.set(xlim=(0, _WIDTH), ylim=(0, below))
    words.axis("off")
    name = literally(anchor, _LONGEST_NAME)
    _draw_marks(words, 0.25, below - 0.15, f"What the other roles have more of than {name}", away)
    _draw_marks(
        words, _WIDTH / 2 + 0.1, below - 0.15, f"What {name} has more of than the other roles", toward
    )
    words.text(0.25, 0.1, _HOW, fontsize=7, color=GREY)
    return figure


def _draw_line(axes: Axes, places: list[Row], anchor: str) -> None:
    axes.set_ylim(-0.8, 19)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("position, from the mean of all roles; a line is the 95% interval")
    at = np.array([one["position"] for one in places])
    ends = [one[end] for one in places for end in ("position", "position_low", "position_high")]
    known = np.array([end for end in ends if end is not None])
    low, high = float(known.min(initial=0)), float(known.max(initial=0))
    margin = 0.02 * (high - low) or 1.0
    axes.set_xlim(low - margin, high + margin)
    is_named = outermost(len(places), _MOST_NAMED)
    named = [place for place, one in enumerate(places) if is_named[place] or one["role"] == anchor]
    wanted = (at[named] - low + margin) / (high - low + 2 * margin)
    names = dict(zip(named, spread(wanted * 1.04, _NAME_GAP) / 1.04, strict=True))  # slanted ones need room
    for place, one in enumerate(places):
        _draw_role(axes, one, place % _LANES, names.get(place), anchor)


def _draw_role(axes: Axes, one: Row, lane: int, name_at: float | None, anchor: str) -> None:
    color = BLUE if one["role"] == anchor else VERMILLION
    if one["position_low"] is not None:
        axes.hlines(lane, one["position_low"], one["position_high"], color=color, linewidth=1, alpha=0.45)
    if name_at is not None:
        low, high = axes.get_xlim()
        x = low + name_at * (high - low)
        axes.plot([x, one["position"]], [_NAMES - 0.3, lane], color=GREY, linewidth=0.4, zorder=1)
        axes.text(
            x, _NAMES, literally(one["role"], _LONGEST_NAME), rotation=58, rotation_mode="anchor", fontsize=8,
            color=INK, fontweight="bold" if one["role"] == anchor else "normal",
        )  # fmt: skip
    axes.plot(one["position"], lane, "o", color=color, markersize=4.5, markeredgecolor="white", zorder=3)


def _draw_marks(axes: Axes, x: float, top: float, title: str, marks: list[Row]) -> None:
    axes.text(x, top, title, fontsize=9.5, fontweight="bold", va="top")
    if not marks:
        axes.text(x, top - 0.35, _NONE, fontsize=8, color=GREY, va="top")
    for place, mark in enumerate(marks):
        y = top - 0.32 - place * _ROW
        axes.plot([x, _WIDTH / 2 - 0.15 + x - 0.25], [y + 0.04, y + 0.04], color=FAINT, linewidth=0.6)
        label = literally(mark["label"] or "no label", _LONGEST_LABEL)
        axes.text(x, y, f"{mark['feature_id']}  {label}", fontsize=8, va="top")
        _draw_sentence(axes, x, y - 0.26, mark)
        axes.text(x, y - 0.37, _numbers(mark), fontsize=7, color=GREY, va="top")


def _numbers(mark: Row) -> str:
    told = [
        _with_interval("effect", *(mark[f"effect{end}"] for end in ("", "_low", "_high"))),
        _with_interval("AUROC", *(mark[f"auroc{end}"] for end in ("", "_low", "_high"))),
        *([f"q {mark['q']:.2g}"] if mark["q"] is not None else []),
        *([f"the sentence: {literally(mark['from_role'], _LONGEST_NAME)}"] if mark["from_role"] else []),
    ]
    return " · ".join(told).replace("-", "−")


def _with_interval(name: str, value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return f"{name} –"
    return f"{name} {value:.3g}" + ("" if low is None else f" [{low:.3g}, {high:.3g}]")


def _draw_sentence(axes: Axes, x: float, y: float, mark: Row) -> None:
    """Draw the sentence with its tokens lit, cut around the peak where it is long."""
    if not mark["pieces"]:
        axes.text(x, y, "its tokens are not kept", fontsize=_SIZE, color=GREY)
        return
    pieces, strengths = _shown(mark["pieces"], mark["activations"])
    most, place = max(strengths) or 1.0, x
    for piece, strength in zip(pieces, strengths, strict=True):
        wide = len(piece) * _CHARACTER
        if strength > 0:
            lit = Rectangle(
                (place, y - 0.035), wide, 0.135, color=_LIT, alpha=0.6 * strength / most, linewidth=0
            )
            axes.add_patch(lit)
        axes.text(place, y, piece.replace("$", r"\$"), fontsize=_SIZE, family="DejaVu Sans Mono")
        place += wide


def _shown(pieces: list[str], strengths: list[float]) -> tuple[list[str], list[float]]:
    """Return the sentence's tokens, each in one line, as many around the peak as there is room for."""
    first, last = sentence(pieces, strengths)
    texts = [cleaned(f"|{piece}|", 200)[1:-1] for piece in pieces]
    peak = max(range(len(strengths)), key=lambda place: strengths[place])
    while sum(len(text) for text in texts[first:last]) > _LONGEST and last - first > 1:
        first, last = (first + 1, last) if peak - first > last - 1 - peak else (first, last - 1)
    return texts[first:last], strengths[first:last]
