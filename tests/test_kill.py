"""Kill -9 at every moment of a run, then run again: nothing landed is lost, nothing is half there."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from persona_assets.lake.schema import (
    ACTIVATIONS,
    EVIDENCE,
    IN_FLIGHT,
    POOLED,
    RESPONSES,
    ROLE_FEATURES,
    TABLES,
)
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.prepared import Starter

DRIVER = """
import os, signal, sys
from persona_assets.analysis import aggregate
from persona_assets.base import swap
from persona_assets.cli.run import run_study
from persona_assets.extract.extractor import Extractor
from persona_assets.generate.in_flight import InFlight
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.lake import lake
from persona_assets.lake.lake import Lake
from persona_assets.orchestration import reports
from persona_assets.study.study import load_study

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def die_at_call(owner, name, number):
    whole, calls = getattr(owner, name), []
    def counting(*args, **kwargs):
        calls.append(1)
        return die() if len(calls) == number else whole(*args, **kwargs)
    setattr(owner, name, counting)

def keep_each(self, completion, prompt, whole=InFlight.add):
    whole(self, completion, prompt)
    self.flush()

def half_written(table, content, path, *notes, whole=lake.write_parquet):
    whole(table, content, path, *notes)
    path.write_bytes(path.read_bytes()[:100])
    die()
"""

# One run after the other on the same lake, each killed where a run passes at that moment.
MOMENTS = {
    "while generating the second role": "die_at_call(TransformersBackend, 'complete', 2)",
    "in the middle of a role": "InFlight.add = keep_each; die_at_call(InFlight, 'flush', 4)",
    "with half a Parquet file written": "lake.write_parquet = half_written",
    "between a file's write and its naming": "die_at_call(os, 'link', 1)",
    "between landing a role and telling Dagster": "reports.pc.sum = die",
    "while extracting the second role": "die_at_call(Extractor, 'extract', 2)",
    "between evidence and activations": "die_at_call(Lake, 'write', 3)",
    "while aggregating the second role": "die_at_call(aggregate, 'aggregated', 2)",
    "between building a warehouse and publishing it": "swap.swap_in = die",
}


Run = Callable[..., "tuple[int | None, str]"]


def of_study(moment: str) -> str:
    """Return the code of a run of the study whose file is the first argument, killed at `moment`."""
    return f"{DRIVER}\n{moment}\nrun_study(load_study(sys.argv[1]), None, None, False)"


@pytest.fixture
def run(start: Starter) -> Run:
    """Run a study to its end; returns the exit status and what was said."""

    def run_one(study: Study, moment: str = "") -> tuple[int | None, str]:
        process = start(of_study(moment), study.file)
        _, said = process.finish()
        return process.status, said

    return run_one


def landed(study: Study) -> dict[str, tuple[int, float]]:
    return {
        file.path: (file.size, file.modified) for table in TABLES.values() for file in study.lake.files(table)
    }


def contents(study: Study) -> dict[str, pa.Table]:
    """Every fresh table of every role, by name."""
    found = {}
    for role in study.role_names:
        files = RoleFiles(study, role)
        for table in (RESPONSES, POOLED, EVIDENCE, ACTIVATIONS, ROLE_FEATURES):
            file = files.responses if table is RESPONSES else getattr(files, table.name)("demo")
            found[f"{role}/{table.name}"] = study.lake.read(table, file)
    return found


def test_a_run_killed_at_any_moment_is_finished_by_the_next_as_if_nothing_had_been(
    make_study: StudyMaker, run: Run
) -> None:
    changes = {"generation.engine": {"batch_size": 6}}  # each role is a batch of its own
    killed, spared = make_study("killed", changes), make_study("spared", changes)
    before: dict[str, tuple[int, float]] = {}
    for moment, breakage in MOMENTS.items():
        status, said = run(killed, breakage)
        assert status == -signal.SIGKILL, f"{moment}: {said[-2000:]}"
        after = landed(killed)
        assert before.items() <= after.items(), f"{moment}: lost or rewrote a file that had landed"
        for path in after:
            pq.read_table(killed.lake.uri(path))
        before = after
        if moment == "in the middle of a role":
            assert len(killed.lake.files(IN_FLIGHT)) == 3
    for study in (killed, spared):
        status, said = run(study)
        assert status == 0, said[-2000:]
    assert before.items() <= landed(killed).items()
    assert len(landed(killed)) == len(landed(spared)), "something was made twice"
    expected = contents(spared)
    for name, table in contents(killed).items():
        assert table.equals(expected[name]), name
    with connect(killed) as warehouse:
        count = "select count(*) from role_features"
        rows = sum(table.num_rows for name, table in expected.items() if name.endswith("role_features"))
        assert warehouse.execute(count).fetchall() == [(rows,)]
    leftovers = [path.name for path in Path(killed.lake.root).rglob(".*") if path.is_file()]
    assert leftovers == []
    assert killed.lake.files(IN_FLIGHT) == []


def test_a_run_killed_on_a_lake_in_a_bucket_is_finished_by_the_next(
    make_study: StudyMaker, bucket_lake: str, homes: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_LAKE", bucket_lake)
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(homes / "here"))
    one_by_one = {"generation.engine": {"batch_size": 6}}
    killed = make_study(changes={"roles.include": ["default", "pirate"], **one_by_one})
    status, said = run(killed, "InFlight.add = keep_each; die_at_call(InFlight, 'flush', 10)")
    assert status == -signal.SIGKILL, said[-2000:]
    assert len(killed.lake.files(IN_FLIGHT)) == 2  # of the second role
    before = landed(killed)
    assert [path for path in before if "/responses/" in path and "/role=default/" in path]
    status, said = run(killed)
    assert status == 0, said[-2000:]
    assert before.items() <= landed(killed).items()
    assert killed.lake.files(IN_FLIGHT) == []
    with connect(killed) as warehouse:
        answered = "select role, count(*), count(distinct response_id) from responses group by 1 order by 1"
        assert warehouse.execute(answered).fetchall() == [("default", 6, 6), ("pirate", 6, 6)]
        assert warehouse.execute("select count(*) > 0 from top_responses(817)").fetchall() == [(True,)]


def test_a_run_that_is_told_to_end_keeps_what_it_had_of_the_role(
    make_study: StudyMaker, start: Starter
) -> None:
    """SIGTERM, as a cluster's scheduler or a container's host sends it."""
    changes = {"questions.limit": 60, "generation.max_tokens": 96, "generation.engine": {"batch_size": 8}}
    study = make_study(changes=changes)
    log = Path(study.file).with_name("progress")
    moment = f"""
whole = InFlight.add
def telling(self, completion, prompt):
    whole(self, completion, prompt)
    open({str(log)!r}, "a").write("x")
InFlight.add = telling
"""
    process = start(of_study(moment), study.file)
    while not log.exists():
        assert process.status is None
        time.sleep(0.1)
    process.terminate()
    _, said = process.finish()
    assert process.status != 0
    n_kept = sum(study.lake.num_rows(file) for file in study.lake.files(IN_FLIGHT))
    n_told = len(log.read_text())  # the signal may come between the two
    assert 0 < n_told <= n_kept <= n_told + 1, said
