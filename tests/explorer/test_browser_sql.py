"""The SQL console as a person uses it, against a live server of a small study."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest

from tests.explorer.browser import axe_violations, keep_screenshot
from tests.explorer.fixture_site import HOSTILE
from tests.explorer.served import Served, eventually

FOR_EVER = "select count(*) from range(1000000000) a, range(1000000000) b"


@pytest.fixture(scope="module")
def console(live: Served, built: Path) -> Iterator[str]:
    """The live explorer's address, its pages built."""
    yield live.address


def opened(page: Any, address: str, sql: str | None = None, run: bool = True) -> Any:
    """The console, with a query in its address."""
    query = "" if sql is None else f"?q={quote(sql)}" + ("&run=1" if run else "")
    page.goto("about:blank")
    page.goto(f"{address}#/sql{query}")
    page.wait_for_selector(".sql-editor")
    until(page, "document.querySelector('.sql-editor').shadowRoot?.querySelector('.cm-content')")
    return page


def until(page: Any, expression: str) -> None:
    """Wait for what the policy of the page lets no one wait for inside it: that `expression` is true."""
    end = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def written(page: Any) -> str:
    """What the editor holds."""
    lines = "document.querySelector('.sql-editor').shadowRoot.querySelectorAll('.cm-line')"
    return page.evaluate(f"[...{lines}].map(line => line.textContent).join('\\n')")


def write(page: Any, sql: str) -> None:
    """Type `sql` in place of what is there."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(sql)


def rows(page: Any) -> list[list[str]]:
    """The rows of the answer that are drawn."""
    page.wait_for_selector(".result-row, .result")
    return page.locator(".result-row").evaluate_all(
        "all => all.map(row => [...row.children].map(cell => cell.textContent))"
    )


def test_keys_of_the_page_are_letters_in_the_editor(page, console):
    opened(page, console)
    write(page, "")
    page.keyboard.type("select 6 / 2, 1 ? 2")
    assert written(page) == "select 6 / 2, 1 ? 2"
    assert page.locator(".help-panel").count() == 0
    assert page.evaluate("document.activeElement.className") == "sql-editor"


def test_a_query_is_run_by_control_and_enter_and_its_text_is_in_the_address(page, console):
    opened(page, console)
    write(page, "select 6 * 7 as answer, 'sea' as word")
    page.keyboard.press("Control+Enter")
    assert rows(page) == [["42", "sea"]]
    assert "run=1" in page.url and "q=select+6+*+7+as+answer" in page.url
    assert page.locator(".result-head > div").all_inner_texts() == ["answer\ninteger", "word\nvarchar"]
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    assert rows(page) == [["42", "sea"]]
    assert eventually(lambda: written(page) == "select 6 * 7 as answer, 'sea' as word")


def test_back_goes_to_the_query_before_and_its_answer(page, console):
    opened(page, console, "select 1 as n")
    assert rows(page) == [["1"]]
    write(page, "select 2 as n")
    page.locator(".sql-bar .primary").click()
    until(page, "document.querySelector('.result-row')?.textContent === '2'")
    page.go_back()
    until(page, "document.querySelector('.result-row')?.textContent === '1'")
    assert eventually(lambda: written(page) == "select 1 as n")
    page.go_forward()
    until(page, "document.querySelector('.result-row')?.textContent === '2'")


def test_what_is_typed_is_kept_in_the_address_before_it_is_run(page, console):
    opened(page, console)
    write(page, "select 'half a thought")
    until(page, "location.hash.includes('half')")
    page.reload()
    until(page, "document.querySelector('.sql-editor')?.shadowRoot?.querySelector('.cm-line')")
    assert eventually(lambda: written(page) == "select 'half a thought")
    assert page.locator(".result").count() == 0


def test_an_error_is_marked_where_it_is_and_said_in_words(page, console, troubles):
    opened(page, console, "select role,\n       no_such_column\nfrom roles")
    message = page.get_by_role("alert")
    message.wait_for()
    assert message.inner_text().startswith("Line 2, column 8:")
    assert "no_such_column" in message.inner_text()
    assert page.locator(".cm-lintRange-error").inner_text() == "no_such_column"
    marked = page.locator(".cm-lint-marker-error").bounding_box()
    line = page.locator(".cm-line").nth(1).bounding_box()
    assert line["y"] - 4 <= marked["y"] < line["y"] + line["height"]
    keep_screenshot(page, "sql-error")
    assert all("400" in one for one in troubles)
    troubles.clear()
    write(page, "select 1 as n")
    page.keyboard.press("Control+Enter")
    assert rows(page) == [["1"]]
    page.locator(".cm-lintRange-error").wait_for(state="detached")


def test_writing_is_refused_and_the_refusal_shown(page, console, troubles):
    opened(page, console, "create table t as select 1")
    page.get_by_role("alert").wait_for()
    assert page.locator(".result").count() == 0
    troubles.clear()


def test_a_thousand_rows_are_shown_of_more_and_few_are_drawn_at_once(page, console):
    opened(page, console, "select i, i * 2 as double from range(5000) t(i)")
    page.wait_for_selector(".result-row")
    assert "only the first 1\u2009000" in page.locator(".sql-status").inner_text()
    assert page.locator(".result").get_attribute("aria-rowcount") == "1001"
    assert page.locator(".result-row").count() < 100
    page.locator(".result").evaluate("one => one.scrollTo(0, one.scrollHeight)")
    until(page, "[...document.querySelectorAll('.result-row')].at(-1).textContent === '9991998'")
    keep_screenshot(page, "sql")


def test_the_arrows_go_from_cell_to_cell_and_the_whole_value_is_shown(page, console):
    opened(page, console, "select i, repeat('sea ', 200) || i as text from range(300) t(i)")
    page.wait_for_selector(".result-row")
    page.locator(".result").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    value = page.locator(".cell-value pre")
    assert value.inner_text() == "sea " * 200 + "299"
    chosen = page.locator('.cell[aria-selected="true"]')
    chosen.wait_for()
    assert chosen.count() == 1
    assert chosen.get_attribute("id") == page.locator(".result").get_attribute("aria-activedescendant")


def test_features_and_roles_of_an_answer_are_links_by_pointer_and_by_keyboard(page, console):
    sql = "select role, feature_id, mean from role_features where role = 'pirate' order by feature_id limit 3"
    opened(page, console, sql)
    [[_, feature, _], *_] = rows(page)
    assert page.locator(".result a").count() == 6
    assert page.locator(".result a:not([tabindex='-1'])").count() == 0  # the table is one tab stop
    page.locator(".result").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(page, "location.hash === '#/role/pirate'")
    page.go_back()
    page.locator(".result-row a").nth(1).click()
    until(page, f"location.hash === '#/feature/{feature}'")


def test_a_long_query_is_cancelled_and_the_server_answers_the_next(page, console):
    opened(page, console, FOR_EVER)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled").wait_for()
    write(page, "select 3 as n")
    page.keyboard.press("Control+Enter")
    until(page, "document.querySelector('.result-row')?.textContent === '3'")


def test_the_whole_answer_is_exported_as_csv_and_as_parquet(page, console):
    opened(page, console, "select i from range(3000) t(i)")
    page.wait_for_selector(".result-row")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        assert [row["i"] for row in csv.DictReader(file)] == [str(i) for i in range(3000)]
    with page.expect_download() as download:
        page.get_by_role("button", name="Export Parquet").click()
    assert download.value.suggested_filename == "answer.parquet"
    assert pq.read_table(download.value.path()).num_rows == 3000


def test_an_example_is_opened_and_answered(page, console):
    opened(page, console)
    page.locator(".sql-examples button").first.click()
    page.wait_for_selector(".sql-status b, .sql-error")
    assert page.locator(".sql-error").all_inner_texts() == []
    assert "select" in written(page).lower()
    assert "run=1" in page.url


def test_tables_and_columns_are_found_and_put_where_the_cursor_is(page, console):
    opened(page, console)
    page.locator(".cm-content").click()
    page.keyboard.insert_text("select  from roles")
    for _ in range(len(" from roles")):
        page.keyboard.press("ArrowLeft")
    page.get_by_role("tab", name="Tables").click()
    page.get_by_label("Find a table or column").fill("n_prompts")
    page.get_by_role("button", name="Insert n_prompts").click()
    assert written(page) == "select n_prompts from roles"


def test_names_of_tables_are_offered_while_typing(page, console):
    opened(page, console)
    page.get_by_role("tab", name="Tables").click()
    page.wait_for_selector(".schema details")
    page.locator(".cm-content").click()
    page.keyboard.type("select * from role_fea", delay=15)
    offered = page.locator(".cm-tooltip-autocomplete li")
    offered.filter(has_text="role_features").first.wait_for()
    assert "role_features" in [
        text.split("\n")[0].removesuffix("table") for text in offered.all_inner_texts()
    ]


def test_hostile_values_and_names_are_shown_as_text(page, console):
    texts = [text[:300].replace("\u0000", "") for text in HOSTILE]
    values = ", ".join("('" + text.replace("'", "''") + "')" for text in texts)
    opened(page, console, f'select t as "<b onclick=alert(1)>" from (values {values}) v(t)')
    shown = [row[0] for row in rows(page)]
    assert [text.rstrip("…")[:200] for text in shown] == [text[:200] for text in texts]
    assert page.title() != "owned"
    assert page.locator(".sql img, .sql script, .result b[onclick]").count() == 0
    assert page.locator(".result-head bdi").inner_text() == "<b onclick=alert(1)>"


def test_the_keyboard_leaves_the_editor_by_tab(page, console):
    opened(page, console, "select 1", run=False)
    page.locator(".cm-content").click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Run")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_console_is_accessible_in_both_themes(page, console, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 1024, "height": 700})
    opened(page, console, "select role, feature_id, mean, null as nothing from role_features")
    page.wait_for_selector(".result-row")
    assert axe_violations(page) == []
    keep_screenshot(page, f"sql-1024-{theme}")
    page.set_viewport_size({"width": 400, "height": 800})  # a phone's
    page.wait_for_function("document.querySelector('main').scrollWidth <= innerWidth")
