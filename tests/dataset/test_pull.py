from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow.parquet as pq
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli import main
from persona_assets.cli.dataset import pull as pull_and_say
from persona_assets.dataset import laid_out
from persona_assets.dataset.pull import pull
from persona_assets.dataset.settings import attributes
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.lake.fingerprint import sha256_of
from persona_assets.lake.schema import SHOWN
from persona_assets.study.dataset import DataSet, read_dataset
from persona_assets.study.study import Study, load_own, load_study
from persona_assets.warehouse import connect, stands_on
from tests.dataset.conftest import quietly
from tests.dataset.server import Server
from tests.typed import typed
from tests.warehouse.world import OF_PIRATE_ALONE, World

Manifest = dict[str, Any]
FIRST = "data/small/study.parquet"  # that is fetched


class Back(NamedTuple):
    """A data set that came back over HTTP: the study, what the server was asked, what was said before."""

    study: Study
    asked: list[str]
    said: list[tuple[int, int, int]]


def pulled(source: object, target: Path) -> Study:
    pull(str(source), target, quietly, lambda _dataset, _to_come: None)
    return load_study(target)


def left_below(folder: Path) -> list[str]:
    """What lies in a folder, but for what an attempt keeps for the next."""
    return sorted(place.name for place in folder.iterdir() if not place.name.endswith(".pulling"))


def rewritten(change: Callable[[Manifest], None]) -> Callable[[bytes], bytes]:
    def apply(content: bytes) -> bytes:
        manifest = json.loads(content)
        change(manifest)
        return json.dumps(manifest).encode()

    return apply


@pytest.fixture(scope="module")
def back(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Back:
    said: list[tuple[int, int, int]] = []
    with Server(written) as server:

        def begin(dataset: DataSet, to_come: int) -> None:
            said.append((dataset.n_bytes, to_come, len(server.asked)))

        target = tmp_path_factory.mktemp("back") / "copy"
        pull(server.address, target, quietly, begin)
        return Back(load_study(target), [path for path, _ in server.asked], said)


def test_what_comes_back_over_http_is_what_was_published_table_by_table(published: World, back: Back) -> None:
    assert back.study.name == "small"
    with connect(published.study) as before, connect(back.study) as after:
        assert stands_on(after) == stands_on(before)
        for name, table in SHOWN.items():
            own = {"study": ("lake",), "lake_files": ("bytes",)}.get(name, ())
            columns = ", ".join(column for column in table.shown if column not in own)
            rows = f"select {columns} from {name} order by all"
            assert after.execute(rows).fetchall() == before.execute(rows).fetchall(), name
        for question in (
            f"from which_roles({OF_PIRATE_ALONE})",
            "from top_features('pirate')",
            f"from top_responses({OF_PIRATE_ALONE})",
            "from compare_roles('ghost', 'pirate')",
            "from search_labels('sea')",
        ):
            answer = after.execute(question).fetchall()
            assert answer == before.execute(question).fetchall() != [], question


def test_nobodys_database_is_fetched_each_file_comes_once_and_sizes_are_said_before(
    written: Path, back: Back
) -> None:
    assert "dataset.json" in back.asked
    assert not [path for path in back.asked if path.endswith(".duckdb")]
    assert len(back.asked) == len(set(back.asked))
    size = sum(file.stat().st_size for file in written.rglob("*.parquet"))
    assert back.said == [(size, size, 1)]


def test_roles_and_questions_come_back_so_that_commands_know_them(published: World, back: Back) -> None:
    ours, theirs = back.study, published.study
    assert ours.role_names == theirs.role_names
    for name in ours.role_names:
        for number in theirs.generation.prompt_indices:
            assert ours.role(name).instructions[number] == theirs.role(name).instructions[number]
        assert ours.role(name).eval_prompt == theirs.role(name).eval_prompt
        assert ours.questions(ours.role(name)) == theirs.questions(theirs.role(name))


def test_commands_ask_it_by_its_folder_and_make_nothing_of_it(
    back: Back, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = back.study.file.parent
    monkeypatch.chdir(folder.parent)  # outside of any project

    def persona(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["persona", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out + said.err

    count = "select count(*) as n from responses"
    assert persona("sql", folder.name, count, "--format", "csv") == (0, "n\r\n36\r\n")
    assert persona("top-features", f"./{folder.name}", "pirate", "--limit", "1")[0] == 0
    before = sorted(folder.rglob("*"))
    for words in (
        ["run"],
        ["gc", "--delete"],
        ["verify"],
        ["keep", "x"],
        ["import", "out"],
        ["export", "out"],
    ):
        code, said = persona(words[0], folder.name, *words[1:])
        assert code == 2 and "is a data set, which is only read" in said, words
    with pytest.raises(StudyError, match="only read"):
        load_own(folder.name)
    assert sorted(folder.rglob("*")) == before


def test_what_it_says_to_ask_names_a_feature_of_the_data_set(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pull_and_say(str(written), tmp_path / "copy")
    top, roles, explore = [shlex.split(line) for line in capsys.readouterr().out.splitlines()[-3:]]
    assert top[:2] == ["persona", "top-features"] and explore == [
        "persona",
        "explore",
        str(tmp_path / "copy"),
    ]
    assert load_study(roles[2]).dataset is not None
    assert typed(*top[1:]).status == 0
    asked = typed(*roles[1:], "--format", "json")
    assert top[3] in [row["role"] for row in json.loads(asked.out)]


def test_an_interrupted_pull_keeps_what_came_and_fetches_the_rest(server: Server, tmp_path: Path) -> None:
    listed = [file.path for file in read_dataset(server.folder).files]
    server.changed[listed[-1]] = lambda content: content[:100]
    with pytest.raises(StudyError, match=r"goes on from there|another range"):
        pulled(server.address, tmp_path / "back")
    assert left_below(tmp_path) == []
    came = {path for path, _ in server.asked}
    server.changed.clear()
    server.asked.clear()
    assert pulled(server.address, tmp_path / "back").name == "small"
    assert dict(server.asked)[listed[-1]] == "bytes=100-"
    assert {path for path, _ in server.asked} & came == {"dataset.json", listed[-1]}
    assert left_below(tmp_path) == ["back"] == [place.name for place in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda manifest: manifest["files"][0].update(path="data/../../x.parquet"), r"files\.0\.path"),
        (lambda manifest: manifest["files"][0].update(bytes=2**45), "GB free, and the data set takes"),
        (lambda manifest: manifest["settings"].update(later=1), "of this version.*later.*persona-assets"),
        (lambda manifest: manifest["settings"].pop("roles"), "of this version.*roles"),
    ],
)
def test_what_the_list_should_not_say_is_refused_before_anything_is_fetched(
    server: Server, tmp_path: Path, change: Callable[[Manifest], None], told: str
) -> None:
    server.changed["dataset.json"] = rewritten(change)
    with pytest.raises(StudyError, match=told):
        pulled(server.address, tmp_path / "back")
    assert [asked for asked, _ in server.asked] == ["dataset.json"]
    assert left_below(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "another SHA-256"),
        (lambda content: content + b"more", "is larger than the data set's list says"),
    ],
)
def test_a_file_that_is_not_the_lists_is_never_put_in_place(
    server: Server, tmp_path: Path, change: Callable[[bytes], bytes], told: str
) -> None:
    server.changed[FIRST] = change
    with pytest.raises(StudyError, match=told):
        pulled(server.address, tmp_path / "back")
    assert left_below(tmp_path) == []
    assert not (tmp_path / ".back.pulling" / FIRST).exists()


def test_files_of_other_tables_than_the_list_says_are_refused(written: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written, copy)
    manifest = json.loads((copy / "dataset.json").read_text())
    [roles] = [file for file in manifest["files"] if file["table"] == "roles"]
    [saes] = [file for file in manifest["files"] if file["table"] == "saes"]
    roles["table"], saes["table"] = "saes", "roles"
    (copy / "dataset.json").write_text(json.dumps(manifest))
    with pytest.raises(StudyError, match="do not hold what this version reads"):
        pulled(copy, tmp_path / "back")
    assert left_below(tmp_path) == ["copy"]


def test_settings_that_name_modules_import_nothing(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "their_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    dataset = read_dataset(written)
    settings = json.loads(json.dumps(dataset.settings))
    settings["generation"]["backend"] = settings["extraction"]["backend"] = "their_module:Backend"
    settings["generation"]["engine"] = {"plugin": "their_module"}
    settings["extraction"]["saes"]["first"]["library"] = "their_module:Library"
    kept = attributes(dataset.model_copy(update={"settings": settings}))
    assert "their_module" not in json.dumps(kept)
    assert kept["extraction"]["saes"]["first"]["release"] == "example-res"
    assert "their_module" not in sys.modules


def test_a_name_of_the_users_own_is_no_engine(written: Path) -> None:
    dataset = read_dataset(written)
    settings = json.loads(json.dumps(dataset.settings))
    settings["judge"] = {"engine": {"model": "m", "backend": "their_module:Backend", "engine": {"key": 1}}}
    settings["extraction"]["saes"] = {"engine": settings["extraction"]["saes"]["first"]}
    settings["generation"]["chat_template"] = {"arguments": {"engine": "a:b"}}
    kept = attributes(dataset.model_copy(update={"settings": settings}))
    assert kept["judge"] == {"engine": {"model": "m"}}
    assert list(kept["extraction"]["saes"]) == ["engine"]
    assert kept["generation"]["chat_template"]["arguments"] == {"engine": "a:b"}


def test_a_study_that_leans_on_a_study_of_the_readers_is_refused(written: Path) -> None:
    dataset = read_dataset(written)
    settings = dataset.settings | {"generation": None, "responses_from": "other"}
    with pytest.raises(StudyError, match="those of another study, other"):
        attributes(dataset.model_copy(update={"settings": settings}))


@pytest.fixture
def altered(written: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """The data set with a table's file made anew, as SQL selects from it, and listed as it is then."""

    def alter(table: str, made: str) -> Path:
        copy = tmp_path / "copy"
        shutil.copytree(written, copy)
        manifest = json.loads((copy / "dataset.json").read_text())
        [entry] = [file for file in manifest["files"] if file["table"] == table]
        place, new = copy / entry["path"], tmp_path / "new.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                f"create view given as from read_parquet('{place}', hive_partitioning = false)"
            )
            connection.execute(f"copy ({made}) to '{new}' (format parquet, compression zstd)")
        new.replace(place)
        n_rows = pq.read_metadata(place).num_rows
        entry.update(bytes=place.stat().st_size, sha256=sha256_of(place), n_rows=n_rows)
        (copy / "dataset.json").write_text(json.dumps(manifest))
        return copy

    return alter


@pytest.mark.parametrize(
    ("table", "made", "told"),
    [
        (
            "lake_files",
            "from given union all by name select 'x' as table_name, '../../../secret.txt' as path, '0' as "
            "fingerprint, 1 as n_rows, 1 as bytes, now()::timestamp as modified",
            "no file of a lake",
        ),
        ("lake_files", "from given where table_name != 'activations'", "do not agree on .data/small/act"),
        (
            "lake_files",
            "select * replace (if(table_name = 'activations', 'small/x.parquet', path) as path) from given",
            "do not agree on",
        ),
        ("instructions", "from given union all from given", "do not hold what this version reads.*unique"),
        (
            "instructions",
            "select 'pirate' as role, n::integer as variant, repeat('a', 10000000) as instruction "
            "from range(50) as t(n)",
            "far more than their files' size",
        ),
    ],
)  # fmt: skip
def test_a_table_that_fits_its_list_and_holds_what_it_may_not_is_refused(
    altered: Callable[[str, str], Path], tmp_path: Path, table: str, made: str, told: str
) -> None:
    copy = altered(table, made)
    assert (copy / f"data/small/{table}.parquet").stat().st_size < 2**20
    with pytest.raises(StudyError, match=told):
        pulled(copy, tmp_path / "back")
    assert left_below(tmp_path) == ["copy"]
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.duckdb")) < 2**26


def test_roles_take_no_more_of_the_disk_than_texts_may(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laid_out, "LEAST", 3 * 4096)  # of four roles, each in a file of its own
    with pytest.raises(StudyError, match="far more than their files' size"):
        pulled(written, tmp_path / "back")


def test_a_file_has_the_rows_that_the_list_says(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "copy")
    change = rewritten(lambda manifest: manifest["files"][-1].update(n_rows=10**12))
    manifest = tmp_path / "copy/dataset.json"
    manifest.write_bytes(change(manifest.read_bytes()))
    with pytest.raises(StudyError, match="rows, but the data set's list says 1,000,000,000,000"):
        pulled(tmp_path / "copy", tmp_path / "back")


def test_a_pull_that_ended_while_it_laid_out_is_finished_by_the_next(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(laid_out, "_role", interrupt)
        with pytest.raises(KeyboardInterrupt):
            pulled(written, tmp_path / "back")
    assert (tmp_path / ".back.pulling/roles").is_dir()
    came = {place: place.stat().st_ino for place in (tmp_path / ".back.pulling").rglob("*.parquet")}
    assert pulled(written, tmp_path / "back").name == "small"
    assert {place.stat().st_ino for place in (tmp_path / "back").rglob("*.parquet")} == set(came.values())


def test_a_link_to_an_empty_folder_stays_a_link(written: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "back").symlink_to(tmp_path / "disk")
    assert pulled(written, tmp_path / "back").name == "small"
    assert (tmp_path / "back").is_symlink() and (tmp_path / "disk/defs.yaml").is_file()


def test_a_data_set_that_names_a_template_is_asked_as_any_other(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(written, tmp_path / "copy")
    change = rewritten(
        lambda manifest: manifest["settings"]["generation"].update(chat_template={"file": "/etc/hostname"})
    )
    manifest = tmp_path / "copy/dataset.json"
    manifest.write_bytes(change(manifest.read_bytes()))
    study = pulled(tmp_path / "copy", tmp_path / "back")
    monkeypatch.chdir(tmp_path)
    for words in (["which-roles", "5"], ["top-features", "pirate"], ["plot", "atlas", "--to", "x.svg"]):
        monkeypatch.setattr(sys, "argv", ["persona", words[0], str(tmp_path / "back"), *words[1:]])
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code, capsys.readouterr().err
    snapshots = Snapshots(study)
    assert snapshots.newest().study.name == "small"
    snapshots.close()
    with pytest.raises(StudyError, match=r"chat_template\.file: '/etc/hostname' lies with whoever wrote"):
        _ = study.template


def test_a_folder_that_is_there_is_not_touched(written: Path, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    (tmp_path / "back/mine").write_text("mine")
    with pytest.raises(StudyError, match="is there already"):
        pulled(written, tmp_path / "back")
    assert [file.name for file in (tmp_path / "back").iterdir()] == ["mine"]
