"""What stands in a page's place while it is read: its shape, from which nothing jumps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.explorer.browser import axe_violations, keep_screenshot, settled

# Of each page: the file that it waits for, and the boxes of the shape with what comes in their place.
SHAPES = {
    "map": (
        "map.json",
        {".bones-legend": ".map-legend", ".bones-canvas": ".map-middle", ".bones-side": ".map-side"},
    ),
    "table": ("features.json", {".bones-grid": ".grid"}),
    "axis": ("line.json", {".bones > :nth-child(4)": ".role-line"}),
    "roles": ("roles.json", {".bones-roles > :nth-child(1)": ".roles-columns > :nth-child(1)"}),
    "role/pirate": ("role/pirate.json", {".bones-aside > :nth-child(2)": ".role-columns > :nth-child(2)"}),
    "feature/{}": (
        "feature/{}.json",
        {
            ".bones-aside > :nth-child(1)": ".feature-first",
            ".bones-aside > :nth-child(2)": ".feature-columns > :nth-child(2)",
        },
    ),
}
MOVED = (40, 70, 40)  # pixels at most, aside, down and in width: a head is as high as its words are long


@pytest.fixture(scope="module")
def feature_id(site_folder: Path) -> int:
    """A feature that has a page."""
    data = site_folder / "some" / "folder" / "data" / "demo"
    return json.loads((data / "map.json").read_text())["features"]["feature_id"][12]


@contextmanager
def without(page: Any, file: str, address: str) -> Iterator[None]:
    """Within it the page at `address` is open, and `file`, which it has asked for, does not come."""
    held: list[Any] = []
    asked = re.compile(re.escape(f"/demo/{file}") + "$")
    page.route(asked, lambda route: held.append(route))
    with page.expect_request(asked):
        page.goto(address)
    page.wait_for_selector("main .bones[aria-busy=true]")
    yield
    for route in held:
        route.continue_()
    page.unroute_all()


def boxes(page: Any, selectors: list[str]) -> list[list[float]]:
    """Where the first of each of these is: left, top and width."""
    box = "(one => [one.x, one.y, one.width])(document.querySelector(one).getBoundingClientRect())"
    return page.evaluate(f"all => all.map(one => {box})", selectors)


@pytest.mark.parametrize("place", SHAPES)
def test_a_page_comes_where_its_shape_stood(page, site, place, feature_id):
    file, parts = SHAPES[place]
    with without(page, file.format(feature_id), f"{site}#/{place.format(feature_id)}"):
        stood = boxes(page, list(parts))
        assert page.locator("main [role=status]").inner_text().startswith("Reading ")
        keep_screenshot(page, f"skeleton-{place.split('/')[0]}")
    for shown in parts.values():
        page.wait_for_selector(shown)
    settled(page)
    for there, here, shown in zip(stood, boxes(page, list(parts.values())), parts.values(), strict=True):
        moved = [abs(before - after) for before, after in zip(there, here, strict=True)]
        assert all(by <= most for by, most in zip(moved, MOVED, strict=True)), (shown, there, here)
    page.wait_for_function("document.querySelector('main [aria-busy=true]') === null")


def test_a_shape_is_accessible_and_no_wider_than_a_phone(page, site, feature_id):
    page.set_viewport_size({"width": 400, "height": 700})
    for place, (file, _) in SHAPES.items():
        with without(page, file.format(feature_id), f"{site}#/{place.format(feature_id)}"):
            assert page.evaluate("document.querySelector('main').scrollWidth") == 400, place
            assert axe_violations(page) == []


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "breathe")])
def test_who_asks_for_less_motion_gets_none(page, site, motion, name):
    page.emulate_media(reduced_motion=motion)
    with without(page, "features.json", f"{site}#/table"):
        assert page.evaluate("getComputedStyle(document.querySelector('main .bones')).animationName") == name
