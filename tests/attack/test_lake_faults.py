"""What happens to a file of the lake, or to the snapshot: never a wrong number, a traceback or a wait.

Every fault is put to every kind of file. A query, a publication, a stage and `persona verify` then each give
one line or the right answer; `persona verify --delete` and another run give the right answers again.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_assets.analysis.aggregate import aggregate
from persona_assets.base.errors import StudyError
from persona_assets.health.repair import remove_damaged
from persona_assets.health.verify import verify
from persona_assets.labels.stage import current_labels
from persona_assets.labels.table import Label, labels_table
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ACTIVATIONS,
    EVIDENCE,
    FEATURE_LABELS,
    POOLED,
    RESPONSES,
    ROLE_FEATURES,
    Table,
)
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.roles import fill
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, publish, warehouse_path
from tests.attack.cases import chosen
from tests.conftest import write_study
from tests.warehouse.world import (
    activations_of,
    dense_of,
    evidence_of,
    land,
    pooled_of,
    responses_of,
    write_catalog,
)

ROLES, SAE = ("ghost", "pirate"), "first"
TABLES = (RESPONSES, POOLED, EVIDENCE, ACTIVATIONS, ROLE_FEATURES, FEATURE_LABELS)
LABELS = "imported-0123456789abcdef"

Fault = Callable[[Path], None]


def asked(study: Study, role: str) -> pa.Table:
    """The role's responses, to what its instructions say."""
    instructions = study.role(role).instructions
    rows = responses_of(role).to_pylist()
    for row in rows:
        row["system_prompt"] = fill(instructions[row["variant"]], "Toy")
    return pa.Table.from_pylist(rows, schema=RESPONSES.schema)


def made(study: Study, role: str) -> None:
    """Have the role's files, as far as they are missing; what is made is always the same."""
    mean, maximum = dense_of(role, SAE)
    contents: list[tuple[Table, pa.Table]] = [
        (POOLED, pooled_of(mean)),
        (EVIDENCE, evidence_of(mean, maximum)),
        (ACTIVATIONS, activations_of(mean, maximum)),
    ]
    if RoleFiles(study, role).responses is None:
        land(study, RESPONSES, asked(study, role), role)
    for table, content in contents:
        files = RoleFiles(study, role)
        if getattr(files, table.name)(SAE) is None:
            land(study, table, content, role, SAE, inputs=[files.responses])
    aggregate(study, role, SAE)


def finished(study: Study) -> None:
    """Have all files, and publish."""
    for role in ROLES:
        made(study, role)
    if current_labels(study, SAE) is None:
        rows = labels_table([Label(2, "the sea", "cache"), Label(3, "ships", "cache")])
        study.lake.write(FEATURE_LABELS, rows, LABELS, sae=SAE)
    publish(study)


def make_whole(folder: Path, **changes: Any) -> Path:
    """Make a study below `folder`, finished and published; returns `folder`."""
    described = write_catalog(folder / "catalog") | {
        "roles.include": list(ROLES),
        "extraction.saes": {SAE: {"release": "example-res", "id": "layer_1"}},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        finished(load_study(write_study(folder / "small", described | changes)))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study, finished and published."""
    return make_whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def study(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study with a copy of its lake, to be damaged."""
    shutil.copytree(whole / "lake", tmp_path / "lake")
    monkeypatch.setenv("PERSONA_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return load_study(whole / "small" / "defs.yaml")


def answers(study: Study) -> dict[str, Any]:
    """A sum over every value of every table of the snapshot."""
    with connect(study) as warehouse:
        return {
            table.name: warehouse.execute(f"select count(*), sum(hash(t)) from {table.name} as t").fetchone()
            for table in TABLES
        }


def told(attempt: Callable[[], Any], allowed: Any) -> Any:
    """What an attempt gives: None after a refusal in one line; any answer must be the one allowed."""
    try:
        found = attempt()
    except (StudyError, duckdb.IOException, duckdb.InvalidInputException) as error:
        assert str(error).strip()
        assert isinstance(error, duckdb.Error) or "\n" not in str(error)
        return None
    assert found == allowed
    return found


# What can happen to a file.


def _changed(place: Path, at: float, by: int = 0x55) -> None:
    content = bytearray(place.read_bytes())
    content[min(int(at * len(content)), len(content) - 1)] ^= by
    place.write_bytes(content)


def _footer_start(place: Path) -> int:
    content = place.read_bytes()
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def _page(place: Path) -> None:
    column = pq.read_metadata(place).row_group(0).column(0)
    start = column.dictionary_page_offset or column.data_page_offset
    _changed(place, (start + column.total_compressed_size - 3) / place.stat().st_size)


def _footer(place: Path) -> None:
    size = place.stat().st_size
    _changed(place, (_footer_start(place) + (size - _footer_start(place)) // 3) / size)


def _header(place: Path) -> None:
    column = pq.read_metadata(place).row_group(0).column(0)
    _changed(place, ((column.dictionary_page_offset or column.data_page_offset) + 2) / place.stat().st_size)


def _another_role(place: Path) -> None:
    other = next(one for one in place.parent.parent.glob("role=pirate/*") if one != place)
    place.write_bytes(other.read_bytes())


def _another(place: Path) -> None:
    """The file of another role; of what speaks of all roles, an older one."""
    if place.parent.name.startswith("role="):
        _another_role(place)
    else:
        lake = Lake(place.parents[3], place.parents[2].name)
        rows = labels_table([Label(2, "mountains", "cache")])
        older = lake.write(FEATURE_LABELS, rows, "imported-fedcba9876543210", sae=SAE)
        place.write_bytes(Path(lake.uri(older.path)).read_bytes())
        Path(lake.uri(older.path)).unlink()


def _another_table(place: Path) -> None:
    root = place.parents[4] if place.parent.name.startswith("role=") else place.parents[3]
    tables = ("pooled", "responses") if "pooled" not in str(place) else ("responses",)
    other = next(one for table in tables for one in root.rglob(f"{table}/**/role=ghost/*.parquet"))
    place.write_bytes(other.read_bytes())


def _fewer_rows(place: Path) -> None:
    """Rewritten by somebody: a file as such, but not what was made."""
    rows = pq.ParquetFile(place).read()
    pq.write_table(rows.slice(1), place)


def _replaced(place: Path, make: Callable[[Path], Any]) -> None:
    place.unlink()
    make(place)


FAULTS: dict[str, Fault] = {
    "the end is missing": lambda place: place.write_bytes(place.read_bytes()[:-30]),
    "half is missing": lambda place: place.write_bytes(place.read_bytes()[: place.stat().st_size // 2]),
    "it is empty": lambda place: place.write_bytes(b""),
    "a page is damaged": _page,
    "a page's header is damaged": _header,
    "the footer is damaged": _footer,
    "the first byte is damaged": lambda place: _changed(place, 0),
    "the last byte is damaged": lambda place: _changed(place, 1),
    "zeros stand in the middle": lambda place: place.write_bytes(
        place.read_bytes()[:40] + b"\0" * 40 + place.read_bytes()[80:]
    ),
    "something follows its end": lambda place: place.write_bytes(place.read_bytes() + b"more"),
    "another's file lies there": _another,
    "another table's file lies there": _another_table,
    "a row is missing": _fewer_rows,
    "it is gone": Path.unlink,
    "a folder lies there": lambda place: _replaced(place, Path.mkdir),
    "a pipe lies there": lambda place: _replaced(place, os.mkfifo),
    "a link to nothing lies there": lambda place: _replaced(place, lambda link: link.symlink_to("/nowhere")),
    "a link to itself lies there": lambda place: _replaced(place, lambda link: link.symlink_to(link)),
    "a device lies there": lambda place: _replaced(place, lambda link: link.symlink_to("/dev/zero")),
}
CASES = list(itertools.product(FAULTS, [table.name for table in TABLES]))


def ghosts(study: Study, table: str) -> Path:
    """The file of the role ghost, or the one that speaks of all roles."""
    files = study.lake.files(_of(table))
    [file] = [one for one in files if one.partition.get("role", "ghost") == "ghost"]
    return Path(study.lake.uri(file.path))


def _of(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)


@pytest.mark.parametrize(("fault", "table"), chosen(CASES))
def test_a_fault_in_a_file_gives_one_line_or_the_right_answer_and_can_be_mended(
    study: Study, fault: str, table: str
) -> None:
    right = answers(study)
    ours = RoleFiles(study, "ghost").role_features(SAE)
    assert ours is not None
    numbers = study.lake.read(ROLE_FEATURES, ours)
    place = ghosts(study, table)
    FAULTS[fault](place)
    told(lambda: answers(study), right)
    found = verify(study)
    path = place.relative_to(study.lake.root).as_posix()
    assert path in {problem.path for problem in found.problems}, "verify does not name it"
    told(lambda: study.lake.read(ROLE_FEATURES, aggregate(study, "ghost", SAE, overwrite=True)), numbers)
    remove_damaged(study, verify(study))
    assert verify(study).problems == []
    finished(load_study(study.file))
    assert answers(study) == right
    assert verify(study).problems == []


SNAPSHOT_FAULTS = {
    name: fault
    for name, fault in FAULTS.items()
    if name not in ("another's file lies there", "another table's file lies there", "a row is missing")
    and not name.startswith(("a page", "the footer", "the last byte", "something follows", "zeros"))
}


@pytest.mark.parametrize("fault", chosen(SNAPSHOT_FAULTS, 0.2))
def test_a_fault_in_the_snapshot_gives_one_line_and_publishing_mends_it(study: Study, fault: str) -> None:
    right = answers(study)
    SNAPSHOT_FAULTS[fault](warehouse_path(study))
    told(lambda: answers(study), right)
    told(lambda: verify(study).problems, [])
    if fault == "a folder lies there":
        told(lambda: publish(study).tables, None)
        warehouse_path(study).rmdir()
    publish(study)
    assert answers(study) == right


# Which file a stage read, and what became of what it made.


def test_a_stage_refuses_a_damaged_page_and_so_nothing_wrong_lands(study: Study) -> None:
    before = study.lake.files(ROLE_FEATURES, sae=SAE, role="ghost")
    _page(ghosts(study, "activations"))
    with pytest.raises(StudyError, match="damaged.*checksum.*persona verify small --delete"):
        aggregate(study, "ghost", SAE, overwrite=True)
    assert study.lake.files(ROLE_FEATURES, sae=SAE, role="ghost") == before


def test_a_file_that_is_deleted_by_hand_and_made_again_leaves_nothing_derived_called_fresh(
    study: Study,
) -> None:
    ghosts(study, "activations").unlink()
    mean, maximum = dense_of("ghost", SAE)
    responses = RoleFiles(study, "ghost").responses
    assert responses is not None
    content = activations_of(mean * 2, maximum * 2)  # an engine gives other digits the next time
    land(study, ACTIVATIONS, content, "ghost", SAE, inputs=[responses])
    files = RoleFiles(study, "ghost")
    assert files.activations(SAE).revision == 1
    assert files.state(ROLE_FEATURES, SAE) == "stale"
    assert RoleFiles(study, "pirate").state(ROLE_FEATURES, SAE) == "fresh"


def test_what_is_deleted_as_damaged_takes_along_all_that_was_made_from_it(study: Study) -> None:
    damaged = ghosts(study, "responses")
    _page(damaged)
    removed = remove_damaged(study, verify(study))
    assert removed.damaged == [damaged.relative_to(study.lake.root).as_posix()]
    assert {file.path.split("/")[1] for file in removed.derived} == {
        "pooled", "evidence", "activations", "role_features",
    }  # fmt: skip
    assert all("role=ghost" in file.path for file in removed.derived)
    assert removed.snapshots == [str(warehouse_path(study))]
    again = land(study, RESPONSES, asked(study, "ghost"), "ghost")
    assert again.revision == 1
    assert RoleFiles(study, "pirate").state(ROLE_FEATURES, SAE) == "fresh"


@pytest.fixture
def forbidden(study: Study) -> Iterator[LakeFile]:
    """A file that this user may not read; skipped where only root could arrange that and we are not."""
    place = ghosts(study, "activations")
    mode = place.stat().st_mode
    place.chmod(0)
    yield next(file for file in study.lake.files(ACTIVATIONS, sae=SAE) if "role=ghost" in file.path)
    place.chmod(mode)


def test_a_file_that_may_not_be_read_is_not_called_damaged(
    study: Study, forbidden: LakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:  # who may read everything: the system's refusal is put in its place
        whole_open, place = Path.open, Path(study.lake.uri(forbidden.path))

        def refusing(path: Path, *arguments: Any, **options: Any) -> Any:
            if path == place:
                raise PermissionError(13, "Permission denied", str(path))
            return whole_open(path, *arguments, **options)

        monkeypatch.setattr(Path, "open", refusing)
    with pytest.raises(StudyError, match="cannot be read now.*let this user read it") as refused:
        study.lake.read(ACTIVATIONS, forbidden)
    assert "delete" not in str(refused.value)
    [problem] = verify(study).problems
    assert (problem.path, problem.paths) == (forbidden.path, ())
    assert problem.what.startswith("cannot be read now")
    assert remove_damaged(study, verify(study)).damaged == []


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(24, "ulimit -n"), (5, "check its disk"), (12, "free some memory"), (116, "network")],
)
def test_what_the_system_refuses_says_nothing_of_the_file(
    study: Study, number: int, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RoleFiles(study, "ghost").responses
    assert file is not None

    def refusing(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", refusing)
    with pytest.raises(StudyError, match=f"cannot be read now.*{remedy}"):
        study.lake.read(RESPONSES, file)
    monkeypatch.undo()


# Time is not order.


def test_a_snapshot_dated_in_the_future_hides_nothing(study: Study) -> None:
    with duckdb.connect(str(warehouse_path(study))) as ahead:
        ahead.execute("update study set published_at = published_at + interval 2 days")
    ghosts(study, "responses").unlink()
    publish(study)
    with connect(study) as warehouse:
        statuses = dict(warehouse.execute("select role, status from roles").fetchall())
    assert statuses == {"ghost": "missing", "pirate": "fresh"}


# Other people's files, and other machines'.


def test_another_machines_unfinished_file_is_left_and_an_old_one_is_swept(study: Study) -> None:
    folder = ghosts(study, "responses").parent
    live = folder / ".0123456789abcdef.parquet.4711.elsewhere-1.tmp"
    old = folder / ".fedcba9876543210.parquet.4711.elsewhere-1.tmp"
    for file in (live, old):
        file.write_bytes(b"half")
    os.utime(old, times=(1, 1))
    land(study, RESPONSES, asked(study, "ghost"), "ghost")
    assert live.exists()
    assert not old.exists()


@pytest.fixture
def read_only(study: Study, tmp_path: Path) -> Iterator[Study]:
    """The study with its lake on a disk that is mounted to be read only."""
    lake = Path(study.lake.root)
    mount = ["mount", "--bind", str(lake), str(lake)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(lake)], check=True)
        yield study
    finally:
        subprocess.run(["umount", str(lake)], check=True)


def test_a_read_only_lake_is_read_and_what_would_write_is_one_line(read_only: Study) -> None:
    assert answers(read_only)["responses"][0] == 18
    assert verify(read_only).problems == []
    assert RoleFiles(read_only, "ghost").state(ROLE_FEATURES, SAE) == "fresh"
    with pytest.raises(StudyError, match="[Rr]ead-only"):
        publish(read_only)
    with pytest.raises(StudyError, match="Read-only file system; mount it writable"):
        aggregate(read_only, "ghost", SAE, overwrite=True)
