"""The public assistant-axis data, where somebody has put them beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.cli.run import run_study
from persona_assets.study.importer import import_roles
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.places import PROJECT

SOURCE = PROJECT.parent / "shared" / "assistant-axis"


@pytest.mark.skipif(not SOURCE.is_dir(), reason="the assistant-axis data are not beside the repository")
def test_a_study_on_the_public_roles_runs_for_three_of_them(make_study: StudyMaker, tmp_path: Path) -> None:
    imported = import_roles(str(SOURCE), tmp_path / "axis")
    assert (imported.n_roles, imported.n_questions) == (276, 240)
    study = make_study(
        changes={
            "roles": {"directory": str(tmp_path / "axis/roles/instructions")},
            "questions.file": str(tmp_path / "axis/extraction_questions.jsonl"),
            "generation.prompt_indices": [0, 3],
        }
    )
    run_study(study, ["analyst", "default", "pirate"], None, overwrite=False)
    with connect(study) as warehouse:
        states = "select status, count(*) from roles group by status order by status"
        assert warehouse.execute(states).fetchall() == [("fresh", 3), ("missing", 273)]
        spoken = (
            "select variant, any_value(system_prompt) from responses "
            "where role = 'default' group by 1 order by 1"
        )
        assert warehouse.execute(spoken).fetchall() == [(0, None), (3, "You are Toy.")]
