from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from persona_assets.base.errors import StudyError
from persona_assets.dataset.card import columns_of, configs
from persona_assets.dataset.made import code
from persona_assets.dataset.pull import pull
from persona_assets.dataset.write import checked, refuse_other, write_dataset
from persona_assets.lake.schema import DERIVED, SHOWN
from persona_assets.lake.storage.httpfs import _load
from persona_assets.study.dataset import DataFile, read_dataset
from persona_assets.study.study import load_study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.dataset.conftest import quietly, write
from tests.dataset.server import Server
from tests.places import write_project
from tests.warehouse.world import OF_PIRATE_ALONE, World, fill


def front_matter(folder: Path) -> dict[str, Any]:
    _, matter, _ = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(matter)


def add_to_list(folder: Path, file: DataFile) -> None:
    dataset = read_dataset(folder)
    longer = dataset.model_copy(update={"files": [*dataset.files, file]})
    (folder / "dataset.json").write_text(longer.model_dump_json())


@pytest.fixture
def original(published: World) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(published.study) as connection:
        yield connection


def test_each_table_that_has_rows_is_a_configuration_whose_files_hold_its_rows_and_the_schemas_columns(
    written: Path, original: duckdb.DuckDBPyConnection
) -> None:
    named = {one["config_name"]: one["data_files"] for one in front_matter(written)["configs"]}
    for name, table in SHOWN.items():
        if table in DERIVED:  # views of the others
            assert name not in named
            continue
        if name not in named:
            assert original.sql(f"select count(*) from {name}").fetchall() == [(0,)], name
            continue
        files = sorted(written.glob(named[name]))
        n_rows = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
        assert original.sql(f"select count(*) from {name}").fetchall() == [(n_rows,)], name
        columns = [column.name for column in columns_of(table)]
        assert all(pq.ParquetFile(file).schema_arrow.names == columns for file in files), name
    assert {"responses", "activations", "role_features", "role_contrasts", "feature_totals"} <= named.keys()


def test_a_mart_of_any_name_is_written_with_its_own_rows(world: World, tmp_path: Path) -> None:
    marts = world.study.file.parent / "marts"
    marts.mkdir(exist_ok=True)
    (marts / "sizes.sql").write_text("select 7 as size")
    publish(world.study)
    folder = write(world.study, tmp_path / "out")
    assert pq.read_table(folder / "data/small/marts/sizes.parquet").to_pylist() == [{"size": 7}]


def test_it_loads_as_the_field_loads_data_sets(
    written: Path, tmp_path: Path, original: duckdb.DuckDBPyConnection
) -> None:
    datasets = pytest.importorskip("datasets")
    for name in ("activations", "study"):
        loaded = datasets.load_dataset(str(written), name, cache_dir=str(tmp_path))["train"]
        assert original.sql(f"select count(*) from {name}").fetchall() == [(loaded.num_rows,)]
    first = datasets.load_dataset(str(written), cache_dir=str(tmp_path))["train"]
    assert "auroc" in first.features  # role_contrasts


def test_no_file_of_it_tells_where_the_lake_lies(written: Path, published: World) -> None:
    root = published.study.lake.root.encode()
    files = [file for file in written.rglob("*") if file.is_file()]
    assert len(files) > 20
    assert [file.name for file in files if root in file.read_bytes()] == []
    study = pq.read_table(written / "data/small/study.parquet")
    assert study["lake"].to_pylist() == [""]


def test_its_database_answers_by_its_address_alone_macros_and_views_included(
    published: World, server: Server, tmp_path: Path
) -> None:
    shutil.copytree(server.folder, tmp_path / "out")  # an earlier one, which is replaced
    stale = read_dataset(tmp_path / "out").files[0].model_copy(update={"path": "data/stale.parquet"})
    (tmp_path / "out/data/stale.parquet").write_bytes(b"stale")
    add_to_list(tmp_path / "out", stale)
    server.folder = write(published.study, tmp_path / "out", server.address)
    assert not (tmp_path / "out/data/stale.parquet").exists()
    with duckdb.connect() as connection, connect(published.study) as original:
        _load(connection)
        connection.execute(f"attach '{server.address}/snapshot.duckdb' as study (read_only)")
        connection.execute("use study")
        for question in (
            f"from which_roles({OF_PIRATE_ALONE})",
            "from top_features('pirate') limit 3",
            f"select role, response, max from top_responses({OF_PIRATE_ALONE})",
            "select count(*) from activations",
        ):
            answer = connection.execute(question).fetchall()
            assert answer == original.execute(question).fetchall()
            assert answer
    asked = {path.split("/")[0] for path, _ in server.asked}
    assert asked == {
        "snapshot.duckdb",
        "snapshot.duckdb.wal",
        "data",
    }  # a log is looked for, and is not there


def test_the_database_of_a_folder_answers_there_and_elsewhere_where_the_variable_says(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = "select count(*) from responses"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{written}/snapshot.duckdb' as study (read_only)")
        connection.execute("use study")
        with pytest.raises(duckdb.IOException, match="data/small/responses"):
            connection.execute(count)
        connection.execute(f"set variable lake = '{written}/data'")
        [(n_rows,)] = connection.execute(count).fetchall()
        assert n_rows > 0
        connection.execute("reset variable lake")
        monkeypatch.chdir(written)
        assert connection.execute(count).fetchall() == [(n_rows,)]


def test_the_card_says_model_saes_licence_checks_rights_and_every_column(written: Path) -> None:
    matter, text = front_matter(written), (written / "README.md").read_text()
    assert matter["license"] == "cc-by-4.0"
    assert [one["config_name"] for one in matter["configs"] if one.get("default")] == ["role_contrasts"]
    dataset = read_dataset(written)
    for said in (
        "`example/chat`",
        "`example-res / layer_1`",
        f"Snapshot `{dataset.snapshot}`",
        "agrees with its checksums",
        "4 of 4 roles are complete",
        "descriptions of features are from a file of the study",
    ):
        assert said in text, said
    for name in configs(dataset).keys() & SHOWN.keys():
        section = text.split(f"### {name}\n")[1].split("\n### ")[0]
        for column in columns_of(SHOWN[name]):
            assert f"| {column.name} | {column.type} |" in section, (name, column.name)


def test_texts_of_others_are_no_markdown_in_the_card() -> None:
    hostile = "`x` | <script>alert(1)</script>\n# title\n[a](javascript:b)"
    shown = code(hostile)
    assert "\n" not in shown and "|" not in shown
    assert shown.startswith("`") and shown.endswith("`") and "`" not in shown[1:-1]


def test_a_damaged_study_is_told_before_anything_is_written(world: World) -> None:
    publish(world.study)
    file = next(Path(world.study.lake.root).glob("small/activations/sae=first/role=pirate/*.parquet"))
    content = bytearray(file.read_bytes())
    content[200] ^= 1
    file.write_bytes(content)
    with pytest.raises(StudyError, match=r"activations/sae=first/role=pirate.*persona verify small"):
        checked(world.study, quietly)


def test_what_is_no_data_set_is_not_replaced(published: World, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StudyError, match="is not empty, and no data set"):
        write(published.study, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "name", [".git/config", "notes.txt", "data/mine.parquet", "defs.yaml", "findings/x.yaml"]
)
def test_whatever_is_no_part_of_an_earlier_data_set_stays(written: Path, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "out" / name
    shutil.copytree(written, tmp_path / "out")
    refuse_other(tmp_path / "out")
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(StudyError, match=f"{name}: is no part of the data set that would be replaced"):
        refuse_other(tmp_path / "out")


def test_a_folder_whose_list_is_none_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text("{}")
    with pytest.raises(StudyError, match="dataset.json"):
        refuse_other(tmp_path)


def test_of_a_study_that_reads_anothers_responses_the_data_set_says_how_they_were_sampled(
    make_study: StudyMaker, catalog: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))
    owner = fill(make_study("studies/defs/owner", catalog)).study
    shared = {key: catalog[key] for key in ("roles", "questions", "extraction.model", "extraction.saes")}
    reader = make_study("reader", {**shared, "generation": None, "responses_from": "owner"})
    publish(reader)
    out = write(reader, tmp_path / "out")
    pull(str(out), tmp_path / "back", quietly, lambda _dataset, _to_come: None)
    back = load_study(tmp_path / "back")
    assert back.responses_owner is back
    assert back.generation.spoken_name == owner.generation.spoken_name
    assert f"responses of `{owner.generation.model}`" in (out / "README.md").read_text()


def test_what_was_published_since_the_files_were_read_is_not_written(world: World, tmp_path: Path) -> None:
    publish(world.study)
    check = checked(world.study, quietly)
    next(Path(world.study.lake.root).glob("small/responses/role=pirate/*.parquet")).unlink()
    publish(world.study)
    with pytest.raises(StudyError, match="a run published while its files were read"):
        write_dataset(world.study, tmp_path / "out", "mit", None, check, quietly)
    assert not (tmp_path / "out").exists()
