"""The page Try as a person uses it, on a live server that has the toy model."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.explorer.browser import axe_violations, keep_screenshot
from tests.explorer.fixture_site import HOSTILE
from tests.explorer.served import Served, eventually
from tests.explorer.test_browser_pages import opened

TEXT = "Who are you? Tell me of the sea, matey, and of the ghosts."


def send(page: Any, address: str, text: str) -> None:
    opened(page, address, "try", "textarea")
    page.get_by_label("A text").fill(text)
    page.get_by_role("button", name="Try it").click()


@pytest.fixture
def pages(with_model: Served, built: Any) -> str:
    return with_model.address


def test_a_text_is_shown_by_token_and_a_chosen_feature_by_its_activations(page: Any, pages: str) -> None:
    send(page, pages, TEXT)
    page.wait_for_selector(".try-features tbody tr")
    pieces = page.locator(".try-list .piece").evaluate_all("all => all.map(one => one.textContent)")
    assert "".join(pieces).strip() == TEXT
    all_tokens = page.locator(".try-tokens .token").count()
    row = page.locator(".try-features tbody tr").last
    shown = row.locator("td").nth(4).inner_text()
    row.get_by_role("button").click()
    page.get_by_role("button", name="all features").wait_for()
    assert page.locator(".try-tokens .token[data-at]").count() == int(shown.split(" of ")[0])
    assert page.locator(".try-features tr.marked").count() == 1
    keep_screenshot(page, "try-chosen")
    page.get_by_role("button", name="all features").click()
    page.wait_for_function(f"document.querySelectorAll('.try-tokens .token').length >= {all_tokens}")
    page.get_by_text("Token by token").click()
    assert page.locator(".try-list li").count() > 5
    page.locator(".try-list .feature-link").first.click()
    page.wait_for_selector(".feature-head")


def test_a_key_that_is_held_sends_one_text(page: Any, pages: str) -> None:
    opened(page, pages, "try", "textarea")
    held: list[Any] = []
    page.route(
        "**/api/try",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_label("A text").press("Control+Enter")  # there is no text yet
    page.get_by_label("A text").fill(TEXT)
    for _ in range(5):
        page.get_by_label("A text").press("Control+Enter")
    page.get_by_text("Reading the text with the model").wait_for()
    assert eventually(lambda: held and page.evaluate("true"))  # which lets what was sent arrive here
    assert [route.request.post_data_json["text"] for route in held] == [TEXT]
    held[0].continue_()
    page.wait_for_selector(".try-features tbody tr")


def test_what_cannot_be_read_is_told_and_the_text_stays(page: Any, pages: str, troubles: list[str]) -> None:
    send(page, pages, "no JSON")
    page.wait_for_selector(".try-features")
    page.get_by_label("a conversation as").check()
    page.get_by_role("button", name="Try it").click()
    alert = page.locator(".caution[role=alert]")
    alert.wait_for()
    assert "not valid JSON" in alert.inner_text()
    assert page.get_by_label("A text").input_value() == "no JSON"
    assert all("400" in one for one in troubles)
    troubles.clear()


def test_hostile_text_is_shown_as_text(page: Any, pages: str) -> None:
    send(page, pages, HOSTILE[0] + HOSTILE[1] + HOSTILE[2])
    page.wait_for_selector(".try-features")
    page.get_by_text("Token by token").click()
    assert page.locator("main img, main script").count() == 0
    assert page.title() != "owned"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_small_window(page: Any, pages: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 1024, "height": 700})
    send(page, pages, TEXT)
    page.wait_for_selector(".try-features tbody tr")
    page.get_by_text("Token by token").click()
    assert axe_violations(page) == []
    keep_screenshot(page, f"try-{theme}")
    page.set_viewport_size({"width": 400, "height": 800})
    end = time.monotonic() + 30
    while page.evaluate("document.querySelector('main').scrollWidth > innerWidth"):
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def test_without_a_model_or_a_server_it_says_how_to_have_one(page: Any, live: Served, site: str) -> None:
    opened(page, live.address, "try", ".state code")
    assert "persona explore small --model" in page.locator(".state").inner_text()
    opened(page, site, "try", ".state code")
    assert "needs the live explorer" in page.locator(".state").inner_text()
