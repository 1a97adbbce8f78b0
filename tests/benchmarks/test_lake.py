"""Storing and reading one role against the dense way: two float32 arrays, `savez_compressed` and `load`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import synthetic_role
from report import record

from persona_assets.analysis.aggregate import aggregated
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile

ROUNDS = 5


@dataclass(frozen=True)
class Role:
    """The role's activations; stored our way and the dense way; how long the dense way took, in seconds."""

    content: pa.Table
    lake: Lake
    activations: LakeFile
    pooled: LakeFile
    npz: Path
    dense_seconds: float


@pytest.fixture(scope="module")
def role(tmp_path_factory: pytest.TempPathFactory) -> Role:
    folder = tmp_path_factory.mktemp("role")
    lake, content = Lake(folder / "lake", "study"), synthetic_role.collected().activations()
    activations, pooled = synthetic_role.store(lake, content), synthetic_role.store_pooled(lake)
    mean, maximum = synthetic_role.dense(content)
    npz = folder / "role.npz"
    dense_seconds = seconds(lambda: np.savez_compressed(npz, mean_features=mean, max_features=maximum))
    return Role(content, lake, activations, pooled, npz, dense_seconds)


def test_storing(role: Role, tmp_path: Path, benchmark) -> None:
    lakes = (Lake(tmp_path / str(number), "study") for number in range(ROUNDS))
    benchmark.pedantic(
        lambda lake: synthetic_role.store(lake, role.content),
        setup=lambda: ((next(lakes),), {}),
        rounds=ROUNDS,
    )
    record("storing a role", ">= 8", role.dense_seconds / benchmark.stats.stats.median, "times savez's speed")
    record("storing a role", "", benchmark.stats.stats.median, "s")
    record("size of a role", "<= 1", role.activations.size / role.npz.stat().st_size, "of the npz's size")
    record("size of a role", "", role.activations.size / 1e6, "MB")


def test_memory_of_storing(tmp_path: Path, benchmark) -> None:
    command = [sys.executable, synthetic_role.__file__, str(tmp_path / "lake")]
    storing = benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True, text=True), rounds=1
    )
    record("memory to collect and store a role", "< 1.2", int(storing.stdout) / 1e9, "GB at its peak")


def test_aggregating(role: Role, benchmark) -> None:
    def dense() -> tuple[np.ndarray, np.ndarray]:
        with np.load(role.npz) as arrays:
            return arrays["mean_features"].mean(axis=0), arrays["max_features"].max(axis=0)

    baseline: list[float] = []
    aggregated(role.lake, role.activations, role.pooled)
    # A round of the dense way before each of ours: on a busy machine both suffer alike.
    content = benchmark.pedantic(
        lambda: aggregated(role.lake, role.activations, role.pooled),
        setup=lambda: baseline.append(seconds(dense)),
        rounds=ROUNDS,
    )
    mean, maximum = dense()
    features = content["feature_id"].to_numpy()
    np.testing.assert_allclose(content["mean"], mean[features], rtol=1e-4)
    np.testing.assert_array_equal(content["max"], maximum[features])
    assert not np.delete(maximum, features).any()
    ratio = min(baseline) / benchmark.stats.stats.min
    record("aggregating a role", ">= 15", ratio, "times load + mean, max")
    record("aggregating a role", "", benchmark.stats.stats.min * 1e3, "ms")


def test_one_feature_of_a_role(role: Role, benchmark) -> None:
    counts = np.bincount(role.content["feature_id"].to_numpy())
    commonest, usual = int(counts.argmax()), int(np.argsort(counts)[len(counts) // 2])
    path = role.lake.uri(role.activations.path)
    with duckdb.connect() as connection:

        def ask(feature: int) -> int:
            sql = "select response_id, mean, max from read_parquet(?) where feature_id = ?"
            return len(connection.execute(sql, [path, feature]).fetchall())

        assert ask(commonest) == counts[commonest]
        slower = [seconds(lambda: ask(commonest)) for _ in range(20)]
        benchmark.pedantic(ask, args=(usual,), rounds=20)
    record("one feature of a role", "< 20", benchmark.stats.stats.median * 1e3, "ms")
    record("the commonest feature of a role", "< 20", float(np.median(slower)) * 1e3, "ms")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
