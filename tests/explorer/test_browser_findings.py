"""Saved findings as a person reads them: live, where they are checked, and on a static site."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from persona_assets.cli.findings import save
from persona_assets.explorer.site import write_site
from persona_assets.study.findings import finding_path, read_finding, write_finding
from persona_assets.study.study import Study
from tests.explorer.browser import axe_violations, keep_screenshot, static_server
from tests.explorer.fixture_site import HOSTILE
from tests.explorer.served import Served
from tests.explorer.test_browser_pages import opened
from tests.warehouse.world import ALWAYS_ON, OF_PIRATE_ALONE, World

SQL = f"""select sae, feature_id, role, mean, mean * 0.9 as mean_low, mean * 1.1 as mean_high, description
from role_features left join preferred_labels using (sae, feature_id)
where feature_id in ({OF_PIRATE_ALONE}, {ALWAYS_ON}) and sae = 'second' order by all limit 3"""


@pytest.fixture(scope="module", autouse=True)  # before Playwright, beside whose loop nothing is saved
def study(published: World) -> Iterator[Study]:
    """A study with a finding that holds, one that has moved, one that cannot be asked, and a broken file."""
    study = published.study
    save(study, "holds", "Which roles fire them?", SQL)
    found = read_finding(study, "holds")
    first, second, third = found.rows
    rows = [
        [*first[:3], first[3] * 3, first[3] * 2.5, first[3] * 3.5, first[6]],
        second,
        [*third[:2], "wolf", 1, 0, 2, None],
    ]
    write_finding(study, found.model_copy(update={"name": "moved", "rows": rows}))
    evidence = [found.evidence[0].model_copy(update={"text": text, "question": text}) for text in HOSTILE]
    hostile = {"name": "odd", "question": HOSTILE[0], "sql": "select lost", "evidence": evidence}
    shown = {"columns": ["role", HOSTILE[1]], "rows": [[text, text] for text in HOSTILE]}
    write_finding(study, found.model_copy(update=hostile | shown))
    finding_path(study, "broken").write_text("finding: 7")
    yield study
    shutil.rmtree(finding_path(study, "holds").parent)


@pytest.fixture
def live_pages(live: Served, built: Path, study: Study) -> str:
    return live.address


@pytest.fixture(scope="module")
def pages(study: Study, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A static site with the same findings."""
    folder = tmp_path_factory.mktemp("findings") / "site"
    write_site(study, folder, lambda done, total: None, built)
    with static_server(folder) as address:
        yield address


def test_a_finding_that_holds_is_shown_with_its_evidence_and_copied(page: Any, live_pages: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page, live_pages, "findings/holds", ".chip.good")
    assert page.locator(".finding-list tbody tr").count() == 3
    assert "broken cannot be read: " in page.locator(".caution").inner_text()
    assert "snapshot that it was saved from" in page.locator(".finding-verdict").inner_text()
    assert "from role_features" in page.locator(".finding-sql").inner_text()
    head = page.locator(".finding-answer th").all_inner_texts()
    assert head == ["sae", "feature_id", "role", "mean", "description"]
    assert page.locator(".finding-answer .bracket").count() == 3
    assert page.locator(".finding-answer .moved").count() == 0
    keep_screenshot(page, "findings-holds")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("copied", exact=True).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".finding-citation").inner_text() and "Finding holds of study" in copied


def test_ids_and_roles_lead_to_their_pages_under_their_sae(page: Any, live_pages: str) -> None:
    opened(page, live_pages, "findings/holds", ".finding-answer .feature-link")
    link = page.locator(".finding-answer .feature-link").first
    assert "sae=second" in link.get_attribute("href")
    link.click()
    page.wait_for_selector(".feature-head")
    page.go_back()
    page.locator(".finding-evidence .role-link").first.click()
    page.wait_for_selector(".role-head")
    assert "response=" in page.url


def test_features_without_an_sae_are_those_of_the_default_whichever_is_shown(
    page: Any, live_pages: str, study: Study
) -> None:
    before = read_finding(study, "holds")
    kept = [at for at, column in enumerate(before.columns) if column != "sae"]
    rows = [[row[at] for at in kept] for row in before.rows]
    columns = [before.columns[at] for at in kept]
    write_finding(study, before.model_copy(update={"columns": columns, "rows": rows}), replace=True)
    try:
        opened(page, live_pages, "findings/holds?sae=second", ".finding-answer .feature-link")
        link = page.locator(".finding-answer .feature-link").first.get_attribute("href")
    finally:
        write_finding(study, before, replace=True)
    assert link == f"#/feature/{before.rows[0][before.columns.index('feature_id')]}"


def test_numbers_that_moved_stand_beside_the_saved_ones(page: Any, live_pages: str, study: Study) -> None:
    opened(page, live_pages, "findings", ".finding-list a")
    page.get_by_role("link", name="moved").click()
    page.wait_for_selector(".finding-answer .moved")
    first = page.locator(".finding-answer tbody tr").first.inner_text()
    assert "today" in first and "out of the interval" in first
    assert page.locator(".finding-answer .gone").inner_text().count("gone today") == 1
    assert page.locator(".finding-answer .new").inner_text().count("new today") == 1
    assert "1 row gone (second" in page.locator(".finding-verdict").inner_text()
    keep_screenshot(page, "findings-moved")
    before = read_finding(study, "moved")
    write_finding(study, before.model_copy(update={"rows": read_finding(study, "holds").rows}), replace=True)
    try:
        page.get_by_role("button", name="check again").click()
        page.wait_for_selector(".chip.good")
    finally:
        write_finding(study, before, replace=True)


def test_one_that_cannot_be_asked_says_so_in_a_line_and_no_text_is_obeyed(page: Any, live_pages: str) -> None:
    opened(page, live_pages, "findings/odd", ".finding-verdict .bad")
    assert "line 1, column 8: " in page.locator(".finding-verdict").inner_text()
    assert page.locator(".finding-answer tbody tr").count() == len(HOSTILE)
    assert page.locator(".finding-answer .moved, .finding-answer .chip").count() == 0
    assert page.locator("main img, main script").count() == 0
    assert page.title() != "owned"
    opened(page, live_pages, "findings/nothing", ".finding-list")
    page.get_by_text("There is no such finding").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["moved", "odd"])
def test_the_page_is_accessible_and_fits_a_small_window(page: Any, pages: str, name: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 1024, "height": 700})
    opened(page, pages, f"findings/{name}", ".finding-verdict")
    assert axe_violations(page) == []
    keep_screenshot(page, f"findings-{name}-{theme}")
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function("document.querySelector('main').scrollWidth <= innerWidth")


def test_a_site_says_what_a_check_said_when_it_was_made(page: Any, pages: str, troubles: list[str]) -> None:
    opened(page, pages, "findings/moved", ".finding-answer .moved")
    assert "checked when it was made" in page.locator(".finding-checked").inner_text()
    assert page.get_by_role("button", name="check again").count() == 0
    page.route("**/findings/check/*.json", lambda route: route.fulfill(status=404))
    opened(page, pages, "findings/holds", ".finding-answer")
    page.get_by_text("not checked when this site was made").wait_for()
    troubles.clear()


def test_a_study_without_findings_is_told_how_to_save_one(page: Any, site: str) -> None:
    opened(page, site, "findings", ".state strong")
    assert "persona finding save synthetic NAME" in page.locator(".state").inner_text()
