"""A `bundle.json` of the field's viewers, opened in the explorer: whole, bare, and broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.explorer.browser import axe_violations, keep_screenshot
from tests.explorer.served import Served

Json = dict[str, Any]


@pytest.fixture(scope="module")
def bundle(site_folder: Path) -> Json:
    """A bundle of the synthetic study's map."""
    data = site_folder / "some" / "folder" / "data" / "demo"
    map_, neighbors, roles = (
        json.loads((data / f"{name}.json").read_text()) for name in ("map", "neighbors", "roles")
    )
    columns, names = map_["features"], map_["roles"]
    features = [
        {
            "feature_row": row,
            "feature_id": feature_id,
            "preferred_role_idx": columns["preferred_role"][row],
            "preferred_role": names[columns["preferred_role"][row]],
            "top_roles": [{"role_idx": 0, "role": names[0], "activation": 1.25, "share": 0.5}],
            "metrics": {"score": columns["score"][row], "stability": columns["stability"][row]},
            "description": columns["label"][row],
            "neuronpedia_url": "https://www.neuronpedia.org/toy/0/1" if row % 2 else "javascript:alert(1)",
        }
        for row, feature_id in enumerate(columns["feature_id"])
    ]
    return {
        "dataset": {"name": "somebody's run", "sae_dim": 65_536, "selection": {"alive_count": 777}},
        "guardrails": {"note": "Mind the gaps.", "knn_overlap_at_k": 15, "knn_overlap_score": 0.5},
        "roles": names,
        "feature_ids": columns["feature_id"],
        "coords": {
            kind: list(zip(columns[f"{kind}_x"], columns[f"{kind}_y"], strict=True))
            for kind in ("umap", "pca")
        },
        "neighbors": {
            "k": neighbors["k"],
            "indices": neighbors["rows"],
            "similarities": neighbors["similarities"],
        },
        "role_similarity": roles["similarity"],
        "features": features,
    }


@pytest.fixture(scope="module")
def beside(site_folder: Path, bundle: Json) -> Path:
    """The site's folder, with bundles in it."""
    folder = site_folder / "some" / "folder"
    (folder / "bundle.json").write_text(json.dumps(bundle))
    bare = {"feature_ids": bundle["feature_ids"], "coords": {"umap": bundle["coords"]["umap"]}}
    (folder / "bare.json").write_text(json.dumps(bare))
    return folder


def drop(page: Any, name: str, text: str) -> None:
    """Drop a file on the page as a person does."""
    page.evaluate(
        """([name, text]) => {
            const data = new DataTransfer();
            data.items.add(new File([text], name, {type: "application/json"}));
            for (const kind of ["dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true}));
        }""",
        [name, text],
    )


def test_a_bundle_named_in_the_address_is_shown_with_its_own_words(page, site, beside, bundle):
    feature_id = bundle["feature_ids"][1]
    page.goto(f"{site}?bundle=bundle.json#/map?f={feature_id}")
    page.wait_for_selector(".overlay .neighbor")
    assert "Mind the gaps." in page.locator(".guardrail").inner_text()
    assert "777 alive" in page.locator(".guardrail").inner_text()
    assert page.locator(".header .study").inner_text() == "somebody's run"
    assert page.locator(".neighbors li").count() == bundle["neighbors"]["k"]
    page.locator(".selected-id").click()
    page.get_by_role("link", name="Neuronpedia").wait_for()
    assert page.get_by_role("link", name="Neuronpedia").get_attribute("rel") == "noreferrer noopener"
    assert "1.25" in page.locator(".bundle-page").inner_text()
    keep_screenshot(page, "bundle-feature")
    assert axe_violations(page) == []


def test_an_address_in_a_bundle_that_is_not_neuronpedias_is_no_link(page, site, beside, bundle):
    page.goto(f"{site}?bundle=bundle.json#/feature/{bundle['feature_ids'][0]}")
    page.get_by_role("heading", name="Nearest by cosine").wait_for()
    assert page.get_by_role("link", name="Neuronpedia").count() == 0
    assert page.locator("a[href^=javascript]").count() == 0


def test_the_table_the_search_and_the_roles_are_the_bundles(page, site, beside, bundle):
    page.goto(f"{site}?bundle=bundle.json#/table")
    page.wait_for_selector(".grid-body")
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert not any("Firing rate" in head or "Entropy" in head for head in heads)
    assert page.locator(".table-actions strong").inner_text() == str(len(bundle["feature_ids"]))
    page.keyboard.press("/")
    page.keyboard.type(bundle["roles"][2])
    page.wait_for_selector(".search-option")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Role {bundle['roles'][2]}").wait_for()
    page.get_by_role("link", name="Roles", exact=True).click()
    page.get_by_role("heading", name="Similarity").wait_for()


def test_the_pages_of_a_bundle_say_of_it_only_what_it_says(page, site, beside, bundle):
    page.goto(f"{site}?bundle=bundle.json#/roles")
    page.get_by_role("heading", name="Similarity").wait_for()
    page.get_by_text("Features of the bundle that prefer it").wait_for()
    said = page.locator("main").inner_text()
    for untrue in ("clustering", "fresh", "responses", "default is marked", "compares", "atlas"):
        assert untrue not in said, untrue
    assert "click or Enter opens the role of the row" in said
    preferred = sum(one["preferred_role"] == bundle["roles"][0] for one in bundle["features"])
    first = page.locator(".roles tbody tr").first.inner_text().split()
    assert first == [bundle["roles"][0], str(preferred)]
    keep_screenshot(page, "bundle-roles")
    assert axe_violations(page) == []
    page.locator(".heat .plot").focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("heading", name=f"Role {bundle['roles'][1]}").wait_for()
    page.goto(f"{site}?bundle=bundle.json#/role/{bundle['roles'][0]}")
    shares = page.locator(".found-features li .num")
    shares.first.wait_for()
    assert shares.first.inner_text().startswith("50.0")
    for other in ("drift", "compare", "sql"):
        page.goto(f"{site}?bundle=bundle.json#/{other}")
        page.get_by_text("A bundle does not hold this").wait_for()
    page.goto(f"{site}?bundle=bundle.json#/table")
    page.wait_for_selector(".grid-body")
    n = len(bundle["feature_ids"])
    assert page.locator(".table-actions [role=status]").inner_text() == f"{n} of {n} listed, 777 alive"


def test_what_one_role_has_alone_has_no_ratio_to_show(page, site, bundle):
    alone = json.loads(json.dumps(bundle))
    for row, feature in enumerate(alone["features"]):
        feature["metrics"]["pref_ratio"] = 7.7e8 if row % 2 else 1 + row / 100
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    drop(page, "alone.json", json.dumps(alone))
    page.wait_for_selector(".dots[data-drawn]")
    for row, shown in ((1, "one role alone"), (2, "1.02")):
        page.goto(f"{page.url.split('#')[0]}#/map?f={bundle['feature_ids'][row]}&color=pref_ratio")
        page.wait_for_selector(".map-selected .metrics")
        ratio = page.locator(".metrics div", has_text="Preference ratio")
        ratio.get_by_text(shown).wait_for()
    assert "e+" not in page.locator(".scale-ends").inner_text()


def test_a_bare_bundle_shows_what_it_has(page, site, beside, bundle):
    page.goto(f"{site}?bundle=bare.json")
    page.wait_for_selector(".dots[data-drawn]")
    assert page.title().startswith("Map · ")
    assert page.locator(".header nav a[aria-current]").inner_text() == "Map"
    entry = page.locator(".source pre").last.text_content()
    assert ", Map}" in entry and "year" not in entry
    assert page.get_by_role("button", name="PCA").is_disabled()
    assert page.locator(".legend-roles").count() == 0
    assert page.get_by_label("Colour").locator("option").count() == 1
    page.get_by_role("listbox", name="Features of the map").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".overlay .selected")


def test_a_dropped_bundle_is_shown_until_it_is_closed(page, site, bundle):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    drop(page, "theirs.json", json.dumps(bundle))
    page.wait_for_selector(".overlay")
    assert page.locator(".header .study").inner_text() == "somebody's run"
    page.get_by_role("button", name="Close it").click()
    page.wait_for_function("document.querySelector('.header .study').textContent === 'synthetic'")
    page.wait_for_selector(".overlay")


def test_of_two_bundles_the_selected_feature_is_looked_at_in_one_and_the_other(page, site, bundle):
    ids = bundle["feature_ids"]
    renamed = [one | {"description": f"centred {row}"} for row, one in enumerate(bundle["features"])]
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    drop(page, "plain.json", json.dumps(bundle))
    page.wait_for_selector(".map-list .virtual-row")
    page.evaluate(f"location.hash = '#/map?f={ids[2]}'")
    page.wait_for_selector(".map-selected")
    drop(page, "centred.json", json.dumps(bundle | {"features": renamed}))
    label = page.locator(".selected-label")
    label.get_by_text("centred 2").wait_for()
    page.get_by_label("Which bundle is shown").select_option("plain.json: somebody's run")
    label.get_by_text("centred 2").wait_for(state="detached")
    assert page.locator(".selected-id").inner_text() == str(ids[2])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is not JSON"),
        ("[1, 2]", "it has no `feature_ids`"),
        ('{"feature_ids": [1, 2], "coords": {"umap": [[0, 0]]}}', "has neither `umap` nor `pca`"),
        ('{"feature_ids": ["<b>", 2], "coords": null}', "it has no `feature_ids`"),
    ],
)
def test_a_broken_bundle_is_refused_in_one_line_and_the_study_stays(page, site, text, why):
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    drop(page, "broken.json", text)
    notice = page.locator(".notice.bad")
    notice.wait_for()
    assert "broken.json is not a bundle that can be shown" in notice.inner_text()
    assert why in notice.inner_text()
    notice.get_by_role("button").click()
    assert page.locator(".grid-body .feature-link").count() > 0


def test_a_bundle_full_of_nonsense_is_drawn_as_far_as_it_makes_sense(page, site, bundle):
    strange = bundle | {
        "roles": [1, None, {"a": 1}],
        "neighbors": {"indices": [[10**9, -1, "x", 3]], "similarities": "no"},
        "role_similarity": [[1]],
        "features": ["x", None, {"metrics": [], "description": {"a": 1}, "preferred_role_idx": 10**6}],
        "guardrails": 7,
    }
    page.goto(f"{site}#/table")
    page.wait_for_selector(".grid-body")
    drop(page, "strange.json", json.dumps(strange))
    page.wait_for_selector(".dots[data-drawn]")
    page.get_by_role("listbox", name="Features of the map").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".overlay .selected")
    for name in ("Features", "Roles"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_timeout(400)
        assert page.get_by_text("could not be drawn").count() == 0


def test_a_bundle_of_another_host_is_not_asked_for(page, site):
    page.goto(f"{site}?bundle=http://localhost:1/bundle.json#/table")
    page.get_by_text("only opened from this page’s own host, not from localhost:1").wait_for()
    page.wait_for_selector(".grid-body")


def test_the_live_server_opens_a_dropped_bundle_under_its_policy(page, live: Served, built, bundle):
    page.goto(f"{live.address}#/table")
    page.wait_for_selector(".grid-body")
    drop(page, "theirs.json", json.dumps(bundle))
    page.wait_for_selector(".dots[data-drawn]")
    assert page.get_by_role("link", name="SQL").count() == 0
