"""Effects by strength as a picture: their intervals, what is sure, and the band of the controls."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from persona_assets.base.errors import StudyError
from persona_assets.plots.canvas import CATEGORIES, rendered
from persona_assets.plots.doses import MOST, doses_figure
from persona_assets.plots.picture import picture
from persona_assets.study.study import Study
from tests.plots.made import texts

HOSTILE = r"$\frac{1}{0}$ <b>&"


def effects(
    n_targets: int = 2,
    strengths: tuple[float, ...] = (1.0, 2.0, 4.0),
    metrics: tuple[str, ...] = ("readout", "kl"),
) -> pa.Table:
    """The first target is sure, the others are not; random directions lie elsewhere than random features."""
    rows = [
        {
            "intervention": HOSTILE, "role": role, "target": f"feature {target}", "operation": "add",
            "strength": strength, "metric": metric, "effect": strength * (target + 1),
            "low": None if strength == 1 else strength * target, "high": strength * (target + 2),
            "against": against, "control_low": -strength if against == "feature" else -99.0,
            "control_high": strength, "q": 0.01 if target == 0 else 0.5,
        }
        for role in ("default", "ghost") for metric in ("readout", "kl")
        for against in ("feature", "direction")
        for target in range(n_targets) for strength in strengths
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def dots(figure: Figure) -> list[tuple[str, bool]]:
    """Return the colour of each dot of the first panel, and whether it is filled."""
    found = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    return [(to_hex(line.get_color()), line.get_markerfacecolor() != "white") for line in found]


def test_targets_go_from_strength_to_strength_before_the_band_of_their_controls() -> None:
    figure = doses_figure(effects(), "a study")
    assert len(figure.axes) == 4
    first, second = (color.lower() for color in CATEGORIES[:2])
    assert dots(figure) == [(first, True)] * 3 + [(second, False)] * 3
    [band] = [one for one in figure.axes[0].collections if isinstance(one, PolyCollection)]
    box = band.get_paths()[0].get_extents()
    assert (box.x0, box.y0, box.x1, box.y1) == (1, -4, 4, 4)
    intervals = [one for one in figure.axes[0].collections if one is not band]
    assert len(intervals) == 4  # where one is not known there is none
    said = texts(figure)
    assert "95% of random features" in said and "effect on answers of ghost" in said
    assert any(HOSTILE.split()[-1] in one for one in said)
    assert rendered(figure, "png") == rendered(doses_figure(effects(), "a study"), "png")


def test_of_many_targets_the_surest_are_drawn() -> None:
    figure = doses_figure(effects(12), "a study")
    assert len(dots(figure)) == 3 * MOST
    assert any(f"the surest {MOST} of 12 targets" in one for one in texts(figure))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "no effects of 'none' in the snapshot; there are once, one"),
        ("once", r"once has a single strength.*interventions\.once\.strengths"),
        (None, "which doses"),
    ],
)
def test_what_has_no_doses_is_refused_in_a_line(study: Study, name: Any, message: str) -> None:
    connection = duckdb.connect()
    several, single = (
        table.set_column(0, "intervention", pa.array([named] * table.num_rows)).append_column(
            "sae", pa.array(["demo"] * table.num_rows)
        )
        for table, named in ((effects(), "one"), (effects(strengths=(1.0,)), "once"))
    )
    connection.register(
        "intervention_effects", pa.concat_tables([several, single], promote_options="default")
    )
    assert picture(study, connection, "doses", "one", None).axes
    with pytest.raises(StudyError, match=message):
        picture(study, connection, "doses", name, None)
