"""The search box: on a static site, and with words in responses on the live server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.explorer.browser import keep_screenshot, settled
from tests.explorer.served import Served, eventually
from tests.warehouse.world import OF_PIRATE_ALONE, ROLES

BOX = "Search features, labels and roles"


def typed(page: Any, text: str) -> Any:
    """The box with `text` in it, and its list, answered."""
    page.keyboard.press("/")
    page.keyboard.type(text)
    page.wait_for_selector(".search-option")
    return page


def test_a_slash_focuses_the_box_and_an_id_leads_to_its_feature(page, site, site_folder: Path):
    ids = json.loads((site_folder / "some/folder/data/demo/features.json").read_text())["feature_id"]
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    typed(page, str(ids[3]))
    page.wait_for_function(
        f"[...document.querySelectorAll('.search-option .mono')].some(e => e.textContent === '{ids[3]}')"
    )
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.hash.startsWith('#/feature/{ids[3]}')")


def test_roles_and_labels_are_found_and_chosen_by_arrow_keys(page, site):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    typed(page, "ghost")
    page.wait_for_function(
        "(labels => labels.length && labels.every(e => e.textContent.toLowerCase().includes('ghost')))"
        "([...document.querySelectorAll('.search-option .label-cut')])"
    )  # before the whole word is answered, the list is of its first letters
    keep_screenshot(page, "search")
    box = page.get_by_role("combobox", name=BOX)
    page.keyboard.press("ArrowDown")
    chosen = box.get_attribute("aria-activedescendant")
    assert page.locator(f"[id='{chosen}']").inner_text() == "ghost"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.startsWith('#/role/ghost')")
    assert box.input_value() == ""
    page.go_back()
    page.wait_for_selector(".grid-body")


def test_escape_closes_the_list_and_then_leaves_the_box(page, site):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    typed(page, "oath")
    page.keyboard.press("Escape")
    assert page.locator(".search-option").count() == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")


def test_what_is_nowhere_is_said_and_a_slash_in_a_field_is_a_slash(page, site):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    page.get_by_label("Words of a label, or an id").fill("")
    page.get_by_label("Words of a label, or an id").press("/")
    assert page.get_by_label("Words of a label, or an id").input_value() == "/"
    page.get_by_role("combobox", name=BOX).fill("<b>nothing</b>")
    page.get_by_text("No id, label or role has “<b>nothing</b>”.").wait_for()


def test_all_results_are_a_page_with_a_link_of_its_own(page, site):
    page.goto(f"{site}#/search?q=oath")
    page.wait_for_selector(".found-features li")
    settled(page)
    assert page.locator(".found-features li").count() == 20
    page.get_by_role("link", name="all in the table").click()
    page.wait_for_function("location.hash === '#/table?text=oath'")
    assert page.get_by_text("In responses").count() == 0


def test_the_live_server_finds_labels_and_words_in_responses_role_by_role(page, live: Served, built):
    page.goto(f"{live.address}#/table")
    page.wait_for_selector(".grid-body")
    typed(page, "the open sea")
    page.wait_for_selector(".search-option .mono")
    first = page.locator(".search-option .mono").first  # of the whole words, once they are answered
    assert eventually(lambda: first.inner_text() == str(OF_PIRATE_ALONE))
    page.get_by_role("combobox", name=BOX).fill("ANSWERS 7")
    page.get_by_role("option", name="Words in responses").click()
    page.get_by_text("found in").wait_for()
    assert page.locator(".words-role .role-link").all_inner_texts() == list(ROLES)
    assert set(page.locator(".words-role mark").all_inner_texts()) == {"answers 7"}
    page.locator(".words-role li > a").first.click()
    page.wait_for_function("location.hash.startsWith('#/role/1984') && location.hash.includes('response=')")


def test_a_search_of_words_tells_how_far_it_is_and_can_be_stopped(page, live: Served, built):
    page.goto(f"{live.address}#/search?q=sea")
    page.get_by_text("found in").wait_for()
    slow = page.context.new_cdp_session(page)
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": 1_000, "uploadThroughput": -1},
    )
    page.goto(f"{live.address}#/search?q=answers")
    page.get_by_text("of 4 roles").wait_for()
    page.get_by_role("button", name="Stop").click()
    said = page.get_by_text("stopped after").inner_text()
    assert int(said.split("stopped after ")[1].split()[0]) < 4
    assert page.get_by_role("progressbar").count() == 0
