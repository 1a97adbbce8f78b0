from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_assets.health.verify import verify
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS, POOLED
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study


@pytest.fixture
def activations(study: Study) -> LakeFile:
    file = RoleFiles(study, "ghost").activations("first")
    assert file is not None
    return file


def flip(path: Path) -> None:
    """One bit of a page of floats, which are stored as they are: any bits of theirs are numbers."""
    where = pq.read_metadata(path).row_group(0).column(2).data_page_offset + 60
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def exchange(path: Path) -> None:
    path.write_bytes(next(other for other in path.parent.parent.glob("role=pirate/*")).read_bytes())


def shorten(path: Path) -> None:
    write_parquet(ACTIVATIONS, pq.ParquetFile(path).read().slice(1), path)


def test_a_whole_study_has_no_problems_and_all_of_it_was_read(study: Study) -> None:
    heard: list[tuple[int, int]] = []
    verified = verify(study, progress=lambda *done: heard.append(done))
    n_files = 4 * (1 + 2 * 5)  # roles: responses; of each SAE five tables
    assert (verified.problems, verified.n_files, verified.n_without_checksums) == ([], n_files, 0)
    assert heard == [(number, n_files) for number in range(1, n_files + 1)]
    assert verified.n_bytes > 10_000


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (flip, "cannot be read: its checksum is not that of its content"),
        (truncate, "cannot be read"),
        (Path.unlink, "cannot be read: .*No such file"),
        (exchange, "was written as small/activations/sae=first/role=pirate/"),
        (shorten, "rows, but the published snapshot counts"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(
    study: Study, activations: LakeFile, damage: Callable[[Path], None], complaint: str
) -> None:
    damage(Path(study.lake.uri(activations.path)))
    of_file = [one.what for one in verify(study).problems if one.path == activations.path]
    assert len(of_file) == 1
    assert re.search(complaint, of_file[0])


def test_files_that_do_not_agree_with_each_other_are_named(study: Study) -> None:
    files = RoleFiles(study, "ghost")
    pooled, fingerprint = files.pooled("first"), files.activations_fingerprint("first")
    assert pooled is not None
    assert fingerprint is not None
    rows = study.lake.read(POOLED, pooled)
    counts = pa.array([count + 1 for count in rows["n_active_features"].to_pylist()], pa.int32())
    wrong = rows.set_column(rows.schema.get_field_index("n_active_features"), "n_active_features", counts)
    changed = study.lake.write(POOLED, wrong.slice(1), fingerprint, sae="first", role="ghost")
    activations = files.activations("first")
    assert activations is not None
    n_rows, n_active = study.lake.num_rows(activations), sum(counts.to_pylist()[1:])
    what = [problem.what for problem in verify(study).problems if problem.path == changed.path]
    assert what == [
        "counts 8 responses, but the role's file of responses has 9",
        f"counts {n_active} activations, but the role's file of activations has {n_rows}",
    ]


def test_a_file_of_an_earlier_version_is_counted_as_without_checksums(
    study: Study, activations: LakeFile
) -> None:
    path = study.lake.uri(activations.path)
    write_parquet(ACTIVATIONS, pq.ParquetFile(path).read(), Path(path))
    verified = verify(study)
    assert (verified.problems, verified.n_without_checksums) == ([], 1)


def test_a_study_that_was_never_run_has_nothing_to_read(make_study) -> None:
    verified = verify(make_study("empty"))
    assert (verified.n_files, verified.problems) == (0, [])
