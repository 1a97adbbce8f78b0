from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import ask
from persona_assets.health.garbage import find_garbage
from persona_assets.lake.schema import RESPONSES
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, keep, publish
from tests.warehouse.world import land, responses_of

_PATH = "select path from lake_files where table_name = 'responses' and role = 'ghost'"


def test_a_kept_snapshot_answers_and_keeps_its_files_until_it_is_deleted(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = RoleFiles(study, "ghost").responses
    assert earlier is not None
    path = keep(study, "first")
    again = land(study, RESPONSES, responses_of("ghost"), "ghost")
    publish(study)
    later = datetime.now(UTC) + timedelta(days=2)
    assert find_garbage(study, timedelta(0), later).files == []
    for snapshot, file in (("first", earlier), (None, again)):
        with connect(study, snapshot=snapshot) as connection:
            assert connection.execute(_PATH).fetchall() == [(file.path,)]
    ask(study, _PATH, "csv", snapshot="first")
    assert earlier.path in capsys.readouterr().out
    path.unlink()
    assert earlier.path in {held.file.path for held in find_garbage(study, timedelta(0), later).files}


def test_a_name_is_kept_once_and_an_unknown_one_is_told_with_those_there_are(study: Study) -> None:
    keep(study, "first")
    with pytest.raises(StudyError, match="is kept already; take another name"):
        keep(study, "first")
    with pytest.raises(StudyError, match="is not a name"):
        keep(study, "../first")
    with pytest.raises(StudyError, match="keeps no snapshot 'second'; kept are: first"):
        connect(study, snapshot="second")
