"""Conversations that leave the assistant, as a person follows them, on a static site of synthetic runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.explorer.browser import axe_violations, keep_screenshot, settled, static_server
from tests.explorer.fixture_drift import DROP, write_drift
from tests.explorer.fixture_site import HOSTILE, Size, write_site

Json = dict[str, Any]
OWN, SENSITIVE, FOREIGN, CAPPED = "00000000aa", "00000000bb", "00000000cc", "00000000dd"


def _site(built: Path, folder: Path, turns: int, tokens: int) -> Path:
    shutil.copytree(built, folder)
    write_site(folder, Size(pages=2))
    write_drift(folder, turns, tokens)
    return folder


@pytest.fixture(scope="module")
def folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with three runs."""
    return _site(built, tmp_path_factory.mktemp("drift") / "site", 12, 60)


@pytest.fixture(scope="module")
def drift(folder: Path) -> Iterator[str]:
    """The site's address."""
    with static_server(folder) as address:
        yield address


def _run(folder: Path, run: str = OWN) -> Json:
    return json.loads((folder / "data" / "drift" / "run" / f"{run}.json").read_text())


def opened(page: Any, address: str, path: str, ready: str = ".turn-list .virtual-row") -> Any:
    """The page at an address, once `ready` and all that it reads besides is drawn."""
    page.goto("about:blank")
    page.goto(f"{address}#/drift{path}")
    page.wait_for_selector(ready)
    return settled(page)


def chosen_turn(page: Any) -> int:
    """The turn that the list, the chart, the text and the tokens agree on."""
    listed = int(page.locator('.turn-list [aria-selected="true"] .turn-row span').first.inner_text())
    charted = int(page.get_by_role("slider").get_attribute("aria-valuenow"))
    assert listed == charted
    assert page.locator(".exchange.chosen .turn-name").all_text_contents() == [f"turn {listed}"]
    assert page.locator(".turn-details").count() == 1
    return listed


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("\u2009", "").replace("%", "").strip())


def test_the_conversations_are_listed_and_sensitive_ones_marked(page, drift):
    opened(page, drift, "", ".sort-table tbody tr")
    rows = page.locator(".sort-table tbody tr")
    assert rows.count() == 4
    assert rows.filter(has_text="sensitive").count() == 1
    page.get_by_role("link", name="a long voyage").click()
    page.wait_for_selector(".turn-list .virtual-row")
    page.locator(".drift-choices select").first.select_option(FOREIGN)
    page.wait_for_function(f"location.hash.includes('{FOREIGN}')")
    page.go_back()
    page.wait_for_function(f"location.hash.includes('{OWN}')")


@pytest.mark.parametrize("width", [400, 1200])
def test_the_names_of_conversations_are_read_to_their_end(page, drift, width):
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, drift, "", ".sort-table tbody tr")
    cells = page.locator(".sort-table tbody td:first-child")
    cut = cells.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length")
    assert cells.count() == 4 and cut == 0
    assert page.evaluate("document.querySelector('main').scrollWidth") <= width
    keep_screenshot(page, f"drift-list-{width}")


def test_a_conversation_opens_at_its_largest_drop_and_a_turn_is_a_link(page, drift):
    opened(page, drift, f"/{OWN}")
    assert chosen_turn(page) == DROP
    opened(page, drift, f"/{OWN}?turn=3")
    assert chosen_turn(page) == 3
    page.get_by_role("link", name=f"at turn {DROP}").click()
    page.wait_for_function(f"location.hash.includes('turn={DROP}')")
    assert chosen_turn(page) == DROP
    keep_screenshot(page, "drift")


def test_scores_and_changes_are_the_runs_and_turns_below_the_band_are_marked(page, drift, folder):
    run = _run(folder)
    opened(page, drift, f"/{OWN}")
    cells = page.locator(".turn-list .virtual-row .turn-row").evaluate_all(
        "all => all.map(row => [...row.children].map(cell => cell.textContent))"
    )
    assert len(cells) == run["n_turns"]
    for turn, (place, score, change, _, tokens) in zip(run["turns"], cells, strict=True):
        one = turn["scores"]["projection"]
        assert int(place) == turn["turn"] and int(tokens) == turn["n_tokens"]
        assert ("below the band" in score) == (one["value"] < one["low"])
        assert number(score.split()[-1]) == pytest.approx(one["value"], rel=0.01)
        if turn["turn"] > 0:
            said = run["transitions"][turn["turn"] - 1]["changes"]["projection"]
            assert number(change) == pytest.approx(said, rel=0.01)
    assert page.locator("path.mark.below").count() == sum("below" in row[1] for row in cells)


def test_the_chart_draws_scores_over_their_band_and_a_click_takes_the_turn(page, drift, folder):
    run = _run(folder)
    opened(page, drift, f"/{OWN}")
    marks = page.locator(".drift-chart .mark").evaluate_all(
        "all => all.map(one => one.getBBox()).map(box => [box.x + box.width / 2, box.y + box.height / 2])"
    )
    values = [turn["scores"]["projection"]["value"] for turn in run["turns"]]
    xs, ys = np.array(marks).T
    assert np.allclose(np.diff(xs), np.diff(xs)[0], atol=0.1)
    slope, start = np.polyfit(values, ys, 1)
    assert slope < 0 and np.allclose(ys, start + slope * np.array(values), atol=3)
    band = page.locator(".drift-chart .band").evaluate("one => [one.getBBox().y, one.getBBox().height]")
    assert band[0] == pytest.approx(start + slope * 1.5, abs=3)
    assert band[0] + band[1] == pytest.approx(start + slope * 0.9, abs=3)
    box = page.locator(".drift-chart svg").bounding_box()
    page.mouse.click(box["x"] + xs[9], box["y"] + ys[9])
    page.wait_for_function("location.hash.includes('turn=9')")
    assert chosen_turn(page) == 9
    page.mouse.click(box["x"] + xs[3] - 8, box["y"] + 60)
    page.wait_for_function("location.hash.includes('turn=3')")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.hash.includes('turn=4')")
    assert chosen_turn(page) == 4
    assert "Turn 3 to 4" in page.locator("main").inner_text()


IN_VIEW = """() => {
    const box = document.querySelector('.conversation').getBoundingClientRect();
    return [...document.querySelectorAll('.exchange[data-place]')]
        .filter(one => {
            const { top, bottom } = one.getBoundingClientRect();
            return bottom > box.top + 1 && top < box.bottom - 1;
        })
        .map(one => Number(one.dataset.place));
}"""


def in_view(page: Any) -> list[int]:
    """The turns of which something is in view in the conversation's box."""
    return page.evaluate(IN_VIEW)


def comes_into_view(page: Any, turn: int) -> None:
    """What is out of view is laid out late."""
    page.wait_for_function(f"turn => ({IN_VIEW})().includes(turn)", arg=turn)


def test_the_whole_conversation_is_read_beside_the_chart(page, drift, folder):
    run = _run(folder)
    opened(page, drift, f"/{OWN}")
    shown = page.locator(".conversation").text_content()
    for message in run["messages"]:
        # Control characters and the open turn's tokens are drawn otherwise than they were sent.
        words = message["content"].split()[:3]
        assert message["turn"] == DROP or " ".join(words) in " ".join(shown.split()), message["role"]
    assert DROP in in_view(page) and 0 not in in_view(page)
    assert page.evaluate("document.querySelector('main').scrollTop") == 0
    chart, conversation = (page.locator(one).bounding_box() for one in (".drift-chart", ".conversation"))
    assert chart["x"] + chart["width"] < conversation["x"] and conversation["height"] > 500
    last = page.get_by_role("button", name="turn 11")
    last.click()
    page.wait_for_function("location.hash.includes('turn=11')")
    assert chosen_turn(page) == 11
    comes_into_view(page, 11)
    page.get_by_role("button", name="what moved it").click()
    page.wait_for_function("document.querySelector('main').scrollTop > 100")
    assert page.get_by_role("heading", name="Turn 10 to 11").bounding_box()["y"] < 400


def test_a_turn_that_is_pointed_at_is_marked_in_the_chart_and_in_the_text(page, drift):
    opened(page, drift, f"/{OWN}")
    marks = page.locator(".drift-chart .mark")
    assert page.locator(".exchange.pointed, .drift-chart .pointed").count() == 0
    marks.nth(DROP + 1).hover()
    page.locator(f'.exchange.pointed[data-place="{DROP + 1}"]').wait_for()
    assert page.locator(".exchange.pointed").count() == 1 and chosen_turn(page) == DROP
    page.locator(f'.exchange[data-place="{DROP}"] .said').first.hover()
    page.locator(f'.exchange.pointed[data-place="{DROP}"]').wait_for()

    def place_of(line: str) -> float:
        return float(page.locator(f".drift-chart .{line}").get_attribute("x1"))

    assert place_of("pointed") == place_of("chosen")
    page.locator(".turn-list .virtual-row").nth(2).hover()
    page.locator('.exchange.pointed[data-place="2"]').wait_for(state="attached")
    assert place_of("pointed") < place_of("chosen")
    page.mouse.move(5, 5)
    page.locator(".drift-chart .pointed").wait_for(state="detached")
    seen = page.locator(".drift-chart .in-view")
    first, last = (float(seen.get_attribute(end)) for end in ("x1", "x2"))
    assert first < place_of("chosen") < last
    page.locator(".conversation").evaluate("box => { box.scrollTop = 0 }")
    page.wait_for_function(f"Number(document.querySelector('.in-view').getAttribute('x1')) < {first}")


def test_the_conversation_is_one_stop_of_the_tab_key_and_goes_from_turn_to_turn(page, drift):
    opened(page, drift, f"/{OWN}?turn=4")
    page.locator(".turn-list .virtual-list").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText").startswith("turn 4")
    page.keyboard.press("ArrowDown")
    page.locator('.exchange.pointed[data-place="5"]').wait_for()
    assert chosen_turn(page) == 4
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.includes('turn=5')")
    assert chosen_turn(page) == 5 and page.evaluate("document.activeElement.innerText").startswith("turn 5")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.includes('turn=11')")
    assert chosen_turn(page) == 11


@pytest.mark.parametrize("width", [400, 1200])
def test_a_message_longer_than_its_box_is_read_by_key(page, built, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 800})
    scrolled = "document.querySelector('.conversation').scrollTop"
    with static_server(_site(built, tmp_path / "site", 8, 800)) as address:
        opened(page, address, f"/{OWN}?turn=4")
        box = page.get_by_role("region", name="Text of the conversation")
        turn = page.locator('.exchange[data-place="4"]').bounding_box()
        assert turn["height"] > 2 * box.bounding_box()["height"]
        page.locator(".turn-list .virtual-list").focus()
        page.keyboard.press("Tab")
        assert box.evaluate("box => box === document.activeElement")
        before = page.evaluate(scrolled)
        page.keyboard.press("PageDown")
        page.wait_for_function(f"{scrolled} > {before + 200}")
        assert in_view(page) == [4] and chosen_turn(page) == 4
        assert axe_violations(page) == []


def test_the_axis_over_played_answers_has_its_own_values_band_and_p(page, drift, folder):
    run = _run(folder)
    opened(page, drift, f"/{OWN}?turn=2")
    page.get_by_label("axis over").select_option("played")
    page.wait_for_function("location.hash.includes('axis=played')")
    row = page.locator('.turn-list [aria-selected="true"] .turn-row span')
    shown = row.nth(1).inner_text()
    assert number(shown.split()[-1]) == pytest.approx(run["turns"][2]["played"]["value"], rel=0.01)
    assert "below" not in page.locator(".turn-list").inner_text()
    assert "0.93" in page.locator(".drift-head").inner_text()
    assert "(p 0.600)" in page.locator(".turn-details").inner_text()
    assert page.locator(".drift-choices select").nth(1).locator("option").count() == 1
    assert "Turn 1 to 2" not in page.locator("main").inner_text()
    page.get_by_role("link", name="at turn").click()
    page.wait_for_function(f"location.hash.includes('turn={DROP}') && location.hash.includes('axis=played')")
    page.get_by_label("axis over").select_option("all")
    page.wait_for_function("!location.hash.includes('axis=played')")
    page.get_by_text(f"Turn {DROP - 1} to {DROP}").wait_for()
    assert not axe_violations(page)
    opened(page, drift, f"/{FOREIGN}?axis=played")
    assert page.get_by_label("axis over").count() == 0 and chosen_turn(page) >= 0


def test_a_run_under_a_cap_stands_beside_the_conversation_without_it(page, drift, folder):
    opened(page, drift, "", ".sort-table tbody tr")
    assert page.locator(".capped-run").count() == 1
    opened(page, drift, f"/{OWN}")
    assert page.locator(".drift-chart .uncapped").get_attribute("d") == ""
    assert page.locator(".drift-cap").count() == 0
    opened(page, drift, f"/{CAPPED}")
    said = page.locator(".drift-cap").inner_text()
    assert "Read under a cap" in said and "held at -1.25 or above" in said.replace("\N{MINUS SIGN}", "-")
    assert "the conversation as it is, without the cap" in page.locator("main").inner_text()
    values = [turn["scores"]["projection"]["value"] for turn in _run(folder, CAPPED)["turns"]]
    marks = page.locator(".drift-chart .mark").evaluate_all(
        "all => all.map(one => one.getBBox()).map(box => box.y + box.height / 2)"
    )
    slope, start = np.polyfit(values, marks, 1)
    box = page.locator(".drift-chart .uncapped").evaluate("one => [one.getBBox().y, one.getBBox().height]")
    assert box[0] == pytest.approx(start + slope * (max(values) - 0.5), abs=3)
    assert not axe_violations(page)
    page.get_by_role("link", name="The conversation without it").click()
    page.wait_for_function(f"location.hash.includes('{OWN}')")


def test_a_run_stands_beside_plain_conversations_with_their_number_and_how_to_read_it(page, drift, folder):
    run = _run(folder)
    opened(page, drift, "", ".sort-table tbody tr")
    said = page.locator(".sort-table tbody tr").filter(has_text="a long voyage").locator("td").last
    assert said.inner_text() == "0.024 of 40"
    assert page.locator(".plain-run").count() == 1, "the sensitive one is called plain, too"
    opened(page, drift, f"/{OWN}?turn=2")
    fact = page.locator(".drift-head .facts div").filter(has_text="plain conversations")
    assert fact.inner_text().split("\n")[-1] == "0.0244 (the smallest that can come of 40 plain ones as long)"
    told = page.locator(".drift-head .facts").inner_text()
    assert "0.0200 the smallest that 588 answers can show" in " ".join(told.split())
    opened_turn = page.locator(".turn-details").inner_text()
    assert "(p 0.0110, the smallest that 90 answers can show)" in opened_turn
    assert "among the same turn of 40 plain conversations" in page.locator(".drift-plain").inner_text()
    assert "40 plain conversations have 0.580 to 1.40 at this turn (p 0.220)" in (
        page.locator(".turn-details").inner_text()
    )
    marks = page.locator(".drift-chart .mark").evaluate_all(
        "all => all.map(one => one.getBBox()).map(box => box.y + box.height / 2)"
    )
    slope, start = np.polyfit([turn["scores"]["projection"]["value"] for turn in run["turns"]], marks, 1)
    y, height = page.locator(".plain-band").evaluate("one => [one.getBBox().y, one.getBBox().height]")
    assert y == pytest.approx(start + slope * 1.4, abs=3)
    assert y + height == pytest.approx(start + slope * (0.6 - 0.11), abs=3)
    assert not axe_violations(page)
    for other in ("score=cosine_axis", "axis=played"):
        opened(page, drift, f"/{OWN}?{other}")
        assert "plain conversations" not in page.locator("main").inner_text()
        assert page.locator(".plain-band").get_attribute("d") == ""
    opened(page, drift, f"/{FOREIGN}")
    assert "plain conversation" not in page.locator("main").inner_text()
    opened(page, drift, f"/{SENSITIVE}")
    said = page.locator(".drift-plain").inner_text()
    assert "one of the plain conversations" in said
    assert "it is 0.250 at least: it takes 19 to reach 0.05" in said


def test_another_score_has_its_own_values_and_band(page, drift, folder):
    run = _run(folder)
    opened(page, drift, f"/{OWN}?score=cosine_axis&turn=2")
    shown = page.locator('.turn-list [aria-selected="true"] .turn-row span').nth(1).inner_text()
    assert number(shown.split()[-1]) == pytest.approx(
        run["turns"][2]["scores"]["cosine_axis"]["value"], rel=0.01
    )
    page.locator(".drift-choices select").nth(1).select_option("projection")
    page.wait_for_function("!location.hash.includes('score=')")
    page.go_back()
    page.wait_for_function("location.hash.includes('score=cosine_axis')")


def test_tokens_are_coloured_by_their_place_in_the_turn_and_tell_their_projection(page, drift, folder):
    tokens = _run(folder)["turns"][DROP]["tokens"]
    opened(page, drift, f"/{OWN}")
    drawn = page.locator(".turn-tokens .token[tabindex]")
    assert drawn.count() == len(tokens["piece"])
    levels = [
        int(name.split("drift-")[1][0]) for name in drawn.evaluate_all("all => all.map(one => one.className)")
    ]
    assert levels == [min(5, 1 + int(scaled * 5)) for scaled in tokens["scaled"]]
    drawn.nth(7).hover()
    value = drawn.nth(7).locator(".token-value")
    assert value.evaluate("one => getComputedStyle(one).clipPath") == "none"
    assert number(value.inner_text()) == pytest.approx(tokens["projection"][7], rel=0.01)
    drawn.first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert drawn.nth(3).evaluate("one => one === document.activeElement")
    assert drawn.nth(3).locator(".token-value").evaluate("one => getComputedStyle(one).clipPath") == "none"
    low, high = (
        page.locator(f".legend .drift-{level}").evaluate(
            "one => [getComputedStyle(one).borderTopWidth, getComputedStyle(one).borderBottomWidth]"
        )
        for level in (1, 5)
    )
    assert low[0] == "0px" != low[1] and high[1] == "0px" != high[0]


def test_a_transitions_features_are_ranked_by_contribution_and_by_change(page, drift, folder):
    transition = _run(folder)["transitions"][DROP - 1]
    opened(page, drift, f"/{OWN}")

    def shown() -> list[int]:
        return [int(text) for text in page.locator(".drift-features .feature-link").all_inner_texts()]

    ids = transition["features"]["feature_id"]
    assert shown() == [ids[row] for row in transition["by_contribution"]]
    assert "84.0\u202f%" in page.locator("main").inner_text()
    first = page.locator(".drift-features tbody tr").first
    contribution = transition["features"]["contribution"][transition["by_contribution"][0]]
    assert ("away" if contribution < 0 else "toward") in first.inner_text()
    page.get_by_role("button", name="by change").click()
    page.wait_for_function("location.hash.includes('by=change')")
    assert shown() == [ids[row] for row in transition["by_change"]]
    assert "31.0\u202f%" in page.locator("main").inner_text()
    assert page.get_by_text("may explain little").count() == 1
    link = page.locator(".drift-features .feature-link").first
    assert link.get_attribute("href") == f"#/feature/{shown()[0]}"
    for moved, sign in (("activated", 1), ("deactivated", -1)):
        page.get_by_role("button", name=moved, exact=True).click()
        page.wait_for_function(f"location.hash.includes('moved={moved}')")
        rows = [row for row in transition["by_change"] if transition["features"]["delta"][row] * sign > 0]
        assert shown() == [ids[row] for row in rows] and len(rows) > 0
        assert "31.0\u202f%" in page.locator("main").inner_text()  # of all that are ranked


def test_confounds_are_in_plain_sight_with_a_caution_where_one_is_high(page, drift):
    opened(page, drift, f"/{OWN}")
    said = page.locator(".confounds li").all_inner_texts()
    assert [text.split("\n")[-1] for text in said] == ["high", "moderate", "unproven"]
    assert "r = −0.52" in said[1] and "−0.62 to −0.42" in said[1]
    assert "over 12 turns" in page.locator("main").inner_text()
    bar, reach = (page.locator(f".confounds li >> nth=1 >> {one}") for one in ("rect", ".reach"))
    left = float(bar.get_attribute("x"))
    assert float(reach.get_attribute("x1")) < left < float(reach.get_attribute("x2"))
    assert "plainer than a persona" in page.locator(".caution").inner_text()


def test_a_sensitive_conversations_text_is_shown_only_when_asked_for(page, drift, folder):
    run = _run(folder, SENSITIVE)
    text = run["messages"][1]["content"][:40]
    opened(page, drift, f"/{SENSITIVE}")
    assert page.locator(".turn-tokens").count() == 0
    assert text not in page.locator("main").inner_text()
    assert page.locator(".exchange .long-text").count() == 0
    page.get_by_role("button", name="Show the text").click()
    assert page.locator(".turn-tokens .token").count() > 0
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    page.wait_for_function("location.hash.includes('turn=0')")
    assert text in page.locator("main").inner_text()
    assert page.title() != "owned" and page.locator("main script, main img").count() == 0
    assert HOSTILE[1] in page.locator("h1").inner_text()


def test_a_folder_of_another_tool_is_shown_without_what_it_lacks(page, drift):
    opened(page, drift, f"/{FOREIGN}")
    assert "No null band is known" in page.locator("main").inner_text()
    assert page.locator(".drift-choices select").nth(1).locator("option").count() == 1
    assert page.get_by_text("Whoever measured it says high, the largest |r| 0.97").count() == 1
    assert page.locator(".drift-chart .band").get_attribute("d") == ""
    assert page.locator(".nearest-roles").count() == 0
    assert "pirate 0.4" in page.locator(".drift-features").inner_text()


def test_features_of_another_sae_lead_to_neuronpedia_or_nowhere_never_to_ours(page, drift, folder):
    opened(page, drift, f"/{FOREIGN}")
    links = page.locator(".drift-features tbody a")
    addresses = [link.get_attribute("href") for link in links.all()]
    run = _run(folder, FOREIGN)
    order = run["transitions"][0]["by_contribution"]
    assert len(addresses) == len(order)
    source = "https://www.neuronpedia.org/gemma-3-27b-it/40-gemmascope-2-res-65k/"
    assert all(address.startswith(source) for address in addresses)
    assert links.first.get_attribute("rel") == "noreferrer noopener"
    assert page.locator(".drift-features a[href*='#/feature']").count() == 0
    file = folder / "data" / "drift" / "run" / f"{FOREIGN}.json"
    whole = file.read_text()
    nearest = [{"role": "pirate", "cosine": 0.5}]  # a name that the study knows as well
    run["turns"][0]["nearest"] = nearest
    file.write_text(json.dumps(run | {"neuronpedia": None}))
    try:
        opened(page, drift, f"/{FOREIGN}?turn=0", ".nearest-roles")
        page.wait_for_selector(".drift-head")
        assert page.locator(".nearest-roles a").count() == 0
        opened(page, drift, f"/{FOREIGN}?turn=1")
        assert page.locator(".drift-features tbody tr").count() == len(order)
        assert page.locator(".drift-features tbody a").count() == 0
    finally:
        file.write_text(whole)


def test_the_head_of_a_foreign_run_tells_what_it_holds(page, drift, folder):
    opened(page, drift, f"/{FOREIGN}")
    head = page.locator(".drift-head .facts").inner_text().lower()
    assert "high" in head and "|r| 0.97" in head
    assert "answers' tokens" in head and str(8 * 20) in head
    assert "layer_40_width_65k_l0_medium" in head
    opened(page, drift, f"/{OWN}")
    head = page.locator(".drift-head .facts").inner_text().lower()
    assert "high r 0.82 (0.72 to 0.92; 12 turns)" in " ".join(head.split()) and "answers' tokens" not in head


def test_the_list_begins_where_its_makers_would_and_says_what_cannot_be_shown(page, drift):
    opened(page, drift, "", ".sort-table tbody tr")
    assert page.locator(".unreadable-runs li").count() == 1
    assert "ui_bundle.json: q1: Field required" in page.locator(".unreadable-runs").inner_text()
    page.get_by_text("would begin with").get_by_role("link").click()
    page.wait_for_function(f"location.hash.includes('{FOREIGN}')")


def test_the_map_is_as_it_was_after_the_drift_page_has_been_open(page, drift):
    def sizes() -> list[float]:
        page.wait_for_selector(".legend-roles button .swatch")
        return settled(page).evaluate(
            """() => ['.legend-note', '.legend-roles', '.legend-roles .swatch'].map(
                one => Math.round(document.querySelector(one).getBoundingClientRect().height))"""
        )

    page.goto(f"{drift}#/map")
    before = sizes()
    opened(page, drift, f"/{OWN}")
    page.goto(f"{drift}#/map")
    assert sizes() == before


def test_an_unknown_conversation_and_a_study_without_any_say_so(page, drift, site, troubles):
    opened(page, drift, "/..%2Fstudy", ".state")
    page.get_by_text("There is no such conversation").wait_for()
    opened(page, drift, "/ffffffffff", ".state")
    page.get_by_text("There is no such conversation").wait_for()
    opened(page, site, "", ".state")
    page.get_by_text("No conversation has been measured yet").wait_for()
    assert all("404" in one for one in troubles)
    troubles.clear()


def test_five_hundred_turns_and_twenty_thousand_tokens_are_gone_through_by_key(page, built, tmp_path):
    folder = _site(built, tmp_path / "site", 500, 40)
    with static_server(folder) as address:
        opened(page, address, f"/{OWN}?turn=100")
        assert page.locator(".turn-list .virtual-row").count() < 60
        assert 100 in in_view(page) and len(in_view(page)) < 20
        page.get_by_role("slider").focus()
        for _ in range(12):
            page.keyboard.press("ArrowRight")
        page.wait_for_function("location.hash.includes('turn=112')")
        assert chosen_turn(page) == 112
        page.keyboard.press("End")
        page.wait_for_function("location.hash.includes('turn=499')")
        assert chosen_turn(page) == 499
        comes_into_view(page, 499)
        keep_screenshot(page, "drift-500")


def test_an_open_turn_whose_tokens_are_not_known_shows_its_text(page, built, tmp_path):
    folder = _site(built, tmp_path / "site", 8, 40)
    run = _run(folder)
    run["turns"][2]["tokens"] = {"piece": [], "projection": [], "scaled": []}
    (folder / "data" / "drift" / "run" / f"{OWN}.json").write_text(json.dumps(run))
    [text] = [message["content"] for message in run["messages"] if message["turn"] == 2]
    with static_server(folder) as address:
        opened(page, address, f"/{OWN}?turn=2")
        shown = page.locator(".exchange.chosen").inner_text()
    assert "The tokens of this turn are not known." in shown
    assert " ".join(text.split()[:5]) in " ".join(shown.split())


def test_a_turn_of_very_many_tokens_is_drawn_in_part_until_asked(page, built, tmp_path):
    folder = _site(built, tmp_path / "site", 8, 5000)
    with static_server(folder) as address:
        opened(page, address, f"/{OWN}?turn=2")
        assert page.locator(".turn-tokens .token[tabindex]").count() == 1500
        page.get_by_role("button", name="show all 5").click()
        page.wait_for_function("document.querySelectorAll('.turn-tokens .token[tabindex]').length === 5000")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", f"/{OWN}", f"/{SENSITIVE}", f"/{FOREIGN}"])
def test_every_state_is_accessible_and_fits_a_small_window(page, drift, path, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 1024, "height": 700})
    opened(page, drift, path, "h1")
    page.wait_for_selector(".sort-table tbody tr")
    assert axe_violations(page) == []
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")
    keep_screenshot(page, f"drift-{path.strip('/') or 'list'}-{theme}")


def test_on_a_phone_the_text_stands_below_its_chart_and_nothing_scrolls_sideways(page, drift):
    page.set_viewport_size({"width": 400, "height": 800})
    opened(page, drift, f"/{OWN}")
    chart, conversation, turns = (
        page.locator(one).bounding_box() for one in (".drift-chart", ".conversation", ".turn-list")
    )
    assert (
        chart["y"] + chart["height"] < conversation["y"]
        and conversation["y"] + conversation["height"] < turns["y"]
    )
    assert chart["height"] + conversation["height"] < 800 + 40, "both are seen at once"
    links = page.locator(".drift-features .feature-link")
    assert max(links.evaluate_all("all => all.map(one => one.offsetHeight)")) < 25, "a number is one line"
    assert page.evaluate("document.querySelector('main').scrollWidth") <= 400
    assert axe_violations(page) == []
    keep_screenshot(page, "drift-400")


SEEN = """() => [...document.querySelectorAll('[data-place] > .said')]
    .filter(text => {
        const clips = [document.querySelector('main'), document.querySelector('.conversation'), text];
        const edges = clips.map(one => one.getBoundingClientRect());
        return Math.min(...edges.map(one => one.bottom)) > Math.max(...edges.map(one => one.top));
    })
    .map(text => Number(text.parentElement.dataset.place))"""


def marked_as_seen(page: Any) -> tuple[int, int] | None:
    """The first and the last turn that the chart says are in view of the text."""
    marks = page.locator(".drift-chart .mark").evaluate_all(
        "all => all.map(one => one.getBBox()).map(box => box.x + box.width / 2)"
    )
    line = page.locator(".drift-chart .in-view")
    if line.count() == 0:
        return None
    low, high = (float(line.get_attribute(end)) for end in ("x1", "x2"))
    within = [place for place, x in enumerate(marks) if low < x < high]
    return within[0], within[-1]


def told_what_is_on_the_screen(page: Any) -> bool:
    """Whether the chart comes to mark exactly the turns whose text is on the screen."""
    for _ in range(20):  # what comes into view is laid out, told and drawn in frames of its own
        seen = settled(page).evaluate(SEEN)
        if marked_as_seen(page) == ((min(seen), max(seen)) if seen else None):
            return True
    return False


def top_of_answer(page: Any) -> float:
    """Where the chosen turn's answer begins, as a share of the page's height in the window."""
    return page.evaluate(
        """() => {
            const [page, answer] = ['main', '.exchange.chosen > .said:last-child'].map(
                one => document.querySelector(one).getBoundingClientRect());
            return (answer.top - page.top) / page.height;
        }"""
    )


@pytest.mark.parametrize("width", [400, 1200])
def test_a_link_to_a_turn_leads_to_its_answer_and_only_what_is_on_the_screen_is_marked(page, drift, width):
    page.set_viewport_size({"width": width, "height": 800})
    top = "document.querySelector('main').scrollTop"
    opened(page, drift, f"/{OWN}")
    assert page.evaluate(top) == 0, "a conversation is read from its head on"
    assert told_what_is_on_the_screen(page)
    for turn in (3, 11):
        opened(page, drift, f"/{OWN}?turn={turn}")
        assert chosen_turn(page) == turn and 0 <= top_of_answer(page) < 0.9
        assert told_what_is_on_the_screen(page)
    largest = page.get_by_role("link", name=f"at turn {DROP}")
    for _ in range(2):
        page.locator("main").evaluate("main => { main.scrollTop = 0 }")
        largest.click()
        page.wait_for_function(f"location.hash.includes('turn={DROP}')")
        assert 0 <= top_of_answer(settled(page)) < 0.9
    page.get_by_role("slider").focus()
    before = page.evaluate(top)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"location.hash.includes('turn={DROP + 1}')")
    assert page.evaluate(top) == before, "who goes through the chart keeps it in view"
    assert told_what_is_on_the_screen(page)


def test_a_link_leads_to_one_of_very_many_turns_on_a_phone(page, built, tmp_path):
    page.set_viewport_size({"width": 400, "height": 800})
    with static_server(_site(built, tmp_path / "site", 200, 40)) as address:
        for turn in (100, 199):
            opened(page, address, f"/{OWN}?turn={turn}")
            comes_into_view(page, turn)
            assert 0 <= top_of_answer(page) < 0.9
