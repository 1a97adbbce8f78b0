"""The assistant axis as a picture: every role named, its ends marked by features with lit sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.patches import Rectangle

from persona_assets.plots.canvas import rendered
from persona_assets.plots.line import line_figure
from persona_assets.plots.words import literally
from tests.plots.made import role_names, texts

HOSTILE = r"$\frac{1}{0}$ <b>&"


def axes_table(n_roles: int) -> pa.Table:
    positions = np.linspace(-5, 5, n_roles)
    return pa.table(
        {
            "axis": ["assistant"] * n_roles + ["pc1"],
            "role": [*role_names(n_roles), "elsewhere"],
            "position": [*positions, 99.0],
            "position_low": [*(positions - 1), 98.0],
            "position_high": [*(positions + 1), 100.0],
        }
    )


def mark(feature: int, **changes: Any) -> dict[str, Any]:
    numbers = {"effect": -0.5, "effect_low": -0.75, "effect_high": -0.25, "q": 0.012}
    auroc = {"auroc": 0.25, "auroc_low": 0.1, "auroc_high": 0.4}
    shown = {"pieces": ["No", ".", " Sail", " away", "!"], "activations": [9.0, 0.0, 0.0, 10.0, 5.0]}
    known = {"feature_id": feature, "label": HOSTILE, "from_role": "pirate"}
    return {**known, **numbers, **auroc, **shown, **changes}


def test_every_role_is_named_and_the_sentence_of_the_peak_is_lit() -> None:
    names = role_names(30)
    figure = line_figure(axes_table(30), [mark(7)], [mark(8), mark(9, pieces=None)], names[-1], "a study")
    drawn = texts(figure)
    assert {literally(name, 20) for name in names} <= set(drawn) and "elsewhere" not in drawn
    assert drawn.count(f"8  {HOSTILE}") == 1
    assert "".join(drawn).count(" Sail away!") == 2 and "No" not in drawn
    assert drawn.count("its tokens are not kept") == 1
    told = "effect −0.5 [−0.75, −0.25] · AUROC 0.25 [0.1, 0.4] · q 0.012 · the sentence: pirate"
    assert drawn.count(told) == 3
    lit = [one for axes in figure.axes for one in axes.patches if isinstance(one, Rectangle)]
    assert sorted(one.get_alpha() or 0 for one in lit) == pytest.approx([0.3, 0.3, 0.6, 0.6])


def test_of_many_roles_the_outermost_are_named_and_a_long_sentence_is_cut_around_its_peak() -> None:
    long = {"pieces": [f" word{place:03}" for place in range(60)], "activations": [0.0] * 60}
    long["activations"] = [float(place == 40) for place in range(60)]
    names = role_names(276)
    figure = line_figure(axes_table(276), [], [mark(7, **long)], names[-1], "a study")
    drawn = texts(figure)
    named = [name for name in names if literally(name, 20) in drawn]
    assert len(named) == 62 and {names[0], names[-1]} <= set(named)
    assert " word040" in drawn and " word000" not in drawn and " word059" not in drawn
    assert "no feature: none is sure, and no AUROC's 95% interval lies on this side of ½" in drawn
    assert any("which is not adjusted for how many features" in text for text in drawn)
    assert not any("surely" in text for text in drawn)
    assert rendered(figure, "svg") == rendered(figure, "svg") and rendered(figure, "png")[:4] == b"\x89PNG"
