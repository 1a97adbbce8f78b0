"""Marts: tables that a study's SQL files make of its snapshot."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import ask
from persona_assets.cli.status import print_reasons, print_status
from persona_assets.health.garbage import find_garbage
from persona_assets.health.verify import verify
from persona_assets.lake.lineage import made_of
from persona_assets.lake.schema import FEATURE_LABELS, MARTS
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.marts import Mart
from persona_assets.stages.stage import State
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish, warehouse_path
from persona_assets.warehouse import marts as marts_module
from tests.warehouse.world import World, rows

LABELLED = """-- How many labels each feature has:
-- the most first.

-- Not of the description.
select feature_id, count(*) as n_labels
from feature_labels join (select distinct feature_id from preferred_labels) using (feature_id)
group by feature_id order by n_labels desc, feature_id;
"""
SHARED = "select count(*) as n from lake_files join roles using (role)"


def write_mart(study: Study, name: str, sql: str) -> Path:
    file = study.file.parent / "marts" / f"{name}.sql"
    file.parent.mkdir(exist_ok=True)
    file.write_text(sql)
    return file


def state(study: Study, name: str) -> State:
    return StudyFiles.of(study).marts.state(MARTS, name)


def path(study: Study, name: str) -> str:
    file = StudyFiles.of(study).marts.file(MARTS, name)
    assert file is not None
    return file.path


def test_a_mart_is_a_table_of_the_snapshot_and_a_file_of_the_lake(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    study = world.study
    write_mart(study, "labelled", LABELLED)
    write_mart(study, "top_of_pirate", "select feature_id, label from top_features('pirate') limit 2")
    write_mart(study, "shared", SHARED)
    assert state(study, "labelled") == "missing"
    snapshot = publish(study)
    assert snapshot.problems == {}
    assert (snapshot.tables["labelled"], snapshot.tables["top_of_pirate"]) == (4, 2)
    with connect(study) as connection:
        assert rows(connection, "from labelled limit 1") == [{"feature_id": 11, "n_labels": 4}]
        [comment] = connection.execute(
            "select comment from duckdb_tables() where table_name = 'labelled'"
        ).fetchone() or [None]
        assert comment == "How many labels each feature has: the most first."
        sql = "select path from lake_files where table_name = 'labelled'"
        assert connection.execute(sql).fetchall() == [(path(study, "labelled"),)]
        assert rows(connection, "from shared") == rows(
            connection, SHARED + " where table_name not in ('labelled', 'shared', 'top_of_pirate')"
        )
    capsys.readouterr()
    ask(study, "select n_labels from labelled where feature_id = 2", "csv")
    assert capsys.readouterr().out.split() == ["n_labels", "2"]
    print_status(study, "table")
    assert "marts 3 – –" in " ".join(capsys.readouterr().out.split())


def test_a_table_that_holds_nothing_of_what_a_mart_asks_is_one_that_it_reads(tmp_path: Path) -> None:
    """Without data no role is the pirate, and DuckDB would not look into the table at all."""
    file = tmp_path / "pirates.sql"
    file.write_text("with own as (from role_contrasts where role = 'pirate') select count(*) as n from own")
    assert Mart("pirates", file).bound.tables == ["role_contrasts"]


def test_a_mart_is_made_again_where_its_sql_or_what_it_reads_is_another(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    study = world.study
    write_mart(study, "labelled", LABELLED)
    write_mart(study, "shared", SHARED)
    publish(study)
    first = path(study, "labelled")
    publish(study)
    assert [file.path for file in StudyFiles.of(study).marts.all(MARTS, "labelled")] == [first]
    [labels] = study.lake.files(FEATURE_LABELS, sae="first")
    content = study.lake.read(FEATURE_LABELS, labels)
    study.lake.write(FEATURE_LABELS, content, "imported-fedcba9876543210", sae="first")
    assert (state(study, "labelled"), state(study, "shared")) == ("stale", "stale")
    publish(study)
    other = path(study, "labelled")
    assert other != first
    write_mart(study, "labelled", LABELLED + "-- and a word more")
    assert (state(study, "labelled"), state(study, "shared")) == ("stale", "fresh")
    print_reasons(study, "csv")
    assert "marts,mart,1,,1,other sql" in capsys.readouterr().out.splitlines()
    write_mart(study, "shared", SHARED + " -- made anew beside a mart that is fresh")
    publish(study)
    write_mart(study, "shared", SHARED + " -- and again")
    assert publish(study).tables["labelled"] == 4
    with connect(study) as connection:
        of_lake = SHARED + " where table_name not in ('labelled', 'shared')"
        assert rows(connection, "from shared") == rows(connection, of_lake)
    assert len(StudyFiles.of(study).marts.all(MARTS, "labelled")) == 3


WRONG = {
    "parse": ("-- head\nselect *\nform roles", "parse.sql, line 3: Parser Error: syntax error at or near"),
    "two": ("select 1 as x; select 2 as x", "two.sql: holds 2 statements; a mart is one SELECT"),
    "none": ("-- nothing yet", "none.sql: holds 0 statements; a mart is one SELECT"),
    "making": ("create table mine as select 1", "making.sql: holds a statement CREATE; a mart is one SELECT"),
    "unknown": ("select *\nfrom nowhere", "line 2: Catalog Error: Table with name nowhere does not exist"),
    "another_mart": ("from all_right", "Table with name all_right does not exist"),
    "no_column": ("select nothing from roles", 'Binder Error: Referenced column "nothing" not found'),
    "a_file": ("from read_text('/etc/passwd')", "Permission Error"),
    "by_path": ("from '/etc/passwd'", "Table with name /etc/passwd does not exist"),
    "of_python": ("from lake_files, monkeypatch", "Table with name monkeypatch does not exist"),
    "twice": ("select role, n_prompts as ROLE from roles", "has two columns role; name one otherwise"),
    "casting": ("select role::integer as x from roles", "Conversion Error: Could not convert string"),
    "kept": ("select interval 1 day as x", "a column cannot be kept in Parquet"),
    "lines": ("select error('a' || chr(10) || 'b') as x from roles", "lines.sql: Invalid Input Error: a b"),
    "endless": (
        "select count(*) as n from range(10000000) as a, range(10000000) as b where a <> b",
        "endless.sql: took more than 0.5 s",
    ),
    "role_contrasts": ("select 1 as x", "role_contrasts is a name of the warehouse already; rename the file"),
    "top_features": ("select 1 as x", "top_features is a name of the warehouse already"),
    "statistics": ("select 1 as x", "statistics is a name of the warehouse already"),
    "My mart": ("select 1 as x", "My mart.sql: a mart's name is a table's"),
    "order": ("select 1 as x", "order is a word of SQL"),
}


def test_a_mart_that_fails_is_told_in_a_line_and_the_rest_is_published(
    unfilled: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marts_module, "SECONDS", 0.5)
    for name, (sql, _) in WRONG.items():
        write_mart(unfilled, name, sql)
    write_mart(unfilled, "all_right", "select count(*) as n from roles")
    snapshot = publish(unfilled)
    assert snapshot.problems.keys() == WRONG.keys()
    for name, (_, said) in WRONG.items():
        assert said in snapshot.problems[name]
        assert "\n" not in snapshot.problems[name]
        assert state(unfilled, name) == "missing"
    with connect(unfilled) as connection:
        assert rows(connection, "from all_right") == [{"n": 4}]


@pytest.mark.parametrize("name", ["role_features_by_role", "role_contrasts_by_role", "roles", "a" * 121])
def test_a_mart_has_no_name_that_is_another_tables_or_too_long(name: str) -> None:
    with pytest.raises(StudyError, match="of the warehouse already; rename the file|at most 120"):
        Mart(name, Path(f"{name}.sql")).check_name()


def test_a_mart_asks_on_a_connection_that_reads_the_snapshot_and_nothing_else(published: World) -> None:
    with marts_module._reading(warehouse_path(published.study), published.study) as connection:
        assert rows(connection, "select count(*) as n from responses") == [{"n": 36}]
        for refused in (
            "from read_text('/etc/passwd')",
            "copy roles to '/tmp/roles.csv'",
            "create table warehouse.mine as select 1",
            "set enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(refused)


def test_gc_and_verify_know_the_files_of_marts(world: World) -> None:
    study = world.study
    file = write_mart(study, "labelled", LABELLED)
    publish(study)
    first = path(study, "labelled")
    assert find_garbage(study, timedelta(0)).files == []
    [labels] = study.lake.files(FEATURE_LABELS, sae="first")
    assert first in {one.path for one in made_of(study.lake, {labels.path})}
    file.write_text("select 1 as x")
    publish(study)
    assert [held.file.path for held in find_garbage(study, timedelta(0)).files] == [first]
    file.unlink()
    assert verify(study).problems == []
    publish(study)
    assert len(find_garbage(study, timedelta(0)).files) == 2
    with connect(study) as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("from labelled")


def test_a_damaged_file_of_a_mart_is_found(world: World) -> None:
    study = world.study
    write_mart(study, "labelled", LABELLED)
    publish(study)
    place = Path(study.lake.uri(path(study, "labelled")))
    place.write_bytes(place.read_bytes().replace(b"n_labels", b"m_labels"))
    [problem] = verify(study).problems
    assert problem.path == path(study, "labelled")
    with pytest.raises(StudyError, match="labelled"):
        publish(study)
