"""The statistics of 24 roles of real shape, and what that means for 276."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import synthetic_study
from report import record

from persona_assets.analysis.by_feature import joined
from persona_assets.analysis.design import Design, RoleSource, read_design
from persona_assets.analysis.halves import split, split_wordings
from persona_assets.analysis.known import Wanted, read_known
from persona_assets.analysis.ranks import Ranks, rank
from persona_assets.analysis.reading import read_blocks

D_SAE, N_ROLES, ALL_ROLES = synthetic_study.D_SAE, synthetic_study.N_ROLES, 276
DENSE_ROUNDS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def sources(folder: Path) -> list[RoleSource]:
    return synthetic_study.write_study(folder)


@pytest.fixture(scope="module")
def design(sources: list[RoleSource]) -> Design:
    found = read_design(sources)
    read(sources[:2], read_design(sources[:2]))  # compiles
    return found


def read(sources: list[RoleSource], design: Design) -> None:
    """What the analysis does before it computes anything of all features."""
    chosen = np.stack([half(design, 42) for half in (split, split_wordings)])
    read_known(sources, design, D_SAE, Wanted(True, chosen, lengths=True))


def ranked(sources: list[RoleSource]) -> Ranks:
    design = read_design(sources)
    blocks = read_blocks(sources, design, D_SAE)
    return joined(((block.features, rank(block.roles, design)) for block in blocks), D_SAE)


def test_reading(sources: list[RoleSource], design: Design, folder: Path, benchmark) -> None:
    npz = folder / "role.npz"
    write_dense(sources[0], design, npz)
    dense = [dense_seconds(npz) for _ in range(DENSE_ROUNDS // 2)]
    benchmark.pedantic(lambda: read(sources, design), rounds=1)
    dense += [dense_seconds(npz) for _ in range(DENSE_ROUNDS // 2)]
    seconds = benchmark.stats.stats.min / N_ROLES
    record("statistics, the reading, exact AUROC included", "<= 1", seconds, "s a role")
    record(
        "statistics, the reading", ">= 2", float(np.median(dense)) / seconds, "times the dense way's speed"
    )
    record("statistics, the reading, 276 roles", "", seconds * ALL_ROLES / 60, "minutes (extrapolated)")


def test_ranks(sources: list[RoleSource], design: Design, benchmark) -> None:
    ranks = benchmark.pedantic(lambda: ranked(sources), rounds=1)
    assert np.isfinite(ranks.sums).all()
    seconds = benchmark.stats.stats.min
    half_seconds, _ = timed(lambda: ranked(sources[: N_ROLES // 2]))
    record("reading for exact AUROC alone, 24 roles", "<= 12", seconds, "s")
    record(
        "reading for exact AUROC alone, 24 roles against 12", "~ 2", seconds / half_seconds, "times as long"
    )


def test_all_statistics(sources: list[RoleSource], folder: Path, benchmark) -> None:
    command = [sys.executable, __file__, str(folder)]
    run = benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True, text=True), rounds=1
    )
    record("all statistics, 24 roles", "", benchmark.stats.stats.min, "s")
    record("all statistics, 24 roles", "< 3", int(run.stdout) / 1e9, "GB at the peak")


def write_dense(source: RoleSource, design: Design, npz: Path) -> None:
    """A role's means as the dense way keeps them."""
    table = pq.read_table(source.activations, columns=["feature_id", "response_id", "mean"])
    values = np.zeros((len(design.response_ids), D_SAE), np.float32)
    row = np.searchsorted(design.response_ids, table["response_id"].to_numpy())
    values[row, table["feature_id"].to_numpy()] = table["mean"].to_numpy()
    np.savez_compressed(npz, mean_features=values)


def dense_seconds(npz: Path) -> float:
    """One role twice: once for the question baseline, once for the split halves less it."""
    baseline = np.zeros((len(synthetic_study.RESPONSE_IDS), D_SAE), np.float32)
    order = np.random.RandomState(42).permutation(len(baseline))

    def twice() -> None:
        with np.load(npz) as arrays:
            np.add(baseline, arrays["mean_features"], out=baseline)
        with np.load(npz) as arrays:
            values = arrays["mean_features"]
        for half in np.split(order, 2):
            values[half].mean(axis=0) - baseline[half].mean(axis=0)

    return timed(twice)[0]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    from synthetic_role import peak_memory

    from persona_assets.analysis.statistics import analyse

    analyse(synthetic_study.sources(Path(sys.argv[1])), D_SAE, aligned=True, split_seed=42)
    print(peak_memory())
