from __future__ import annotations

import base64
import io

import numpy as np
import pyarrow as pa
from PIL import Image

from persona_assets.plots.feature import feature_figure
from persona_assets.plots.image import LARGEST, markdown_image
from persona_assets.plots.similarity import similarity_figure
from tests.plots.made import contrasts, role_names


def picture_in(markdown: str, title: str) -> Image.Image:
    before, encoded = markdown.removesuffix(")").split("base64,")
    assert before == f"![{title}](data:image/png;"
    return Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))


def test_a_small_picture_is_kept_as_it_is() -> None:
    figure = feature_figure(contrasts(role_names(3), [7] * 3), 7, None, "study")
    image = picture_in(markdown_image(figure, "roles"), "roles")
    assert image.width == 1200
    assert image.mode == "RGBA"


def test_a_picture_that_hardly_packs_is_made_smaller_until_it_fits() -> None:
    n = 150
    noise = np.random.default_rng(0).uniform(-1, 1, n * n)
    table = pa.table(
        [np.repeat(role_names(n), n), np.tile(role_names(n), n), noise],
        names=["role_a", "role_b", "similarity"],
    )
    markdown = markdown_image(similarity_figure(table, "study"), "roles")
    assert len(markdown) < LARGEST
    image = picture_in(markdown, "roles")
    image.load()
    assert image.width >= 450
