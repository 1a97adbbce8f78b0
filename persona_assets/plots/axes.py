"""Where roles lie on the assistant axis and on their first principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from persona_assets.base.arrays import Flags, Floats, Ints
from persona_assets.plots.canvas import BLUE, GREY, INK, VERMILLION, drawing, entitle, new_figure
from persona_assets.plots.words import literally, wrapped

_COMPONENTS = ("pc1", "pc2", "pc3")
_MOST_NAMED = 46  # roles of a strip that are named: half of them from either end
_NAME_HEIGHT = 0.0205  # of the strip's height
_LONGEST_NAME = 28
_LANES = np.linspace(0.01, 0.12, 9)  # beside each other, so that intervals can be told apart
_UNITS = {
    "question_centered_mean": "SAE activation, less the mean of all roles on the same responses",
    "log1p_role_mean": "log(1 + SAE activation)",
}


@dataclass(frozen=True)
class _Strip:
    """Roles on one axis, with the `ends` float64[2, n] of their intervals, NaN where there is none.

    `positions` is empty for the reason given in `why_not`.
    """

    title: str
    roles: list[str]
    positions: Floats
    ends: Floats
    why_not: str | None = None


@drawing
def axes_figure(role_axes: pa.Table, summary: pa.Table, anchor: str, about: str) -> Figure:
    """Return `ROLE_AXES` as strips, one per axis; the assistant axis over played answers is one, where it is.

    Each role is at its position, and named where there is room, from both ends on, with a line for its 95 %
    interval; `anchor` is marked. `summary` is the row of `ATLAS_SUMMARY`; `about` names the data.
    """
    components = (_strip(role_axes, axis) for axis in _COMPONENTS)
    strips = [_strip(role_axes, "assistant"), _played(role_axes), *components]
    strips = [strip for strip in strips if strip.roles]
    figure = new_figure(2.75 * len(strips) + 0.8, 7.8)
    entitle(figure, _title(strips[0], anchor, about))
    all_axes = figure.subplots(1, len(strips), squeeze=False)[0]
    for axes, strip in zip(all_axes, strips, strict=True):
        _draw(axes, strip, anchor)
    all_axes[0].set_ylabel(f"position, from the mean of all roles ({_unit(summary)})")
    return figure


def _unit(summary: pa.Table) -> str:
    if "axes_unit" in summary.schema.names and summary["axes_unit"][0].as_py() == "noise":
        return "standard errors of a role's mean"
    return _UNITS[summary["role_matrix_mode"][0].as_py()]


def _title(strip: _Strip, anchor: str, about: str) -> str:
    marked = f" · ◆ the anchor, {literally(anchor, _LONGEST_NAME)}" if anchor in strip.roles else ""
    many = f", the outermost {_MOST_NAMED} named" if len(strip.roles) > _MOST_NAMED else ""
    return f"{len(strip.roles)} roles along axes{many} · {literally(about)}{marked}"


def _strip(role_axes: pa.Table, axis: str) -> _Strip:
    rows = role_axes.filter(pc.equal(role_axes["axis"], axis)).sort_by("position")
    if not rows.num_rows:
        return _Strip("", [], np.empty(0), np.empty((2, 0)))
    reason = rows["reason"][0].as_py()
    if reason:
        return _Strip("assistant axis", rows["role"].to_pylist(), np.empty(0), np.empty((2, 0)), reason)
    return _placed(rows, "position", _about(axis, rows))


def _played(role_axes: pa.Table) -> _Strip:
    """Return the roles on the assistant axis over those answers alone that play them."""
    rows = role_axes.filter(pc.is_valid(role_axes["played_position"])).sort_by("played_position")
    if not rows.num_rows:
        return _Strip("", [], np.empty(0), np.empty((2, 0)))
    cosine = rows["played_axis_cosine"][0].as_py()
    beside = f"\nits cosine with that of all answers {cosine:.2f}".replace("-", "−")
    return _placed(rows, "played_position", f"assistant axis, played answers{beside}")


def _placed(rows: pa.Table, column: str, title: str) -> _Strip:
    rows = rows.filter(pc.is_valid(rows[column]))
    ends = np.stack([rows[f"{column}_{end}"].to_numpy() for end in ("low", "high")])
    return _Strip(title, rows["role"].to_pylist(), rows[column].to_numpy(), ends)


def _about(axis: str, rows: pa.Table) -> str:
    facts = ("explained_variance", "explained_null", "cosine_with_assistant", "anchor_null")
    explained, chance, cosine, anchored = (rows[fact][0].as_py() for fact in facts)
    if axis == "assistant":
        beside = "" if anchored is None else f"\nanother role as its own anchor: {anchored:.1f}"
        return f"assistant axis{beside}"
    by_chance = "" if chance is None else f", by chance {chance:.1%}"
    beside = "" if cosine is None else f"\ncosine with the assistant axis {cosine:.2f}".replace("-", "−")
    return f"{axis.upper()} ({explained:.1%} of variance{by_chance}){beside}"


def _draw(axes: Axes, strip: _Strip, anchor: str) -> None:
    axes.set_title(strip.title, fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    if strip.why_not is not None:
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.text(0.05, 0.5, wrapped(literally(strip.why_not), 30), transform=axes.transAxes, va="center")
        return
    reach = np.append(strip.positions, strip.ends)
    low, high = float(np.nanmin(reach)), float(np.nanmax(reach))
    margin = 0.04 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
    axes.axhline(0, 0, 0.2, color=GREY, linewidth=0.6, linestyle=":")
    _draw_roles(axes, strip, anchor)


def _draw_roles(axes: Axes, strip: _Strip, anchor: str) -> None:
    is_anchor = np.array([role == anchor for role in strip.roles])
    places = _LANES[np.arange(len(strip.roles)) % len(_LANES)]
    colors = [VERMILLION if of_anchor else GREY for of_anchor in is_anchor]
    low, high = strip.ends
    axes.vlines(places, low, high, colors=colors, linewidth=0.7, clip_on=False)
    named = outermost(len(strip.roles), _MOST_NAMED) | is_anchor
    marks = (
        (~named & ~is_anchor, "o", GREY, 2.0),
        (named & ~is_anchor, "o", BLUE, 3.5),
        (is_anchor, "D", VERMILLION, 6.0),
    )
    for rows, marker, color, size in marks:
        if rows.any():  # an empty line would claim the figure's corner in the layout
            axes.plot(
                places[rows], strip.positions[rows], marker, color=color, markersize=size, clip_on=False
            )
    _name(axes, strip, np.flatnonzero(named), is_anchor)


def outermost(n: int, most: int) -> Flags:
    """Return bool[n]: true of the first `most` / 2 and of as many last ones."""
    place = np.arange(n)
    return np.minimum(place, n - 1 - place) < most // 2


def _name(axes: Axes, strip: _Strip, rows: Ints, is_anchor: Flags) -> None:
    bottom, top = axes.get_ylim()
    wanted = (strip.positions[rows] - bottom) / (top - bottom)
    for row, want, height in zip(rows, wanted, spread(wanted, _NAME_HEIGHT), strict=True):
        color = VERMILLION if is_anchor[row] else INK
        axes.plot([0.14, 0.2], [want, height], color=GREY, linewidth=0.4, transform=axes.transAxes)
        axes.text(
            0.22, height, literally(strip.roles[row], _LONGEST_NAME),
            transform=axes.transAxes, va="center", fontsize=7, color=color,
            fontweight="bold" if is_anchor[row] else "normal", in_layout=False,
        )  # fmt: skip


def spread(wanted: Floats, apart: float) -> Floats:
    """Places within 0 and 1, in the order of the ascending `wanted` and as near to them as being `apart` lets
    them (least squares); evenly over everything where they have no room.
    """
    n = len(wanted)
    if (n - 1) * apart >= 1:
        return np.linspace(0, 1, n)
    steps = apart * np.arange(n)
    blocks: list[tuple[float, int]] = []  # mean and size: neighbors out of order are pooled
    for value in wanted - steps:
        mean, size = float(value), 1
        while blocks and blocks[-1][0] >= mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    level = np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])
    return np.clip(level, 0, 1 - (n - 1) * apart) + steps
