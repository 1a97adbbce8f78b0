"""The questions and the stages at full size, goal and figure side by side.

    python ask_full_scale.py FOLDER --roles 24 96 276

Writes what is missing of the study below FOLDER (25 GB for 276 roles), aggregates and compares the roles, and
publishes, each in a process of its own, whose peak memory is told; asks; then changes a role and publishes
again. Nothing fails on a figure. Beside the wall's time stands this process's own CPU time: on a shared
machine the wall tells of others too.
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
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import report
from full_scale import SAE, open_study, role_name, write_study
from full_scale_role import D_SAE, N_RESPONSES, RESPONSE_IDS

from persona_assets.analysis.aggregate import aggregate
from persona_assets.judging.stage import JudgingStage
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.settings import StudySettings
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish, warehouse_path

ROUNDS = 9
DENSE_ROLES = 2
CHANGED = role_name(1)
STAGES = (
    "aggregate", "analyse", "played", "contrasts", "build", "status", "verify", "change", "republish"
)  # fmt: skip
GOALS = {
    "which_roles": 20,
    "top_features": 100,
    "top_responses": 800,
    "response_features": 300,
}  # milliseconds, warm


def measure(folder: Path, n_roles: int) -> None:
    """Put the figures of the study's first `n_roles` roles into the report."""
    began = time.perf_counter()
    n_written = write_study(folder, n_roles)
    if n_written:
        seconds = (time.perf_counter() - began) / n_written
        tell(n_roles, f"writing ({n_written} roles, two processes)", "<= 1", seconds, "s a role")
    measure_stages(folder, n_roles)
    measure_questions(open_study(folder), n_roles)
    alone(folder, "change")
    tell(n_roles, "publishing after one role changed", "< 30", alone(folder, "republish")["seconds"], "s")
    seconds = dense_seconds(folder)
    tell(n_roles, "dense: any question of all roles", "", seconds * n_roles, "s (extrapolated)")
    tell(n_roles, "dense: any question of one role", "", seconds * 1e3, "ms")


def measure_stages(folder: Path, n_roles: int) -> None:
    """From the roles' files to the warehouse."""
    figures = alone(folder, "aggregate")
    tell(n_roles, "aggregating", "< 0.5", figures["seconds"] / n_roles, "s a role")
    figures = alone(folder, "analyse")
    tell(n_roles, "the analysis, exact AUROC included", "<= 130", figures["seconds"], "s")
    tell(n_roles, "the analysis: CPU", "", figures["cpu"], "s")
    tell(n_roles, "the analysis", "<= 3.5", figures["memory"] / 1e9, "GB at its peak")
    judge_roles(open_study(folder))
    for stage, what in (("played", "the answers that play their role"), ("contrasts", "two contrasts")):
        figures = alone(folder, stage)
        tell(n_roles, f"{what}, compared", "<= 110", figures["seconds"], "s")
        tell(n_roles, f"{what}: CPU", "", figures["cpu"], "s")
        tell(n_roles, what, "", figures["memory"] / 1e9, "GB at its peak")
    figures = alone(folder, "build")
    tell(n_roles, "building the warehouse", "< 120", figures["seconds"], "s")
    tell(n_roles, "building the warehouse", "< 4", figures["memory"] / 1e9, "GB at its peak")
    size = warehouse_path(open_study(folder)).stat().st_size
    tell(n_roles, "the warehouse's file", "", size / 1e9, "GB")
    tell(n_roles, "persona status", "< 2", alone(folder, "status")["seconds"], "s")
    tell(n_roles, "persona verify, every page read", "", alone(folder, "verify")["seconds"], "s")


def measure_questions(study: Study, n_roles: int) -> None:
    """The published snapshot, asked."""
    with connect(study) as warehouse:
        for what, sql, parameters in questions(study, warehouse):
            goal = f"< {GOALS[what.split(',')[0]]}"
            wall, cpu = median_seconds(warehouse, sql, parameters)
            tell(n_roles, what, goal, wall * 1e3, "ms")
            tell(n_roles, f"{what}: CPU", "", cpu * 1e3, "ms")


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
    table = study.lake.read(ACTIVATIONS, activations_of(study, role))
    dense = np.zeros((N_RESPONSES, D_SAE), np.float32)
    rows = np.searchsorted(RESPONSE_IDS, table["response_id"].to_numpy())
    dense[rows, table["feature_id"].to_numpy()] = table["mean"].to_numpy()
    return dense


def activations_of(study: Study, role: str) -> LakeFile:
    """The role's file, which is there."""
    file = RoleFiles(study, role).activations(SAE)
    assert file is not None
    return file


def change_role(study: Study) -> None:
    """Land `CHANGED` anew with stronger activations, and aggregate it: what was compared is stale then."""
    file = activations_of(study, CHANGED)
    content = study.lake.read(ACTIVATIONS, file)
    for name in ("mean", "max"):
        stronger = content[name].to_numpy() * np.float32(1.01)
        content = content.set_column(content.schema.get_field_index(name), name, pa.array(stronger))
    study.lake.write(ACTIVATIONS, content, file.made_from, sae=SAE, role=CHANGED)
    aggregate(study, CHANGED, SAE)


def judged(study: Study) -> Study:
    """The study with a judge, by whom four answers of five play their role, and with two contrasts.

    It has them in this process alone: the snapshot stays one without.
    """
    others = [role for role in study.role_names if role != study.settings.analysis.anchor]
    attributes = study.settings.model_dump(exclude_unset=True) | {
        "judge": {"by_lot": {"file": str(study.file.parent / "by_lot.jsonl")}},
        "contrasts": {
            "a_third": {"roles": others[: len(others) // 3 or 1]},
            "first_wordings": {"wordings": [0, 1]},
        },
    }
    attributes["analysis"] = attributes.get("analysis", {}) | {"min_score": 3}
    return replace(study, settings=StudySettings.model_validate(attributes))


def judge_roles(study: Study) -> None:
    """Land what the judge of `judged` says of each role."""
    random = np.random.default_rng(0)
    with (study.file.parent / "by_lot.jsonl").open("w") as file:
        for role in study.role_names:
            scores = np.where(random.random(N_RESPONSES) < 0.8, 3, 1)
            for known, score in zip(RESPONSE_IDS.tolist(), scores.tolist(), strict=True):
                print(json.dumps({"role": role, "response_id": known, "score": score}), file=file)
    stage = JudgingStage(judged(study))
    for role in study.role_names:
        stage.land(role)


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alone(folder: Path, stage: str) -> dict[str, float]:
    """Run a stage in a process of its own: seconds, CPU seconds (without imports), and peak bytes."""
    command = [sys.executable, __file__, str(folder), "--stage", stage]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return figures


def run_stage(study: Study, stage: str) -> None:
    """What `alone` runs."""
    from synthetic_role import peak_memory

    from persona_assets.analysis import statistics as _compiled  # noqa: F401
    from persona_assets.analysis.own_stage import compare_groups
    from persona_assets.analysis.played import compare_played
    from persona_assets.analysis.stage import compare_roles
    from persona_assets.health.summary import summarize
    from persona_assets.health.verify import verify
    from persona_assets.stages.across_roles import AcrossRoles

    work: dict[str, Callable[[], object]] = {
        "aggregate": lambda: [aggregate(study, role, SAE, overwrite=True) for role in study.role_names],
        "analyse": lambda: compare_roles(AcrossRoles.of(study), SAE),
        "played": lambda: compare_played(AcrossRoles.of(judged(study)), SAE),
        "contrasts": lambda: compare_groups(AcrossRoles.of(judged(study)), SAE),
        "build": lambda: publish(study),
        "status": lambda: summarize(study),
        "verify": lambda: verify(study),
        "change": lambda: change_role(study),
        "republish": lambda: publish(study),
    }
    before = time.process_time()
    seconds = timed(work[stage])
    cpu = time.process_time() - before
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": peak_memory()}))


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
