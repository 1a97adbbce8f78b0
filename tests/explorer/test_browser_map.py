"""The map as a person uses it, on a static site of the synthetic study."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.explorer.browser import keep_screenshot, settled
from tests.explorer.served import eventually

Json = dict[str, Any]


@pytest.fixture(scope="module")
def atlas(site_folder: Path) -> Json:
    """What the map was drawn from."""
    return json.loads((site_folder / "some" / "folder" / "data" / "demo" / "map.json").read_text())


def opened(page: Any, site: str, query: str = "") -> Any:
    """The map's page, drawn."""
    page.goto(f"{site}#/map{query}")
    page.wait_for_selector(".dots[data-drawn]")
    page.wait_for_selector(".overlay")
    page.wait_for_selector(".map-list .virtual-row")
    return settled(page)


def at_rest(page: Any) -> tuple[float, float]:
    """Where the selected dot's ring stands, once the camera has come to rest and the address says so."""
    before = None
    while before != (before := (ring(page), page.url)):
        page.wait_for_timeout(600)
    return before[0]


def ring(page: Any) -> tuple[float, float]:
    """Where the selected dot's ring stands, in pixels of the window."""
    page.wait_for_selector(".overlay .selected")
    box = page.locator(".overlay").bounding_box()
    circle = page.locator(".overlay .selected")
    return box["x"] + float(circle.get_attribute("cx")), box["y"] + float(circle.get_attribute("cy"))


def colour_at(page: Any, x: float, y: float) -> tuple[int, ...]:
    """The pixel that is shown at a place of the window."""
    clip = {"x": round(x), "y": round(y), "width": 1, "height": 1}
    return Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB").getpixel((0, 0))


def listed(page: Any) -> int:
    """How many features the list beside the map says it has."""
    return int(page.locator(".map-list h2").inner_text().split()[0].replace("\u2009", ""))


def lonely(atlas: Json) -> int:
    """The row of the dot that is farthest from its nearest: a click there can mean no other."""
    places = list(zip(atlas["features"]["umap_x"], atlas["features"]["umap_y"], strict=True))

    def room(row: int) -> float:
        x, y = places[row]
        return min((x - a) ** 2 + (y - b) ** 2 for at, (a, b) in enumerate(places) if at != row)

    return max(range(len(places)), key=room)


def test_a_dot_is_drawn_in_its_colour_where_the_selection_says_it_is(page, site, atlas):
    row = lonely(atlas)
    opened(page, site, f"?f={atlas['features']['feature_id'][row]}&roles={_role(atlas, row)}")
    x, y = ring(page)
    swatch = page.locator('.legend-roles button[aria-pressed="true"] .swatch')
    shown = swatch.evaluate("one => getComputedStyle(one).backgroundColor")
    wanted = [int(part) for part in shown.removeprefix("rgb(").removesuffix(")").split(",")]
    assert eventually(
        lambda: all(abs(a - b) < 32 for a, b in zip(colour_at(page, x, y), wanted, strict=True))
    )
    keep_screenshot(page, "map-selected")


def _role(atlas: Json, row: int) -> str:
    return atlas["roles"][atlas["features"]["preferred_role"][row]]


def test_a_click_selects_the_dot_under_it_and_the_back_button_lets_go_of_it(page, site, atlas):
    row = lonely(atlas)
    feature_id = atlas["features"]["feature_id"][row]
    opened(page, site, f"?f={feature_id}")
    x, y = ring(page)
    opened(page, site)
    page.wait_for_selector(".overlay .selected", state="detached")
    page.mouse.click(x + 2, y - 2)
    page.wait_for_selector(".overlay .selected")
    assert page.url.endswith(f"f={feature_id}")
    assert page.locator(".selected-id").inner_text() == str(feature_id)
    page.go_back()
    page.wait_for_selector(".overlay .selected", state="detached")
    page.go_forward()
    page.wait_for_selector(".overlay .selected")
    assert page.locator(".selected-id").inner_text() == str(feature_id)


def test_a_selection_shows_its_numbers_and_its_nearest_in_the_full_space(page, site, site_folder, atlas):
    row = 20
    opened(page, site, f"?f={atlas['features']['feature_id'][row]}")
    page.wait_for_selector(".overlay .neighbor")
    settled(page)
    neighbors = json.loads((site_folder / "some/folder/data/demo/neighbors.json").read_text())
    ids = [str(atlas["features"]["feature_id"][one]) for one in neighbors["rows"][row]]
    assert page.locator(".neighbors .mono").all_inner_texts() == ids
    assert page.locator(".overlay .neighbor").count() == len(ids)
    assert f"rank {row + 1}" in page.locator(".selected-head").inner_text()
    page.locator(".map-sentence .token.heat-5").wait_for()
    box = page.get_by_label(f"Highlight the features of {_role(atlas, row)}")
    box.check()
    page.wait_for_function(f"location.hash.includes('roles={_role(atlas, row)}')")
    box.uncheck()
    page.locator(".neighbors li button").first.click()
    page.wait_for_function(f"document.querySelector('.selected-id').textContent === '{ids[0]}'")


def test_hovering_tells_what_a_dot_is_without_selecting_it(page, site, atlas):
    row = lonely(atlas)
    opened(page, site, f"?f={atlas['features']['feature_id'][row]}")
    x, y = ring(page)
    opened(page, site)
    page.mouse.move(x + 1, y + 1)
    card = page.locator(".hover-card")
    assert str(atlas["features"]["feature_id"][row]) in card.inner_text()
    first, second, third = (atlas["roles"][role] for role in atlas["features"]["top_roles"][row])
    assert [line.split()[0] for line in card.locator(".role-shares li").all_inner_texts()] == [first, second]
    assert f"{atlas['features']['top_shares'][row][0]:.1%}".rstrip("%") in card.inner_text()
    assert third not in card.inner_text().split()  # it has nothing of the feature
    page.mouse.move(x + 40, y + 40)
    assert "f=" not in page.url


def test_a_highlighted_role_is_what_the_list_holds_and_is_in_the_address(page, site, atlas):
    opened(page, site)
    role = atlas["roles"][max(set(atlas["features"]["preferred_role"]), key=_count(atlas))]
    page.get_by_label("Find a role").fill(role)
    page.locator(".legend-roles > ul:last-of-type button[aria-pressed=false]").first.click()
    page.wait_for_function("location.hash.includes('roles=')")
    of_role = [one for one in atlas["features"]["preferred_role"] if atlas["roles"][one] == role]
    assert listed(page) == len(of_role)
    assert set(page.locator(".map-line .role").all_inner_texts()) == {role}
    shares = [float(text.split()[0]) for text in page.locator(".map-line .share").all_inner_texts()]
    assert shares == sorted(shares, reverse=True) and shares[0] > shares[-1]
    page.reload()
    page.wait_for_selector(".map-list .virtual-row")
    assert listed(page) == len(of_role)


def test_families_colour_the_map_name_its_regions_and_are_highlighted_as_one(page, site, atlas):
    opened(page, site)
    of_role = _count(atlas)
    members = [[role for role in family if of_role(role)] for family in atlas["families"]]
    names = page.locator(".legend-families .ellipsis").all_inner_texts()
    assert len(names) == sum(map(bool, members)) > 2
    assert set(page.locator(".role-name").all_text_contents()) <= set(names)
    first = page.locator(".legend-families button").first
    colour = first.locator(".swatch").evaluate("one => one.style.background")
    assert page.locator(".role-name").first.get_attribute("fill") == colour
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.includes('roles=')")
    of_anchor = [family for family in members if atlas["roles"].index("default") in family]
    assert listed(page) == max(sum(map(of_role, family)) for family in of_anchor or members)
    page.keyboard.press("ArrowDown")  # the list is one stop of the tab key
    assert page.evaluate("document.activeElement.querySelector('.ellipsis').textContent") == names[1]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Find a role"
    page.get_by_label("Colour").select_option("role")
    page.wait_for_function("location.hash.includes('color=role')")
    assert page.locator(".legend-families").count() == 0


def _count(atlas: Json):
    return atlas["features"]["preferred_role"].count


def test_a_lasso_holds_the_dots_inside_it_exports_them_and_is_a_link(page, site, atlas):
    opened(page, site)
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".canvas").bounding_box()
    corners = [(0.5, 0.05), (0.97, 0.05), (0.97, 0.95), (0.5, 0.95), (0.5, 0.06)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=12)
    page.mouse.up()
    page.wait_for_function("location.hash.includes('lasso=')")
    n = listed(page)
    assert 0 < n < len(atlas["features"]["feature_id"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert len(rows) == n
    line = _line(page.url)
    inside = [row for row in range(len(atlas["features"]["umap_x"])) if _is_inside(atlas, row, line)]
    assert [int(row["feature_id"]) for row in rows] == [
        atlas["features"]["feature_id"][one] for one in inside
    ]
    page.reload()
    page.wait_for_selector(".map-list .virtual-row")
    assert listed(page) == n
    page.get_by_role("button", name="Clear lasso").click()
    page.wait_for_function("!location.hash.includes('lasso=')")
    assert listed(page) == len(atlas["features"]["feature_id"])


def _line(url: str) -> list[tuple[float, float]]:
    points = url.split("lasso=")[1].split("&")[0].split(";")
    return [(float(x), float(y)) for x, y in (point.split(",") for point in points)]


def _is_inside(atlas: Json, row: int, line: list[tuple[float, float]]) -> bool:
    """By the winding of the line around the dot, another rule than the map's."""
    x, y = atlas["features"]["umap_x"][row], atlas["features"]["umap_y"][row]
    winding = 0
    for (ax, ay), (bx, by) in zip(line, [*line[1:], line[0]], strict=True):
        side = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        if ay <= y < by and side > 0:
            winding += 1
        elif by <= y < ay and side < 0:
            winding -= 1
    return winding != 0


def test_arrow_keys_go_to_a_dot_in_their_direction_and_enter_opens_its_feature(page, site, atlas):
    features = atlas["features"]
    opened(page, site)
    page.locator(".canvas").focus()
    page.keyboard.press("ArrowRight")
    first = _selected(page, features)
    page.keyboard.press("ArrowRight")
    second = _selected(page, features, first)
    assert features["umap_x"][second] > features["umap_x"][first]
    page.keyboard.press("ArrowUp")
    third = _selected(page, features, second)
    assert features["umap_y"][third] > features["umap_y"][second]
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.hash.startsWith('#/feature/{features['feature_id'][third]}')")


def _selected(page: Any, features: Json, not_row: int | None = None) -> int:
    """The row that the address selects, once it is another than `not_row`."""
    old = "" if not_row is None else str(features["feature_id"][not_row])
    asked = "new URLSearchParams(location.hash.split('?')[1]).get('f')"
    page.wait_for_function(f"{asked} !== null && {asked} !== '{old}'")
    return features["feature_id"].index(int(page.evaluate(asked)))


def test_the_list_mirrors_the_map_by_keyboard(page, site, atlas):
    opened(page, site)
    page.get_by_role("listbox", name="Features of the map").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.wait_for_function(f"location.hash.includes('f={atlas['features']['feature_id'][2]}')")
    page.wait_for_selector(".overlay .selected")
    page.keyboard.press("End")
    page.wait_for_function(f"location.hash.includes('f={atlas['features']['feature_id'][-1]}')")
    page.wait_for_selector(".virtual-row[aria-selected=true]")


def test_pca_has_axes_and_its_own_places_and_panning_is_kept_in_the_address(page, site, atlas):
    opened(page, site, f"?f={atlas['features']['feature_id'][5]}")
    umap = ring(page)
    page.get_by_role("button", name="PCA").click()
    page.wait_for_selector(".overlay .axes")
    names = page.locator(".overlay .axis-name").all_text_contents()
    assert names == ["PC 1, 37.1\u202f% of the variance →", "↑ PC 2, 6.2\u202f% of the variance"]
    before = at_rest(page)
    assert before != umap
    box = page.locator(".canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 400)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 450, steps=50)
    page.mouse.up()
    page.wait_for_function("location.hash.includes('view=')")
    after = at_rest(page)
    # A drag begins to pan after its first few pixels.
    assert 90 <= after[0] - before[0] <= 101 and 44 <= after[1] - before[1] <= 51
    page.reload()
    page.wait_for_selector(".overlay .axes")
    again = at_rest(page)
    assert abs(again[0] - after[0]) < 2 and abs(again[1] - after[1]) < 2


def test_colour_by_a_metric_has_a_scale_and_keeps_the_guardrail_in_view(page, site, atlas):
    opened(page, site)
    offered = page.get_by_label("Colour").locator("option").all_inner_texts()
    assert "Mean across roles (μ)" not in offered  # centred, it is rounding
    page.get_by_label("Colour").select_option("score")
    page.wait_for_selector(".legend-scale")
    assert "Selection score" in page.locator(".legend-scale").inner_text()
    note = page.locator(".guardrail").inner_text()
    assert atlas["summary"]["note"] in note
    assert "38.4\u202f%" in note
    keep_screenshot(page, "map-metric")
