"""Figures without pyplot, one look for all, and their files: the same tables give the same bytes."""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, ParamSpec, get_args

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from persona_assets.plots.words import wrapped

Ending = Literal["png", "svg"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)

DPI = 160  # dots per inch of a PNG file
NOTEBOOK_DPI = 80

# Okabe and Ito's palette: told apart by colour-blind readers too.
INK, GREY, FAINT = "#222222", "#8c8c8c", "#d9d9d9"
BLUE, VERMILLION = "#0072B2", "#D55E00"
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#000000", "#F0E442")

_TITLE_SIZE = 10  # points
_TITLE_CHARACTER = 6.5  # points of width, a little more than the mean one has

_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with Matplotlib: text has the same width everywhere
    "font.size": 8,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "text.color": INK,
    "axes.labelcolor": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "persona",
}

_P = ParamSpec("_P")


def drawing(draw: Callable[_P, Figure]) -> Callable[_P, Figure]:
    """Have `draw` draw in the common look, whatever Matplotlib's settings of this user say, and lay out what
    it drew once: every further time would move the parts a little.
    """

    @functools.wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> Figure:
        with _common_look(), _silence_on_glyphs():
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            return figure

    return drawn


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sizes in inches, whose parts make room for each other."""
    figure = Picture(figsize=(width, height), layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.08))
    FigureCanvasAgg(figure)
    return figure


class Picture(Figure):
    """A figure that a notebook shows, where no pyplot has told it how to show figures, too."""

    def _repr_png_(self) -> bytes:
        return rendered(self, "png", NOTEBOOK_DPI)


def entitle(figure: Figure, title: str) -> None:
    """Write `title` above the figure, in as many lines as its width asks for."""
    wide = int(figure.get_figwidth() * 72 / _TITLE_CHARACTER)
    figure.suptitle(wrapped(title, wide), x=0.01, ha="left", fontsize=_TITLE_SIZE)


def rendered(figure: Figure, ending: Ending, dpi: float = DPI) -> bytes:
    """Return the content of a file of `figure`; without a date, so that it is the same at every call."""
    content = io.BytesIO()
    nameless = {"Date": None, "Creator": None} if ending == "svg" else {"Software": None}
    with _common_look(), _silence_on_glyphs():
        figure.savefig(content, format=ending, dpi=dpi, metadata=nameless)
    return content.getvalue()


@contextmanager
def _common_look() -> Iterator[None]:
    with style.context(["default", _STYLE]):
        yield


@contextmanager
def _silence_on_glyphs() -> Iterator[None]:
    """Labels hold every script of the world; what the font lacks is drawn as boxes, which says enough."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*[Gg]lyph.*")
        yield
