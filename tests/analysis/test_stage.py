"""The comparison of a study's roles, from the lake and into the warehouse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_assets.analysis.stage import compare_roles
from persona_assets.cli.run import run_study
from persona_assets.errors import StudyError
from persona_assets.freshness import AcrossRoles
from persona_assets.schema import FEATURES, ROLE_CONTRASTS
from persona_assets.settings import AnalysisSettings
from persona_assets.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker


def excluding(study: Study, *roles: str) -> Study:
    analysis = AnalysisSettings(exclude=list(roles))
    return replace(study, settings=study.settings.model_copy(update={"analysis": analysis}))


def test_a_run_compares_its_roles_and_the_warehouse_shows_it(study: Study) -> None:
    run_study(study, None, None, False)
    contrasts, features = compare_roles(AcrossRoles.of(study), "demo")
    assert [contrasts] == study.lake.files(ROLE_CONTRASTS), "what is fresh was made again"
    assert [features] == study.lake.files(FEATURES)
    with connect(study) as warehouse:
        [(n_features, n_alive)] = warehouse.execute(
            "select count(*), count(*) filter (alive) from features"
        ).fetchall()
        assert n_features == 2048
        per_role = "select role, count(*) from role_contrasts group by role order by role"
        assert warehouse.execute(per_role).fetchall() == [
            (role, n_alive) for role in ("default", "ghost", "pirate")
        ]
        shown = "select effect_low <= effect and effect <= effect_high, auroc, q from top_features('pirate')"
        for within, auroc, q in warehouse.execute(shown).fetchall():
            assert within
            assert 0 <= auroc <= 1
            assert 0 <= q <= 1


def test_comparisons_leave_excluded_roles_out_and_go_stale_with_the_roles_that_take_part(
    study: Study,
) -> None:
    run_study(study, None, ["responses", "activations"], False)
    compare_roles(AcrossRoles.of(study), "demo")
    without = excluding(study, "default")
    assert AcrossRoles.of(without).role_contrasts("demo") is None
    contrasts, _ = compare_roles(AcrossRoles.of(without), "demo")
    assert set(without.lake.read(ROLE_CONTRASTS, contrasts)["role"].to_pylist()) == {"ghost", "pirate"}
    run_study(study, ["ghost"], ["responses"], True)
    assert AcrossRoles.of(without).role_contrasts("demo") is None


def test_one_role_has_nothing_to_be_compared_with(make_study: StudyMaker) -> None:
    study = make_study(changes={"roles.include": ["ghost"]})
    run_study(study, None, None, False)
    assert study.lake.files(ROLE_CONTRASTS) == []
    with pytest.raises(StudyError, match="fewer than two roles have fresh activations under SAE demo"):
        compare_roles(AcrossRoles.of(study), "demo")
    publish(study)
    with connect(study) as warehouse:
        assert warehouse.execute("select count(*) from role_contrasts").fetchall() == [(0,)]
        assert warehouse.execute("select any_value(effect) from top_features('ghost')").fetchall() == [
            (None,)
        ]
