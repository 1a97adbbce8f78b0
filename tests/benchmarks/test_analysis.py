"""The statistics of 24 roles of real shape, and what that means for 276."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import synthetic_study
from report import record

from persona_assets.analysis.design import Design, RoleSource, read_design
from persona_assets.analysis.halves import split, split_wordings
from persona_assets.analysis.paired import second_pass
from persona_assets.analysis.ranks import rank
from persona_assets.analysis.totals import Baseline, Totals, first_pass

D_SAE, N_ROLES, ALL_ROLES = synthetic_study.D_SAE, synthetic_study.N_ROLES, 276
DENSE_ROUNDS = 4


@dataclass(frozen=True)
class Passed:
    """What the first pass gave, and how long it took, in seconds."""

    sources: list[RoleSource]
    design: Design
    totals: Totals
    baseline: Baseline
    seconds: float


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def sources(folder: Path) -> list[RoleSource]:
    return synthetic_study.write_study(folder)


@pytest.fixture(scope="module")
def passed(sources: list[RoleSource]) -> Passed:
    design = read_design(sources)
    first_pass(sources[:1], read_design(sources[:1]), D_SAE)  # compiles
    seconds, (totals, baseline) = timed(lambda: first_pass(sources, design, D_SAE))
    assert baseline is not None
    return Passed(sources, design, totals, baseline, seconds)


def test_passes(passed: Passed, folder: Path, benchmark) -> None:
    chosen, npz = np.stack([half(passed.design, 42) for half in (split, split_wordings)]), folder / "role.npz"
    write_dense(passed, npz)
    dense = [dense_seconds(npz) for _ in range(DENSE_ROUNDS // 2)]
    benchmark.pedantic(lambda: second_pass(passed.sources, passed.totals, passed.baseline, chosen), rounds=1)
    dense += [dense_seconds(npz) for _ in range(DENSE_ROUNDS // 2)]
    second = benchmark.stats.stats.min
    record("statistics, first pass", "<= 0.5", passed.seconds / N_ROLES, "s a role")
    record("statistics, second pass", "<= 0.5", second / N_ROLES, "s a role")
    both = (passed.seconds + second) / N_ROLES
    record("statistics, both passes", ">= 2", float(np.median(dense)) / both, "times the dense way's speed")
    record("statistics, both passes, 276 roles", "", both * ALL_ROLES / 60, "minutes (extrapolated)")


def test_ranks(passed: Passed, benchmark) -> None:
    ranks = benchmark.pedantic(lambda: rank(passed.sources, passed.totals), rounds=1)
    assert np.isfinite(ranks.sums).all()
    seconds, half = benchmark.stats.stats.min, passed.sources[: N_ROLES // 2]
    half_totals, _ = first_pass(half, read_design(half), D_SAE, aligned=False)
    half_seconds, _ = timed(lambda: rank(half, half_totals))
    record("exact AUROC, 24 roles", "<= 12", seconds, "s")
    record("exact AUROC, 24 roles against 12", "~ 2", seconds / half_seconds, "times as long")
    record("exact AUROC, 276 roles", "", seconds * ALL_ROLES / N_ROLES / 60, "minutes (extrapolated)")


def test_all_statistics(sources: list[RoleSource], folder: Path, benchmark) -> None:
    command = [sys.executable, __file__, str(folder)]
    run = benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True, text=True), rounds=1
    )
    record("all statistics, 24 roles", "", benchmark.stats.stats.min, "s")
    record("all statistics, 24 roles", "< 3", int(run.stdout) / 1e9, "GB at the peak")


def write_dense(passed: Passed, npz: Path) -> None:
    """The first role's means as the dense way keeps them."""
    table = pq.read_table(passed.sources[0].activations, columns=["feature_id", "response_id", "mean"])
    values = np.zeros((len(passed.design.response_ids), D_SAE), np.float32)
    row = np.searchsorted(passed.design.response_ids, table["response_id"].to_numpy())
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
