"""The help beside the pages: what each shows, how it is read, and its keys."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.explorer.browser import WEB, axe_violations, keep_screenshot, settled

PAGES = re.findall(r"^  (\w+): \{ title: \"(\w+)\"", (WEB / "src/router/pages.ts").read_text(), re.MULTILINE)


def helped(page: Any) -> Any:
    """The help, once it is open."""
    panel = page.get_by_role("complementary", name="Help")
    panel.wait_for()
    return panel


def test_a_key_opens_the_help_and_it_follows_from_page_to_page_until_it_is_closed(page, site, troubles):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    button = page.get_by_role("button", name="Help on this page")
    assert button.get_attribute("aria-expanded") == "false"
    page.keyboard.press("?")
    panel = helped(page)
    assert button.get_attribute("aria-expanded") == "true"
    told = set()
    for name, title in PAGES:
        page.evaluate(f"location.hash = '#/{name}'")
        panel.get_by_role("heading", name=f"How to read this page: {title}").wait_for()
        told.add(panel.locator("p").first.inner_text())
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    settled(page)
    troubles.clear()  # the synthetic site lacks the files of some pages
    assert len(told) == len(PAGES) > 10
    page.reload()
    helped(page).get_by_label("What the page shows").focus()
    page.keyboard.press("Escape")
    page.wait_for_selector(".help-panel", state="detached")
    assert page.evaluate("document.activeElement.id") == "help-button"
    page.reload()
    page.wait_for_selector("#help-button")
    assert page.locator(".help-panel").count() == 0


def test_escape_closes_the_help_from_anywhere_and_the_focus_is_where_it_was_before(page, site):
    page.goto(f"{site}#/roles")
    page.wait_for_selector(".sort-table tbody tr")
    button, first = page.locator("#help-button"), page.locator(".sort-table .sort").first

    def focused(one: Any) -> bool:
        return one.evaluate("one => one === document.activeElement")

    button.click()
    helped(page)
    page.locator("main").focus()  # so does a click on nothing
    page.keyboard.press("Escape")
    page.wait_for_selector(".help-panel", state="detached")
    assert focused(button)
    first.focus()
    page.keyboard.press("?")
    helped(page).get_by_role("button", name="Close the help").focus()
    page.keyboard.press("?")
    page.wait_for_selector(".help-panel", state="detached")
    assert focused(first), "it was opened from there"
    page.keyboard.press("?")
    helped(page)
    page.keyboard.press("/")  # to the search, which has a use of its own for Escape while something is found
    page.keyboard.type("pirate")
    page.get_by_role("listbox").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("listbox").wait_for(state="detached")
    assert page.locator(".help-panel").count() == 1


def test_a_question_mark_that_is_typed_stays_one(page, site):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    page.locator(".text-filter").fill("")
    page.keyboard.type("oath?")
    assert page.locator(".text-filter").input_value() == "oath?"


@pytest.mark.parametrize("width", [1280, 400])
def test_the_help_stands_beside_the_page_or_on_a_phone_below_it(page, site, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}#/map")
    page.wait_for_selector(".map-list .virtual-row")
    page.get_by_role("button", name="Help on this page").click()
    panel = helped(page)
    assert "gathers features with a lasso" in panel.inner_text()
    settled(page)
    main, beside = page.locator("main").bounding_box(), panel.bounding_box()
    assert main["height"] > 200 and beside["width"] >= 300
    assert main["x"] + main["width"] <= beside["x"] or main["y"] + main["height"] <= beside["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe_violations(page) == []
    keep_screenshot(page, f"help-{width}")
