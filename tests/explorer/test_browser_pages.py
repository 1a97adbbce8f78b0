"""Features, roles and comparisons as a person reads them, on a static site of the synthetic study."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docs.pictures import HERE
from tests.explorer.browser import axe_violations, keep_screenshot, settled, static_server
from tests.explorer.fixture_site import COMPONENTS, HOSTILE, Size, write_site
from tests.explorer.served import Served
from tests.warehouse.world import OF_PIRATE_ALONE

Json = dict[str, Any]
A, B = "ghost", "pirate"


@pytest.fixture(scope="module")
def folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose two roles differ in known ways, and with features of every condition."""
    folder = tmp_path_factory.mktemp("pages") / "site"
    shutil.copytree(built, folder)
    write_site(folder, Size(pages=14))
    rng = np.random.default_rng(5)
    for role in (A, B):
        _change(folder, f"role/{role}/features.json", lambda table: table | _columns(rng, table))
    ids = _ids(folder)
    _change(
        folder, f"feature/{ids[11]}.json", lambda page: page | {"alive": False, "roles": [], "examples": []}
    )
    _change(folder, f"feature/{ids[12]}.json", lambda page: _with_statistic(page, "length_correlation", 0.66))
    return folder


@pytest.fixture(scope="module")
def pages(folder: Path) -> Iterator[str]:
    """The site's address."""
    with static_server(folder) as address:
        yield address


def _data(folder: Path, name: str) -> Any:
    return json.loads((folder / "data" / "demo" / name).read_text())


def _change(folder: Path, name: str, change: Any) -> None:
    (folder / "data" / "demo" / name).write_text(json.dumps(change(_data(folder, name))))


def _columns(rng: np.random.Generator, table: Json) -> Json:
    n = len(table["feature_id"])
    return {"mean": rng.gamma(0.4, 1.0, n).tolist(), "effect": rng.normal(0, 1, n).tolist()}


def _with_statistic(page: Json, name: str, value: float) -> Json:
    return page | {"statistics": page["statistics"] | {name: value}}


def _with_pieces(page: Json, pieces: list[str]) -> Json:
    """The page with these tokens, all of which fire, in the place of its first example's."""
    first = page["examples"][0]
    shown = first["responses"][0] | {"pieces": pieces, "activations": [1.0] * len(pieces), "start": 0}
    return page | {"examples": [first | {"responses": [shown]}, *page["examples"][1:]]}


def _ids(folder: Path) -> list[int]:
    return _data(folder, "features.json")["feature_id"]


def _feature(folder: Path, row: int) -> Json:
    return _data(folder, f"feature/{_ids(folder)[row]}.json")


def opened(page: Any, address: str, hash_: str, ready: str) -> Any:
    """The page at an address, once `ready` and all that it reads besides is drawn."""
    page.goto("about:blank")
    page.goto(f"{address}#/{hash_}")
    page.wait_for_selector(ready)
    return settled(page)


def open_feature(page: Any, pages: str, folder: Path, row: int, query: str = "") -> Json:
    feature = _feature(folder, row)
    opened(page, pages, f"feature/{feature['feature_id']}{query}", ".roles-of-feature tbody tr")
    page.locator("details.fold").evaluate_all("all => all.forEach(one => { one.open = true; })")
    return feature


def first_cells(page: Any, table: str) -> list[str]:
    return [text.split()[0] for text in page.locator(f"{table} tbody tr td:first-child").all_inner_texts()]


def test_a_feature_ranks_every_role_and_its_order_is_in_the_address(page, pages, folder):
    feature = open_feature(page, pages, folder, 10)
    assert first_cells(page, ".roles-of-feature") == [row["role"] for row in feature["roles"]]
    first = set(page.locator(".roles-of-feature th").all_inner_texts())
    page.get_by_role("button", name="all columns").click()
    heads = {head.strip() for head in page.locator(".roles-of-feature th").all_inner_texts()}
    assert (
        len(first) == 9
        and {
            "wordings",
            "per token ×",
            "at equal length",
            "overlap",
            "when played",
            "played",
            "first tokens",
        }
        <= heads
    )
    page.get_by_role("button", name="effect").click()
    page.wait_for_function("location.hash.includes('sort=-effect')")
    by_effect = sorted(feature["roles"], key=lambda row: -row["effect"])
    assert first_cells(page, ".roles-of-feature") == [row["role"] for row in by_effect]
    page.get_by_role("button", name="effect").click()
    page.wait_for_function("location.hash.includes('sort=effect')")
    assert first_cells(page, ".roles-of-feature")[0] == by_effect[-1]["role"]
    page.reload()
    page.wait_for_selector(".roles-of-feature tbody tr")
    assert first_cells(page, ".roles-of-feature")[0] == by_effect[-1]["role"]
    keep_screenshot(page, "feature")


def test_an_effect_stands_on_its_axis_within_its_interval_filled_where_it_is_significant(page, pages, folder):
    feature = open_feature(page, pages, folder, 10)
    drawn = page.locator("td svg.interval").evaluate_all(
        """all => all.map(svg => ({
            dot: +svg.querySelector('.dot').getAttribute('cx'),
            low: +svg.querySelector('.whisker').getAttribute('x1'),
            high: +svg.querySelector('.whisker').getAttribute('x2'),
            zero: +svg.querySelector('.zero').getAttribute('x1'),
            hollow: svg.querySelector('.hollow') !== null,
        }))"""
    )
    assert len(drawn) == len(feature["roles"])
    for row, shown in zip(feature["roles"], drawn, strict=True):
        assert shown["low"] < shown["dot"] < shown["high"]
        assert (shown["dot"] > shown["zero"]) == (row["effect"] > 0)
        assert shown["hollow"] == (row["q"] > 0.04)  # the role's level
    order = np.argsort([row["effect"] for row in feature["roles"]])
    assert np.all(np.diff([drawn[place]["dot"] for place in order]) >= 0)


def test_the_histogram_has_a_bar_a_bin_and_says_how_many_are_silent(page, pages, folder):
    feature = open_feature(page, pages, folder, 10)
    bars = page.locator(".chart", has_text="responses, square-root axis").locator("rect.bar")
    bars.first.wait_for()
    counts = _data(folder, f"histogram/{feature['feature_id']}.json")["counts"]
    heights = bars.evaluate_all("all => all.map(bar => +bar.getAttribute('height'))")
    assert len(heights) == len(counts)
    assert np.allclose(np.square(heights) / max(heights) ** 2, np.array(counts) / max(counts), atol=1e-6)
    assert "900 others" in page.get_by_text("others it is silent").inner_text().replace("\n", " ")


def test_shares_of_variance_are_drawn_in_proportion_and_said_in_words(page, pages, folder):
    feature = open_feature(page, pages, folder, 10)
    s = feature["statistics"]
    shares = [s[f"component_{name}"] for name in COMPONENTS]
    widths = page.locator(".stacked-bar .part").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().width)"
    )
    assert np.allclose(np.array(widths) / sum(widths), shares, atol=0.01)
    said = page.locator("figure.stacked").get_attribute("aria-label")
    assert f"role {shares[0] * 100:.1f}\u202f%" in said


def test_a_large_correlation_with_length_is_cautioned_against_and_a_small_one_is_not(page, pages, folder):
    open_feature(page, pages, folder, 12)
    assert "r = 0.66" in page.locator(".fold .caution").inner_text()
    open_feature(page, pages, folder, 10)
    assert page.get_by_text("r = −0.12").count() == 1
    assert page.locator(".fold .caution").count() == 0


def test_a_feature_shows_what_editing_it_does_strength_by_strength(page, pages, folder):
    open_feature(page, pages, folder, 10)
    predictions, anew = page.locator(".dose").all()
    assert "new answers" in anew.inner_text() and "more than 59 random features" in anew.inner_text()
    assert "not seen to move more" in predictions.inner_text() and "not seen" not in anew.inner_text()
    assert anew.locator(".dot:not(.hollow)").count() == 2 and predictions.locator(".dot.hollow").count() == 2
    assert "strength 2: +0.600, 95% interval" in str(anew.locator("svg").get_attribute("aria-label"))
    assert "no interval" in str(predictions.locator("svg").get_attribute("aria-label"))


def test_a_feature_shows_its_tokens_its_echoes_and_where_it_is_silent(page, pages, folder):
    feature = open_feature(page, pages, folder, 10)
    peaks = _data(folder, f"peaks/{feature['feature_id']}.json")
    first, second = (one["role"] for one in peaks["echoes"])
    echo = page.locator(".caution.echoes").inner_text()
    assert "in 2 roles" in echo and f"{first}: sea {first}" in echo and f"{second}: sea {second}" in echo
    page.get_by_text("may be no more than that word").wait_for()
    pair = page.locator(".pair").text_content()  # whose fold may have been opened before it was there
    assert peaks["silent"][0]["fired"] in pair and HOSTILE[0] in pair and "silent in 2 of 3 answers" in pair
    assert page.locator(".density li").count() == len(peaks["density"])


def test_a_feature_shows_its_bands_and_on_how_many_tokens_it_has_which_activation(page, pages, folder):
    kept, not_kept = (
        next(row for row in range(13) if bool(_feature(folder, row)["feature_id"] % 3) is has)
        for has in (True, False)
    )
    open_feature(page, pages, folder, kept)
    assert "0.12 [0.08, 0.16]" in page.locator(".facts").all_inner_texts()[1].replace("\n", " ")
    bands = page.locator(".band h3").all_inner_texts()
    assert [band.split(" of ")[0] for band in bands] == [
        "Strongest fifth", "Fourth", "Middle fifth", "Weakest fifth",
    ]  # fmt: skip
    weakest = page.locator(".band").last
    assert weakest.locator(".token").count() == 2 and HOSTILE[0] in weakest.inner_text()
    assert page.locator(".band .token.heat-5").count() == 1  # of the strongest's own peak alone
    assert "Of the other bands no tokens are kept" in page.locator("main").inner_text()
    chart = page.locator("svg[aria-label^='Histogram of 979 tokens']")
    assert chart.locator("rect").count() == 6
    open_feature(page, pages, folder, not_kept)
    page.get_by_text("its roles were extracted before tokens were counted").wait_for()
    page.get_by_text("No tokens are kept of its responses").wait_for()


def test_one_screen_says_what_fires_it_what_it_promotes_and_where_it_is_strongest(page, pages, folder):
    page.set_viewport_size({"width": 1280, "height": 800})
    feature = _feature(folder, 10)
    opened(page, pages, f"feature/{feature['feature_id']}", ".fold")
    for shown in (
        ".roles-of-feature tbody tr",
        ".pieces .piece",
        ".caution.echoes",
        "svg[aria-label^='Histogram of']",
        ".example .tokens",
    ):
        box = page.locator(shown).first.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 800, shown
    assert page.locator("details.fold[open]").count() == 0


INTERVENED = "What it does"  # where an intervention edits the feature


def test_the_picture_of_a_feature_in_the_docs_shows_the_sections_of_today(page, pages, folder):
    opened(page, pages, f"feature/{_feature(folder, 10)['feature_id']}", ".fold")
    taken = json.loads((HERE / "pictures.json").read_text())["feature.png"]
    titles = [title for title in page.locator("main h2").all_inner_texts() if title != INTERVENED]
    assert titles[: len(taken)] == [title for title in taken if title != INTERVENED], (
        "python docs/pictures.py"
    )


def test_a_role_shows_plain_methods_with_intervals_and_the_echoes_of_its_words(page, pages, folder):
    opened(page, pages, f"role/{A}", ".fold")
    page.locator("details.fold").evaluate_all("all => all.forEach(one => { one.open = true; })")
    plain = page.get_by_role("table", name="Plain methods").inner_text()
    assert "0.90 [0.80, 0.95]" in plain and HOSTILE[0] in plain
    echoes = page.get_by_role("table", name="Echoes of the role's words").inner_text()
    assert f"sea, {A}" in echoes and "2 of 3" in echoes and "0.030" in echoes
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.querySelector('main').scrollWidth") == 400
    assert axe_violations(page) == []


def test_letters_that_run_right_to_left_do_so_over_tokens_that_split_them(page, pages, folder):
    """In a byte-level vocabulary each of these letters is two tokens, of which one has its text."""
    shalom = ["\u05e9", "", "\u05dc", "", "\u05d5", "", "\u05dd", ""]
    for before, base in ((["Say", " "], "ltr"), ([], "rtl")):
        _change(
            folder,
            f"feature/{_ids(folder)[13]}.json",
            lambda feature, pieces=[*before, *shalom]: _with_pieces(feature, pieces),
        )
        open_feature(page, pages, folder, 13, f"?base={base}")
        window = page.locator(".tokens").first
        assert window.evaluate("one => getComputedStyle(one).direction") == base
        places = window.locator(".token").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect().left)"
        )
        letters = places[len(before) :]
        assert len(letters) == 4 and letters == sorted(letters, reverse=True)
        value = window.locator(".token-value").first
        assert value.evaluate("one => getComputedStyle(one).direction") == "ltr"


def test_a_token_shows_its_activation_on_hover_and_on_focus_and_strength_is_not_colour_alone(
    page, pages, folder
):
    feature = open_feature(page, pages, folder, 10)
    example = feature["examples"][0]["responses"][0]
    active = [value for value in example["activations"] if value > 0]
    card = page.locator(".example").first
    tokens = card.locator(".token[tabindex]")
    assert tokens.count() == len(active)
    value = tokens.first.locator(".token-value")
    hidden = value.evaluate("one => getComputedStyle(one).clipPath")
    tokens.first.hover()
    assert value.evaluate("one => getComputedStyle(one).clipPath") == "none" != hidden
    assert float(value.inner_text()) == pytest.approx(active[0], rel=0.01)
    page.mouse.move(0, 0)
    card.locator('.token[tabindex="0"]').focus()
    page.keyboard.press("ArrowRight")
    second = tokens.nth(1).locator(".token-value")
    assert second.evaluate("one => getComputedStyle(one).clipPath") == "none"
    assert float(second.inner_text()) == pytest.approx(active[1], rel=0.01)
    widths = page.locator(".legend .step").evaluate_all(
        "all => all.map(one => getComputedStyle(one).borderBottomWidth)"
    )
    assert len(set(widths)) >= 4


def test_a_site_says_that_other_roles_need_the_live_explorer(page, pages, folder):
    feature = open_feature(page, pages, folder, 10)
    shown = [one["role"] for one in feature["examples"]]
    page.get_by_role("button", name=shown[1], exact=True).click()
    page.wait_for_function(f"location.hash.includes('role={shown[1]}')")
    other = next(row["role"] for row in feature["roles"] if row["role"] not in shown)
    opened(page, pages, f"feature/{feature['feature_id']}?role={other}", ".examples .caution")
    assert "persona explore" in page.locator(".examples .caution").inner_text()
    assert page.locator(".example").count() == len(feature["examples"][0]["responses"])


@pytest.mark.parametrize("row", range(len(HOSTILE)))
def test_hostile_text_is_shown_as_the_text_it_is(page, pages, folder, row):
    open_feature(page, pages, folder, row)
    shown = page.locator(".label.first .long-text").evaluate("one => one.firstChild.textContent")
    assert shown[:200] == HOSTILE[row][:200]
    assert page.title() != "owned"
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")


@pytest.mark.parametrize("of", ["feature", "role"])
def test_a_page_is_saved_as_one_file_that_runs_nothing_and_says_how_it_is_cited(page, pages, folder, of):
    feature = _feature(folder, 1)  # its label is a script
    arg = feature["feature_id"] if of == "feature" else B
    opened(page, pages, f"{of}/{arg}", ".sort-table tbody tr")
    rows = page.locator(".sort-table tbody tr").count()
    with page.expect_download() as download:
        page.get_by_role("button", name="save as a file").click()
    assert download.value.suggested_filename == f"synthetic-{of}-{arg}.html"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    (folder / "saved.html").write_text(text, encoding="utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{pages}saved.html")
    assert asked == [f"{pages}saved.html"]
    assert page.locator("script, link, img, button, select, input, main a[href^='#']").count() == 0
    assert page.locator(".sort-table tbody tr").count() == rows
    assert page.locator("h1").inner_text() == f"{of.capitalize()} {arg}"
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("system-ui")
    [line, entry] = page.locator("footer pre").all_inner_texts()
    assert line.startswith(f"synthetic, {of.capitalize()} {arg}: model ")
    assert "played: gpt at least 2" in line and entry.startswith("@misc{synthetic")
    if of == "feature":
        assert HOSTILE[1] in page.locator(".label.first").inner_text()
        lit = page.locator(".example-window .token")
        assert lit.count() > 3
        assert set(lit.evaluate_all("all => all.map(one => one.tabIndex)")) == {0}
        windows = page.locator(".example-window .tokens")
        assert windows.evaluate_all("all => all.every(one => one.scrollHeight <= one.clientHeight)")
    within = (
        "one => one.closest('.section').getBoundingClientRect().bottom - one.getBoundingClientRect().bottom"
    )
    assert page.locator(".sort-table").first.evaluate(within) >= -1  # nothing of it lies over what follows
    assert page.title() == f"synthetic: {of.capitalize()} {arg}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe_violations(page) == []


def test_a_page_that_is_left_before_it_was_read_is_not_called_saved(page, pages, folder):
    held: list[Any] = []
    page.route("**/histogram/*.json", lambda route: held.append(route))
    with page.expect_request("**/histogram/*.json"):
        page.goto(f"{pages}#/feature/{_ids(folder)[10]}")
    page.get_by_role("button", name="save as a file").click()
    page.get_by_role("button", name="saving").wait_for()
    page.evaluate("location.hash += '?role=nobody'")
    held[0].continue_()
    page.get_by_role("button", name="not saved: the page has changed").wait_for()


def test_a_long_text_is_cut_until_it_is_asked_for(page, pages, folder):
    open_feature(page, pages, folder, len(HOSTILE) - 1)
    label = page.locator(".label.first .long-text")
    assert len(label.inner_text()) < 500
    with page.expect_download() as download:
        page.get_by_role("button", name="save as a file").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    label.get_by_role("button").click()
    assert len(label.inner_text()) > 100_000
    assert re.search(r"\(cut: \d{3}\D\d{3} characters\)", saved)
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")


def test_the_link_to_neuronpedia_opens_apart_and_gives_nothing_away(page, pages, folder):
    feature = open_feature(page, pages, folder, 10)
    link = page.get_by_role("link", name="Neuronpedia")
    assert link.get_attribute("href") == feature["url"]
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_a_silent_feature_an_unknown_one_and_a_wrong_address_say_so(page, pages, folder, troubles):
    opened(page, pages, f"feature/{_ids(folder)[11]}", ".state")
    page.get_by_text("never fired").wait_for()
    opened(page, pages, "feature/pirate", ".state")
    page.get_by_text("not a feature").wait_for()
    assert troubles == []
    opened(page, pages, "feature/999999999", ".state")
    page.get_by_text("is not here").wait_for()
    assert any("404" in one for one in troubles)
    troubles.clear()


def test_a_role_shows_its_features_of_both_directions(page, pages, folder):
    opened(page, pages, f"role/{A}", ".characteristic tbody tr")
    features = _data(folder, f"role/{A}.json")["features"]
    positive = [str(one["feature_id"]) for one in features if one["effect"] >= 0]
    negative = [str(one["feature_id"]) for one in features if one["effect"] < 0]
    assert first_cells(page, ".characteristic") == positive
    page.get_by_role("button", name="less than others").click()
    page.wait_for_function("location.hash.includes('side=less')")
    assert first_cells(page, ".characteristic") == negative
    page.go_back()
    page.wait_for_function("!location.hash.includes('side=less')")
    assert first_cells(page, ".characteristic") == positive
    page.get_by_role("button", name="all columns").click()
    shown = page.locator(".characteristic tbody tr").first.inner_text()
    first = next(one for one in features if one["effect"] >= 0)
    assert f"[{first['auroc_low']:.2f}, {first['auroc_high']:.2f}]".replace("-", "−") in shown
    assert "4 of 5" in shown
    assert "1.5 [1.2, 1.9]" in shown
    assert "0.88" in page.locator(".role-head").inner_text()
    assert "Only 60 of its 120 answers differ, which count as 42" in page.locator(".caution").inner_text()
    unread = page.locator(".role-compare option", has_text="(not read yet)")
    assert unread.count() == 1 and unread.is_disabled()
    assert page.locator(".characteristic th", has_text="when played").count() == 0
    assert page.locator(".characteristic th", has_text="first tokens").count() == 0
    assert "◆" in shown
    assert "15 of 900: 12 more, 3 less, 5 ◆" in page.locator(".role-head").inner_text()
    assert "no judge is set" in page.locator(".role-head").inner_text()
    keep_screenshot(page, "role")


def test_a_role_is_marked_at_its_place_on_every_axis(page, pages, folder):
    opened(page, pages, f"role/{A}", ".strip circle.marked")
    axes = _data(folder, "roles.json")["axes"]
    strips = page.locator(".axis-figure > .strip")
    assert strips.count() == len(axes)
    for place, axis in enumerate(axes):
        positions = {one["role"]: one["position"] for one in axis["positions"]}
        marked = float(strips.nth(place).locator("circle.marked").get_attribute("cx"))
        dots = (
            strips.nth(place)
            .locator("a")
            .evaluate_all(
                "all => all.map(one => [one.getAttribute('aria-label').split(':')[0], "
                "+one.querySelector('circle').getAttribute('cx')])"
            )
        )
        assert sorted(dots, key=lambda dot: dot[1]) == sorted(dots, key=lambda dot: positions[dot[0]])
        assert dict(dots)[A] == marked


def test_a_role_is_marked_at_its_place_over_played_answers_too(page, pages, folder):
    opened(page, pages, f"role/{A}", ".played-axis circle.marked")
    positions = _data(folder, "roles.json")["axes"][0]["positions"]
    played = page.locator(".played-axis")
    assert played.count() == 1, "of the assistant axis alone"
    labels = played.locator("a").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    places = {one["role"]: one["played_position"] for one in positions}
    roles = [label.split(":")[0] for label in labels]
    assert roles == sorted((role for role in places if places[role] is not None), key=places.get)
    assert " to " in labels[0], "with its interval"
    said = played.locator("p").inner_text()
    assert "0.87" in said and f"1 of {len(positions)} roles have too few such answers" in said


def test_words_are_found_in_a_sites_responses_and_lead_to_the_response(page, pages, folder):
    opened(page, pages, f"role/{A}", ".response-list")
    responses = [
        row
        for number in (1, 2, 3)
        for row in json.loads((folder / f"data/role/{A}/responses/{number}.json").read_text())["responses"]
    ]
    found = [row for row in responses if "candle ghost" in row["response"].lower()]
    assert found and found[-1]["response_id"] > 50
    page.get_by_label(f"Words in the responses of {A}").fill("Candle Ghost")
    page.wait_for_selector(".response mark")
    page.wait_for_function(f"document.querySelectorAll('.response mark').length === {len(found)}")
    assert {one.lower() for one in page.locator(".response mark").all_inner_texts()} == {"candle ghost"}
    page.locator(".response .mono").last.click()
    marked = page.locator(".response.marked")
    marked.wait_for()
    assert str(found[-1]["response_id"]) in marked.inner_text()
    assert marked.evaluate("one => one.getBoundingClientRect().top < innerHeight")
    assert page.locator(".response").count() > 1
    opened(page, pages, f"role/{A}?q=candle+ghost", ".response mark")
    until_in_view = "document.querySelector('.response mark').getBoundingClientRect().top < innerHeight"
    page.wait_for_function(until_in_view)
    page.get_by_label(f"Words in the responses of {A}").fill("no such words")
    page.get_by_text("Nothing found").wait_for()


def test_thinking_is_folded_and_the_prompt_that_the_template_inserts_is_told(page, pages):
    opened(page, pages, f"role/{A}", ".response-list")
    told = page.locator(".instructions").inner_text()
    assert f"template inserts its own: You are a helpful assistant. {HOSTILE[0]}" in told
    only, also, spoken = (page.locator(".response").nth(row) for row in (1, 2, 3))
    assert "It ends without an answer." in only.inner_text()
    for row in (also, spoken):
        assert "Aye." in row.inner_text()
        assert "ends without" not in row.inner_text()
    assert spoken.locator("summary").all_inner_texts() == [
        "thinking, 12 tokens", "neither thinking nor answer, 12 tokens",
    ]  # fmt: skip
    assert HOSTILE[0] not in also.inner_text()
    also.locator("summary").click()
    assert HOSTILE[0] in also.inner_text()
    keep_screenshot(page, "thinking")


def test_pages_of_responses_are_turned_and_in_the_address(page, pages):
    opened(page, pages, f"role/{A}", ".response-list")
    page.get_by_role("button", name="next").first.click()
    page.wait_for_function("location.hash.includes('page=2')")
    page.get_by_text("page 2 of 3").first.wait_for()
    page.wait_for_function("document.querySelector('.response .mono')?.textContent === '50'")
    page.go_back()
    page.wait_for_function("document.querySelector('.response .mono')?.textContent === '0'")


@pytest.mark.parametrize("width", [400, 1280])
def test_what_is_claimed_is_in_view_without_scrolling_sideways(page, pages, folder, width):
    page.set_viewport_size({"width": width, "height": 800})
    feature = _feature(folder, 10)["feature_id"]
    role, feature = f"role/{A}", f"feature/{feature}"
    tables = {
        role: (".characteristic", ("AUROC", "q")),
        feature: (".roles-of-feature", ("AUROC", "q")),
        f"compare?a={A}&b={B}": (".differences", ("Δ", "q")),
        "roles": (".role-table", ("assistant axis",)),
    }
    for place, (table, claims) in tables.items():
        opened(page, pages, place, f"{table} tbody tr")
        box = page.locator(table)
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth"), f"{table} is wider than its box"
        heads = page.locator(f"{table} th:visible").all_inner_texts()
        for claim in claims:
            assert any(head.strip().startswith(claim) for head in heads), f"{table} has no {claim}"
        page.get_by_role("button", name="all columns").click()
        assert page.locator(f"{table} th:visible").count() > len(heads)


def test_a_role_shows_how_sure_its_nearest_are(page, pages, folder):
    opened(page, pages, f"role/{A}", ".nearest tbody tr")
    nearest = _data(folder, f"role/{A}.json")["nearest"][0]
    low, high = (f"{nearest[f'similarity_{end}']:.2f}".replace("-", "−") for end in ("low", "high"))
    assert f"[{low}, {high}]" in page.locator(".nearest tbody tr").first.inner_text()
    opened(page, pages, "roles", ".role-table tbody tr")
    row = page.locator(".role-table tbody tr", has=page.get_by_role("link", name=A, exact=True)).first
    assert row.locator(".bracket").count() >= 3, "its places and its nearest role have no intervals"


def test_two_roles_are_told_apart_by_their_largest_differences(page, pages, folder):
    opened(page, pages, f"role/{A}", ".role-compare select")
    page.locator(".role-compare select").select_option(B)
    page.wait_for_selector(".differences tbody tr")
    settled(page)
    assert f"a={A}&b={B}" in page.url
    n_told = page.locator(".differences tbody tr").count()
    assert page.locator(".differences .interval .whisker").count() == n_told
    page.get_by_role("button", name="all columns").click()
    assert "4 · 4" in page.locator(".differences tbody tr").first.inner_text()
    assert page.locator(".played").all_inner_texts() == [f"{role} 2.25 [1.50, 2.75]" for role in (A, B)]
    a, b = (_data(folder, f"role/{role}/features.json") for role in (A, B))
    order = np.argsort(-np.abs(np.array(a["mean"]) - np.array(b["mean"])), kind="stable")
    assert first_cells(page, ".differences") == [str(a["feature_id"][row]) for row in order]
    qs = page.locator(".differences tbody td:nth-child(6)").all_inner_texts()
    page.locator(".compare-how select").first.select_option("sure")
    page.wait_for_function("location.hash.includes('by=sure')")
    assert page.locator(".differences tbody td:nth-child(6)").all_inner_texts() == sorted(
        qs, key=lambda q: (not q.startswith("<"), q)
    )
    page.locator(".compare-how select").first.select_option("effect")
    page.wait_for_function("location.hash.includes('by=effect')")
    order = np.argsort(-np.abs(np.array(a["effect"]) - np.array(b["effect"])), kind="stable")
    assert first_cells(page, ".differences") == [str(a["feature_id"][row]) for row in order]
    page.get_by_role("button", name="Swap").click()
    page.wait_for_function(f"location.hash.includes('a={B}&b={A}')")
    assert page.locator(".compare-choice select").first.input_value() == B
    keep_screenshot(page, "compare")


def test_the_scatter_names_the_dot_under_the_pointer_and_the_keyboard_goes_through_all(page, pages, folder):
    opened(page, pages, f"compare?a={A}&b={B}", ".compare-plot canvas")
    a, b = (_data(folder, f"role/{role}/features.json") for role in (A, B))
    order = np.argsort(-np.abs(np.array(a["mean"]) - np.array(b["mean"])), kind="stable")
    page.locator(".compare-plot .plot").focus()
    page.keyboard.press("ArrowRight")
    first = str(a["feature_id"][order[0]])
    written = next((folder / "data" / "demo" / "feature").glob("*.json"))  # the site has pages of a few only
    page.route(f"**/feature/{first}.json", lambda route: route.fulfill(path=written))
    assert page.locator(".compare-readout b").inner_text() == first
    ring = page.locator(".compare-plot .ring").bounding_box()
    page.mouse.move(5, 5)
    page.mouse.move(ring["x"] + ring["width"] / 2 + 1, ring["y"] + ring["height"] / 2 + 1)
    assert page.locator(".compare-readout b").inner_text() == first
    assert page.locator(".differences tr.marked td").first.inner_text().split()[0] == first
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.hash.startsWith('#/feature/{first}')")
    page.go_back()
    page.wait_for_selector(".compare-plot canvas")


def test_the_heat_map_tells_a_cells_value_by_pointer_and_by_keyboard_and_opens_the_pair(page, pages, folder):
    opened(page, pages, "roles", ".heat canvas")
    overview = _data(folder, "roles.json")
    order, n = overview["order"], len(overview["order"])
    plot = page.locator(".heat .plot")
    box = plot.bounding_box()
    cell = box["width"] / n
    page.mouse.move(box["x"] + 5.5 * cell, box["y"] + 2.5 * cell)
    value, low, high = (
        f"{overview[name][2][5]:.2f}".replace("-", "−")
        for name in ("similarity", "similarity_low", "similarity_high")
    )
    said = f"{order[2]} and {order[5]}: {value} [{low}, {high}]"
    page.locator(".readout", has_text=re.compile("^" + re.escape(said))).wait_for()
    plot.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".readout").inner_text().startswith(f"{order[3]} and {order[5]}:")
    assert page.locator(".row-name.on").all_text_contents() == [order[3], order[5]]
    keep_screenshot(page, "roles")
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.hash.includes('a={order[3]}&b={order[5]}')")


def test_a_block_of_the_heat_map_is_zoomed_to_by_family_and_by_keyboard_and_is_a_link(page, pages, folder):
    opened(page, pages, "roles", ".heat canvas")
    overview = _data(folder, "roles.json")
    order, family = overview["order"], overview["families"][1]
    page.get_by_label("Which roles are shown").select_option(index=2)
    page.wait_for_function(f"location.hash.includes('block={family[0]},{family[0]},{len(family)}')")
    names = [order[place] for place in family]
    assert page.locator(".row-name").all_text_contents() == names * 2  # of rows and of columns
    page.reload()
    page.wait_for_selector(".heat canvas")
    plot = page.locator(".heat .plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    value = f"{overview['similarity'][family[0]][family[1]]:.2f}".replace("-", "−")
    assert page.locator(".readout").inner_text().startswith(f"{names[0]} and {names[1]}: {value}")
    page.keyboard.press("+")
    page.wait_for_function("location.hash.includes(',4')")
    page.keyboard.press("0")
    page.wait_for_function("!location.hash.includes('block=')")
    assert page.locator(".row-name").count() == 2 * len(order)


def test_the_heat_maps_colours_follow_the_sign_and_every_cell_is_whole_pixels(page, pages, folder):
    opened(page, pages, "roles", ".heat canvas")
    similarity = _data(folder, "roles.json")["similarity"]
    n = len(similarity)
    pixel = """([row, column, n]) => {
        const canvas = document.querySelector('.heat canvas');
        const cell = canvas.width / n;
        const at = (x, y) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data];
        const [x, y] = [column * cell, row * cell];
        return [at(x, y), at(x + cell - 1, y + cell - 1)];
    }"""
    for row, column in ((0, 1), (2, 5), (7, 3), (9, 9)):
        first, last = page.evaluate(pixel, [row, column, n])
        assert first == last
        reds_over_blues = first[0] - first[2]
        assert (reds_over_blues > 0) == (similarity[row][column] > 0)


def test_hundreds_of_roles_are_drawn_in_a_small_window_too_where_a_cell_is_one_pixel(page, pages):
    n = 276
    overview = {
        "order": [f"role_{row}" for row in range(n)],
        "similarity": [[1 if row == column else 0.5 for column in range(n)] for row in range(n)],
        "similarity_null": None,
        **{name: [] for name in ("similarity_low", "similarity_high", "families", "axes")},
        **{name: [] for name in ("fits", "adherence", "findings")},
    }
    page.route("**/demo/roles.json", lambda route: route.fulfill(json=overview))
    page.set_viewport_size({"width": 1024, "height": 700})
    opened(page, pages, "roles", ".heat canvas")
    assert page.locator(".heat canvas").bounding_box()["width"] == n
    alpha = "document.querySelector('.heat canvas').getContext('2d').getImageData(9, 9, 1, 1).data[3]"
    assert page.evaluate(alpha) == 255


def test_every_role_is_listed_with_its_condition(page, pages, folder):
    opened(page, pages, "roles", ".role-table tbody tr")
    study = json.loads((folder / "data" / "study.json").read_text())
    assert first_cells(page, ".role-table") == [entry["role"] for entry in study["roles"]]
    assert page.locator(".role-table .chip", has_text="stale").count() == 1
    assert page.locator(".role-table td:nth-child(4)").first.inner_text() == "15"
    assert page.locator(".role-table td:nth-child(5)").first.inner_text() == "2.25 [1.50, 2.75]"
    page.get_by_role("button", name="all columns").click()
    fits = page.locator(".role-table td:nth-child(6)").all_inner_texts()
    assert fits == ["–"] + ["14.0\u202f%"] * (len(study["roles"]) - 1)
    assert page.get_by_text("Median over 13 roles").inner_text().count("on 13\u2009000 tokens of 208") == 1
    assert page.locator(".role-table .chip", has_text="left out").count() == 1
    page.get_by_label("Find a role").fill("ghost")
    assert set(first_cells(page, ".role-table")) == {
        e["role"] for e in study["roles"] if "ghost" in e["role"]
    }


ADDRESSES = {
    "feature": ("feature/{id}", ".example .token"),
    "role": (f"role/{A}", ".response-list"),
    "found": (f"role/{A}?q=sea", ".response mark"),
    "compare": (f"compare?a={A}&b={B}", ".differences tbody tr"),
    "choose": ("compare", ".state"),
    "roles": ("roles", ".heat canvas"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_every_page_is_accessible_and_fits_a_small_window(page, pages, folder, name, theme):
    address, ready = ADDRESSES[name]
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 1024, "height": 700})
    opened(page, pages, address.format(id=_ids(folder)[10]), ready)
    assert axe_violations(page) == []
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")
    stops = "one => [...one.querySelectorAll('a, button')].filter(item => item.tabIndex >= 0).length"
    assert set(page.locator("tbody").evaluate_all(f"all => all.map({stops})")) <= {0, 1}
    keep_screenshot(page, f"{name}-1024-{theme}")
    page.set_viewport_size({"width": 640, "height": 400})  # 1280×800 at 200 %
    page.wait_for_function("document.querySelector('main').scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 400, "height": 800})  # a phone's
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.wait_for_function("document.querySelector('main').scrollWidth <= innerWidth")


def test_a_features_range_has_room_on_a_phone_and_its_values_show(page, pages, folder):
    shown = next(one for one in _ids(folder)[:10] if _data(folder, f"peaks/{one}.json")["over_range"])
    page.set_viewport_size({"width": 400, "height": 800})
    opened(page, pages, f"feature/{shown}", ".at-a-glance .token")
    tokens = page.locator(".at-a-glance .tokens").first
    assert tokens.evaluate("one => one.getBoundingClientRect().width > innerWidth / 2")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_function("document.querySelector('.at-a-glance li').clientWidth > 600")
    tokens.locator(".token").first.hover()
    value = tokens.locator(".token-value").first.bounding_box()
    assert value["y"] < tokens.bounding_box()["y"]
    assert tokens.evaluate("one => getComputedStyle(one).overflowY") == "visible"  # else it is cut off there


@pytest.fixture(scope="module")
def study(live: Served, built: Path) -> Json:
    """The study of the live server, its pages built."""
    return live.get("data/study.json").json()


def test_another_roles_responses_are_read_from_the_live_server(page, live, study):
    sae = study["saes"][0]["sae"]
    table = live.get(f"data/{sae}/features.json").json()
    for feature_id in table["feature_id"]:
        feature = live.get(f"data/{sae}/feature/{feature_id}.json").json()
        firing = [row for row in feature["roles"] if row["firing_rate"] > 0]
        others = [row["role"] for row in sorted(firing, key=lambda row: -row["mean"])[3:]]
        if others:
            break
    opened(page, live.address, f"feature/{feature_id}", ".roles-of-feature tbody tr")
    assert page.locator(".roles-of-feature tbody tr").count() == len(feature["roles"])
    page.get_by_label("Another role's responses").select_option(others[0])
    examples = live.get(f"data/{sae}/feature/{feature_id}/{others[0]}.json").json()["responses"]
    page.get_by_text(f"of {others[0]}, by").wait_for()
    page.wait_for_selector(".example")
    settled(page)
    assert page.locator(".example").count() == len(examples) > 0
    assert examples[0]["question"] in page.locator(".example").first.inner_text()


def test_words_are_found_by_the_live_server_and_lead_to_the_response(page, live, study):
    role = next(one["role"] for one in study["roles"] if one["n_responses"] > 0)
    rows = live.get(f"data/role/{role}/responses/1.json").json()["responses"]
    word = max(rows[-1]["response"].split(), key=len).strip(".,!?")
    opened(page, live.address, f"role/{role}", ".response-list")
    page.get_by_label(f"Words in the responses of {role}").fill(word)
    page.wait_for_selector(".response mark")
    assert {one.lower() for one in page.locator(".response mark").all_inner_texts()} == {word.lower()}
    page.locator(".response .mono").first.click()
    page.wait_for_selector(".response.marked")
    assert word.lower() in page.locator(".response.marked").inner_text().lower()


def test_every_page_is_drawn_from_the_live_server(page, live, study):
    sae = study["saes"][0]["sae"]
    roles = [one["role"] for one in study["roles"] if one["n_responses"] > 0]
    feature_id = live.get(f"data/{sae}/features.json").json()["feature_id"][0]
    for address, ready in (
        (f"feature/{feature_id}", ".roles-of-feature tbody tr"),
        (f"role/{roles[0]}", ".characteristic tbody tr, .characteristic .state"),
        (f"compare?a={roles[0]}&b={roles[1]}", ".differences tbody tr"),
        ("roles", ".role-table tbody tr"),
        ("drift", ".sort-table tbody tr, .state strong"),
    ):
        opened(page, live.address, address, ready)
        page.wait_for_load_state("networkidle")
        assert page.get_by_role("alert").count() == 0
        assert axe_violations(page) == []


WORTHS_OF_ROWS = """
[...document.querySelectorAll(".grid-row")].filter(row => row.querySelector(".feature-link")).map(row => {
  const worth = row.querySelector(".worth")
  return [row.querySelector(".feature-link").innerText, worth && [worth.innerText, worth.title]]
})
"""


def test_what_a_label_is_worth_stands_beside_it_on_pages_and_in_lists(page, live, study):
    sure, doubtful = OF_PIRATE_ALONE, 2
    opened(page, live.address, f"feature/{sure}", ".label-scores")
    assert page.locator(".label.first .label-scores li").all_inner_texts() == [
        "detection 0.90 (0.78 to 0.96) by example/chat, of 40 excerpts, 1 unread",
        "not better than chance: fuzzing 0.60 (0.44 to 0.74) by example/chat, of 40 excerpts, 1 unread",
    ]
    opened(page, live.address, "table?sort=feature_id&dir=asc", ".grid-row .worth")
    of = dict(page.evaluate(WORTHS_OF_ROWS))  # at one moment: rows come and go with the window's height
    assert of[str(sure)][0] == "0.90"
    told = "not better than chance: detection 0.53 (0.37 to 0.67)"
    assert of[str(doubtful)] == ["not better than chance", told]
    assert of["3"] is of["7"] is None  # never scored: nothing is said
    opened(page, live.address, "role/pirate", ".feature-and-label .worth")
    assert "0.90" in page.locator(".feature-and-label .worth").all_inner_texts()


def test_the_features_that_set_a_role_apart_are_a_link_to_the_surest(page, live, study):
    def with_findings(route: Any) -> None:
        answer = route.fetch().json()
        route.fulfill(json=answer | {"findings": answer["findings"] | {"n_more": 2, "level": 0.05}})

    page.route("**/role/pirate.json*", with_findings)
    opened(page, live.address, "role/pirate", ".role-head a[title='the surest first']")
    link = page.locator(".role-head a[title='the surest first']")
    assert link.inner_text() == "2"
    link.click()
    page.wait_for_function("location.hash.includes('by=q')")
    settled(page)
    qs = [text.strip("◆") for text in page.locator(".characteristic td:nth-child(6)").all_inner_texts()]
    assert qs == sorted(qs, key=lambda q: (q == "–", not q.startswith("<"), q))


def test_two_roles_differ_as_surely_as_the_macro_says(page, live, study):
    opened(page, live.address, "compare?a=pirate&b=ghost&by=sure", ".differences tbody tr")
    asked = "select feature_id, q from compare_roles('pirate', 'ghost', by := 'p') where p is not null"
    rows = live.ask(asked).json()["rows"]
    shown = dict(
        zip(
            first_cells(page, ".differences"),
            page.locator(".differences td:nth-child(6)").all_inner_texts(),
            strict=True,
        )
    )
    told = {str(feature): "<\u202f0.001" if q < 0.001 else f"{q:.3f}" for feature, q in rows}
    assert told and {feature: q for feature, q in shown.items() if q != "–"} == told


def test_a_saved_page_says_what_its_fields_said(page, live):
    page.goto(f"{live.address}#/role/pirate?by=q")
    page.locator(".order-choice select").wait_for()
    page.get_by_label("Words in the responses of pirate").fill("wave")
    page.wait_for_url("**q=wave*")
    with page.expect_download() as download:
        page.get_by_role("button", name="save as a file").click()
    file = page.context.new_page()  # which the server's policy does not bind
    file.set_content(Path(download.value.path()).read_text(encoding="utf-8"))
    assert file.locator("select, input, label, option").count() == 0
    assert file.get_by_text("order q", exact=True).count() == 1
    said = file.locator("body").inner_text()
    assert "Words in the responses of pirate: wave" in said
    assert "compare with" not in said  # nothing is chosen there
