"""The questions and the stages at full size, goal and figure side by side.

    python ask_full_scale.py FOLDER --roles 24 96 276

Writes what is missing of the study below FOLDER (19 GB for 276 roles), aggregates and compares the roles, and
publishes, each in a process of its own, whose peak memory is told; then asks. Nothing fails on a figure.
Beside the wall's time stands this process's own CPU time: on a shared machine the wall tells of others too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import report
from full_scale import SAE, open_study, role_name, write_study
from full_scale_role import D_SAE, N_RESPONSES, RESPONSE_IDS

from persona_assets.freshness import RoleFiles
from persona_assets.study import Study
from persona_assets.warehouse import connect, publish, warehouse_path

ROUNDS = 9
DENSE_ROLES = 2
STAGES = ("aggregate", "analyse", "build", "republish")
GOALS = {
    "which_roles": 20,
    "top_features": 100,
    "top_responses": 800,
    "response_features": 300,
}  # milliseconds, warm


def measure(folder: Path, n_roles: int) -> None:
    """Put the figures of the study's first `n_roles` roles into the report."""
    began = time.perf_counter()
    study = write_study(folder, n_roles)
    tell(n_roles, "writing what was missing of the study", "", time.perf_counter() - began, "s")
    figures = {stage: alone(folder, stage) for stage in STAGES}
    tell(n_roles, "aggregating", "< 0.5", figures["aggregate"]["seconds"] / n_roles, "s a role")
    tell(n_roles, "the analysis, exact AUROC included", "< 480", figures["analyse"]["seconds"], "s")
    tell(n_roles, "the analysis", "< 4", figures["analyse"]["memory"] / 1e9, "GB at its peak")
    tell(n_roles, "building the warehouse", "< 120", figures["build"]["seconds"], "s")
    tell(n_roles, "building the warehouse", "< 4", figures["build"]["memory"] / 1e9, "GB at its peak")
    tell(n_roles, "publishing again", "< 30", figures["republish"]["seconds"], "s")
    tell(n_roles, "the warehouse's file", "", warehouse_path(study).stat().st_size / 1e9, "GB")
    with connect(study) as warehouse:
        for what, sql, parameters in questions(study, warehouse):
            goal = f"< {GOALS[what.split(',')[0]]}"
            wall, cpu = median_seconds(warehouse, sql, parameters)
            tell(n_roles, what, goal, wall * 1e3, "ms")
            tell(n_roles, f"{what}: CPU", "", cpu * 1e3, "ms")
    seconds = dense_seconds(folder)
    tell(n_roles, "dense: any question of all roles", "", seconds * n_roles, "s (extrapolated)")
    tell(n_roles, "dense: any question of one role", "", seconds * 1e3, "ms")


def tell(n_roles: int, what: str, goal: str, figure: float, unit: str) -> None:
    """Record a figure, and say it at once: the whole takes long."""
    report.record(f"{n_roles} roles: {what}", goal, figure, unit)
    print(f"{n_roles} roles: {what} [{goal}]: {figure:.3g} {unit}", flush=True)


def questions(study: Study, warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str, list[Any]]]:
    """What is asked, of three features: one that always fires, a usual one, and one of a role's own."""
    ranked = (
        "select feature_id from role_features group by 1 order by sum(n_active_responses) desc, feature_id"
    )
    features = [feature for (feature,) in warehouse.execute(ranked).fetchall()]
    [(own,)] = warehouse.execute("select feature_id from top_features('role_001') limit 1").fetchall()
    kinds = {"always on": features[0], "usual": features[len(features) // 2], "a role's own": own}
    asked: list[tuple[str, str, list[Any]]] = []
    for name in ("which_roles", "top_responses"):
        asked += [(f"{name}, {kind}", f"from {name}(?)", [feature]) for kind, feature in kinds.items()]
    role, response = role_name(1), int(RESPONSE_IDS[N_RESPONSES // 2])
    asked.append(("top_features", "from top_features(?) limit 20", [role]))
    asked.append(("response_features", "from response_features(?, ?) limit 20", [role, response]))
    return asked


def median_seconds(
    warehouse: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any]
) -> tuple[float, float]:
    """Wall and CPU time, the median of `ROUNDS` answers after a first that warms the caches."""
    if not warehouse.execute(sql, parameters).fetchall():
        raise RuntimeError(f"{sql} {parameters}: no answer")
    walls, cpus = [], []
    for _ in range(ROUNDS):
        before = time.process_time()
        walls.append(timed(lambda: warehouse.execute(sql, parameters).fetchall()))
        cpus.append(time.process_time() - before)
    return statistics.median(walls), statistics.median(cpus)


def dense_seconds(folder: Path) -> float:
    """What one role costs as people keep it today: `mean_features` of its .npz, loaded."""
    study, place = open_study(folder), folder / "dense"
    place.mkdir(exist_ok=True)
    for number in range(1, 1 + DENSE_ROLES):
        file = place / f"{role_name(number)}.npz"
        if not file.exists():
            np.savez_compressed(file, mean_features=dense_mean(study, role_name(number)))
    return statistics.median(
        timed(lambda file=file: np.load(file)["mean_features"]) for file in place.iterdir()
    )


def dense_mean(study: Study, role: str) -> np.ndarray:
    """float32[n_responses, d_sae]."""
    import pyarrow.parquet as pq

    activations = RoleFiles(study, role).activations(SAE)
    assert activations is not None
    table = pq.read_table(study.lake.uri(activations.path), columns=["feature_id", "response_id", "mean"])
    dense = np.zeros((N_RESPONSES, D_SAE), np.float32)
    rows = np.searchsorted(RESPONSE_IDS, table["response_id"].to_numpy())
    dense[rows, table["feature_id"].to_numpy()] = table["mean"].to_numpy()
    return dense


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alone(folder: Path, stage: str) -> dict[str, float]:
    """Run a stage in a process of its own: seconds (imports not among them) and peak memory in bytes."""
    command = [sys.executable, __file__, str(folder), "--stage", stage]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return figures


def run_stage(study: Study, stage: str) -> None:
    """What `alone` runs."""
    from synthetic_role import peak_memory

    from persona_assets.across import AcrossRoles
    from persona_assets.aggregate import aggregate
    from persona_assets.analysis import statistics as _compiled  # noqa: F401
    from persona_assets.analysis.stage import compare_roles

    work: dict[str, Callable[[], object]] = {
        "aggregate": lambda: [aggregate(study, role, SAE, overwrite=True) for role in study.role_names],
        "analyse": lambda: compare_roles(AcrossRoles.of(study), SAE),
        "build": lambda: publish(study),
        "republish": lambda: publish(study),
    }
    seconds = timed(work[stage])
    print(json.dumps({"seconds": seconds, "memory": peak_memory()}))


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--roles", type=int, nargs="+", default=[24])
    parser.add_argument("--stage", choices=STAGES)
    given = parser.parse_args()
    if given.stage is not None:
        run_stage(open_study(given.folder), given.stage)
        return
    for n_roles in given.roles:
        print(f"load at the start: {os.getloadavg()}, {os.cpu_count()} cores")
        measure(given.folder, n_roles)
    print("\n".join(report.table()))


if __name__ == "__main__":
    main()
