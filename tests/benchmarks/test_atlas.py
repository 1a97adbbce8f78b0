"""The atlas of 276 roles and 65,536 features, half of which pass, from its tables in the lake."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report import record

from persona_assets.analysis.role_matrix import RoleMatrix, with_selection
from persona_assets.analysis.selection import Selection, ranked
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import FEATURES, ROLE_MATRIX

N_ROLES, D_SAE, TOP_K = 276, 65_536, 2_000
ROLES = [f"role_{number:03}" for number in range(N_ROLES)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features that lean to a few roles each, of sizes as unequal as activations are."""
    random, folder = np.random.default_rng(0), tmp_path_factory.mktemp("atlas")
    raw = random.exponential(size=(N_ROLES, D_SAE)) * random.lognormal(-2, 1.5, D_SAE)
    leaning = random.integers(0, N_ROLES, (3, D_SAE))
    raw[leaning, np.arange(D_SAE)] *= 6
    matrix = raw - raw.mean(axis=0)
    sd = matrix.std(axis=0)
    passed, stability = sd >= np.median(sd), random.uniform(0.5, 1, D_SAE)
    score = np.where(passed, stability * sd, -1)
    best = ranked(score, passed)
    selection = Selection(
        roles=ROLES, mode="question_centered_mean", criterion="classic", mu=matrix.mean(axis=0), sd=sd,
        alive=np.ones(D_SAE, bool),
        f=stability, q=stability, passed=passed, stability=stability, score=score, classic_passed=passed,
        classic_stability=stability, classic_score=score, selected=best, columns=matrix[:, best],
        raw=raw[:, best],
    )  # fmt: skip
    known = {"feature_id": np.arange(D_SAE), "alive": np.ones(D_SAE, bool)}
    fields = list(FEATURES.schema)[: FEATURES.schema.names.index("atlas_alive")]
    columns = [
        pa.array(known[f.name], f.type) if f.name in known else pa.nulls(D_SAE, f.type) for f in fields
    ]
    features = with_selection(pa.table(columns, schema=pa.schema(fields)), selection)
    write_parquet(FEATURES, features, folder / "features.parquet")
    write_parquet(ROLE_MATRIX, RoleMatrix(selection), folder / "role_matrix.parquet")
    return folder


def test_atlas(folder: Path, benchmark) -> None:
    command = [sys.executable, __file__, str(folder)]
    run = benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True, text=True), rounds=1
    )
    umap, peak = run.stdout.split()
    record("atlas, 276 roles, 2,000 features", "", benchmark.stats.stats.min, "s in all")
    record("atlas, UMAP of 2,000 features", "< 30", float(umap), "s")
    record("atlas, from 276 x 32,768", "< 3", int(peak) / 1e9, "GB at the peak")


if __name__ == "__main__":
    from synthetic_role import peak_memory

    from persona_assets.analysis.role_matrix import read_selection
    from persona_assets.atlas.build import build_atlas
    from persona_assets.atlas.map import umap_places
    from persona_assets.study.settings import AtlasSettings

    settings = AtlasSettings(top_k=TOP_K)
    tables = [pq.read_table(Path(sys.argv[1]) / f"{name}.parquet") for name in ("features", "role_matrix")]
    selection = read_selection(ROLES, "question_centered_mean", "classic", *tables)
    assert build_atlas(selection, settings, ROLES[0]).atlas.num_rows == TOP_K
    peak = peak_memory()
    start = time.perf_counter()
    umap_places(np.ascontiguousarray(selection.first(TOP_K).columns.T), settings)
    print(time.perf_counter() - start, peak)
