"""Eight runs at once, each in its own process, while others query: no lock, no error, no mixed answer."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise
from pathlib import Path

from persona_assets.cli.run import run_study
from persona_assets.health.verify import verify
from persona_assets.lake.schema import ROLE_FEATURES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.components.dev import wait_for
from tests.conftest import StudyMaker
from tests.prepared import PATIENCE, Prepared, Starter

ROLES = ["assistant", "default", "ghost", "judge", "nurse", "optimist", "pirate", "wolf"]

WRITER = """
import sys
from persona_assets.cli.run import run_study
from persona_assets.study.study import load_study
run_study(load_study(sys.argv[1]), [sys.argv[2]], None, True)
"""

# Every number twice: from tables of the snapshot, and through its views over the lake's files. A role may be
# published before it is aggregated; it is not fresh then.
READER = """
import json, sys, time
from pathlib import Path
from persona_assets.study.study import load_study
from persona_assets.warehouse import connect

STORED = '''
select role, sum(n_active_responses)::bigint, max(n_responses)
from role_features group by role order by role
'''
SEEN = '''
select role, count(*), (select count(*) from responses as r where r.role = a.role)
from activations as a where role in (select role from roles where status = 'fresh')
group by role order by role
'''

study, stop, begun = load_study(sys.argv[1]), *map(Path, sys.argv[2:])
seen = []
while True:
    last = stop.exists()
    with connect(study) as warehouse:
        stored = warehouse.execute(STORED).fetchall()
        assert stored == warehouse.execute(SEEN).fetchall(), stored
    seen.append([role for role, *_ in stored])
    begun.touch()
    if last:
        break
    time.sleep(0.1)  # the writers need the processor too
print(json.dumps(seen))
"""
SNAPSHOT = "select * from role_features order by role, feature_id"


def has_looked(looks: Path, reader: Prepared) -> bool:
    return looks.exists() or reader.status is not None


def answers(study: Study) -> list[tuple[object, ...]]:
    with connect(study) as warehouse:
        return warehouse.execute(SNAPSHOT).fetchall()


def test_eight_runs_and_three_readers_at_once_never_meet(
    make_study: StudyMaker, tmp_path: Path, start: Starter
) -> None:
    changes = {"roles.include": ROLES, "questions.limit": 2, "generation.max_tokens": 8}
    study, stop = make_study(changes=changes), tmp_path / "stop"
    run_study(study, ["ghost"], None, False)
    before = answers(study)
    with connect(study) as held:
        held.execute("begin")
        first = held.execute(SNAPSHOT).fetchall()
        begun = [tmp_path / f"begun{number}" for number in range(3)]
        readers = [start(READER, study.file, stop, one) for one in begun]
        for looks, reader in zip(begun, readers, strict=True):
            wait_for(partial(has_looked, looks, reader), seconds=PATIENCE, every=0.05)
        writers = [start(WRITER, study.file, role) for role in ROLES]
        for writer in writers:
            _, said = writer.finish()
            assert writer.status == 0, said[-3000:]
        assert held.execute(SNAPSHOT).fetchall() == first == before
        assert held.execute("select count(*) from responses").fetchall() == [(4,)]
        stop.touch()
        for reader in readers:
            printed, said = reader.finish()
            assert reader.status == 0, said[-3000:]
            seen = json.loads(printed)
            assert seen[0] == ["ghost"]
            others = [set(roles) - {"ghost"} for roles in seen]  # the ghost is made again in between
            assert all(earlier <= later for earlier, later in pairwise(others))
            assert seen[-1] == ROLES
    assert RoleFiles(study, "ghost").responses.revision == 1


COLLECTOR = """
import sys
from pathlib import Path
from persona_assets.cli.health import collect_garbage
from persona_assets.base.errors import StudyError
from persona_assets.study.study import load_study

study, stop, n_refused = load_study(sys.argv[1]), Path(sys.argv[2]), 0
while not stop.exists():
    try:
        collect_garbage(study, delete=True, grace_hours=0)
    except StudyError as refused:
        assert "is under way" in str(refused), refused
        n_refused += 1
print(n_refused)
"""


def test_garbage_is_collected_beside_a_live_run_and_nothing_that_it_needs_goes(
    make_study: StudyMaker, tmp_path: Path, start: Starter
) -> None:
    changes = {"roles.include": ["default", "ghost"], "questions.limit": 2, "generation.max_tokens": 8}
    study, stop = make_study(changes=changes), tmp_path / "stop"
    collector = start(COLLECTOR, study.file, stop)
    for role in ("default", "ghost"):
        writer = start(WRITER, study.file, role)
        _, said = writer.finish()
        assert writer.status == 0, said[-3000:]
    stop.touch()
    printed, said = collector.finish()
    assert collector.status == 0, said[-3000:]
    assert int(printed.split()[-1]) > 0
    assert verify(study).problems == []
    assert {RoleFiles(study, role).state(ROLE_FEATURES, "demo") for role in study.role_names} == {"fresh"}
