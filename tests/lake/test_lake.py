from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_assets.base.errors import DiskError, StudyError
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, NEIGHBORS, ROLE_FEATURES
from persona_assets.lake.wholeness import PATH_NOTE
from tests.marks import mark_of

FINGERPRINT, OTHER = "0123456789abcdef", "fedcba9876543210"
IMPORTED = "imported-00000000000000aa"


@pytest.fixture
def local_lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", "study")


@pytest.fixture(params=["in a folder", "in a bucket"])
def lake(request: pytest.FixtureRequest) -> Lake:
    if request.param == "in a bucket":
        return Lake(request.getfixturevalue("bucket_lake"), "study")
    return request.getfixturevalue("local_lake")


def content(n_rows: int = 3) -> pa.Table:
    columns = {
        "feature_id": list(range(n_rows)),
        "response_id": [100_001] * n_rows,
        "mean": [0.5] * n_rows,
        "max": [1.5] * n_rows,
        "n_active": [2] * n_rows,
        "argmax_token": [1] * n_rows,
    }
    return pa.table(columns, schema=ACTIVATIONS.schema)


def write(lake: Lake, made_from: str, n_rows: int = 3):
    return lake.write(ACTIVATIONS, content(n_rows), made_from, sae="s", role="pirate")


def current(lake: Lake, fingerprint: str = FINGERPRINT):
    return lake.current(ACTIVATIONS, fingerprint, sae="s", role="pirate")


def test_what_was_written_is_read_back_from_the_path_that_names_its_origin(lake: Lake) -> None:
    file = write(lake, FINGERPRINT)
    assert file.path == f"study/activations/sae=s/role=pirate/{FINGERPRINT}.parquet"
    assert file.partition == {"sae": "s", "role": "pirate"}
    assert lake.read(ACTIVATIONS, file).equals(content())
    assert lake.num_rows(file) == 3


def test_a_file_is_current_only_under_its_own_fingerprint(lake: Lake) -> None:
    file = write(lake, FINGERPRINT)
    assert current(lake) == file
    assert current(lake, OTHER) is None


def test_writing_again_adds_a_revision_and_leaves_the_first_file_as_it_was(lake: Lake) -> None:
    first = write(lake, FINGERPRINT, n_rows=3)
    second = write(lake, FINGERPRINT, n_rows=4)
    third = write(lake, FINGERPRINT, n_rows=5)
    assert [second.stem, third.stem] == [f"{FINGERPRINT}-r1", f"{FINGERPRINT}-r2"]
    assert lake.num_rows(first) == 3
    assert current(lake) == third


def test_imported_files_are_current_under_any_fingerprint_until_made_again(lake: Lake) -> None:
    imported = write(lake, IMPORTED)
    assert current(lake) == imported
    assert current(lake, OTHER) == imported
    made = write(lake, FINGERPRINT)
    assert current(lake) == made
    assert current(lake, OTHER) == imported


def test_an_import_takes_the_place_of_files_that_were_made_twice(lake: Lake) -> None:
    write(lake, FINGERPRINT)
    write(lake, FINGERPRINT)
    imported = write(lake, IMPORTED)
    assert current(lake) == imported


def test_the_name_of_a_removed_file_is_not_used_for_another_content(lake: Lake) -> None:
    first, second = write(lake, FINGERPRINT), write(lake, FINGERPRINT, n_rows=5)
    for file in (first, second):
        lake.remove(file)
    assert current(lake) is None
    assert lake.files(ACTIVATIONS) == []
    assert write(lake, FINGERPRINT).stem == f"{FINGERPRINT}-r2"
    assert write(lake, IMPORTED).stem == f"{IMPORTED}-r3"


def test_a_flipped_bit_is_found_by_the_pages_checksums(local_lake: Lake) -> None:
    path = Path(local_lake.uri(write(local_lake, FINGERPRINT).path))
    where = pq.read_metadata(path).row_group(0).column(2).data_page_offset + 40  # in the means
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(path, page_checksum_verification=True).read()


def test_a_file_says_where_it_belongs(lake: Lake) -> None:
    file = write(lake, FINGERPRINT)
    assert lake.open(lake.uri(file.path)).metadata.metadata[PATH_NOTE].decode() == file.path


def test_of_two_that_take_a_name_at_once_each_keeps_its_own_content(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_stem, landed = lake._free_stem, []

    def overtaken(folder: str, made_from: str, taken: Sequence[LakeFile]) -> str:
        stem = free_stem(folder, made_from, taken)
        if not landed:  # after we have looked, before we write
            landed.append(None)
            landed[0] = write(lake, made_from, n_rows=7)
        return stem

    monkeypatch.setattr(lake, "_free_stem", overtaken)
    ours = write(lake, FINGERPRINT, n_rows=5)
    assert (landed[0].stem, ours.stem) == (FINGERPRINT, f"{FINGERPRINT}-r1")
    assert (lake.num_rows(landed[0]), lake.num_rows(ours)) == (7, 5)


def test_a_role_named_like_a_number_stays_text_in_the_path(lake: Lake) -> None:
    file = lake.write(ACTIVATIONS, content(), FINGERPRINT, sae="s", role="1984")
    assert lake.files(ACTIVATIONS)[0].partition["role"] == "1984"
    assert file == lake.files(ACTIVATIONS)[0]


def test_the_layout_keeps_one_feature_in_few_row_groups(local_lake: Lake) -> None:
    n_rows = ACTIVATIONS.row_group_size + 1
    metadata = pq.read_metadata(local_lake.uri(write(local_lake, FINGERPRINT, n_rows).path))
    assert metadata.num_row_groups == 2
    column = metadata.row_group(1).column(0)
    assert column.path_in_schema == "feature_id"
    assert column.statistics.min == n_rows - 1


def test_a_truncated_file_is_named_with_the_remedy(local_lake: Lake) -> None:
    file = write(local_lake, FINGERPRINT)
    path = Path(local_lake.uri(file.path))
    path.write_bytes(path.read_bytes()[:-20])
    for reading in (lambda: local_lake.read(ACTIVATIONS, file), lambda: local_lake.num_rows(file)):
        with pytest.raises(StudyError, match=f"{FINGERPRINT}.parquet: damaged.*--delete`. and run again"):
            reading()


def test_a_file_of_another_table_is_refused(lake: Lake) -> None:
    file = write(lake, FINGERPRINT)
    with pytest.raises(StudyError, match="its columns are not those of the table"):
        lake.read(ROLE_FEATURES, file)


def test_files_of_strangers_and_of_killed_writers_are_not_taken_for_data(local_lake: Lake) -> None:
    file = write(local_lake, FINGERPRINT)
    folder = Path(local_lake.uri(file.path)).parent
    (folder / "notes.parquet").write_bytes(b"")
    (folder / f".{OTHER}.parquet.1.tmp").write_bytes(b"half")
    assert local_lake.files(ACTIVATIONS) == [file]


def test_a_killed_writers_leftover_is_swept_and_a_living_ones_is_not(local_lake: Lake) -> None:
    folder = Path(local_lake.uri(write(local_lake, FINGERPRINT).path)).parent
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    of_dead, of_living = (folder / f".{OTHER}.parquet.{mark_of(pid)}.tmp" for pid in (dead.pid, os.getppid()))
    of_dead.write_bytes(b"half")
    of_living.write_bytes(b"half")
    write(local_lake, OTHER)
    assert not of_dead.exists()
    assert of_living.exists()


@pytest.mark.parametrize(
    "name", [".x.tmp", ".~lock.tmp", ".a.b.tmp", ".syncthing.x.parquet.tmp", f".x.{10**20}.parquet.tmp"]
)
def test_hidden_files_of_other_tools_are_passed_over(local_lake: Lake, name: str) -> None:
    foreign = Path(local_lake.uri(write(local_lake, FINGERPRINT).path)).with_name(name)
    foreign.touch()
    write(local_lake, OTHER)
    assert foreign.exists()


@pytest.fixture
def tiny_disk(tmp_path: Path):
    """A file system of 256 kB, and read-only after `remount`."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_one_clear_line_and_leaves_nothing_half_written(tiny_disk: Path) -> None:
    lake = Lake(tiny_disk, "study")
    earlier = write(lake, FINGERPRINT)
    big = incompressible(100_000)
    with pytest.raises(DiskError, match=r"cannot write .*parquet: No space left on device; free some space"):
        lake.write(ACTIVATIONS, big, OTHER, sae="s", role="pirate")
    assert lake.read(ACTIVATIONS, earlier).equals(content())
    assert [path.name for path in Path(lake.uri(earlier.path)).parent.iterdir()] == [f"{FINGERPRINT}.parquet"]


def test_a_read_only_disk_is_one_clear_line(tiny_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with pytest.raises(DiskError, match="Read-only file system; mount it writable"):
        write(Lake(tiny_disk, "study"), FINGERPRINT)
    assert list(tiny_disk.iterdir()) == []


def test_a_leftover_that_a_read_only_disk_keeps_is_one_clear_line(tiny_disk: Path) -> None:
    lake = Lake(tiny_disk, "study")
    folder = Path(lake.uri(write(lake, FINGERPRINT).path)).parent
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (folder / f".{OTHER}.parquet.{mark_of(dead.pid)}.tmp").write_bytes(b"half")
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with pytest.raises(DiskError, match="Read-only file system; mount it writable"):
        write(lake, OTHER)


def incompressible(n_rows: int) -> pa.Table:
    random = np.random.default_rng(0)
    floats = random.random((2, n_rows), dtype=np.float32)
    ids = random.integers(0, 2**30, (4, n_rows), dtype=np.int32)
    return pa.table([ids[0], ids[1], floats[0], floats[1], ids[2], ids[3]], schema=ACTIVATIONS.schema)


def test_a_note_that_the_disk_refused_is_kept_before_anything_else_lands(local_lake: Lake) -> None:
    folder = Path(local_lake.root) / "study"
    folder.mkdir(parents=True)
    in_its_place = folder / "identities"
    in_its_place.write_text("")
    assert local_lake.notes.found_out("model", lambda: "read once") == "read once"
    for _ in range(2):
        with pytest.raises(DiskError):
            write(local_lake, FINGERPRINT)
    in_its_place.unlink()
    write(local_lake, FINGERPRINT)
    assert Lake(local_lake.root, "study").notes.found_out("model", lambda: "read anew") == "read once"


def test_two_writers_land_only_once_what_is_to_be_noted_is(
    local_lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text, order = Path.write_text, []

    def slowly(path: Path, text: str) -> int:
        time.sleep(0.2)
        order.append("noted")
        return write_text(path, text)

    monkeypatch.setattr(Path, "write_text", slowly)
    local_lake.notes.found_out("model", lambda: "read once")

    def land(_: int) -> None:
        local_lake.notes.keep_identities()
        order.append("landed")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(land, range(2)))
    assert order == ["noted", "landed", "landed"]


def test_text_and_whole_numbers_have_a_dictionary_and_floats_have_none(local_lake: Lake) -> None:
    of = {"feature_id": [3, 3], "rank": [1, 2], "neighbor_id": [7, 8], "similarity": [0.5, 0.5]}
    rows = NEIGHBORS.of({**of, "stable": [True, None]})
    file = local_lake.write(NEIGHBORS, rows, FINGERPRINT, sae="s")
    group = pq.ParquetFile(local_lake.uri(file.path)).metadata.row_group(0)
    columns = [group.column(at) for at in range(group.num_columns)]
    assert {one.path_in_schema for one in columns if "RLE_DICTIONARY" in one.encodings} == {
        "feature_id", "rank", "neighbor_id",
    }  # fmt: skip
