"""A static site asked in SQL, on a host that serves parts of files and on one that does not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from persona_assets.base.queries import examples
from persona_assets.explorer.site import write_site
from persona_assets.warehouse import connect
from tests.explorer.browser import PATIENCE, Quiet, axe_violations, keep_screenshot, watch
from tests.explorer.fixture_site import HOSTILE
from tests.explorer.served import Served
from tests.loopback import Loopback
from tests.warehouse.world import World

FOR_EVER = "select count(*) from range(1000000000) a, range(1000000000) b"
# Rows of 2 MB, a few a second: more than DuckDB gathers before it begins to hand them out.
STREAMING = (
    "select range as n, repeat('x', 2000000) as t from range(1000000000000000) where range % 50000000 = 0"
)
VALUES = r"""select true as yes, 7::tinyint as small, 9007199254740993 as large,
    -170141183460469231731687303715884105727 as huge, 1.5::decimal(9,3) as exact, -0.05::decimal(4,2) as low,
    'nan'::double as nothing, 0.1::float as single, date '1492-10-12' as day, time '01:02:03.000004' as hour,
    timestamp '1969-07-20 20:17:40.123456' as moment, [1, null, 3] as list, {'a': 1, 'b': ['x']} as pair,
    '\xAA'::blob as raw, null as unknown, 'ünï' as text, interval '1 month -2 days 03:04:05.5' as span,
    union_value(num := 2) as either, '0101'::bit as bits, '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid as id,
    map {'a': 1, 'b': null} as pairs, 340282366920938463463374607431768211455::uhugeint as vast,
    time with time zone '12:00:00+01' as there,
    [interval 90 minutes] as spans,
    {'id': '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid} as nested,
    12345678901234567890123456789012345678::decimal(38, 0) as whole, 'MAP'::enum('MAP', 'a') as kind,
    18446744073709551615::ubigint as wide, {'MAP': 1} as named, ['a'::enum('a', 'b')] as kinds"""


class Ranges(Quiet):
    """A host that serves parts of files, as nginx and most others do; `sent` is what it sent, by path."""

    sent: dict[str, int]
    largest = 0  # that was asked for at once

    def do_GET(self) -> None:  # noqa: N802
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        file = Path(self.translate_path(self.path))
        if wanted is None or not file.is_file():
            self.sent[self.path] = self.sent.get(self.path, 0) + 1
            super().do_GET()
            return
        body = self._part(file, wanted)
        self.sent[self.path] = self.sent.get(self.path, 0) + len(body)
        self.wfile.write(body)

    def do_HEAD(self) -> None:  # noqa: N802
        """Refuse it, as some hosts do: the page knows the database's size."""
        self.send_error(405)

    def _part(self, file: Path, wanted: re.Match[str]) -> bytes:
        content = file.read_bytes()
        start, last = int(wanted[1]), int(wanted[2] or len(content) - 1)
        type(self).largest = max(self.largest, last + 1 - start)
        part = content[start : last + 1]
        self.send_response(206)
        self.send_header("content-type", "application/octet-stream")
        self.send_header("content-range", f"bytes {start}-{last}/{len(content)}")
        self.send_header("content-length", str(len(part)))
        self.end_headers()
        return part


@pytest.fixture(scope="module")
def folder(published: World, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the small study, as `persona site` writes it."""
    place = tmp_path_factory.mktemp("asked") / "site"
    write_site(published.study, place, lambda done, total: None, built)
    return place


@contextmanager
def ranged(folder: Path, kind: type[Ranges] = Ranges) -> Iterator[tuple[str, dict[str, int]]]:
    """The folder on a host that serves parts of files: its address, and what it sends."""
    handler = type("Counted", (kind,), {"sent": {}})
    with Loopback(partial(handler, directory=str(folder))) as server:
        yield f"{server.address}/", handler.sent
        assert handler.largest <= 65_536  # whatever DuckDB would read ahead


@pytest.fixture(scope="module")
def host(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    with ranged(folder) as served:
        yield served


@pytest.fixture(scope="module")
def asked(chromium: Any, host: tuple[str, dict[str, int]]) -> Iterator[Any]:
    """A page of that site whose engine is loaded; it fails where anything went wrong in it."""
    troubles: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    watch(page, troubles)
    page.goto(f"{host[0]}#/sql")
    yield page
    context.close()
    assert troubles == []


# The answer before is there until the page has heard of its new address.
_ASK = """query => new Promise(heard => {
    addEventListener("hashchange", () => setTimeout(heard), {once: true});
    location.hash = "#/sql";
    location.hash = query;
})"""


def ask(page: Any, sql: str) -> Any:
    """Ask `sql`, and wait until it is answered."""
    query = f"#/sql?q={quote(sql)}&run=1"
    page.evaluate(_ASK, query)
    page.get_by_role("button", name="Cancel").wait_for(state="detached")
    page.locator(".result, .sql-error").wait_for()
    return page


def rows(page: Any) -> list[list[str]]:
    """The rows of the answer that are drawn."""
    return page.locator(".result-row").evaluate_all(
        "all => all.map(row => [...row.children].map(cell => cell.textContent))"
    )


def error(page: Any, sql: str) -> str:
    """The one line that is said of `sql`."""
    said = ask(page, sql).locator(".sql-error").inner_text()
    assert "\n" not in said and "Error: {" not in said
    return said


def test_which_roles_is_asked_by_parts_of_the_file(
    asked: Any, host: tuple[str, dict[str, int]], folder: Path, published: World
):
    size = asked.locator(".sql-bar").inner_text()
    assert re.search(
        r"the first query loads it \(8\.\d\sMB\) and parts of the database, which has \d+\.\d\sMB", size
    )
    assert not any("duckdb" in path for path in host[1] if not path.startswith("/data/"))
    found = rows(ask(asked, "select role, n_active_responses from which_roles(5)"))
    with connect(published.study) as snapshot:
        wanted = snapshot.execute("select role, n_active_responses from which_roles(5)").fetchall()
    assert found == [[role, str(n)] for role, n in wanted] != []
    said = asked.locator(".sql-status").first.inner_text().replace("\u202f", " ")
    shown = re.search(r"([\d.]+) kB of the database read", said)
    [sent] = [n for path, n in host[1].items() if path.endswith(".duckdb")]
    [file] = (folder / "data").glob("*.duckdb")
    assert sent < file.stat().st_size / 2
    assert shown is not None and abs(float(shown[1]) * 1000 - sent) < 2000


def test_values_are_those_of_the_live_console(asked: Any, live: Served):
    answer = live.ask(VALUES).json()
    [found] = rows(ask(asked, VALUES))
    types = asked.locator(".result-type").all_inner_texts()
    assert types == [column["type"].lower() for column in answer["columns"]]
    page_of_live = asked.context.new_page()
    page_of_live.goto(f"{live.address}#/sql?q={quote(VALUES)}&run=1")
    page_of_live.locator(".result").wait_for()
    assert found == rows(page_of_live)[0]
    page_of_live.close()


def test_what_is_written_by_duckdb_keeps_its_order_its_name_and_its_semicolon(asked: Any):
    values = "(interval 1 day, 3), (interval 2 hours, 1), (interval 5 years, 2)"
    sql = f'from (values {values}) as t("a ""b""", n) order by n; -- ; and that is all'
    assert ask(asked, sql).locator(".sql-error").all_inner_texts() == []
    assert rows(asked) == [["02:00:00", "1"], ["5 years", "2"], ["1 day", "3"]]
    heads = asked.locator(".result-head bdi").all_inner_texts()
    assert heads == ['a "b"', "n"]
    ask(asked, "describe select interval 1 day as span")
    assert rows(asked)[0][:2] == ["span", "INTERVAL"]


def test_every_example_of_the_site_is_answered(asked: Any):
    titles = asked.locator(".sql-examples button").all_inner_texts()
    assert len(titles) > 25
    texts = examples()
    names = asked.locator(".sql-examples button").evaluate_all("all => all.map(one => one.title)")
    for name in names:
        ask(asked, texts[name])
        assert asked.locator(".sql-error").count() == 0, (name, asked.locator(".sql-error").all_inner_texts())


def test_typing_over_a_selection_asks_nothing_of_the_policy(page: Any, folder: Path):
    """Chromium's own way keeps the colours of what is replaced in a style attribute: the fixture hears it."""
    with ranged(folder) as (address, _):
        page.goto(f"{address}#/sql")
        content, key = page.locator(".cm-content"), page.keyboard

        def written() -> str:
            return "\n".join(page.locator(".cm-line").all_inner_texts())

        content.click()
        key.type("select 'a', 12 from x -- c")
        key.press("Escape")
        key.press("Control+a")
        key.type("from y")
        assert written() == "from y"
        content.fill("select 'b'\nfrom z")
        assert written() == "select 'b'\nfrom z"
        key.press("Control+Home")
        key.press("Shift+ArrowDown")
        key.type("x")
        assert written() == "xfrom z"
        key.press("Control+a")
        key.type('"')
        assert written() == '"xfrom z"', "brackets and quotes close around what is selected"
        key.press("Control+z")
        assert written() == "xfrom z"
        key.press("Control+a")
        key.type("select * from role_fea", delay=15)
        page.locator(".cm-tooltip-autocomplete li").first.wait_for()


def test_a_mistake_is_one_line_with_its_place(asked: Any):
    assert error(asked, "select rol\nfrom roles").startswith(
        "Line 1, column 8: Binder Error: Referenced column"
    )
    assert error(asked, "select 'ü' form roles").startswith("Line 1, column ")
    elsewhere = "ask it with `persona sql small` or `persona explore small`."
    assert error(asked, "from responses").endswith(f"responses is not in the site's database; {elsewhere}")
    assert error(asked, "from top_responses(5)").endswith(
        f"top_responses is not in the site's database; {elsewhere}"
    )
    of_json = error(asked, """select json_keys('{"a": 1}')""")
    assert of_json.endswith(f"This needs DuckDB's extension json, which the site does not hold; {elsewhere}")
    of_macro = "which_roles takes other arguments: which_roles(feature, sae := NULL)"
    assert error(asked, "from which_roles()") == f"Line 1, column 6: Binder Error: {of_macro}"
    assert error(asked, "from which_roles").endswith(
        "which_roles is a macro: give it its arguments, which_roles(feature, sae)"
    )
    for no_table in ("from constructor", "from half(2)"):
        assert "is a macro" not in error(asked, no_table), no_table
    assert "did you mean pirate?" in error(asked, "from top_features('priate')")


@pytest.mark.parametrize(
    "sql",
    [
        "load json",
        "attach 'https://example.com/a.duckdb'",
        "set autoload_known_extensions = true",
        "create table warehouse.own as select 1",
        "copy (select 1) to 'out.csv'",
    ],
)
def test_nothing_is_changed(asked: Any, sql: str):
    assert "only reading is possible here" in error(asked, sql)


@pytest.mark.parametrize("sql", ["from '{}x.csv'", "from read_csv('{}x.csv')", "from read_text('{}x.csv')"])
def test_no_other_file_is_read(asked: Any, host: tuple[str, dict[str, int]], folder: Path, sql: str):
    (folder / "x.csv").write_text("a\n1\n")
    assert "disabled" in error(asked, sql.format(host[0]))
    with ranged(folder) as (other, sent):
        assert "disabled" in error(asked, sql.format(other))
    assert not any("x.csv" in path for path in (*host[1], *sent))


def test_text_of_others_is_text(asked: Any):
    title = asked.title()
    for text in HOSTILE[:4]:
        assert rows(ask(asked, "select '" + text.replace("'", "''") + "' as x")) == [[text]]
    assert asked.locator(".result img, .result script").count() == 0 and asked.title() == title


def test_a_query_is_cancelled_and_the_next_one_answers(asked: Any):
    query = f"#/sql?q={quote(FOR_EVER)}&run=1"
    asked.evaluate("query => { location.hash = query }", query)
    asked.get_by_role("button", name="Cancel").click()
    asked.get_by_text("Cancelled").wait_for()
    assert rows(ask(asked, "select 6 * 7")) == [["42"]]


def test_an_answer_that_streams_is_cancelled_and_so_is_its_file(asked: Any):
    asked.evaluate("query => { location.hash = query }", f"#/sql?q={quote(STREAMING)}&run=1")
    asked.get_by_role("button", name="Cancel").wait_for()
    asked.wait_for_timeout(1500)
    asked.get_by_role("button", name="Cancel").click()
    assert rows(ask(asked, "select 6 * 7")) == [["42"]]
    ask(asked, f"select * from ({STREAMING}) limit 2")
    asked.get_by_role("button", name="Export CSV").click()
    asked.get_by_role("button", name="Cancel").click()
    asked.get_by_text("writing the file").wait_for(state="detached")
    assert rows(ask(asked, "select 6 * 8")) == [["48"]]


def test_cancel_while_the_engine_loads_and_what_each_answer_read(page: Any, folder: Path):
    with ranged(folder) as (address, sent):
        held: list[Any] = []
        page.route("**/duckdb*.gz", lambda route: held.append(route))
        page.goto(f"{address}#/sql?q={quote(FOR_EVER)}&run=1")
        page.get_by_role("button", name="Cancel").wait_for()
        while not held:
            page.wait_for_timeout(20)
        page.get_by_role("button", name="Cancel").click()
        page.unroute("**/duckdb*.gz")
        assert rows(ask(page, "select 6 * 7")) == [["42"]]
        before = dict(sent)
        assert "Could not convert" in error(page, "select role::integer from role_features_by_role")
        [database] = [path for path in sent if path.endswith(".duckdb")]
        assert sent[database] > before[database]
        ask(page, "select 1")
        said = page.locator(".sql-status").first.inner_text()
        assert re.search(r"(?<![\d.])0\sB of the database read", said), said


def test_the_page_keeps_one_engine_and_begins_anew_where_it_ended(
    page: Any, troubles: list[str], folder: Path
):
    class Anew(Ranges):
        gone = False

        def do_GET(self) -> None:  # noqa: N802
            if self.gone and self.path.endswith(".duckdb"):
                self.send_error(404)
            else:
                super().do_GET()

    with ranged(folder, Anew) as (address, _):
        page.goto(f"{address}#/sql")
        assert rows(ask(page, "select 6 * 7")) == [["42"]]
        page.evaluate("location.hash = '#/'")
        page.locator(".sql").wait_for(state="detached")
        assert rows(ask(page, "select 6 * 8")) == [["48"]]
        [worker] = page.workers
        page.evaluate("query => { location.hash = query }", f"#/sql?q={quote(FOR_EVER)}&run=1")
        worker.evaluate("() => { setTimeout(() => { throw new Error('no memory') }) }")
        page.get_by_text("DuckDB ended in this browser: Uncaught Error: no memory.").wait_for()
        assert rows(ask(page, "select 6 * 9")) == [["54"]]
        assert len(page.workers) == 1
        troubles.clear()
        Anew.gone = True
        said = error(page, "select sum(feature_id) from role_features_by_role")
        assert said == "The site was published again, or its host does not answer: load the page again."
    troubles.clear()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("use memory", "Line 1, column 1: only reading is possible here"),
        ("/* ü; */ begin", "Line 1, column 10: only reading is possible here"),
        ("explain analyze create table memory.t as select 1", "only reading is possible here"),
        ("select 'ü;'; select 2;", "2 statements given; ask one at a time"),
        (";", "no query given"),
    ],
)
def test_one_statement_is_asked_and_only_reads(asked: Any, sql: str, said: str):
    assert said in error(asked, sql)
    assert rows(ask(asked, "-- a ; b\n(select ';ü' as x) ;")) == [[";ü"]]


def test_a_file_of_numbers_holds_numbers(asked: Any):
    ask(asked, "select -1.5 as x, -9007199254740993 as n, '-inf'::double as i, '-1' as t, ['-1'] as l")
    with asked.expect_download() as download:
        asked.get_by_role("button", name="Export CSV").click()
    line = Path(download.value.path()).read_text().splitlines()[1]
    assert line == """-1.5,-9007199254740993,-Infinity,'-1,"[""-1""]\""""


def test_a_long_answer_is_cut_and_its_file_holds_more(asked: Any):
    ask(asked, "select range as n from range(3000)")
    assert asked.get_by_text("there are more").count() == 1
    with asked.expect_download() as download:
        asked.get_by_role("button", name="Export CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 3001


def test_the_page_is_accessible_and_fits_a_phone(asked: Any):
    ask(asked, "from which_roles(5)")
    assert axe_violations(asked) == []
    keep_screenshot(asked, "site_sql")
    asked.set_viewport_size({"width": 400, "height": 800})
    assert asked.evaluate("document.documentElement.scrollWidth") <= 400
    keep_screenshot(asked, "site_sql_400")
    asked.set_viewport_size({"width": 1280, "height": 800})


def test_a_host_without_ranges_is_read_whole(page: Any, troubles: list[str], folder: Path):
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        port = re.search(r"port (\d+)", server.stdout.readline())[1]
        page.goto(f"http://127.0.0.1:{port}/#/sql")
        page.get_by_text("this host does not answer range requests").wait_for()
        assert "the whole database" in page.locator(".sql-bar").inner_text()
        assert rows(ask(page, "select role from which_roles(5) limit 1")) != []
    finally:
        server.kill()
        server.wait()


def test_a_site_without_its_database_says_so(page: Any, troubles: list[str], folder: Path, tmp_path: Path):
    (tmp_path / "data").mkdir()
    for name in ("assets", "index.html", "icon.svg", "data/study.json"):
        (tmp_path / name).symlink_to(folder / name)
    with ranged(tmp_path) as (address, _):
        page.goto(f"{address}#/sql")
        page.get_by_text("This site has no database").wait_for()
        assert "persona explore" in page.locator("main").inner_text()
    assert [one for one in troubles if "404" not in one] == []
    troubles.clear()


def test_the_policy_of_the_documentation_lets_the_engine_start(page: Any, folder: Path):
    told = (Path(__file__).parents[2] / "docs" / "site.md").read_text()
    [policy] = re.findall(r'add_header Content-Security-Policy "(.*)"', told)

    class Careful(Ranges):
        def end_headers(self) -> None:
            of_pages = "default-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'"
            worker = re.search(r"/assets/duckdb-worker-.*\.js$", self.path)
            self.send_header("content-security-policy", policy if worker else of_pages)
            super().end_headers()

    with ranged(folder, Careful) as (address, _):
        page.goto(f"{address}#/sql")
        assert rows(ask(page, "select count(*) > 0 from roles")) == [["true"]]


def test_a_host_that_forbids_the_engine_is_named_as_the_reason(page: Any, troubles: list[str], folder: Path):
    class Strict(Ranges):
        def end_headers(self) -> None:
            self.send_header("content-security-policy", "default-src 'self'; connect-src 'self' blob:")
            super().end_headers()

    with ranged(folder, Strict) as (address, _):
        page.goto(f"{address}#/sql?q=select+1&run=1")
        page.get_by_text("DuckDB does not start in this browser: ").wait_for()
    troubles.clear()
