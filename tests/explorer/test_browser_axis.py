"""The page on which the explorer opens: the assistant axis, as a person reads and walks it."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.explorer.browser import axe_violations, keep_screenshot, settled


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".role-line a")
    settled(page)


def roles_of(site_folder: Path) -> list[str]:
    line = json.loads(next(site_folder.rglob("line.json")).read_text())
    ordered = sorted(line["axis"]["positions"], key=lambda one: one["position"])
    return [one["role"] for one in ordered]


def test_the_explorer_opens_with_every_role_on_a_line_and_sentences_at_its_ends(page, site, site_folder):
    opened(page, site)
    roles = roles_of(site_folder)
    assert page.locator(".role-line a text").all_text_contents() == roles
    assert page.locator(".role-line a .whisker").count() == len(roles)
    assert page.locator(".mark-list").count() == 2
    assert page.locator(".mark-list .token").count() == 2 * 4 * 2  # two lit in each sentence
    assert page.get_by_text("Its tokens are not kept.").count() == 2
    assert "1.5" in page.locator(".mark-numbers").first.inner_text()
    ends = page.locator(".axis-ends").inner_text()
    assert "towards default" in ends and "0 is the mean of all roles; the unit is the standard error" in ends
    assert axe_violations(page) == []
    keep_screenshot(page, "axis")


def test_two_roles_are_chosen_by_keyboard_and_lead_to_what_tells_them_apart(page, site, site_folder):
    opened(page, site)
    first, second, *_ = roles_of(site_folder)
    assert page.locator(".role-line a[tabindex='0']").count() == 1  # one stop of the tab key
    page.locator(f".role-line a[aria-label^='{second}:']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f".axis-chosen h2:has-text('{second}')")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f".axis-chosen h2:has-text('{first}')")  # pointed at, beside it
    page.keyboard.press("Enter")
    compare = page.locator(".axis-compare")
    compare.wait_for()
    assert page.locator(".role-line a[aria-current]").count() == 2
    assert axe_violations(page) == []
    assert compare.get_attribute("href") == f"#/compare?a={second}&b={first}"
    page.locator(f".role-line a[aria-label^='{first}:']").focus()
    page.keyboard.press("Enter")  # lets it go again
    compare.wait_for(state="detached")


def test_what_marks_the_last_role_pointed_at_stays_and_takes_the_place_of_the_second_chosen(
    page, site, site_folder
):
    first, second, *_, last = roles_of(site_folder)
    opened(page, f"{site}#/axis?roles={first},{first},{second}")
    shown = page.locator(".axis-chosen h2")
    page.wait_for_selector(f".axis-chosen h2:has-text('{second}')")
    assert [text.split()[-1] for text in shown.all_inner_texts()] == [first, second]
    page.locator(f".role-line a[aria-label^='{last}:'] .dot").hover()
    page.wait_for_selector(f".axis-chosen h2:has-text('{last}')")
    page.locator("h1").hover()
    page.wait_for_timeout(400)  # a role is read once the pointer has stayed
    assert [text.split()[-1] for text in shown.all_inner_texts()] == [first, last]


def test_the_browsers_own_keys_are_left_to_it_on_a_dot(page, site):
    opened(page, site)
    page.locator(".role-line a").nth(2).focus()
    taken = "new KeyboardEvent('keydown', {key: 'ArrowLeft', altKey: true, bubbles: true, cancelable: true})"
    assert page.evaluate(f"document.activeElement.dispatchEvent({taken})")  # nobody prevents it
    assert page.evaluate(f"!document.activeElement.dispatchEvent({taken.replace('true', 'false', 1)})")


def test_at_400_pixels_each_role_has_a_line_of_its_own_and_nothing_scrolls_sideways(page, site, site_folder):
    page.set_viewport_size({"width": 400, "height": 800})
    opened(page, site)
    page.wait_for_selector(".role-line.narrow")
    roles = roles_of(site_folder)
    assert page.locator(".role-line a text").all_text_contents() == roles[::-1]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")
    keep_screenshot(page, "axis-narrow")


def test_every_page_says_what_it_is_of_and_is_cited_as_a_line_and_in_bibtex(page, site):
    for place, title in (("", "Axis"), ("#/role/pirate", "Role pirate"), ("#/table", "Features")):
        page.goto(f"{site}{place}")
        source = page.locator(".source summary")
        source.wait_for()
        for part in (
            "model model",
            "a synthetic SAE",
            "14 roles",
            "snapshot of 2026-11-22",
            f"persona-assets {version('persona-assets')}",
        ):
            assert part in source.inner_text(), part
        source.click()
        line, entry = page.locator(".source pre").all_inner_texts()
        assert line.startswith(f"synthetic, {title}: ")
        assert f"title = {{synthetic, {title}}}" in entry
        licenses = page.request.get(page.locator(".source > a").evaluate("link => link.href"))
        assert "Apache Arrow" in licenses.text()
        source.click()


def rows_of(page) -> list[tuple[int, bool]]:
    """Of each mark: how many lines its numbers take, and whether q stands beside AUROC."""
    found = page.locator(".mark-numbers").evaluate_all(
        """all => all.map(row => {
            const tops = [...row.querySelectorAll('span[title], :scope > span:not([class])')]
                .map(one => Math.round(one.getBoundingClientRect().top));
            const [auroc, q] = tops.slice(-2);
            return [new Set(tops).size, auroc === q];
        })"""
    )
    return [(lines, beside) for lines, beside in found]


def test_the_numbers_of_a_mark_stand_in_one_line_and_q_never_alone(page, site):
    opened(page, site)
    page.locator(".mark-numbers").first.wait_for()
    assert set(rows_of(page)) == {(1, True)}
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function("document.querySelector('.mark-list').clientWidth < 400")
    assert {beside for _, beside in rows_of(page)} == {True}
