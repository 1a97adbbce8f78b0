"""The table of features: sort, filter, choose, export; on a static site of the synthetic study."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.explorer.browser import keep_screenshot, settled
from tests.explorer.fixture_site import HOSTILE

Json = dict[str, Any]


@pytest.fixture(scope="module")
def features(site_folder: Path) -> list[Json]:
    """The rows of the table."""
    columns = json.loads((site_folder / "some/folder/data/demo/features.json").read_text())
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def opened(page: Any, site: str, query: str = "") -> Any:
    page.goto(f"{site}#/table{query}")
    page.wait_for_selector(".table-page")
    return settled(page)


def ids(page: Any) -> list[int]:
    """The ids of the rows that are drawn, in their order."""
    return [int(text) for text in page.locator(".grid-body .feature-link").all_inner_texts()]


def told(page: Any) -> int:
    """How many rows the table says it shows."""
    return int(page.locator(".table-actions strong").inner_text().replace("\u2009", ""))


def wait_for_first(page: Any, feature_id: int) -> None:
    page.wait_for_function(
        f"document.querySelector('.grid-body .feature-link')?.textContent === '{feature_id}'"
    )


def test_only_the_rows_in_view_are_drawn_of_all_alive_features(page, site, features, troubles):
    opened(page, site)
    assert told(page) == len(features) == 900
    assert len(ids(page)) < 80
    page.get_by_role("grid").focus()
    page.keyboard.press("End")
    last = features[-1]["feature_id"]
    page.wait_for_function(
        f"[...document.querySelectorAll('.feature-link')].at(-1)?.textContent === '{last}'"
    )
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.hash.startsWith('#/feature/{last}')")
    page.get_by_text(f"Feature {last} is not here").wait_for()  # this site holds the pages of a few features
    assert len(troubles) == 1
    assert "404" in troubles.pop()


def test_a_click_on_a_head_sorts_with_the_unknown_last_either_way(page, site, features):
    opened(page, site)
    known = sorted((row for row in features if row["score"] is not None), key=lambda row: row["score"])
    page.get_by_role("columnheader", name="Score").get_by_role("button").click()
    wait_for_first(page, known[-1]["feature_id"])
    page.get_by_role("columnheader", name="Score").get_by_role("button").click()
    wait_for_first(page, known[0]["feature_id"])
    assert page.get_by_role("columnheader", name="Score").get_attribute("aria-sort") == "ascending"
    page.get_by_role("grid").focus()
    page.keyboard.press("End")
    unknown = [row["feature_id"] for row in features if row["score"] is None]
    page.wait_for_function(
        f"[...document.querySelectorAll('.feature-link')].at(-1)?.textContent === '{unknown[-1]}'"
    )
    page.go_back()
    wait_for_first(page, known[-1]["feature_id"])


def test_words_ranges_and_the_role_filter_together_and_are_a_link(page, site, features):
    role = features[0]["preferred_role"]
    wanted = [
        row["feature_id"]
        for row in features
        if "oath" in (row["label"] or "").lower()
        and row["preferred_role"] == role
        and 0.1 <= row["firing_rate"] <= 0.2
    ]
    assert 1 < len(wanted) < 60
    page.set_viewport_size({"width": 1280, "height": 900})  # all of them are drawn
    opened(page, site)
    page.get_by_label("Words of a label, or an id").fill("OATH")
    page.get_by_role("combobox", name="Preferred role").select_option(role)
    page.get_by_label("Add a range").select_option("firing_rate")
    page.get_by_label("Firing rate, at least").fill("0.1")
    page.get_by_label("Firing rate, at most").fill("0.2")
    page.wait_for_function(f"document.querySelector('.table-actions strong').textContent === '{len(wanted)}'")
    assert ids(page) == wanted
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector(".grid-body .feature-link")
    assert ids(page) == wanted


def test_what_is_no_number_filters_nothing_and_says_so(page, site, features):
    opened(page, site, "?where=score:..")
    page.get_by_label("Score, at least").fill("many")
    assert page.get_by_label("Score, at least").get_attribute("aria-invalid") == "true"
    assert page.get_by_label("Score, at least").input_value() == "many"
    assert told(page) == len(features)


def test_nothing_that_fits_leads_back_to_all(page, site, features):
    opened(page, site, "?text=nosuchword")
    page.get_by_text("No feature is like that").wait_for()
    page.get_by_role("link", name="Show all").click()
    page.wait_for_selector(".grid-body .feature-link")
    assert told(page) == len(features)


def test_columns_are_chosen_and_the_export_holds_what_is_shown_with_formulas_disarmed(page, site, features):
    opened(page, site, "?sort=-firing_rate")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Var. role").check()
    page.get_by_label("Entropy").uncheck()
    page.wait_for_function("location.hash.includes('columns=')")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    text = Path(download.value.path()).read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    first = ["feature_id", "label", "preferred_role", "firing_rate", "mean", "sd"]
    assert list(rows[0]) == [*first, "score", "selected", "variance_role"]
    expected = sorted(features, key=lambda row: (-row["firing_rate"], row["feature_id"]))
    assert [int(row["feature_id"]) for row in rows] == [row["feature_id"] for row in expected]
    labels = {int(row["feature_id"]): row["label"] for row in rows}
    assert labels[features[6]["feature_id"]] == "'" + HOSTILE[6]
    for place in (0, 1, 2, 4, 5):
        assert labels[features[place]["feature_id"]] == HOSTILE[place]


def test_hostile_labels_are_shown_as_the_text_they_are(page, site, features):
    opened(page, site)
    cells = page.locator(".grid-body .grid-row")
    assert HOSTILE[0] in cells.nth(0).inner_text()
    assert HOSTILE[1] in cells.nth(1).inner_text()
    assert page.locator(".grid-body img, .grid-body script").count() == 0
    assert "owned" not in page.title()
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    keep_screenshot(page, "table")


def test_heads_show_how_numbers_are_spread_and_which_of_them_the_filters_leave(page, site, features):
    opened(page, site)
    histogram = page.get_by_role("columnheader", name="Mean").locator(".head-histogram")
    assert page.locator(".head-histogram").count() == 5  # of the numbers shown, not of ids
    assert histogram.locator(".of-listed rect").count() == histogram.locator(".of-all rect").count() > 10
    high = sorted(row["mean"] for row in features)[-1]
    page.goto(f"{site}#/table?where=mean:{high}..")
    page.wait_for_function("document.querySelector('.table-actions strong').textContent === '1'")
    assert histogram.locator(".of-listed rect").count() == 1
    assert histogram.locator(".of-listed rect").get_attribute("x") == "23"  # the last bar
    assert page.locator(".grid-head").bounding_box()["height"] == 48
    keep_screenshot(page, "table-histograms")
