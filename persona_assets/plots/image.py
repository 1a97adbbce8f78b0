"""A figure inside Markdown, as Dagster's pages show it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

from matplotlib.figure import Figure
from PIL import Image

from persona_assets.plots.canvas import rendered

LARGEST = 200_000  # characters: Dagster's event log keeps every one

_WIDTHS = (1200, 900, 650, 450)  # pixels


def markdown_image(figure: Figure, title: str) -> str:
    """`figure` as a Markdown image titled `title` with the PNG in it, as large as fits into `LARGEST`."""
    for png in _ever_smaller(figure):
        image = f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"
        if len(image) < LARGEST:
            return image
    raise AssertionError(f"the picture {title!r} has {len(image)} characters at {_WIDTHS[-1]} pixels")


def _ever_smaller(figure: Figure) -> Iterator[bytes]:
    for width in _WIDTHS:
        png = rendered(figure, "png", dpi=width / figure.get_figwidth())
        yield png
        yield _few_colours(png)


def _few_colours(png: bytes) -> bytes:
    """Return the same picture with a palette: a third of the size."""
    few, picture = io.BytesIO(), Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE).save(few, "PNG", optimize=True)
    return few.getvalue()
