"""The map of the selected features."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from persona_assets.base.arrays import Floats
from persona_assets.plots.canvas import CATEGORIES, FAINT, GREY, INK, drawing, entitle, new_figure
from persona_assets.plots.words import literally, wrapped

_MARKERS = "o^sDvPX*"  # beside the colours: told apart without them too
_LONGEST_NAME = 28


@drawing
def atlas_figure(atlas: pa.Table, summary: pa.Table, about: str) -> Figure:
    """`ATLAS` as its UMAP, coloured by preferred role: the roles that most features prefer, the rest grey.

    Below stands what `summary`, the row of `ATLAS_SUMMARY`, says of the map's worth. `about` names the data.
    """
    figure = new_figure(8.6, 7.4)
    entitle(figure, f"{atlas.num_rows:,} features by UMAP (cosine) · {literally(about)}")
    axes = figure.subplots()
    known = np.flatnonzero(~np.isnan(_column(atlas, "umap_x")))
    if len(known):
        _draw(axes, atlas.take(pa.array(known)))
    else:
        why = "too few features" if atlas.num_rows else "no feature was selected"
        axes.text(0.5, 0.5, f"no map: {why}", transform=axes.transAxes, ha="center")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("UMAP 1 (no unit)")
    axes.set_ylabel("UMAP 2 (no unit)")
    figure.supxlabel(_worth(summary, atlas.num_rows - len(known)), x=0.01, ha="left", fontsize=8)
    return figure


def _draw(axes: Axes, atlas: pa.Table) -> None:
    places = np.stack([_column(atlas, "umap_x"), _column(atlas, "umap_y")], axis=1)
    preferred = np.array(atlas["preferred_role"].to_pylist(), dtype=object)
    size = float(np.clip(9000 / len(places), 5, 30))  # square points
    counted = sorted(Counter(preferred).items(), key=lambda item: (-item[1], item[0]))
    coloured = dict(counted[: len(CATEGORIES)])
    for (role, count), color, marker in zip(coloured.items(), CATEGORIES, _MARKERS, strict=False):
        x, y = places[preferred == role].T
        axes.scatter(
            x, y, s=size, c=color, marker=marker, edgecolors=INK, linewidths=0.2,
            label=f" {literally(role, _LONGEST_NAME)} ({count:,})",  # one that begins with _ would be hidden
        )  # fmt: skip
    rest = ~np.isin(preferred, list(coloured))
    if rest.any():
        x, y = places[rest].T
        axes.scatter(
            x, y, s=size * 0.7, c=FAINT, edgecolors=GREY, linewidths=0.2, zorder=0,
            label=f" {len(counted) - len(coloured)} other roles ({rest.sum():,})",
        )  # fmt: skip
    axes.legend(
        title="preferred role (features)", loc="upper left", bbox_to_anchor=(1, 1), markerscale=1.5,
        alignment="left",
    )  # fmt: skip


def _worth(summary: pa.Table, n_without: int) -> str:
    [row] = summary.to_pylist()
    preserved, k = row["preservation"], row["quality_k"]
    said = [row["note"]]
    if preserved is not None:
        chance = "" if row["preservation_null"] is None else f" (by chance {row['preservation_null']:.0%})"
        said.append(
            f"Of a feature's {k} nearest by cosine, {preserved:.0%} are among its {k} nearest here{chance}."
        )
    if row["map_stability"] is not None:
        said.append(f"Another random state keeps {row['map_stability']:.0%} of these.")
    if n_without:
        said.append(f"{n_without:,} features have no place on the map.")
    return wrapped(literally(" ".join(said), 1000), 132)


def _column(table: pa.Table, name: str) -> Floats:
    return table[name].to_numpy()
