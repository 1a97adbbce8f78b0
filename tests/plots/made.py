"""Tables made by hand, for pictures of as many roles as a test likes, and what stands in a picture."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

ABOUT = "a_study_with_a_long_name, SAE layer_40_width_65k_l0_medium"
NOTE = "Distances are for navigation."


def role_names(n_roles: int) -> list[str]:
    """Some of them long."""
    endings = ("", "s_advocate", "_of_the_consciousness")
    return [f"role{number:03}{endings[number % 3]}" for number in range(n_roles)]


def role_similarity(n_roles: int, groups: int = 3, *, shift: float = 0.0) -> pa.Table:
    """Roles `i` with the same `i % groups` are alike; `shift` makes all of them so."""
    random = np.random.default_rng(n_roles)
    vectors = random.normal(size=(groups, 200))[np.arange(n_roles) % groups]
    vectors = vectors + random.normal(size=vectors.shape) * 0.5 + shift
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    roles = role_names(n_roles)
    columns = [np.repeat(roles, n_roles), np.tile(roles, n_roles), (unit @ unit.T).ravel()]
    return pa.table(columns, names=["role_a", "role_b", "similarity"])


def role_axes(n_roles: int, *, reason: str | None = None, played: bool = False) -> pa.Table:
    """Positions on the assistant axis and on three components, most of them close together.

    Where answers are `played`, all roles but the first have places by those on the assistant axis, too.
    """
    random = np.random.default_rng(n_roles)
    rows = [
        {
            "axis": axis,
            "role": role,
            "position": None if axis == "assistant" and reason else (at := float(random.standard_cauchy())),
            "position_low": None if axis == "assistant" and reason else at - 0.3,
            "position_high": None if axis == "assistant" and reason else at + 0.4,
            "explained_variance": None if axis == "assistant" else 0.5 / number,
            "explained_null": None if axis == "assistant" else 0.1,
            "anchor_null": None if axis != "assistant" or reason else 1.5,
            "cosine_with_assistant": None if reason else -0.25,
            "reason": reason if axis == "assistant" else None,
            **{
                f"played_position{end}": at + by
                if played and axis == "assistant" and number_of_role
                else None
                for end, by in (("", 0.5), ("_low", 0.2), ("_high", 0.9))
            },
            "played_axis_cosine": 0.87 if played and axis == "assistant" else None,
        }
        for number, axis in enumerate(("assistant", "pc1", "pc2", "pc3"))
        for number_of_role, role in enumerate(role_names(n_roles))
    ]
    types = {name: pa.float64() for name in rows[0] if name.startswith(("played", "position"))}
    table = pa.Table.from_pylist(rows)
    fields = [field.with_type(types.get(field.name, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def summary(mode: str = "question_centered_mean", preservation: float | None = 0.5) -> pa.Table:
    columns = {
        "role_matrix_mode": [mode],
        "quality_k": [15],
        "preservation": pa.array([preservation], pa.float64()),
        "preservation_null": [None if preservation is None else 0.2],
        "map_stability": [None if preservation is None else 0.6],
        "axes_unit": ["noise" if mode == "question_centered_mean" else "raw"],
        "note": [NOTE],
    }
    return pa.table(columns)


def atlas(n_features: int, n_roles: int) -> pa.Table:
    """The lower a role's number, the more features prefer it."""
    random = np.random.default_rng(n_features)
    roles = role_names(n_roles)
    preferred = [roles[int(n_roles * place**2)] for place in np.linspace(0, 0.999, n_features)]
    x, y = random.normal(size=(2, n_features))
    return pa.table({"umap_x": x, "umap_y": y, "preferred_role": preferred})


def contrasts(roles: list[str], features: list[int], *, aligned: bool = True) -> pa.Table:
    """A row each of the roles and features, which are as many; effects rise with the row."""
    n = len(roles)
    effect = np.linspace(-1, 1, n)
    effects = {"effect": effect, "effect_low": effect - 0.1, "effect_high": effect + 0.1}
    auroc = np.linspace(0.1, 0.9, n)
    nothing = pa.nulls(n, pa.float64())
    return pa.table(
        {
            "role": roles,
            "feature_id": pa.array(features, pa.int32()),
            **{name: values if aligned else nothing for name, values in effects.items()},
            "auroc": auroc,
            "auroc_low": auroc - 0.05,
            "auroc_high": auroc + 0.05,
            "q": np.linspace(0, 0.1, n),
        }
    )


def labels(described: dict[int, str], q: dict[int, float] | None = None) -> pa.Table:
    """The preferred descriptions of features, and of those that were scored the q."""
    return pa.table(
        {
            "feature_id": pa.array(described, pa.int32()),
            "description": [*described.values()],
            "label_q": pa.array([(q or {}).get(feature) for feature in described], pa.float64()),
        }
    )


def texts(figure: Figure) -> list[str]:
    """Every text that is drawn, as it is read."""
    return [text.get_text().replace(r"\$", "$") for text, _ in _drawn(figure)]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie upon each other by more than a hair."""
    return [
        (text.get_text(), other.get_text())
        for (text, box), (other, other_box) in combinations(_drawn(figure), 2)
        if _meet(box, other_box)
    ]


def cut_off(figure: Figure) -> list[str]:
    """Texts that reach beyond the figure's edge."""
    right, top = figure.bbox.width + 1, figure.bbox.height + 1
    return [
        text.get_text()
        for text, box in _drawn(figure)
        if box.x0 < -1 or box.y0 < -1 or box.x1 > right or box.y1 > top
    ]


def _drawn(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Texts and where they are; a figure holds many more that are never drawn, such as spare ticks."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    drawn, draw = [], Text.draw

    def noted(text: Text, renderer: RendererBase) -> None:
        drawn.append(text)
        draw(text, renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", noted)
        canvas.draw()
    boxes = [(text, text.get_window_extent(canvas.get_renderer())) for text in drawn if text.get_visible()]
    return [(text, box) for text, box in boxes if text.get_text().strip()]


def _meet(box: Bbox, other: Bbox) -> bool:
    shared = Bbox.intersection(box, other)
    return shared is not None and min(shared.width, shared.height) > 1
