"""The page Steer as a person uses it: live with the toy model, and what is recorded on a static site."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.explorer.browser import axe_violations, keep_screenshot, static_server
from tests.explorer.contract import check
from tests.explorer.fixture_site import HOSTILE, Size, write_site
from tests.explorer.served import Served
from tests.explorer.test_browser_pages import opened

Json = dict[str, Any]

PLAIN = "The eternal conundrum of life. A life of quiet evenings spent with a husband."
STEERED = "The eternal conundrum of finding the perfect night's quiet under the stars, and of plunder."
MEASURED = {"n_tokens": 20, "finish_reason": "length", "readout": 0.12, "loss": 2.5, "repetition": None}


def entry(name: str, n_answers: int) -> Json:
    return {
        "intervention": name, "role": "default", "operation": "add", "n_targets": 2, "strengths": [2.0, 4.0],
        "n_answers": n_answers,
    }  # fmt: skip


def effect(metric: str, strength: float, **more: Any) -> Json:
    return {
        "target": "vector of pirate", "intervention": "towards", "role": "default", "operation": "add",
        "strength": strength, "metric": metric, "effect": strength / 20, "low": 0.02, "high": 0.3,
        "n_questions": 6, "against": "direction", "n_controls": 19, "control_low": -0.05,
        "control_high": 0.08, "q": 0.05, "moves": strength > 2,
    } | more  # fmt: skip


def edited(strength: float, response: str, target: str = "vector of pirate", **more: Any) -> Json:
    known = {"response": response, "n_characters": len(response), "target": target, "strength": strength}
    return MEASURED | known | {"level": strength * 3, "unchanged": False} | more


def recording() -> Json:
    plain = MEASURED | {"response": PLAIN, "n_characters": len(PLAIN)}
    asked = ["How do you spend a quiet evening?", HOSTILE[0]]
    answers = [edited(2.0, PLAIN, unchanged=True), edited(4.0, STEERED), edited(2.0, HOSTILE[1], "feature 7")]
    return entry("towards", 6) | {
        "targets": [
            {"target": "vector of pirate", "feature_id": None, "label": None, "n_answers": 4},
            {"target": "feature 7", "feature_id": 7, "label": HOSTILE[0], "n_answers": 2},
        ],
        "effects": [
            effect(metric, strength) for metric in ("answer_readout", "answer_loss") for strength in (2, 4)
        ]
        + [effect("kl", 2, low=None, high=None)],
        "questions": [
            {"response_id": at, "question": question, "plain": plain, "edited": answers}
            for at, question in enumerate(asked)
        ],
    }


@pytest.fixture(scope="module")
def pages(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("steer") / "site"
    shutil.copytree(built, folder)
    write_site(folder, Size(pages=1))
    data = folder / "data"
    study = json.loads((data / "study.json").read_text()) | {"has_interventions": True}
    (data / "study.json").write_text(json.dumps(study))
    read = entry("ablated", 0) | {
        "n_targets": 90,
        "targets": [{"target": "feature 9", "feature_id": 9, "label": None, "n_answers": 0}],
        "effects": [],
        "questions": [],
    }
    for one in (recording(), read):
        check("Recorded", one)
        file = data / "demo" / "steered" / "of" / one["intervention"] / "default.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(one))
    entries = [entry("ablated", 0), entry("towards", 6)]
    check("RecordedIntervention", entries[0])
    (data / "demo" / "steered.json").write_text(json.dumps(entries))
    with static_server(folder) as address:
        yield address


def test_recorded_answers_stand_beside_the_plain_ones_and_effects_before_their_controls(
    page: Any, pages: str
) -> None:
    opened(page, pages, "steer", ".steer-question")  # the intervention with answers comes first
    assert page.get_by_role("link", name="Steer").get_attribute("aria-current") == "page"
    assert page.locator(".dose").count() == 3
    assert page.locator(".dose-controls").count() == 5
    question = page.locator(".steer-question").first
    assert question.locator("h4").all_inner_texts() == [
        "as it is",
        "strength 2 (6.00 a token)",
        "strength 4 (12.0 a token)",
    ]
    assert "the very same answer" in question.inner_text()
    assert question.locator(".long-text .muted").inner_text() == "The eternal conundrum of "
    page.get_by_role("combobox", name="strength").select_option("4")
    assert page.locator(".steer-question").first.locator("h4").count() == 2
    page.get_by_role("combobox", name="Target").select_option("feature 7")
    page.get_by_text("No effect of it is recorded").wait_for()
    assert page.locator(".feature-link").inner_text() == "7"
    assert page.locator("main img, main script").count() == 0 and page.title() != "owned"


def test_what_is_left_out_or_not_recorded_is_said(page: Any, pages: str, site: str) -> None:
    opened(page, pages, "steer?of=ablated/default", ".steer-target")
    page.get_by_text("interventions.ablated.answers").wait_for()
    assert "1 of 90 targets" in page.locator(".steer-target").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_small_window(page: Any, pages: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    opened(page, pages, "steer", ".steer-question")
    assert axe_violations(page) == []
    keep_screenshot(page, f"steer-{theme}")
    page.set_viewport_size({"width": 400, "height": 800})
    end = time.monotonic() + 30
    while page.evaluate("document.querySelector('main').scrollWidth > innerWidth"):
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    keep_screenshot(page, f"steer-narrow-{theme}")


def steer(page: Any, text: str) -> None:
    page.get_by_label("What a user says").fill(text)
    page.get_by_role("button", name="Steer it").click()


def test_two_answers_stand_beside_each_other_with_their_tokens_lit(
    page: Any, with_model: Served, built: Any
) -> None:
    page.emulate_media(color_scheme="light")
    opened(page, with_model.address, "feature/7", ".feature-head")
    page.get_by_role("link", name="steer it").click()
    page.get_by_role("slider", name="strength").fill("10")
    page.get_by_role("button", name="Another edit").click()
    page.get_by_label("What is edited").nth(1).select_option("axis")
    steer(page, HOSTILE[0] + " Who are you?")
    page.wait_for_selector(".steer-answer")
    told = page.locator(".steer [role=status]").inner_text()
    assert "feature 7: add to every token, strength 10.0" in told and "then assistant axis" in told
    texts = page.locator(".steer-answer .tokens").all_inner_texts()
    assert len(texts) == 2 and texts[0] != texts[1]
    page.get_by_label("tokens lit by").select_option("axis")
    page.locator(".steer-answer .drift-5").first.wait_for()
    place = page.locator(".steer-place")
    assert "place on the drift axis, towards default" in place.inner_text()
    page.get_by_label("tokens lit by").select_option("7")
    page.get_by_text("activation, read without the edit").wait_for()
    assert page.locator("main img, main script").count() == 0 and page.title() != "owned"
    assert axe_violations(page) == []
    keep_screenshot(page, "steer-live")
    page.set_viewport_size({"width": 400, "height": 1600})
    end = time.monotonic() + 30
    while page.evaluate("document.querySelector('main').scrollWidth > innerWidth"):
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    keep_screenshot(page, "steer-live-narrow")


def test_files_that_the_server_was_started_with_can_be_chosen(
    page: Any, with_model: Served, built: Any, steerable: tuple[Path, Path]
) -> None:
    axis, cap = (file.name for file in steerable)
    opened(page, with_model.address, "steer", ".steer-edit")
    page.get_by_label("What is edited").nth(0).select_option(label=f"the axis in {axis}")
    page.get_by_role("slider", name="strength").fill("10")
    page.get_by_role("button", name="Another edit").click()
    page.get_by_label("What is edited").nth(1).select_option(label=f"the cap in {cap}")
    page.get_by_text("holds layer 1 at 2.00 or above, layer 3 at 2.00 or above").wait_for()
    assert page.get_by_label("Operation").count() == 1
    steer(page, "Who are you?")
    page.wait_for_selector(".steer-answer")
    told = page.locator(".steer [role=status]").inner_text()
    assert f"axis of {axis}: add to every token, strength 10.0" in told and f"then cap {cap}: " in told
    assert axe_violations(page) == []


def test_what_cannot_be_asked_is_not_sent_and_what_is_refused_is_told(
    page: Any, with_model: Served, built: Any, troubles: list[str]
) -> None:
    opened(page, with_model.address, "steer", ".steer-edit")
    page.get_by_label("What a user says").fill("Hello")
    page.get_by_label("What is edited").nth(0).select_option("feature")
    button = page.get_by_role("button", name="Steer it")
    assert button.is_disabled()  # no feature is named yet
    page.get_by_label("its id").fill("999999")
    button.click()
    page.locator(".caution[role=alert]").wait_for()
    assert "no feature 999999" in page.locator(".caution").inner_text()
    page.get_by_text("Recorded interventions: none yet").wait_for()
    assert all("400" in one for one in troubles)
    troubles.clear()


def test_without_a_model_it_says_how_to_have_one(page: Any, live: Served, built: Any) -> None:
    opened(page, live.address, "steer", ".state code")
    page.get_by_text("persona explore small --model").wait_for()
    page.get_by_text("Recorded interventions: none yet").wait_for()
