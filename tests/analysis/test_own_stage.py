"""A study's own contrasts, from its file into the warehouse."""

from __future__ import annotations

import duckdb
import pytest

from persona_assets.analysis.own_stage import compare_groups
from persona_assets.base.errors import StudyError
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import CONTRAST_TABLES, STATISTICS_TABLES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker

CONTRASTS = {
    "sea": {"roles": ["pirate"]},
    "first_wording": {"wordings": [0]},
    "first_question": {"questions": [0], "within": ["pirate"]},
}


def test_contrasts_are_made_by_a_run_and_asked_in_sql(make_study: StudyMaker) -> None:
    plain = make_study()
    run_study(plain, None, None, False)
    study = make_study(changes={"contrasts": CONTRASTS})
    across = AcrossRoles.of(study)
    assert across.files(STATISTICS_TABLES, "demo") is not None, "statistics went stale"
    assert across.state(CONTRAST_TABLES[-1], "demo") == "missing"
    run_study(study, None, ["contrasts", "warehouse"], False)
    with connect(study) as warehouse:
        told = warehouse.execute(
            "select contrast, kind, unit, crossed, n_group, n_against from contrasts order by 1"
        ).fetchall()
        assert told == [
            ("first_question", "questions", "question", "wording", 1, 2),
            ("first_wording", "wordings", "wording", "question", 3, 3),
            ("sea", "roles", "role", "question", 1, 2),
        ]
        units = "select side, role, n_responses from contrast_groups where contrast = 'sea' order by 1, 2"
        [*others, (side, role, _)] = warehouse.execute(units).fetchall()
        assert [one[1] for one in others] == ["default", "ghost"] and (side, role) == ("group", "pirate")
        compared = """
            select count(*), max(abs(c.mean_group - rf.mean)), max(abs(c.auroc - r.auroc)),
                count(*) filter (c.effect_low <= c.effect and c.effect <= c.effect_high)
            from contrast('sea') as c
            join role_features as rf on rf.role = 'pirate' and rf.feature_id = c.feature_id
            join role_contrasts as r on r.role = 'pirate' and r.feature_id = c.feature_id
        """
        [(n, of_means, of_aurocs, n_within)] = warehouse.execute(compared).fetchall()
        assert n > 100 and of_means < 1e-4 and of_aurocs < 1e-9 and n_within > 0
        ordered = "select distinctness from contrast('sea') where auroc_low is not null"
        found = [one for (one,) in warehouse.execute(ordered).fetchall()]
        assert found == sorted(found, reverse=True)
        order = "least((0.5 - auroc_high) * (1 - share), 0.5 - auroc_high)"
        less = f"select {order} from contrast('sea', by := 'against')"
        found = [one for (one,) in warehouse.execute(less).fetchall() if one is not None]
        assert found == sorted(found, reverse=True)
        with pytest.raises(duckdb.Error, match="no contrast see .*first_question, first_wording, sea"):
            warehouse.execute("from contrast('see')").fetchall()
        with pytest.raises(duckdb.Error, match="no order loudness"):
            warehouse.execute("from contrast('sea', by := 'loudness')").fetchall()
    files = compare_groups(across, "demo")
    assert files == across.files(CONTRAST_TABLES, "demo"), "what is fresh was made again"
    run_study(study, ["ghost"], ["responses", "activations"], True)
    assert AcrossRoles.of(study).state(CONTRAST_TABLES[-1], "demo") == "stale"


def test_contrasts_need_a_role_that_has_been_read(make_study: StudyMaker) -> None:
    study = make_study(changes={"contrasts": CONTRASTS})
    with pytest.raises(StudyError, match="no role of its contrasts has fresh activations under SAE demo"):
        compare_groups(AcrossRoles.of(study), "demo")
