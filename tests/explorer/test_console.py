"""The SQL console: what it answers, and everything that somebody may try."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_assets.explorer.console.console import Console, Limits
from persona_assets.explorer.console.statement import complaint, only_reading
from persona_assets.explorer.console.worker import locked
from persona_assets.explorer.problems import ProblemError
from persona_assets.study.study import Study
from persona_assets.warehouse import publish, warehouse_path
from tests.explorer.contract import check
from tests.explorer.served import Served, eventually
from tests.warehouse.world import OF_PIRATE_ALONE, World

READING = [
    "from which_roles(5)",
    "from top_features('pirate') limit 3",
    "select * from top_responses(5) limit 3",
    "select count(*) from responses",
    "with a as (select 1 as x) select * from a",
    "with recursive n as (select 1 as x union all select x + 1 from n where x < 9) select sum(x) from n",
    "values (1), (2)",
    "describe responses",
    "describe select 1",
    "show tables",
    "summarize study",
    "explain select * from study",
    "EXPLAIN /* why */ ANALYZE select 1",
    "select * from range(3)",
    "-- a comment; with a semicolon\nselect 1;",
    "pivot (from roles) on status in ('fresh', 'stale') using count(*)",
    "select list_transform([1, 2], lambda x: x + 1)",
    "select ';' as semicolon, '/*' as opened",
    "select known_sae('first'), chosen_sae(null)",
    "from query_table('study')",
]

REFUSED = [
    "insert into study select * from study",
    "update roles set status = 'fresh'",
    "delete from roles",
    "drop table roles",
    "create table t as select 1",
    "create temp table t as select 1",
    "create table memory.main.t as select 1",
    "create or replace macro which_roles(x) as table select 1",
    "alter table roles add column x integer",
    "truncate roles",
    "merge into roles using roles as r on true when matched then delete",
    "attach '/tmp/other.duckdb'",
    "detach warehouse",
    "use memory",
    "copy roles to '/tmp/roles.csv'",
    "copy (select 1) to '/dev/stdout'",
    "explain analyze copy (select 1) to '/tmp/x.csv'",
    "explain analyze create table memory.main.t as select 1",
    "explain analyze delete from roles",
    "export database '/tmp/all'",
    "import database '/tmp/all'",
    "install httpfs",
    "load httpfs",
    "set variable lake = '/etc'",
    "set memory_limit = '100GB'",
    "set lock_configuration = false",
    "set enable_external_access = true",
    "reset memory_limit",
    "pragma memory_limit='100GB'",
    "pragma enable_profiling",
    "call enable_logging()",
    "from enable_logging(storage_path := '/tmp', storage := 'file')",
    "from enable_profiling(save_location := '/tmp/profile.txt')",
    "select * from study, \"ENABLE_PROFILING\"(save_location := '/tmp/profile.txt')",
    "select (select count(*) from/**/enable_profiling /* */ (save_location := '/tmp/profile.txt'))",
    "with x as (from enable_profiling(save_location := '/tmp/p.txt')) from x",
    "explain analyze from enable_profiling(save_location := '/tmp/p.txt')",
    "describe from enable_profiling(save_location := '/tmp/p.txt')",
    "from query('select 1')",
    "from query('from enable_pro' || 'filing()')",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "from checkpoint()",
    "from read_csv('/etc/passwd')",
    "from read_text('/etc/passwd')",
    "from read_blob('/proc/self/environ')",
    "from read_json('/etc/passwd')",
    "from read_parquet('https://example.com/x.parquet')",
    "from glob('/*')",
    "from sniff_csv('/etc/passwd')",
    "from parquet_metadata('/etc/passwd')",
    "select write_log('x')",
    "select getenv('HOME')",
    "from duckdb_secrets()",
    "prepare p as select 1",
    "execute p",
    "deallocate p",
    "begin",
    "checkpoint",
    "vacuum",
    "create secret s (type s3)",
    "select 1; select 2",
    "select 1; drop table roles",
    "/* */; select 1; --\n delete from roles",
    "select 1 /* ; */ ; copy roles to '/tmp/x'",
    "pivot (from roles) on status using count(*)",
    "",
    ";",
    "-- nothing",
]

# What stays shut even if a statement were let through: the connection itself refuses.
SHUT = [
    "from read_csv('/etc/passwd')",
    "from read_text('/etc/passwd')",
    "from '/etc/passwd'",
    "from read_blob('/proc/self/environ')",
    "from glob('/etc/*')",
    "from read_parquet('{lake}/small/responses/*/*.parquet')",
    "from read_text('{lake}/../small/defs.yaml')",
    "from read_text('{file}/../../../../../../small/defs.yaml')",
    "copy (select 1) to '{lake}/x.parquet'",
    "attach '/tmp/other.duckdb'",
    "attach '{warehouse}' as again (read_write)",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set allowed_directories = ['/']",
    "set allowed_paths = ['/etc/passwd']",
    "set memory_limit = '100GB'",
    "set threads = 64",
    "set temp_directory = '/tmp'",
    "set errors_as_json = false",
    "insert into study select * from study",
    "create table warehouse.main.t as select 1",
    "create secret s (type s3)",
    "from frame",
    "select getenv('HOME')",
]


@pytest.fixture
def connection(published: World):
    with locked(str(warehouse_path(published.study)), published.study.lake.root, 2**29, 1) as opened:
        yield opened


@pytest.mark.parametrize("sql", READING)
def test_reading_is_answered(connection: duckdb.DuckDBPyConnection, sql: str):
    assert connection.execute(only_reading(connection, sql)).fetchall()


@pytest.mark.parametrize("sql", REFUSED)
def test_anything_else_is_refused_before_it_runs(connection: duckdb.DuckDBPyConnection, sql: str):
    with pytest.raises((ProblemError, duckdb.Error)):
        only_reading(connection, sql)


@pytest.mark.parametrize("sql", SHUT)
def test_the_connection_refuses_it_too(connection: duckdb.DuckDBPyConnection, published: World, sql: str):
    frame = pa.table({"x": [1]})
    [(file,)] = connection.execute("select path from lake_files limit 1").fetchall()
    lake = published.study.lake.root
    places = {"lake": lake, "file": f"{lake}/{file}", "warehouse": warehouse_path(published.study)}
    before = _listing(lake)
    with pytest.raises(duckdb.Error):
        connection.execute(sql.format(**places)).fetchall()
    assert frame.num_rows == 1
    assert _listing(lake) == before


def _listing(folder: str) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in Path(folder).rglob("*"))


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("select nosuch from study", (1, 8)),
        ("select 1,\n  nosuch\nfrom study", (2, 3)),
        ("select 'äöü😀', nosuch from study", (1, 16)),
        ("select 1\nfrm x y", (2, 5)),
        ("-- äöü\nselect '😀' frm x y", (2, 16)),
        ("selec 1", (1, 1)),
        ("select *\nfrom nosuch", (2, 6)),
        ("select cast('x' as integer)", (1, 8)),
    ],
)
def test_an_error_says_where_it_is(connection: duckdb.DuckDBPyConnection, sql: str, place: tuple[int, int]):
    with pytest.raises(duckdb.Error) as raised:
        connection.execute(only_reading(connection, sql)).fetchall()
    problem = complaint(connection, sql, raised.value)
    assert (problem.line, problem.column) == place
    assert "exception_type" not in problem.error


def test_a_refused_function_is_pointed_at(connection: duckdb.DuckDBPyConnection):
    with pytest.raises(ProblemError, match="read_csv") as raised:
        only_reading(connection, "explain select 'ä'\nfrom read_csv('/etc/passwd')")
    assert (raised.value.line, raised.value.column) == (2, 6)


def test_the_console_answers_what_the_contract_says(live: Served):
    answer = live.ask(f"select role, mean from which_roles({OF_PIRATE_ALONE})")
    assert answer.status_code == 200, answer.text
    check("SqlResult", answer.json())
    assert answer.json()["columns"] == [
        {"name": "role", "type": "VARCHAR"},
        {"name": "mean", "type": "DOUBLE"},
    ]
    [[role, mean]] = answer.json()["rows"]
    assert (role, answer.json()["truncated"], answer.json()["note"]) == ("pirate", False, None)
    assert 4 < mean < 5


def test_an_answer_without_rows_says_what_is_empty(live: Served):
    answer = live.ask("select rating from judgements").json()
    check("SqlResult", answer)
    assert (answer["rows"], answer["note"]) == ([], "judgements has no rows: this study has no `judge:`")
    assert live.ask("select 1 where false").json()["note"] is None


def test_values_that_json_lacks_are_texts(live: Served):
    sql = """
        select 9007199254740993::bigint as a, 9007199254740992::bigint as b, 1.50::decimal(9, 2) as c,
            'nan'::double as d, '-inf'::double as e, null as f, true as g, [1, null] as h, {'x': 1} as i,
            map {1: 'y'} as j, timestamp '2026-01-02 03:04:05' as k, '\\xAB'::blob as l, interval 1 day as m,
            '<script>' as n
    """
    [row] = live.ask(sql).json()["rows"]
    assert row == [
        "9007199254740993", 9007199254740992, "1.50", "NaN", "-Infinity", None, True, [1, None], {"x": 1},
        "{1=y}", "2026-01-02T03:04:05", "ab", "1 day", "<script>",
    ]  # fmt: skip


def test_dates_and_times_beyond_pythons_are_texts(live: Served):
    sql = """
        select 'infinity'::date as a, '-infinity'::timestamp as a, time_ns '12:00:00.123456789' as b,
            timestamp_ns '2026-01-02 03:04:05.123456789' as c, date '12026-01-02' as d
    """
    answer = live.ask(sql).json()
    assert answer["rows"] == [
        ["infinity", "-infinity", "12:00:00.123456789", "2026-01-02T03:04:05.123456789", "12026-01-02"]
    ]
    kinds = ["DATE", "TIMESTAMP", "TIME_NS", "TIMESTAMP_NS", "DATE"]
    assert [column["type"] for column in answer["columns"]] == kinds


def test_a_csv_file_holds_no_formula_and_numbers_as_they_are(live: Served):
    sql = "select '=1+1' as \"@x\", '-2' as b, -2 as c, '\t=1' as d, ' =1' as e"
    text = live.ask(sql, "api/sql/export?format=csv").text
    assert list(csv.reader(io.StringIO(text))) == [
        ["'@x", "b", "c", "d", "e"],
        ["'=1+1", "'-2", "-2", "'\t=1", " =1"],
    ]


def test_an_answer_ends_after_a_thousand_rows_and_says_so(live: Served):
    whole, cut = (live.ask(f"from range({n})").json() for n in (1000, 1001))
    assert (len(whole["rows"]), whole["truncated"]) == (1000, False)
    assert (len(cut["rows"]), cut["truncated"]) == (1000, True)


def test_a_large_answer_is_cut_by_its_bytes(live: Served):
    answer = live.ask("select repeat('x', 1000000) from range(100)").json()
    assert answer["truncated"]
    assert 10 <= len(answer["rows"]) <= 17
    refused = live.ask("select repeat('x', 30000000)")
    assert refused.status_code == 400
    assert "too large" in refused.json()["error"]


ROWS = "select range as n, 'ä, \"\n' || range as t, [range] as l from range({})"


def test_an_export_as_parquet_holds_up_to_a_million_rows(live: Served):
    answer = live.ask(ROWS.format(1_000_001), "api/sql/export?format=parquet")
    assert answer.status_code == 200
    assert answer.headers["x-truncated"] == "true"
    assert answer.headers["content-disposition"] == 'attachment; filename="answer.parquet"'
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.num_rows == 1_000_000
    assert table.slice(999_999).to_pylist() == [{"n": 999_999, "t": 'ä, "\n999999', "l": [999_999]}]


def test_an_export_as_csv_reads_back(live: Served):
    answer = live.ask(ROWS.format(2000), "api/sql/export?format=csv")
    assert (answer.status_code, answer.headers["x-truncated"]) == (200, "false")
    rows = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
    assert (len(rows), rows[0], rows[-1]) == (2001, ["n", "t", "l"], ["1999", 'ä, "\n1999', "[1999]"])


def test_an_export_as_csv_is_cut_too(published: World):
    outcome = asyncio.run(Console(published.study).run(ROWS.format(11), "csv", Limits(rows=10)))
    with outcome.file as file:
        rows = list(csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline="")))
    assert (len(rows), outcome.truncated) == (11, True)


def test_an_export_says_what_is_wrong_as_a_query_does(live: Served):
    answer = live.ask("select nosuch from study", "api/sql/export?format=csv")
    assert (answer.status_code, answer.json()["column"]) == (400, 8)
    assert live.ask("select 1", "api/sql/export?format=exe").status_code == 400


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"sql": 3}', b'{"query": "x"}', b"{", b'{"sql": "\\u0000"}']
)
def test_a_body_that_asks_nothing_is_refused(live: Served, content: bytes):
    headers = {"content-type": "application/json"}
    answer = live.client.post(live.address + "api/sql", content=content, headers=headers)
    assert answer.status_code == 400
    check("Problem", answer.json())


def test_a_form_of_another_page_cannot_ask(live: Served):
    answer = live.client.post(live.address + "api/sql", data={"sql": "select 1"})
    assert answer.status_code == 400
    huge = live.ask("select '" + "x" * 300_000 + "'")
    assert (huge.status_code, "at most" in huge.json()["error"]) == (400, True)


EXHAUSTING = [
    "select list(a.range || 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') from range(100000000) as a",
    "select count(*) from (select range as a from range(1000000000) order by hash(range))",
    "select list_sort(range(0, 2000000000))",
    "with recursive n as (select 'x' as s union all select s || s from n) select max(length(s)) from n",
]


@pytest.mark.parametrize("sql", EXHAUSTING)
def test_memory_has_an_end_and_the_server_lives_on(published: World, sql: str):
    limits = Limits(seconds=40, memory=2**28)
    with pytest.raises(ProblemError) as raised:
        asyncio.run(Console(published.study).run(sql, "json", limits))
    assert raised.value.status in (400, 408)
    outcome = asyncio.run(Console(published.study).run("select 1", "json", limits))
    assert outcome.file.read().startswith(b'{"columns"')
    outcome.file.close()


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from range(10000000000000)",
        "with recursive n as (select 1 as x union all select x + 1 from n) select max(x) from n",
        "select sleep_ms(100000)",
    ],
)
def test_time_has_an_end_and_nothing_goes_on_after_it(published: World, sql: str):
    with pytest.raises(ProblemError, match="timed out after") as raised:
        asyncio.run(Console(published.study).run(sql, "json", Limits(seconds=1.5)))
    assert raised.value.status == 408
    assert eventually(lambda: not _children())


def _children() -> list[str]:
    found = []
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        with suppress(OSError):  # it has ended meanwhile
            if b"explorer.console.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_a_query_ends_with_its_asker(published: World):
    async def leave() -> None:
        asked = asyncio.ensure_future(
            Console(published.study).run("select count(*) from range(10000000000000)", "json", Limits())
        )
        while not _children():
            await asyncio.sleep(0.05)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(leave())
    assert not _children()


@pytest.mark.parametrize(("confined", "size"), [(False, 1), (True, 0)])
def test_the_process_of_a_query_can_write_no_file(tmp_path: Path, confined: bool, size: int):
    file = tmp_path / "written"
    confine = "from persona_assets.explorer.console.worker import _confine; _confine(2**29, 10)"
    code = f"{confine if confined else ''}\nwith open({str(file)!r}, 'w') as file: file.write('x')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode != 0, file.stat().st_size) == (confined, size)


def test_a_lake_in_a_folder_of_any_name_can_be_asked(
    published: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lake = tmp_path / "it's a [lake] * ä?"
    shutil.copytree(published.study.lake.root, lake, ignore=shutil.ignore_patterns("warehouse.duckdb"))
    monkeypatch.setenv("PERSONA_LAKE", str(lake))
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(tmp_path / "plain"))  # no database lies below a `?`
    study = Study(published.study.name, published.study.settings, published.study.file)
    publish(study)
    with locked(str(warehouse_path(study)), study.lake.root, 2**29, 1) as opened:
        for view in ("responses", "activations", "evidence"):
            [(n,)] = opened.execute(only_reading(opened, f"select count(*) from {view}")).fetchall()
            assert n > 0
        with pytest.raises(duckdb.PermissionException):
            opened.execute("from read_text(?)", [str(study.file)])
