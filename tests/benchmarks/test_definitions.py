"""Loading Dagster's code location, in a process of its own, as Dagster does it."""

from __future__ import annotations

import subprocess
import sys

from report import record

LOAD = "from persona_assets.definitions import defs; defs().resolve_asset_graph()"


def test_loading_the_code_location(benchmark) -> None:
    command = [sys.executable, "-W", "ignore", "-c", LOAD]
    benchmark.pedantic(lambda: subprocess.run(command, check=True), rounds=5, warmup_rounds=1)
    record("loading the code location", "< 3", benchmark.stats.stats.median, "s")
