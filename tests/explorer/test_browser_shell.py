"""What surrounds the pages: themes, errors, a server that goes, a snapshot that changes, who can use it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from persona_assets.explorer.site import write_site as write_real_site
from persona_assets.warehouse import publish
from tests.explorer.browser import PATIENCE, WEB, axe_violations, settled, static_server, watch
from tests.explorer.fixture_site import Size, write_site
from tests.explorer.served import eventually, serving
from tests.ports import free_port
from tests.warehouse.world import World

MOST_JAVASCRIPT = 600_000  # bytes, compressed
PAGES = ("map", "map?color=score&layout=pca", "table", "search?q=oath", "roles", "compare")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("place", PAGES)
def test_no_page_has_a_serious_violation_nor_is_wider_than_a_small_window(chromium, site, place, theme):
    context = chromium.new_context(viewport={"width": 1024, "height": 700}, color_scheme=theme)
    context.set_default_timeout(PATIENCE * 1000)
    page, troubles = context.new_page(), []
    watch(page, troubles)
    page.goto(f"{site}#/{place}")
    page.wait_for_selector(".overlay, .grid-body, .found-features, svg, main h1, main select")
    violations = axe_violations(settled(page))
    wide = "[document.documentElement, document.querySelector('main')].map(one => one.scrollWidth)"
    fitting = []
    for width in (1024, 640, 400):  # a small window's, one of 1280 pixels at 200 %, and a phone's
        page.set_viewport_size({"width": width, "height": 700})
        if eventually(lambda width=width: max(page.evaluate(wide)) == width, seconds=20):
            fitting.append(width)
    context.close()
    assert violations == []
    assert fitting == [1024, 640, 400]
    assert troubles == []


def test_the_name_of_the_page_is_in_view_on_a_phone(page, site, troubles):
    page.set_viewport_size({"width": 400, "height": 800})
    in_view = """() => {
        const [names, one] = ['.header nav', '.header nav [aria-current]'].map(
            which => document.querySelector(which).getBoundingClientRect());
        return one.left >= names.left - 1 && one.right <= names.right + 1;
    }"""
    for place in ("sql", "axis", "findings"):
        page.goto(f"{site}#/{place}")
        page.wait_for_selector("main h1, main h2")
        assert settled(page).evaluate(in_view), place
    troubles.clear()  # the synthetic site lacks the files of some pages


def test_all_javascript_together_is_small(built: Path):
    files = [path for path in (built / "assets").glob("*.js") if not path.name.startswith("duckdb-worker")]
    scripts = [path.read_bytes() for path in files]  # DuckDB's own is loaded with it, once it is asked
    assert scripts
    assert sum(len(gzip.compress(script)) for script in scripts) < MOST_JAVASCRIPT


def test_no_source_writes_markup_from_text(built: Path):
    sources = list((WEB / "src").rglob("*.ts*"))
    assert len(sources) > 20
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for word in ("dangerouslySetInnerHTML", "innerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, path.name


def test_the_theme_is_the_systems_until_it_is_chosen_and_the_choice_is_kept(page, site):
    page.goto(f"{site}#/table")
    ground = "getComputedStyle(document.body).backgroundColor"
    page.wait_for_selector(".grid-body")
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Change to the light theme").click()
    light = page.evaluate(ground)
    assert light != dark
    page.reload()
    page.wait_for_selector(".grid-body")
    assert page.evaluate(ground) == light


def test_a_page_that_is_none_says_so_and_the_navigation_leads_on(page, site):
    page.goto(f"{site}#/nowhere")
    page.get_by_text("There is no such page").wait_for()
    page.get_by_role("link", name="Features").click()
    page.wait_for_selector(".grid-body")
    assert page.title().startswith("Features")


def test_the_keyboard_reaches_the_page_past_the_navigation(page, site):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url.endswith("#/table")


def test_a_file_that_is_broken_is_said_and_read_again_when_asked(page, built, tmp_path, troubles):
    shutil.copytree(built, tmp_path / "site")
    write_site(tmp_path / "site", Size(roles=4, selected=20, alive=30, pages=1))
    broken = tmp_path / "site" / "data" / "demo" / "features.json"
    whole = broken.read_text()
    broken.write_text(whole[:200])
    with static_server(tmp_path / "site") as address:
        page.goto(f"{address}#/table")
        page.get_by_text("data/demo/features.json is not readable JSON.").wait_for()
        broken.write_text(whole)
        os.utime(broken, (time.time() + 5,) * 2)  # a plain server tells versions apart by the second
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector(".grid-body .feature-link")


def test_a_study_without_an_atlas_says_so_and_leads_to_the_table(page, built, tmp_path):
    shutil.copytree(built, tmp_path / "site")
    write_site(tmp_path / "site", Size(roles=4, selected=20, alive=30, pages=1))
    file = tmp_path / "site" / "data" / "study.json"
    study = json.loads(file.read_text())
    study["saes"][0]["has_atlas"] = False
    file.write_text(json.dumps(study))
    with static_server(tmp_path / "site") as address:
        page.goto(f"{address}#/map")
        page.get_by_text("There is no atlas yet").wait_for()
        page.get_by_role("link", name="table").click()
        page.wait_for_selector(".grid-body")


def test_the_site_of_a_real_study_opens_from_a_plain_static_server(page, published: World, built, tmp_path):
    write_real_site(published.study, tmp_path / "site", lambda done, total: None, built)
    with static_server(tmp_path / "site") as address:
        page.goto(address)
        page.wait_for_selector(".role-line a")
        page.get_by_role("link", name="Map", exact=True).click()
        page.wait_for_selector(".dots[data-drawn]")
        page.locator(".map-list .virtual-row").first.click()
        page.locator(".selected-id").click()
        page.get_by_role("heading", name="Feature", level=1).wait_for()
        for name, shown in (
            ("Features", ".grid-body .feature-link"),
            ("Roles", "main svg"),
            ("Compare", "main h1"),
        ):
            page.get_by_role("link", name=name, exact=True).click()
            page.wait_for_selector(shown)
        page.get_by_role("link", name="SQL").click()
        page.get_by_text("because this host does not answer range requests").wait_for()
        page.goto(f"{address}#/role/pirate")
        page.get_by_text("pirate answers 7 as variant").first.wait_for()


def test_a_live_page_runs_under_the_servers_policy_and_moves_to_a_newer_snapshot(
    page, own: World, built, troubles
):
    publish(own.study)
    with serving(own.study, own.study.lake.root) as served:
        page.goto(f"{served.address}#/map")
        page.wait_for_selector(".overlay")
        for place in ("table", "roles", "sql"):
            page.goto(f"{served.address}#/{place}")
            page.wait_for_timeout(700)
        before = _snapshot(page)
        page.goto(f"{served.address}#/table?sort=-mean")
        page.wait_for_selector(".grid-body .feature-link")
        publish(own.study)
        page.get_by_text("Moved to a newer snapshot").wait_for(timeout=60_000)
        assert _snapshot(page) != before
        assert page.locator(".grid-body .feature-link").count() > 0
        assert page.url.endswith("#/table?sort=-mean")


def _snapshot(page: Any) -> str:
    return page.evaluate("fetch('api/snapshot').then(answer => answer.json()).then(one => one.snapshot)")


def test_a_server_that_is_gone_is_said_and_what_failed_is_read_when_it_is_back(
    page, own: World, built, troubles
):
    publish(own.study)
    port = free_port()
    with serving(own.study, own.study.lake.root, port=port) as served:
        address = served.address
        page.goto(f"{address}#/table")
        page.wait_for_selector(".grid-body .feature-link")
    page.get_by_text("The server is gone. Asking again").wait_for(timeout=60_000)
    assert page.locator(".grid-body .feature-link").count() > 0
    page.get_by_role("link", name="Map").click()
    page.get_by_text("Reading the page").wait_for()
    with serving(own.study, own.study.lake.root, port=port):
        page.wait_for_selector(".map-list .virtual-row", timeout=60_000)
        assert page.locator(".notice").count() == 0
        page.wait_for_load_state("networkidle")
    troubles[:] = [one for one in troubles if "net::ERR_" not in one]  # refused, reset or unanswered
