"""The study's own contrasts as a person reads them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.explorer.browser import axe_violations, keep_screenshot, settled, static_server
from tests.explorer.contract import check
from tests.explorer.fixture_site import HOSTILE, Size, write_site
from tests.explorer.test_browser_pages import first_cells, opened

NOTE = "the group has one role: it is taken to vary as those of the other do"
CONTRASTS = [
    {
        "contrast": name, "kind": kind, "unit": kind[:-1], "crossed": "question", "n_group": 2,
        "n_against": 9, "n_responses_group": 90, "n_responses_against": 400,
        "n_more": 1, "n_less": 0, "n_relevant": 1,
        "note": note, "group": ["pirate", "ghost"], "against": [f"role_{at}" for at in range(9)],
    }
    for name, kind, note in (("sea", "roles", NOTE), ("first_wordings", "wordings", None))
]  # fmt: skip
FEATURES = [
    {
        "feature_id": at, "mean_group": 1.0, "mean_against": 0.5, "firing_rate_group": 0.4,
        "firing_rate_against": 0.2, "share": 0.7, "effect": 0.5 - at, "effect_low": None if at else 0.2,
        "effect_high": None if at else 0.8, "auroc": 0.9 - at / 10, "auroc_low": None if at else 0.7,
        "auroc_high": None if at else 0.95, "q": None if at else 0.01, "q_relevant": None if at else 0.02,
        "min_unit_auroc": 0.6, "n_units_agree": 2, "label": HOSTILE[at], "distinctness": None if at else 0.2,
        "token_rate_group": 0.02, "token_rate_against": 0.01, "rate_ratio": 2.0,
        "rate_ratio_low": None if at else 1.25, "rate_ratio_high": None if at else 3.5,
        "rate_q": None if at else 0.01,
    }
    for at in range(3)
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contrasts") / "site"
    shutil.copytree(built, folder)
    write_site(folder, Size(pages=1))
    data = folder / "data" / "demo"
    check("OwnContrast", CONTRASTS[0]), check("FeatureOfContrast", FEATURES[0])
    (data / "contrasts.json").write_text(json.dumps(CONTRASTS))
    (data / "contrast").mkdir()
    for one in CONTRASTS:
        (data / "contrast" / f"{one['contrast']}.json").write_text(json.dumps(FEATURES))
    return folder


@pytest.fixture(scope="module")
def pages(folder: Path) -> Iterator[str]:
    with static_server(folder) as address:
        yield address


def test_a_contrast_is_chosen_and_lists_its_features(page: Any, pages: str) -> None:
    opened(page, pages, "compare", ".state")
    page.get_by_text("the study’s own contrasts").click()
    page.wait_for_selector(".contrast-features tbody tr")
    settled(page)
    assert first_cells(page, ".contrast-features") == ["0", "1", "2"]
    row = page.locator(".contrast-features tbody tr").first.inner_text()
    assert "[0.70, 0.95]" in row and "2 of 2" in row and "◆" in row
    assert "[1.3, 3.5]" in row, "its rate per token has no interval"
    assert NOTE in page.locator(".footnote").last.inner_text()
    played = page.locator(".played").all_inner_texts()
    assert "pirate 2.25 [1.50, 2.75]" in played, "nobody says how well the roles are played"
    assert "role_5 and 3 more" in page.locator(".contrast-list li").first.inner_text()
    page.get_by_role("button", name="first_wordings").click()
    page.wait_for_selector("h2:has-text('first_wordings')")
    settled(page)
    assert "contrast=first_wordings" in page.url
    assert page.locator(".played").count() == 0
    assert "another draw of wordings and of questions" in page.locator(".footnote").inner_text()
    page.locator(".contrast-features .feature-link").first.click()
    page.wait_for_url("**#/feature/0*")
    assert "owned" not in page.title()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_small_window(page: Any, pages: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 1024, "height": 700})
    opened(page, pages, "contrasts", ".contrast-features tbody tr")
    assert axe_violations(page) == []
    keep_screenshot(page, f"contrasts-1024-{theme}")
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function("document.querySelector('main').scrollWidth <= innerWidth")


def test_a_study_without_contrasts_is_told_how_to_add_one(page: Any, pages: str) -> None:
    page.route("**/demo/contrasts.json", lambda route: route.fulfill(json=[]))
    opened(page, pages, "contrasts", ".state strong")
    assert "persona run STUDY --select contrasts,warehouse" in page.locator(".state").inner_text()
