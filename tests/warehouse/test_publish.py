from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from persona_assets.base.errors import DiskError, StudyError
from persona_assets.lake.schema import (
    ACTIVATIONS,
    ATLAS_TABLES,
    DIRECTIONS_TABLES,
    EXPLANATION_SCORES,
    FEATURE_LABELS,
    POOLED,
    RESPONSES,
    ROLE_FEATURES,
    SAE_FIT,
    STATISTICS_TABLES,
    TABLES,
    Table,
)
from persona_assets.study.settings import AnalysisSettings
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish, warehouse_path
from persona_assets.warehouse import snapshot as snapshot_module
from tests.conftest import StudyMaker
from tests.marks import mark_of
from tests.places import write_project
from tests.warehouse.world import (
    ALWAYS_ON,
    EXCLUDED,
    QUESTIONS,
    RESPONSE_IDS,
    ROLES,
    VARIANTS,
    World,
    dense_of,
    fill,
    land,
    pooled_of,
    responses_of,
    rows,
    write_catalog,
)

NOT_PUBLISHED = shutil.ignore_patterns("warehouse.duckdb")
VIEWS = ("responses", "activations", "evidence")


def scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return connection.execute(sql).fetchall()[0][0]


def beside(study: Study) -> set[str]:
    """What lies where the snapshot is published, the lake's own folders aside."""
    return {path.name for path in warehouse_path(study).parent.iterdir() if path.name not in TABLES}


def test_an_unfilled_study_publishes_every_table_empty_with_its_columns(unfilled: Study) -> None:
    publish(unfilled)
    with connect(unfilled) as empty:
        columns = {table: empty.execute(f"from {table}").description for table in TABLES}
        counts = {table: scalar(empty, f"select count(*) from {table}") for table in TABLES}
        assert counts == dict.fromkeys(TABLES, 0)
        assert scalar(empty, "select list(distinct status) from roles") == ["missing"]
    publish(fill(unfilled).study)
    with connect(unfilled) as filled:
        assert {table: filled.execute(f"from {table}").description for table in TABLES} == columns


def test_a_snapshot_holds_what_the_lake_holds(world: World) -> None:
    snapshot = publish(world.study)
    assert snapshot.path == Path(world.study.lake.root) / "small" / "warehouse.duckdb"
    with connect(world.study) as connection:
        counts = {table: scalar(connection, f"select count(*) from {table}") for table in TABLES}
        assert counts == snapshot.tables
        assert counts["responses"] == len(ROLES) * len(RESPONSE_IDS)
        for table in ("activations", "pooled", "sae_fit", "role_features", "evidence"):
            for sae in world.mean:
                [file] = world.study.lake.files(TABLES[table], sae=sae, role="1984")
                kept = world.study.lake.read(TABLES[table], file).to_pylist()
                sql = f"select * exclude (sae, role) from {table} where sae = ? and role = '1984'"
                published = rows(connection, sql, sae)
                names = TABLES[table].schema.names
                assert [{name: row[name] for name in names} for row in published] == kept


def test_what_a_file_of_an_earlier_version_lacks_is_null(world: World) -> None:
    study = world.study
    [file] = study.lake.files(POOLED, sae="first", role="ghost")
    earlier = study.lake.read(POOLED, file).drop_columns(["n_outliers"])
    pq.write_table(earlier.replace_schema_metadata(None), study.lake.uri(file.path))
    for fit in study.lake.files(SAE_FIT):
        study.lake.remove(fit)
    publish(study)
    with connect(study) as connection:
        counted = "select role, count(n_outliers) from pooled where sae = 'first' group by role order by role"
        n = len(RESPONSE_IDS)
        counts = [("1984", n), ("default", n), ("ghost", 0), ("pirate", n)]
        assert connection.execute(counted).fetchall() == counts
        assert scalar(connection, "select count(*) from sae_fit") == 0
        assert scalar(connection, "select list(distinct status) from roles") == ["fresh"]


def test_a_role_called_1984_stays_text(warehouse: duckdb.DuckDBPyConnection) -> None:
    for table in (*VIEWS, "pooled", "role_features", "roles", "lake_files"):
        assert rows(warehouse, f"select distinct typeof(role) as type from {table}") == [{"type": "VARCHAR"}]
        assert scalar(warehouse, f"select count(*) from {table} where role = '1984'") > 0


def test_variant_and_question_stand_wherever_a_response_does(warehouse: duckdb.DuckDBPyConnection) -> None:
    for table in (*VIEWS, "pooled"):
        sql = f"select distinct response_id, variant, question_id from {table}"
        identities = warehouse.execute(sql).fetchall()
        assert {identity for identity, _, _ in identities} >= set(np.delete(RESPONSE_IDS, EXCLUDED).tolist())
        for identity, variant, question_id in identities:
            assert divmod(identity, 100_000) == (variant, question_id)


def test_the_catalog_says_what_was_asked(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    [study] = rows(warehouse, "from study")
    assert (study["name"], study["lake"]) == ("small", published.study.lake.root)
    assert json.loads(study["settings"])["extraction"]["saes"]["first"]["id"] == "layer_1"
    assert rows(warehouse, "select position, sae, release, id, path, neuronpedia_id from saes") == [
        {"position": 0, "sae": "first", "release": "example-res", "id": "layer_1", "path": None,
         "neuronpedia_id": "example/1"},
        {"position": 1, "sae": "second", "release": "example-res", "id": "layer_2", "path": None,
         "neuronpedia_id": None},
    ]  # fmt: skip
    assert rows(
        warehouse, "select variant, instruction, system_prompt from instructions where role = 'default'"
    ) == [
        {"variant": 0, "instruction": "", "system_prompt": None},
        {"variant": 1, "instruction": "Speak like default.", "system_prompt": "Speak like default."},
        {"variant": 3, "instruction": 'Be default\'s "I".', "system_prompt": 'Be default\'s "I".'},
    ]
    filled = "select instruction, system_prompt from instructions where role = 'ghost' and variant = 0"
    assert warehouse.execute(filled).fetchall() == [
        ("You are {model_name} as ghost.", "You are Toy as ghost.")
    ]
    assert warehouse.execute("select role, question_id, question from questions order by 2").fetchall() == [
        (None, number, text) for number, text in QUESTIONS.items()
    ]
    [ghost] = rows(warehouse, "from roles where role = 'ghost'")
    assert ghost["n_responses"] == ghost["n_prompts"] == len(VARIANTS) * len(QUESTIONS)
    assert (ghost["status"], ghost["eval_prompt"], ghost["excluded"]) == ("fresh", "Is it ghost?", False)


def test_questions_of_their_own_belong_to_their_role(make_study: StudyMaker, tmp_path: Path) -> None:
    changes = write_catalog(tmp_path / "catalog")
    for role in ROLES:
        file = tmp_path / "catalog" / "roles" / f"{role}.json"
        content = json.loads(file.read_text()) | {"questions": [f"{role}, why?", f"{role}, how?"]}
        file.write_text(json.dumps(content))
    study = make_study("own", {**changes, "questions": {"mode": "role_specific"}})
    publish(study)
    with connect(study) as connection:
        assert connection.execute("from questions where role = 'ghost' order by question_id").fetchall() == [
            ("ghost", 0, "ghost, why?"),
            ("ghost", 1, "ghost, how?"),
        ]
        assert scalar(connection, "select count(*) from questions") == 2 * len(ROLES)


def test_lake_files_are_the_exact_files_the_snapshot_stands_on(
    warehouse: duckdb.DuckDBPyConnection, published: World
) -> None:
    listed = rows(warehouse, "from lake_files")
    across_roles = len(STATISTICS_TABLES) + len(ATLAS_TABLES) + len(DIRECTIONS_TABLES)
    assert len(listed) == len(ROLES) * (1 + 5 * 2) + 2 * (
        across_roles + len((FEATURE_LABELS, EXPLANATION_SCORES))
    )
    for row in listed:
        path = Path(published.study.lake.root) / row["path"]
        assert path.stat().st_size == row["bytes"]
        assert path.stem == row["fingerprint"]
        assert pq.read_metadata(path).num_rows == row["n_rows"]
        assert row["role"] is None or f"role={row['role']}" in row["path"]


def test_only_fresh_files_go_in_and_stale_ones_are_called_stale(
    world: World, make_study: StudyMaker, catalog: dict[str, Any]
) -> None:
    before = world.study
    after = make_study("small", {**catalog, "generation.seed": 1})
    land(after, RESPONSES, responses_of("ghost"), "ghost")
    publish(after)
    with connect(after) as connection:
        stages = "role, status, responses_status, activations_status, role_features_status"
        states = {role: rest for role, *rest in connection.execute(f"select {stages} from roles").fetchall()}
        assert states["ghost"] == ["stale", "fresh", "stale", "stale"]
        assert states["pirate"] == ["stale", "stale", "stale", "stale"]
        assert connection.execute("select distinct role from responses").fetchall() == [("ghost",)]
        for table in ("activations", "evidence", "pooled", "role_features"):
            assert scalar(connection, f"select count(*) from {table}") == 0
    publish(before)
    with connect(before) as connection:
        assert scalar(connection, "select list(distinct status) from roles") == ["fresh"]


def test_an_extraction_cut_short_is_left_out(unfilled: Study) -> None:
    land(unfilled, RESPONSES, responses_of("ghost"), "ghost")
    land(unfilled, POOLED, pooled_of(dense_of("ghost", "first")[0]), "ghost", "first")
    publish(unfilled)
    with connect(unfilled) as connection:
        assert scalar(connection, "select count(*) from pooled") == 0
        assert scalar(connection, "select activations_status from roles where role = 'ghost'") == "missing"
        assert scalar(connection, "select n_responses from roles where role = 'ghost'") == len(RESPONSE_IDS)


def test_a_status_is_the_worst_over_the_saes(world: World) -> None:
    [file] = world.study.lake.files(ROLE_FEATURES, sae="second", role="ghost")
    Path(world.study.lake.uri(file.path)).unlink()
    publish(world.study)
    with connect(world.study) as connection:
        columns = "status, activations_status, role_features_status"
        assert connection.execute(f"select {columns} from roles where role = 'ghost'").fetchall() == [
            ("missing", "fresh", "missing")
        ]
        assert connection.execute("select role from which_roles(?)", [ALWAYS_ON]).fetchall()


def test_anothers_responses_are_read_from_the_others_folder(
    make_study: StudyMaker, catalog: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))  # where a study is looked up by name
    owner = fill(make_study("studies/defs/owner", catalog)).study
    shared = {key: catalog[key] for key in ("roles", "questions", "extraction.model", "extraction.saes")}
    reader = make_study("reader", {**shared, "generation": None, "responses_from": "owner"})
    publish(reader)
    with connect(reader) as connection:
        assert scalar(connection, "select count(*) from responses") == len(ROLES) * len(RESPONSE_IDS)
        paths = connection.execute("select path from lake_files where table_name = 'responses'").fetchall()
        assert all(path.startswith(f"{owner.name}/responses/") for (path,) in paths)
        assert scalar(connection, "select count(*) from instructions") == len(ROLES) * len(VARIANTS)


@pytest.mark.parametrize(
    "name", ["it's [a] 100% lake*", 'a "b"; --', "[ab]", "x=1", "{paths} {stride}", "ünï\\code"]
)
def test_a_lake_of_any_name_is_read_as_it_is_and_nothing_else(
    world: World,
    make_study: StudyMaker,
    catalog: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    for matched in ("a", "it's a 100% lake of others"):  # as a pattern, a name would match these
        decoy(world, tmp_path / matched)
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / name))
    study = make_study("small", catalog)
    fill(study, ROLES[:2])
    publish(study)
    with duckdb.connect(str(warehouse_path(study)), read_only=True) as by_file, connect(study) as by_name:
        for connection in (by_file, by_name):
            assert scalar(connection, "select count(*) from responses") == 2 * len(RESPONSE_IDS)
            assert scalar(connection, "select list(distinct role order by role) from activations") == list(
                ROLES[:2]
            )
            assert rows(connection, "from top_responses(5) limit 1")


@pytest.mark.parametrize("variable", ["PERSONA_LAKE", "PERSONA_WAREHOUSE"])
def test_a_warehouse_where_duckdb_can_have_none_is_refused(
    make_study: StudyMaker,
    catalog: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "why?"))
    study = make_study("small", catalog)
    for ask in (publish, connect):
        with pytest.raises(
            StudyError, match=r"why\?/small/warehouse.duckdb: .* with '\?' in its name; rename it"
        ):
            ask(study)


def test_a_lake_below_a_folder_that_looks_like_a_column_is_refused(
    make_study: StudyMaker, catalog: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "role=all" / "lake"))
    study = make_study("small", catalog)
    with pytest.raises(StudyError, match="'role=all' would be read as a column; rename it"):
        publish(study)


def test_a_moved_lake_answers_under_its_new_name(
    world: World,
    make_study: StudyMaker,
    catalog: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(world.study)
    decoy(world, tmp_path / "moved t here x")
    moved = tmp_path / "moved [to] here*"
    shutil.move(world.study.lake.root, moved)
    with duckdb.connect(str(moved / "small" / "warehouse.duckdb"), read_only=True) as connection:
        with pytest.raises(duckdb.IOException, match="No files found"):
            connection.execute("from responses").fetchall()
        connection.execute("set variable lake = ?", [str(moved)])
        for view in VIEWS:
            assert scalar(connection, f"select count(*) from {view}") > 0
        assert rows(connection, "from top_responses(5) limit 1")
    monkeypatch.setenv("PERSONA_LAKE", str(moved))
    with connect(make_study("small", catalog)) as connection:
        assert scalar(connection, "select count(*) from responses") == len(ROLES) * len(RESPONSE_IDS)


def decoy(world: World, place: Path) -> None:
    """A lake of the same files, none of which can be read."""
    shutil.copytree(world.study.lake.root, place)
    for file in place.rglob("*.parquet"):
        file.write_bytes(b"not this one")


def test_persona_warehouse_says_where_snapshots_go(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(tmp_path / "elsewhere"))
    snapshot = publish(world.study)
    assert snapshot.path == tmp_path / "elsewhere" / "small" / "warehouse.duckdb"
    with connect(world.study) as connection:
        assert scalar(connection, "select count(*) from responses") > 0


def test_nothing_published_is_said_with_the_remedy(unfilled: Study) -> None:
    with pytest.raises(StudyError, match="nothing is published yet .*run `persona run small`"):
        connect(unfilled)


def test_a_damaged_warehouse_is_said_with_the_remedy(world: World) -> None:
    path = publish(world.study).path
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StudyError, match=r"warehouse.duckdb: cannot be opened .*delete it and publish again"):
        connect(world.study)
    publish(world.study)
    connect(world.study).close()


def test_a_reader_keeps_its_snapshot_and_the_next_sees_the_new(world: World) -> None:
    publish(world.study)
    count = "select count(*) from role_features where role = 'ghost'"
    with connect(world.study) as before:
        kept = scalar(before, count)
        assert kept > 0
        for sae in world.mean:
            [file] = world.study.lake.files(ROLE_FEATURES, sae=sae, role="ghost")
            Path(world.study.lake.uri(file.path)).unlink()
        publish(world.study)
        with connect(world.study) as after:
            assert scalar(after, count) == 0
            assert scalar(before, count) == kept
            assert before.execute("select role from which_roles(5)").fetchall()[0]


READER = """
import sys
import duckdb
from pathlib import Path
path, stop = Path(sys.argv[1]), Path(sys.argv[2])
print("reading", flush=True)
n_reads = 0
while not stop.exists():
    with duckdb.connect(str(path), read_only=True) as connection:
        for view in ("roles", "role_features", "activations"):
            assert connection.execute(f"select count(*) from {view}").fetchall()[0][0] > 0
    n_reads += 1
print(n_reads)
"""


def test_readers_in_other_processes_read_on_while_snapshots_are_published(
    world: World, tmp_path: Path
) -> None:
    path, stop = publish(world.study).path, tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(path), str(stop)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        for _ in range(5):
            publish(world.study)
        stop.touch()
        answer, _ = reader.communicate(timeout=300)
    finally:
        reader.kill()
    assert reader.returncode == 0
    assert int(answer) > 0


PUBLISHER = """
import sys
from persona_assets.study.study import load_study
from persona_assets.warehouse import publish
for _ in range(3):
    publish(load_study(sys.argv[1]))
"""


def test_publishers_at_once_all_succeed_and_leave_one_whole_snapshot(world: World) -> None:
    command = [sys.executable, "-c", PUBLISHER, str(world.study.file)]
    publishers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [publisher.communicate(timeout=300)[1] for publisher in publishers]
    assert [publisher.returncode for publisher in publishers] == [0, 0], errors
    assert beside(world.study) == {"warehouse.duckdb"}
    with connect(world.study) as connection:
        assert scalar(connection, "select count(*) from roles") == len(ROLES)


CRASHING_WRITER = """
import os, sys
import duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("pragma disable_checkpoint_on_shutdown; set wal_autocheckpoint = '1TB'")
connection.execute("delete from role_features; create table graffiti (x integer)")
os._exit(1)
"""


def test_a_crashed_writers_log_is_not_replayed_into_the_new_snapshot(world: World) -> None:
    path = publish(world.study).path
    subprocess.run([sys.executable, "-c", CRASHING_WRITER, str(path)], check=False)
    assert path.with_name("warehouse.duckdb.wal").exists()
    publish(world.study)
    assert beside(world.study) == {"warehouse.duckdb"}
    with duckdb.connect(str(path)) as connection:
        assert scalar(connection, "select count(*) from role_features") > 0
        assert rows(connection, "select 1 from duckdb_tables() where table_name = 'graffiti'") == []


def test_the_log_goes_before_the_new_snapshot_comes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = publish(world.study).path
    log = path.with_name("warehouse.duckdb.wal")
    log.write_bytes(b"somebody's")
    there_at_the_swap = []
    replace = Path.replace

    def swapping(self: Path, target: Path) -> Path:
        there_at_the_swap.append(log.exists())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", swapping)
    publish(world.study)
    assert there_at_the_swap == [False]


def test_leftovers_of_killed_publishers_are_swept_and_those_of_living_ones_are_not(world: World) -> None:
    path = publish(world.study).path
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    of_dead = [path.with_name(f".warehouse.duckdb.{mark_of(dead.pid)}.ab12ab12{end}") for end in ("", ".wal")]
    of_living = path.with_name(f".warehouse.duckdb.{mark_of(os.getppid())}.ab12ab12")
    spilled = path.with_name(f".warehouse.duckdb.{mark_of(dead.pid)}.ab12ab12.tmp")
    for leftover in (*of_dead, of_living):
        leftover.write_bytes(b"half")
    spilled.mkdir()
    publish(world.study)
    assert beside(world.study) == {"warehouse.duckdb", of_living.name}


def test_a_publisher_killed_midway_leaves_the_earlier_snapshot_and_the_next_one_cleans_up(
    world: World,
) -> None:
    path = publish(world.study).path
    inode = path.stat().st_ino
    killed = f"""
import os
from persona_assets.base import swap
from persona_assets.warehouse import publish
swap.swap_in = lambda *_: os.kill(os.getpid(), 9)
from persona_assets.study.study import load_study
publish(load_study({str(world.study.file)!r}))
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -9
    assert len(beside(world.study)) > 1
    assert path.stat().st_ino == inode
    publish(world.study)
    assert beside(world.study) == {"warehouse.duckdb"}


@pytest.mark.parametrize(
    "table", [RESPONSES, ACTIVATIONS, POOLED, ROLE_FEATURES], ids=lambda table: table.name
)
def test_a_truncated_file_is_named_and_the_earlier_snapshot_stays(world: World, table: Table) -> None:
    path = publish(world.study).path
    inode = path.stat().st_ino
    file = Path(world.study.lake.uri(world.study.lake.files(table, role=None)[0].path))
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(StudyError, match=f"{file}: damaged.*--delete"):
        publish(world.study)
    assert path.stat().st_ino == inode
    assert beside(world.study) == {"warehouse.duckdb"}


def test_a_file_damaged_within_is_named(world: World) -> None:
    publish(world.study)
    file = Path(world.study.lake.uri(world.study.lake.files(ROLE_FEATURES)[3].path))
    content = bytearray(file.read_bytes())
    content[4:600] = bytes(596)
    file.write_bytes(content)
    with pytest.raises(StudyError, match=f"{file}: damaged"):
        publish(world.study)
    assert beside(world.study) == {"warehouse.duckdb"}


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 24 MB for snapshots."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True
    ).returncode:
        pytest.skip("mounting a tmpfs needs root")
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(place))
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("free_kb", [0, 64, 600, 1500])
def test_a_full_disk_is_one_line_and_the_earlier_snapshot_stays(
    world: World, small_disk: Path, free_kb: int
) -> None:
    path = publish(world.study).path
    inode = path.stat().st_ino
    free = shutil.disk_usage(small_disk).free
    (small_disk / "filler").write_bytes(bytes(max(0, free - free_kb * 1024)))
    with pytest.raises(DiskError, match=r"^cannot write .*warehouse.duckdb: No space left on device; .*\Z"):
        publish(world.study)
    assert path.stat().st_ino == inode
    assert beside(world.study) == {"warehouse.duckdb"}
    with connect(world.study) as connection:
        assert scalar(connection, "select count(*) from role_features") > 0


def test_a_read_only_disk_is_one_line_and_the_earlier_snapshot_is_read(
    world: World, small_disk: Path
) -> None:
    publish(world.study)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(DiskError, match="Read-only file system; mount it writable"):
        publish(world.study)
    with connect(world.study) as connection:
        assert scalar(connection, "select count(*) from role_features") > 0


def test_columns_whose_meaning_is_not_plain_are_commented(warehouse: duckdb.DuckDBPyConnection) -> None:
    sql = "select comment from duckdb_columns() where table_name = 'activations' and column_name = 'mean'"
    assert "units of SAE activation" in scalar(warehouse, sql)
    tables = rows(
        warehouse, "select table_name, comment from duckdb_tables() where database_name = 'warehouse'"
    )
    views = rows(
        warehouse,
        "select view_name, comment from duckdb_views() where database_name = 'warehouse' and not internal",
    )
    assert all(entry["comment"] for entry in tables + views)
    stride = (
        "select comment from duckdb_columns() where table_name = 'pooled' and column_name = 'response_id'"
    )
    assert scalar(warehouse, stride) == "variant * 100000 + question_id"


def test_a_publisher_that_looked_earlier_does_not_undo_the_work_of_one_that_looked_later(
    unfilled: Study, published: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, go_on, whole = Event(), Event(), snapshot_module.build

    def slow_build(*arguments: Any) -> None:
        if not looked.is_set():
            looked.set()
            go_on.wait()
        whole(*arguments)

    monkeypatch.setattr(snapshot_module, "build", slow_build)
    early = Thread(target=publish, args=(unfilled,))
    early.start()
    looked.wait()
    shutil.copytree(published.study.lake.root, unfilled.lake.root, ignore=NOT_PUBLISHED, dirs_exist_ok=True)
    late = Thread(target=publish, args=(unfilled,))
    late.start()
    late.join(2)  # were they not to take turns, it would be through by then
    go_on.set()
    early.join()
    late.join()
    with connect(unfilled) as connection:
        assert scalar(connection, "select count(*) from responses") == len(ROLES) * len(RESPONSE_IDS)


def test_publishers_that_wait_for_each_other_build_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone, built = Barrier(3), list[Path]()
    whole_turn, whole_build = snapshot_module.turn, snapshot_module.build

    def turn(folder: Path) -> Any:
        everyone.wait()
        return whole_turn(folder)

    def build(path: Path, *arguments: Any) -> None:
        built.append(path)
        whole_build(path, *arguments)

    monkeypatch.setattr(snapshot_module, "turn", turn)
    monkeypatch.setattr(snapshot_module, "build", build)
    with ThreadPoolExecutor(3) as threads:
        snapshots = list(threads.map(lambda _: publish(world.study), range(3)))
    assert len(built) == 1
    assert len(set(map(str, snapshots))) == 1


def test_a_snapshot_of_other_settings_is_not_taken_for_ones_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(
        world.study,
        settings=world.study.settings.model_copy(update={"analysis": AnalysisSettings(anchor="x")}),
    )
    whole = snapshot_module.turn

    @contextmanager
    def overtaken(folder: Path) -> Iterator[None]:
        monkeypatch.setattr(snapshot_module, "turn", whole)
        publish(world.study)  # somebody else's, between our call and our turn
        with whole(folder):
            yield

    monkeypatch.setattr(snapshot_module, "turn", overtaken)
    publish(changed)
    with connect(changed) as connection:
        assert '"anchor":"x"' in scalar(connection, "select settings from study")
