"""Writing a data set, and asking it by its address, each against the plain way in the same run.

Four roles of full size. Writing is compared with pyarrow reading and writing the same files, asking over
HTTP on loopback with asking them in their folder. Requests and bytes are what a web host would see.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from full_scale import SAE, open_study, write_study
from report import record

from persona_assets.analysis.aggregate import aggregate
from persona_assets.dataset.write import checked, write_dataset
from persona_assets.lake.schema import VIEWS
from persona_assets.lake.storage.httpfs import _load
from persona_assets.study.dataset import read_dataset
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.dataset.conftest import quietly
from tests.dataset.server import Server

N_ROLES, ROUNDS = 4, 3


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    folder = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", "")  # set by `open_study`; afterwards as it was
        write_study(folder, N_ROLES)
        opened = open_study(folder)
        for role in opened.role_names:
            aggregate(opened, role, SAE)
        publish(opened)
        yield opened


def test_writing_a_data_set(benchmark, study: Study, tmp_path: Path) -> None:
    baseline: list[float] = []
    check = checked(study, quietly)
    targets = (tmp_path / f"out{number}" for number in range(ROUNDS))
    # A round of the plain way before each of ours: on a busy machine both suffer alike.
    written = benchmark.pedantic(
        lambda folder: write_dataset(study, folder, "mit", None, check, quietly),
        setup=lambda: (
            baseline.append(seconds(lambda: copy_plainly(study, tmp_path))),
            ((next(targets),), {}),
        )[1],
        rounds=ROUNDS,
    )
    ratio = benchmark.stats.stats.min / min(baseline)
    record("writing a data set", "", ratio, "of the time that pyarrow takes")
    record("writing a data set", "", written.n_bytes / 1e6 / benchmark.stats.stats.min, "MB/s")


def test_asking_a_data_set_by_its_address(benchmark, study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with Server(folder) as host:
        dataset = write_dataset(study, folder, "mit", host.address, checked(study, quietly), quietly)
        with closing(attached(f"{host.address}/snapshot.duckdb")) as far:
            tell(host.sent, "ATTACH", dataset.n_bytes)
            with closing(attached(str(folder / "snapshot.duckdb"))) as near:
                near.execute("set variable lake = ?", [str(folder / "data")])
                for kind, question in questions(near).items():
                    n_asked = len(host.sent)
                    far_off = seconds(lambda question=question: ask(far, question))
                    by_hand = seconds(lambda question=question: ask(near, question))
                    assert ask(far, question) == ask(near, question) != []
                    record(f"over HTTP: {kind}, the first time", "", far_off / by_hand, "times its folder")
                    tell(host.sent[n_asked:], kind, dataset.n_bytes)
                benchmark.pedantic(ask, args=(far, question), rounds=ROUNDS)
    assert read_dataset(folder).n_bytes == dataset.n_bytes


def questions(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    ranked = "select feature_id from role_features group by 1 order by sum(n_active_responses) desc"
    features = [feature for (feature,) in connection.execute(ranked).fetchall()]
    usual = features[len(features) // 2]
    return {
        "which_roles, a usual feature": f"from which_roles({usual})",
        "top_responses, a usual feature": f"select role, max from top_responses({usual}) limit 10",
        "an answer's features": "from response_features('default', 100003) limit 20",
    }


def attached(address: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    _load(connection)
    connection.execute(f"attach '{address}' as study (read_only)")
    connection.execute("use study")
    return connection


def ask(connection: duckdb.DuckDBPyConnection, question: str) -> list[tuple[Any, ...]]:
    return connection.execute(question).fetchall()


def copy_plainly(study: Study, beside: Path) -> None:
    """Read and write the files that a data set's views stand on, row group by row group."""
    for table in VIEWS:
        for file in study.lake.files(table):
            with (
                pq.ParquetFile(study.lake.uri(file.path)) as parquet,
                pq.ParquetWriter(beside / "copy", parquet.schema_arrow, compression="zstd") as out,
            ):
                for group in range(parquet.num_row_groups):
                    out.write_table(parquet.read_row_group(group))


def tell(sent: list[int], what: str, n_bytes: int) -> None:
    record(f"over HTTP: {what}", "", len(sent), "requests")
    record(f"over HTTP: {what}", "", sum(sent) / 1e6, "MB")
    record(f"over HTTP: {what}", "", sum(sent) / n_bytes, "of what a download takes")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
