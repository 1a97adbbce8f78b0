"""How alike roles are: a heat map, roles that are alike beside each other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy.cluster.hierarchy import leaves_list

from persona_assets.analysis.clustering import role_tree
from persona_assets.base.arrays import Floats
from persona_assets.plots.canvas import GREY, INK, drawing, entitle, new_figure
from persona_assets.plots.words import literally

_LONGEST_NAME = 28
_SPELT_OUT = 12  # roles up to which each cell says its value
_ROOMY = 8.5  # points of height that a row needs to be named beside the next


@drawing
def similarity_figure(role_similarity: pa.Table, about: str) -> Figure:
    """`ROLE_SIMILARITY` as a heat map, ordered by average linkage of 1 - cosine, the tree above it.

    A role without a similarity (it is zero in every selected feature) is grey. `about` names the data.
    """
    roles, similarity = _square(role_similarity)
    tree = role_tree(similarity)
    order = leaves_list(tree).tolist() if len(tree) else [0]
    names = [literally(roles[row], _LONGEST_NAME) for row in order]
    figure = new_figure(*_size(len(roles)))
    grey = " · grey: zero in every feature of the atlas" if np.isnan(similarity).any() else ""
    title = f"Similarity of {len(roles)} roles · {literally(about)}{grey}"
    entitle(figure, title)
    top, below = figure.subplots(2, 1, height_ratios=[1, 9], sharex=True)
    _draw_tree(top, tree, order)
    image = _draw_cells(below, similarity[np.ix_(order, order)])
    _name_cells(below, names)
    bar = figure.colorbar(image, ax=[top, below], shrink=0.6, aspect=30, pad=0.02, extend="max")
    bar.set_label("cosine similarity\nover the atlas's features")
    bar.outline.set_visible(False)
    return figure


def _square(role_similarity: pa.Table) -> tuple[list[str], Floats]:
    """Return the roles by name and float64[n_roles, n_roles], NaN where there is no similarity."""
    first, second = (role_similarity[name].to_pylist() for name in ("role_a", "role_b"))
    roles = sorted(set(first))
    row_of = {role: row for row, role in enumerate(roles)}
    square = np.full((len(roles), len(roles)), np.nan)
    values = role_similarity["similarity"].to_numpy()
    square[[row_of[role] for role in first], [row_of[role] for role in second]] = values
    return roles, square


def _draw_tree(axes: Axes, tree: Floats, order: list[int]) -> None:
    places = {row: (float(place), 0.0) for place, row in enumerate(order)}
    lines = []
    for number, (left, right, height, _) in enumerate(tree):
        (x_left, y_left), (x_right, y_right) = places[int(left)], places[int(right)]
        lines.append([(x_left, y_left), (x_left, height), (x_right, height), (x_right, y_right)])
        places[len(order) + number] = ((x_left + x_right) / 2, height)
    axes.add_collection(LineCollection(lines, colors=GREY, linewidths=0.6))
    axes.set_ylim(0, max(float(tree[:, 2].max(initial=0)) * 1.02, 1e-9))
    axes.set_ylabel("1 - cosine")
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)


def _draw_cells(axes: Axes, similarity: Floats) -> AxesImage:
    others = similarity[~np.eye(len(similarity), dtype=bool)]
    known = others[~np.isnan(others)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    reach = max(abs(low), abs(high), 1e-9)
    signed = low < 0  # the diagonal does not count: it is 1, and would pale the others
    limits = (-reach, reach) if signed else (min(low, high - 1e-9), high)
    image = axes.imshow(
        np.ma.masked_invalid(similarity),
        cmap="RdBu_r" if signed else "viridis",
        vmin=limits[0],
        vmax=limits[1],
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_facecolor("#bbbbbb")
    if len(similarity) <= _SPELT_OUT:
        for (row, column), value in np.ndenumerate(similarity):
            shown = "" if np.isnan(value) else f"{value:.2f}".replace("-", "−")
            axes.text(column, row, shown, ha="center", va="center", fontsize=7, color=_on(image, value))
    return image


def _on(image: AxesImage, value: float) -> str:
    """Return a colour that can be read on the cell's."""
    red, green, blue, _ = image.to_rgba(np.array([value]))[0]
    return INK if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "white"


def _name_cells(axes: Axes, names: list[str]) -> None:
    """Every role once: where rows are narrow they are named in turns on the left and on the right."""
    height = _cells(len(names)) * 72 / len(names)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if height >= _ROOMY:
        axes.tick_params(length=0)
        axes.set_yticks(range(len(names)), names)
        axes.set_xticks(range(len(names)), names, rotation=90)
        return
    right = axes.secondary_yaxis("right")
    right.spines["right"].set_visible(False)
    for side, first in ((axes, 0), (right, 1)):
        side.set_yticks(range(first, len(names), 2), names[first::2])
        side.tick_params(axis="y", length=2, width=0.3, labelsize=min(1.5 * height, 7))
    axes.set_xticks([])
    axes.set_xlabel("columns in the order of the rows")


def _cells(n_roles: int) -> float:
    """Return the sides of the square of cells, in inches."""
    return min(max(n_roles * 0.22, 3.6), 13)


def _size(n_roles: int) -> tuple[float, float]:
    """Width and height in inches: the cells, the tree above, names and the colours beside."""
    return _cells(n_roles) + 2.6, _cells(n_roles) * 1.11 + 1.4
