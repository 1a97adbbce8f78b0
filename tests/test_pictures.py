"""The pictures of the docs show what there is today; `python docs/pictures.py` takes them anew."""

from __future__ import annotations

import json

import pytest

from docs.pictures import HERE, assets, drawn

MADE_FROM = json.loads((HERE / "pictures.json").read_text())
REMEDY = "take the pictures anew: python docs/pictures.py"


def test_every_picture_is_there_and_says_what_it_was_made_from() -> None:
    assert {file.name for file in HERE.glob("*.png")} == set(MADE_FROM)


@pytest.mark.parametrize("file", ["axis.png", "doses.png"])
def test_what_we_draw_was_drawn_by_the_code_and_the_figures_of_today(file: str) -> None:
    assert MADE_FROM[file] == drawn()[file], REMEDY


def test_the_lineage_shows_the_assets_of_today() -> None:
    assert MADE_FROM["lineage.png"] == assets(), REMEDY
