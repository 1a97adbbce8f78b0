"""The stage `directions` of a study: made once of model and SAE, whatever the roles, and left out by name."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from persona_assets.directions.stage import land_directions
from persona_assets.lake.schema import DECODERS, DIRECTIONS_TABLES
from persona_assets.orchestration import study_reports
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.table import STAGES
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker


class Heard:
    """A report that keeps what it hears."""

    def __init__(self) -> None:
        self.warned: list[str] = []
        self.landed: list[str] = []

    def part(self, _: str) -> Any:
        return lambda done, total: None

    def done(self, name: str) -> None:
        self.landed.append(name)

    def warn(self, line: str) -> None:
        self.warned.append(line)


def test_directions_are_made_once_and_asked_in_sql(study: Study) -> None:
    files = land_directions(AcrossRoles.of(study), "demo", lambda *_: None)
    assert list(files) == [table.name for table in DIRECTIONS_TABLES]
    assert land_directions(AcrossRoles.of(study), "demo", lambda *_: None) == files
    publish(study)
    with connect(study) as warehouse:
        rows = warehouse.execute("from feature_logits_of(7)").fetchall()
        assert [row[0] for row in rows] == list(range(1, 11))
        assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)
        assert all(up > 0 > down for _, _, up, _, down in rows)
        with pytest.raises(duckdb.InvalidInputException, match="no feature 2048: SAE demo has features 0 to"):
            warehouse.execute("from feature_logits_of(2048)").fetchall()
        promotes = rows[0][1]
        found = warehouse.execute("from features_that_promote($1)", [promotes]).fetchall()
        assert any((row[0], row[1]) == (7, 1) for row in found)
        expected = warehouse.execute(
            "select feature_id from feature_logits where piece = $1 and sign = 1", [promotes]
        ).fetchall()
        assert sorted(row[0] for row in found) == sorted(row[0] for row in expected)


def test_what_decides_directions_is_the_model_and_the_sae_alone(make_study: StudyMaker) -> None:
    changes = {
        "roles.include": ["default", "pirate"],
        "generation.seed": 5,
        "extraction.evidence": {"top": 1},
        "atlas": {"top_k": 3},
        "extraction.saes": {"demo": {"path": "tests/toy/data/sae", "neuronpedia_id": "a/b"}},
    }
    studies = (make_study(), make_study("other", changes))
    one, other = (AcrossRoles.of(study).inputs(DECODERS, "demo") for study in studies)
    assert one is not None
    assert one == other
    assert one.keys() == {"version", "model", "sae"}


def test_no_other_stage_is_made_from_directions() -> None:
    assert [one.name for one in STAGES if "directions" in one.needs] == ["marts"]


def test_an_sae_or_a_model_that_is_not_here_is_left_out_in_one_line(make_study: StudyMaker) -> None:
    saes = {"demo": {"path": "tests/toy/data/sae"}, "gone": {"path": "tests/toy/data/nowhere"}}
    heard = Heard()
    landed = study_reports.land_directions(make_study(changes={"extraction.saes": saes}), heard)
    assert heard.landed == ["demo"]
    assert heard.warned == ["gone: left out: the model's or the SAE's folder is not on this machine"]
    assert landed.metadata["writes"] == "blocks.3.hook_resid_post"
    assert landed.metadata["dagster/row_count"] == 2048 * 20
    elsewhere = Heard()
    study_reports.land_directions(make_study("hub", {"extraction.model": "nobody/nothing"}), elsewhere)
    assert elsewhere.warned == ["demo: left out: model 'nobody/nothing': its weights are not on this machine"]
