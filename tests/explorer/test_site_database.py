"""The database beside a static site, opened as any DuckDB opens it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import unheard
from persona_assets.explorer import site_database
from persona_assets.explorer.model_name import public_name
from persona_assets.explorer.site_database import _copy_tables, _value, write_database
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.lake.schema import VIEWS
from persona_assets.warehouse import connect
from tests.explorer.contract import check
from tests.warehouse.world import World

ASKED = (
    "from which_roles(5)",
    "from top_features('pirate')",
    "from top_features('pirate', sae := 'second', \"by\" := 'q')",
    "from compare_roles('pirate', 'ghost')",
    "from in_first_tokens('pirate')",
    "from search_labels('sea')",
    "from role_findings order by all",
    "from drift_turns order by all",
)


@pytest.fixture(scope="module")
def written(published: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The database's file, and what the page is told."""
    folder = tmp_path_factory.mktemp("site")
    snapshots = Snapshots(published.study)
    told = write_database(snapshots.newest(), folder)
    snapshots.close()
    [file] = folder.iterdir()
    return file, told


@pytest.fixture(scope="module")
def database(written: tuple[Path, dict[str, Any]]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(written[0]), read_only=True) as connection:
        yield connection


def test_a_mart_that_would_hide_a_table_of_the_site_is_told_in_a_line():
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("create table warehouse.role_features_by_role (x integer)")
        with pytest.raises(StudyError, match="role_features_by_role; rename its file and publish again"):
            _copy_tables(connection, unheard)


def _site_of(tables: dict[str, str]) -> duckdb.DuckDBPyConnection:
    """Return a site's database in memory, copied from these tables by name."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse; attach ':memory:' as site")
    connection.execute("use warehouse")
    for name, rows in tables.items():
        connection.execute(f"create table {name} as {rows}")
    _copy_tables(connection, unheard)
    return connection


_WITHOUT_SOME = (
    "select nullif('a', if(n % 5 = 0, 'a', '')) as sae, 'pirate' as role, nullif(n, 7) as feature_id"
    " from range(20) as t(n)"
)


def test_a_large_mart_keeps_its_rows_without_a_feature_or_an_sae(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(site_database, "_ROWS_OF_PART", 4)
    with _site_of({"my_mart": _WITHOUT_SOME}) as connection:
        counted = "select count(*), count(sae), count(feature_id) from site.my_mart"
        assert connection.execute(counted).fetchall() == [(20, 16, 19)]


def test_a_row_that_no_part_holds_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(site_database, "_ROWS_OF_PART", 4)
    lacking = "select 'a' as sae, 'pirate' as role, nullif(n, 7) as feature_id from range(20) as t(n)"
    with pytest.raises(StudyError, match="role_features has 19 of the snapshot's 20 rows"):
        _site_of({"role_features": lacking})


@pytest.mark.parametrize("sql", ASKED)
def test_it_answers_as_the_snapshot_does(published: World, database: duckdb.DuckDBPyConnection, sql: str):
    with connect(published.study) as snapshot:
        wanted = snapshot.execute(sql).fetchall()
    assert database.execute(sql).fetchall() == wanted


def test_it_holds_every_table_of_the_snapshot_and_no_view_of_the_lake(
    published: World, database: duckdb.DuckDBPyConnection, written: tuple[Path, dict[str, Any]]
):
    lacking = set(written[1]["sql.json"]["lacking"])
    assert {table.name for table in VIEWS} <= lacking
    assert {"top_responses", "feature_shape", "echoes", "role_adherence"} <= lacking
    with connect(published.study) as snapshot:
        counted = (
            "select table_name, estimated_size from duckdb_tables() where database_name = current_database()"
        )
        wanted = dict(snapshot.execute(counted).fetchall())
    found = dict(database.execute(counted).fetchall())
    assert {name: found.get(name) for name in wanted} == wanted
    assert found.keys() - wanted.keys() == {"role_features_by_role", "role_contrasts_by_role"}
    assert not lacking & found.keys()


def test_a_large_table_is_a_view_of_parts_and_one_feature_is_asked_of_one(
    published: World,
    written: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(site_database, "_ROWS_OF_PART", 40)
    snapshots = Snapshots(published.study)
    told = write_database(snapshots.newest(), tmp_path)
    snapshots.close()
    of_views = {"role_features", "role_contrasts"}
    assert told["schema.json"] == sorted(
        (
            entry | ({"kind": "view"} if entry["name"] in of_views else {})
            for entry in written[1]["schema.json"]
        ),
        key=lambda entry: (entry["kind"] == "macro", entry["kind"], entry["name"]),
    )
    [file] = tmp_path.iterdir()
    with duckdb.connect() as opened, connect(published.study) as snapshot:
        opened.execute(f"attach '{file}' as warehouse (read_only)")  # as the page does
        opened.execute("use warehouse")
        for sql in (*ASKED, "from role_features order by all", "from role_contrasts order by all"):
            assert opened.execute(sql).fetchall() == snapshot.execute(sql).fetchall(), sql
        count = "select count(*) from duckdb_tables() where schema_name = 'parts'"
        [(n_parts,)] = opened.execute(count).fetchall()
        [(_, plan)] = opened.execute("explain from which_roles(5, sae := 'second')").fetchall()
        scanned = re.findall(r"parts\.(\w+)", plan)
    assert n_parts > 8
    assert sorted(name[:6] for name in scanned) == ["role_c", "role_f"]  # the plan cuts names


def test_it_tells_nothing_of_the_machine_that_made_it(
    published: World, database: duckdb.DuckDBPyConnection, written: tuple[Path, dict[str, Any]]
):
    columns = database.execute("select table_name, column_name from duckdb_columns()").fetchall()
    assert ("study", "name") in columns
    assert not {("study", "settings"), ("study", "lake"), ("saes", "path")} & set(columns)
    assert published.study.lake.root.encode() not in written[0].read_bytes()


@pytest.mark.parametrize(
    ("model", "public"),
    [
        ("google/gemma-2-9b-it", "google/gemma-2-9b-it"),
        ("gpt2", "gpt2"),
        ("/home/ann/models/gemma/", "gemma"),
        ("~/gemma", "gemma"),
        ("../gemma", "gemma"),
        (r"C:\models\gemma", "gemma"),
        ("work/models/gemma", "gemma"),
    ],
)
def test_of_a_model_on_this_machine_the_last_name_is_published(model: str, public: str):
    assert public_name(model) == public
    value = _value("drift_runs", {"name": "model", "type": "VARCHAR"})
    assert duckdb.execute(f"select {value} from (select ? as model)", [model]).fetchall() == [(public,)]


def test_the_page_is_told_what_there_is_to_ask(
    database: duckdb.DuckDBPyConnection, written: tuple[Path, dict[str, Any]]
):
    file, told = written
    check("SiteSql", told["sql.json"])
    assert file.name == f"warehouse-{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}.duckdb"
    assert (told["sql.json"]["file"], told["sql.json"]["bytes"]) == (file.name, file.stat().st_size)
    assert told["sql.json"]["macros"]["which_roles"] == "which_roles(feature, sae)"
    assert "top_responses" not in told["sql.json"]["macros"]
    for entry in told["schema.json"]:
        check("SchemaEntry", entry)
    named = {entry["name"]: entry for entry in told["schema.json"]}
    assert named["which_roles"]["comment"] and named["role_features"]["columns"][0]["name"] == "sae"
    examples = {example["name"]: example["sql"] for example in told["examples.json"]}
    assert "which_roles_fire_a_feature" in examples and len(examples) > 25
    assert "show_me_the_tokens" not in examples  # of the lake's files
    assert "away_from_the_assistant" not in examples  # by DuckDB's extension json
    for sql in examples.values():
        database.execute(f"explain {sql}")
