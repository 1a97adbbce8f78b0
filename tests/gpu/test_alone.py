"""A machine that has only torch, transformers, numba and NumPy, and what these need, can read with an SAE."""

from __future__ import annotations

import importlib.metadata as metadata
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from persona_assets.models.dtypes import faster_on_cpu
from tests.gpu.saes import MEAN_L0
from tests.places import PROJECT

ENOUGH = ("torch", "transformers", "numba", "numpy")
# What of those here needs it is not imported by what we ask of them, and may lack where versions differ.
LACKING = frozenset({"pydantic", "pydantic-core"})
CORE = """
import persona_assets.extract.passes, persona_assets.extract.evidence, persona_assets.extract.shapes
import sys; print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def needed(names: tuple[str, ...]) -> set[str]:
    """The distributions of these names, and those that they need."""
    waiting, found = list(names), set()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found | LACKING:
            continue
        found.add(name)
        wanted = [Requirement(one) for one in metadata.requires(name) or []]
        waiting += [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that can import those packages, this project and nothing else."""
    site = tmp_path_factory.mktemp("site")
    for name in needed(ENOUGH):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))))
    return os.environ | {"PYTHONPATH": f"{site}{os.pathsep}{PROJECT}", "HF_HUB_OFFLINE": "1"}


def run(bare: dict[str, str], *words: str) -> str:
    """What such a process prints."""
    command = [sys.executable, "-S", *words]  # without the packages of this environment
    done = subprocess.run(command, env=bare, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_reads_is_imported_without_any_other_package(bare: dict[str, str]) -> None:
    loaded = run(bare, "-c", CORE).split()
    assert {"torch", "transformers", "numba"} <= set(loaded)
    assert not {"sae_lens", "duckdb", "dagster", "pyarrow", "pydantic", "pandas", "scipy"} & set(loaded)


def test_the_measurement_runs_there_from_beginning_to_end_in_a_tiny_size(
    bare: dict[str, str], tmp_path: Path
) -> None:
    told = run(bare, "-m", "tests.benchmarks.gpu", "--out", str(tmp_path / "out" / "rows"), "--minutes", "60")
    rows = [json.loads(line) for line in (tmp_path / "out" / "rows").read_text().splitlines()]
    assert [row["part"] for row in rows] == [*["machine"] * 3, *["tiny"] * 7]
    figures = [value for row in rows for value in row.values() if isinstance(value, float)]
    assert len(figures) > 30 and all(math.isfinite(value) and value > 0 for value in figures)
    *of_models, last = rows[3:]
    ways = [(row["way"], row["sae"], row.get("screen"), row.get("tokens_per_batch")) for row in of_models]
    fast = str(faster_on_cpu()).removeprefix("torch.")
    assert ways == [
        ("screened", "float32", fast, 512),
        ("dense", "float32", None, None),
        ("screened", "float32", fast, 256),
        ("screened", "float32", "float32", 512),
        ("screened", "bfloat16", fast, 512),
        ("dense", "bfloat16", None, None),
    ]
    assert any("mm" in line for line in last["kernels"])
    for row in of_models:
        assert row["repetitions"] >= 2
        assert row["lowest_tokens_per_second"] <= row["tokens_per_second"] <= row["highest_tokens_per_second"]
    # As many features fire as were meant to, and each activation leaves the device in 12 bytes or more.
    for row in of_models:
        if row["way"] == "screened":
            assert MEAN_L0 / 2 < row["active_per_token"] < 2 * MEAN_L0
            assert row["bytes_per_response"] > 12 * row["active_per_token"]
    assert "tokens/s" in told and "stopped" not in told


def test_without_a_gpu_the_tests_on_one_say_in_one_line_that_they_are_skipped(bare: dict[str, str]) -> None:
    told = run(bare | {"CUDA_VISIBLE_DEVICES": ""}, "-m", "tests.gpu")
    assert told == "tests/gpu: skipped, there is no GPU here that CUDA can use\n"


def test_a_measurement_out_of_time_says_what_was_not_measured(bare: dict[str, str], tmp_path: Path) -> None:
    told = run(bare, "-m", "tests.benchmarks.gpu", "--out", str(tmp_path / "rows"), "--minutes", "0")
    assert (tmp_path / "rows").read_text() == ""
    assert "stopped after 0 minutes, before the end of: machine, tiny" in told
