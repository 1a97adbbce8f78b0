"""The comparison of a study's roles, from the lake and into the warehouse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from persona_assets.analysis.stage import compare_roles
from persona_assets.base.errors import StudyError
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import ATLAS_TABLES, ROLE_CONTRASTS, ROLE_MATRIX, STATISTICS_TABLES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.settings import AnalysisSettings
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker


def excluding(study: Study, *roles: str) -> Study:
    analysis = AnalysisSettings(exclude=list(roles))
    return replace(study, settings=study.settings.model_copy(update={"analysis": analysis}))


def test_a_run_compares_its_roles_and_the_warehouse_shows_it(study: Study) -> None:
    run_study(study, None, None, False)
    files = compare_roles(AcrossRoles.of(study), "demo")
    for table in STATISTICS_TABLES:
        assert [files[table.name]] == study.lake.files(table), "what is fresh was made again"
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
            assert within is None or within
            assert 0 <= auroc <= 1
            assert 0 <= q <= 1


def test_comparisons_leave_excluded_roles_out_and_go_stale_with_the_roles_that_take_part(
    study: Study,
) -> None:
    run_study(study, None, ["responses", "activations"], False)
    compare_roles(AcrossRoles.of(study), "demo")
    without = excluding(study, "default")
    assert AcrossRoles.of(without).file(ROLE_CONTRASTS, "demo") is None
    contrasts = compare_roles(AcrossRoles.of(without), "demo")["role_contrasts"]
    assert set(without.lake.read(ROLE_CONTRASTS, contrasts)["role"].to_pylist()) == {"ghost", "pirate"}
    run_study(study, ["ghost"], ["responses"], True)
    assert AcrossRoles.of(without).file(ROLE_CONTRASTS, "demo") is None


def mapping(study: Study, **settings: object) -> Study:
    atlas = study.settings.atlas.model_copy(update=settings)
    return replace(study, settings=study.settings.model_copy(update={"atlas": atlas}))


def test_another_map_of_the_same_features_needs_no_other_comparison(study: Study) -> None:
    run_study(study, None, None, False)
    for table in ATLAS_TABLES:
        assert len(study.lake.files(table)) == 1
    smaller = mapping(study, top_k=10, umap_n_neighbors=4)
    assert AcrossRoles.of(smaller).files(ATLAS_TABLES, "demo") is None
    run_study(smaller, None, ["statistics", "atlas", "warehouse"], False)
    assert len(study.lake.files(ROLE_MATRIX)) == 1
    with connect(smaller) as warehouse:
        best = "select feature_id from features where pass order by score desc, feature_id limit 10"
        mapped = "select feature_id from atlas order by rank"
        assert warehouse.execute(mapped).fetchall() == warehouse.execute(best).fetchall()
        counts = "select pass_count, selected_count from atlas_summary"
        [(n_passed, n_selected)] = warehouse.execute(counts).fetchall()
        assert n_selected == 10 < n_passed
        rows = "select count(*) from role_matrix join features using (sae, feature_id) where pass"
        assert warehouse.execute(rows).fetchall() == [(3 * n_passed,)]
        pairs = "select count(*), count(distinct role_a) from role_similarity"
        assert warehouse.execute(pairs).fetchall() == [(9, 3)]
        anchor = "select arg_max(role, position) from role_axes where axis = 'assistant'"
        assert warehouse.execute(anchor).fetchall() == [("default",)]


def test_what_selects_features_decides_the_statistics_too(study: Study) -> None:
    run_study(study, None, ["responses", "activations"], False)
    made = compare_roles(AcrossRoles.of(study), "demo")
    for settings in ({"strategy": "max"}, {"question_centering": False}, {"split_seed": 1}):
        changed = mapping(study, **settings)
        assert compare_roles(AcrossRoles.of(changed), "demo").keys() == made.keys()
        assert AcrossRoles.of(changed).file(ROLE_MATRIX, "demo") != made["role_matrix"]
    assert len(study.lake.files(ROLE_MATRIX)) == 4


def test_centring_maxima_is_refused_before_anything_is_read(study: Study) -> None:
    run_study(study, None, ["responses", "activations"], False)
    for role in AcrossRoles.of(study).compared("demo").values():
        Path(study.lake.uri(role[0].path)).write_bytes(b"damaged")
    with pytest.raises(StudyError, match="question_centering"):
        compare_roles(AcrossRoles.of(mapping(study, strategy="max", question_centering=True)), "demo")


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
