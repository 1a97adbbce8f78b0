from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from persona_assets.plots.atlas import atlas_figure
from persona_assets.plots.axes import axes_figure
from persona_assets.plots.canvas import ENDINGS, Ending, rendered
from persona_assets.plots.feature import feature_figure
from persona_assets.plots.role import role_figure
from persona_assets.plots.similarity import similarity_figure
from tests.plots.made import atlas, contrasts, labels, role_axes, role_names, role_similarity, summary

EVIL = "costs $5, $x^2$ and \\$ <script>&amp; \x00\x1b[31m\u202e${_"
PICTURES: list[Callable[[], Figure]] = [
    lambda: similarity_figure(role_similarity(12), "study"),
    lambda: axes_figure(role_axes(12), summary(), "role000", "study"),
    lambda: atlas_figure(atlas(40, 12), summary(), "study"),
    lambda: feature_figure(contrasts(role_names(12), [7] * 12), 7, "sea", "study"),
    lambda: role_figure(contrasts(["pirate"] * 12, list(range(12))), labels({3: "sea"}), "pirate", "study"),
]


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_tables_give_the_same_bytes_whatever_a_users_settings_say(
    picture: Callable[[], Figure], ending: Ending
) -> None:
    first = rendered(picture(), ending)
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "path", "text.usetex": True, "axes.grid": True}):
        assert rendered(picture(), ending) == first


def test_a_notebook_shows_a_figure_that_no_pyplot_knows() -> None:
    figure = PICTURES[0]()
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_a_figure_drawn_twice_stays_as_it_is() -> None:
    figure = PICTURES[0]()
    assert rendered(figure, "svg") == rendered(figure, "svg")


@pytest.mark.parametrize("picture", PICTURES)
def test_an_svg_holds_its_text_as_text_and_no_date(picture: Callable[[], Figure]) -> None:
    svg = rendered(picture(), "svg").decode()
    said = [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert any("study" in (text or "") for text in said)
    assert "<dc:date>" not in svg


def test_a_label_is_drawn_as_it_is_and_never_as_mathematics_or_markup() -> None:
    figure = feature_figure(contrasts(role_names(3), [7] * 3), 7, EVIL, "study")
    svg = rendered(figure, "svg").decode()
    [title] = [
        element.text or ""
        for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
        if "costs" in (element.text or "")
    ]
    assert title.endswith("costs $5, $x^2$ and \\$ <script>&amp; [31m${_")
    assert rendered(figure, "png").startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_a_script_that_the_font_lacks_is_no_reason_to_complain() -> None:
    figure = feature_figure(contrasts(role_names(3), [7] * 3), 7, "日本語 \U0001fae0", "study")
    assert rendered(figure, "png").startswith(b"\x89PNG")


def test_drawing_leaves_pyplot_and_its_state_alone() -> None:
    code = (
        "import sys; from tests.plots.test_canvas import PICTURES, rendered;"
        "rendered(PICTURES[0](), 'png'); print('matplotlib.pyplot' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip() == "False", ran.stderr
