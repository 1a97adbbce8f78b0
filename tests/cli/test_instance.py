"""Several commands may be the first to write Dagster's history."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FIRST = """
from persona_assets.cli.instance import dagster_instance
with dagster_instance() as instance:
    assert instance.get_runs_count() == 0
"""


def test_commands_that_begin_at_once_in_a_fresh_home_make_its_tables_one_after_another(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FIRST]
    env = {**os.environ, "DAGSTER_HOME": str(tmp_path / "home")}
    processes = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], said
