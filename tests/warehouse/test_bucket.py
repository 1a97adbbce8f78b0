"""The same study, its lake in a bucket."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import boto3
import duckdb
import numpy as np
import pyarrow as pa
import pytest

from persona_assets import open_study
from persona_assets.analysis.aggregate import aggregate
from persona_assets.base.errors import StudyError
from persona_assets.explorer.console.console import SHOWN, Console
from persona_assets.explorer.console.worker import locked
from persona_assets.explorer.snapshot import opened
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.health.garbage import find_garbage, remove_garbage
from persona_assets.health.verify import verify
from persona_assets.lake.schema import ACTIVATIONS, ROLE_FEATURES
from persona_assets.lake.storage import Bucket, bucket, s3
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, publish, warehouse_path
from persona_assets.warehouse.copies import copies, date, fetch_newer, send_copy
from tests.conftest import write_study
from tests.lake.storage.store import Proxy, put_lake
from tests.warehouse.world import fill, land, rows

ROLES = ("ghost", "pirate")
_PUBLISHER = """
import sys
from pathlib import Path
from persona_assets.study.study import load_study
from persona_assets.warehouse import publish
print(publish(load_study(Path(sys.argv[1]))).published_at.isoformat(), end="")
"""
QUESTIONS = (
    "from which_roles(5)",
    "from top_features('pirate')",
    "from top_responses(5)",
    "from compare_roles('pirate', 'ghost')",
    "from response_features('pirate', 7)",
    "select role, count(*) as n, sum(mean) as total from activations group by role order by role",
    "select role, response from responses order by all",
    "select role, feature_id, pieces from evidence order by role, feature_id limit 9",
)


@pytest.fixture(scope="session")
def attributes(catalog: dict[str, Any]) -> dict[str, Any]:
    """Two roles, one SAE: every file is several requests."""
    first = {"first": catalog["extraction.saes"]["first"]}
    return {**catalog, "roles.include": list(ROLES), "extraction.saes": first}


@pytest.fixture(scope="session")
def in_folder(tmp_path_factory: pytest.TempPathFactory, attributes: dict[str, Any]) -> Study:
    """The study, its lake in a folder, published."""
    folder = tmp_path_factory.mktemp("folder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        study = fill(load_study(write_study(folder / "small", attributes)), ROLES).study
        publish(study)
    return study


@pytest.fixture
def in_bucket(
    in_folder: Study,
    attributes: dict[str, Any],
    bucket_lake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Study:
    """The study with the same files in a bucket, nothing published."""
    monkeypatch.setenv("PERSONA_LAKE", bucket_lake)
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(tmp_path / "here"))
    put_lake(Path(in_folder.lake.root), bucket_lake)
    return load_study(write_study(tmp_path / "small", attributes))


@pytest.fixture
def elsewhere(in_bucket: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From now on we are on another machine."""
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(tmp_path / "there"))
    yield


def answers(study: Study) -> list[list[dict[str, Any]]]:
    with connect(study) as warehouse:
        return [rows(warehouse, question) for question in QUESTIONS]


def test_a_lake_in_a_bucket_gives_the_same_answers(in_bucket: Study, in_folder: Study) -> None:
    publish(in_bucket)
    assert answers(in_bucket) == answers(in_folder)


def test_what_was_asked_before_is_not_fetched_again(in_bucket: Study, network: Proxy) -> None:
    publish(in_bucket)
    with connect(in_bucket) as warehouse:
        first = rows(warehouse, "from top_responses(5)")
        network.asked.clear()
        assert rows(warehouse, "from top_responses(5)") == first
    assert network.asked == []


def test_a_feature_is_read_from_the_row_groups_that_hold_it(in_bucket: Study, network: Proxy) -> None:
    n_features, n_each = 10_000, 200
    random = np.random.default_rng(0)
    n = n_features * n_each
    columns = {
        "feature_id": np.repeat(np.arange(n_features), n_each),
        "response_id": np.tile(np.arange(n_each), n_features),
        "mean": random.random(n),
        "max": random.random(n),
        "n_active": np.ones(n),
        "argmax_token": np.zeros(n),
    }
    file = land(in_bucket, ACTIVATIONS, pa.table(columns).cast(ACTIVATIONS.schema), "pirate", "first")
    publish(in_bucket)
    network.asked.clear()
    with connect(in_bucket) as warehouse:
        sql = (
            "select count(*) as n from activations where role = 'pirate' and sae = 'first' and feature_id = 7"
        )
        assert rows(warehouse, sql) == [{"n": n_each}]
    read = [asked for asked in network.asked if asked.key.endswith(file.path)]
    assert sum(asked.n_bytes for asked in read) < file.size / 8
    assert len(read) <= 6  # its size, its footer, the one row group's columns


def test_a_store_that_throttles_and_breaks_off_changes_no_answer(
    in_bucket: Study, in_folder: Study, network: Proxy
) -> None:
    def fault(number: int, method: str) -> str | None:
        return "throttle" if number % 5 == 0 else "drop" if number % 7 == 0 and method == "GET" else None

    network.fault = fault
    publish(in_bucket)
    assert answers(in_bucket) == answers(in_folder)
    assert network.n_faults > 20


def test_another_machine_asks_the_newest_snapshot_that_anybody_published(
    in_bucket: Study, in_folder: Study, request: pytest.FixtureRequest
) -> None:
    publish(in_bucket)
    request.getfixturevalue("elsewhere")
    assert answers(in_bucket) == answers(in_folder)
    with open_study(in_bucket.file.parent) as here:
        counted = "select count(*) from role_features where role = 'pirate'"
        [(before,)] = here.sql(counted).fetchall()
        assert before > 0
        for file in in_bucket.lake.files(ROLE_FEATURES, sae="first", role="pirate"):
            in_bucket.lake.remove(file)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PERSONA_WAREHOUSE", str(in_bucket.file.parent / "a third"))
            publish(load_study(in_bucket.file))
        assert here.sql(counted).fetchall() == [(0,)]


def test_a_live_explorer_moves_to_what_another_machine_publishes(
    in_bucket: Study, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "_LOOK_EVERY", 0.1)
    publish(in_bucket)
    request.getfixturevalue("elsewhere")
    there = dict(os.environ, PERSONA_WAREHOUSE=str(in_bucket.file.parent / "a third"))
    publisher = [sys.executable, "-c", _PUBLISHER, str(in_bucket.file)]

    async def shown() -> tuple[datetime, datetime]:
        snapshots = Snapshots(in_bucket)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(snapshots.follow)
            async with snapshots.reading() as first:
                printed = (await anyio.run_process(publisher, env=there)).stdout.decode()
                newer = datetime.fromisoformat(printed)
                with anyio.fail_after(300):
                    while (moment := await newest(snapshots)) == first.published_at:
                        await anyio.sleep(0.1)
            tasks.cancel_scope.cancel()
        snapshots.close()
        return moment, newer

    async def newest(snapshots: Snapshots) -> datetime:
        async with snapshots.reading() as current:
            return current.published_at

    moment, published_at = anyio.run(shown)
    assert moment == published_at


def test_a_publisher_who_looked_earlier_does_not_undo_the_work_of_another(in_bucket: Study) -> None:
    store = bucket(in_bucket.lake.storage)
    assert store is not None
    snapshot = publish(in_bucket)
    earlier = in_bucket.file.with_name("earlier.duckdb")
    earlier.write_bytes(b"of somebody who looked an hour ago, and was slow")
    date(earlier, snapshot.published_at - timedelta(hours=1))
    send_copy(store, in_bucket.name, earlier)
    fetched = in_bucket.file.with_name("fetched.duckdb")
    fetch_newer(store, in_bucket.name, fetched)
    assert fetched.read_bytes() == snapshot.path.read_bytes()


@pytest.mark.parametrize("is_new_here", [False, True])
def test_a_copy_that_is_being_fetched_does_not_undo_what_is_published_here_meanwhile(
    is_new_here: bool, in_bucket: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bucket(in_bucket.lake.storage)
    assert store is not None
    target = publish(in_bucket).path
    if is_new_here:
        target.unlink()
    else:
        date(target, datetime(2020, 1, 1, tzinfo=UTC))
    fetch, published = type(store).fetch, []

    def slow(self: Bucket, path: str, beside: Path) -> None:
        fetch(self, path, beside)
        if not published:
            published.append(None)  # whoever publishes fetches, too
            published[0] = publish(in_bucket).path.read_bytes()

    monkeypatch.setattr(type(store), "fetch", slow)
    fetch_newer(store, in_bucket.name, target)
    assert target.read_bytes() == published[0]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_the_bucket_keeps_two_snapshots(in_bucket: Study) -> None:
    store = bucket(in_bucket.lake.storage)
    assert store is not None
    published = [publish(in_bucket) for _ in range(3)]
    names = [copy.path.rsplit("/", 1)[-1] for copy in copies(store, in_bucket.name)]
    assert names == [f"{one.published_at:%Y%m%dT%H%M%S.%fZ}.duckdb" for one in published[1:]]


def test_gc_keeps_what_a_snapshot_in_the_bucket_names_whoever_published_it(
    in_bucket: Study, request: pytest.FixtureRequest
) -> None:
    publish(in_bucket)
    [named] = in_bucket.lake.files(ROLE_FEATURES, sae="first", role="ghost")
    aggregate(in_bucket, "ghost", "first", overwrite=True)
    request.getfixturevalue("elsewhere")
    assert find_garbage(in_bucket, timedelta(0)).files == []
    for _ in range(2):  # the snapshot before is kept too
        publish(in_bucket)
    shutil.rmtree(warehouse_path(in_bucket).parent)  # a machine that has none itself
    assert [held.file for held in remove_garbage(in_bucket, timedelta(0))] == [named]


def test_verify_reads_a_bucket_and_names_what_is_damaged(in_bucket: Study) -> None:
    publish(in_bucket)
    assert verify(in_bucket).problems == []
    [file] = in_bucket.lake.files(ROLE_FEATURES, sae="first", role="ghost")
    name, key = in_bucket.lake.uri(file.path).removeprefix("s3://").split("/", 1)
    client = boto3.client("s3")
    whole = client.get_object(Bucket=name, Key=key)["Body"].read()
    client.put_object(Bucket=name, Key=key, Body=whole[:-20])
    [problem] = verify(in_bucket).problems
    assert problem.path == file.path


def test_verify_takes_no_file_for_damaged_when_the_store_does_not_answer(
    in_bucket: Study, network: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(in_bucket)
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    network.fault = lambda number, method: "throttle" if method == "HEAD" else None
    with pytest.raises(StudyError, match="cannot be read now .*AWS Error.*check network"):
        verify(load_study(in_bucket.file))


def test_the_console_reads_the_files_that_its_snapshot_names_and_no_other_key(in_bucket: Study) -> None:
    publish(in_bucket)
    name, key = in_bucket.lake.uri("secret.parquet").removeprefix("s3://").split("/", 1)
    boto3.client("s3").put_object(Bucket=name, Key=key, Body=b"not for you")

    def asked(sql: str) -> bytes:
        outcome = asyncio.run(Console(in_bucket).run(sql, "json", SHOWN))
        with outcome.file as file:
            return file.read()

    assert b"pirate answers 7" in asked("select response from responses where role = 'pirate'")
    store = bucket(in_bucket.lake.storage)
    assert store is not None
    place = str(warehouse_path(in_bucket))
    with (
        locked(place, in_bucket.lake.root, 2**30, 2, store.access()) as connection,
        pytest.raises(duckdb.PermissionException, match="disabled by configuration"),
    ):
        connection.execute(f"from read_parquet('s3://{name}/{key}')")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (
            "s3://no-such-bucket/lake",
            "cannot list s3://no-such-bucket/lake: the store says NoSuchBucket",
        ),
        ("gs://bucket/lake", "PERSONA_LAKE=gs://bucket/lake: must be a folder, or s3://bucket/prefix"),
        ("s3:/bucket/lake", "PERSONA_LAKE=s3:/bucket/lake: must be a folder, or s3://bucket/prefix"),
        ("s3://bucket/what?x=1", "must be a folder, or s3://bucket/prefix of letters"),
    ],
)
def test_a_wrong_place_is_one_clear_line(
    url: str, complaint: str, in_bucket: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_LAKE", url)
    with pytest.raises(StudyError, match=complaint) as raised:
        publish(load_study(in_bucket.file))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "127.0.0.1:9"])
def test_a_store_that_is_not_there_is_one_clear_line(
    address: str, in_bucket: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    with pytest.raises(StudyError, match=r"cannot list s3://.*1:9.*; check AWS_ENDPOINT_URL") as raised:
        publish(load_study(in_bucket.file))
    assert "\n" not in str(raised.value)


def test_missing_credentials_are_one_clear_line(in_bucket: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    with pytest.raises(StudyError, match=r"cannot list s3://.*Unable to locate credentials; set AWS_ACC"):
        publish(load_study(in_bucket.file))
