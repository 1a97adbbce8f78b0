"""Several commands may be the first to write Dagster's history."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.instance import dagster_instance

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
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], said


def test_a_history_that_cannot_be_written_is_told_from_wrong_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("storage: {sqlite: {base_dir: /proc/none}}")
    with pytest.raises(StudyError, match=r"Dagster cannot start with it .*; mend it"):
        dagster_instance()

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("persona_assets.cli.instance.tempfile.TemporaryFile", read_only)
    with pytest.raises(StudyError, match="Read-only file system; mount it writable, or point DAGSTER_HOME"):
        dagster_instance()
