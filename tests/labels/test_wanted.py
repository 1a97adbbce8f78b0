from __future__ import annotations

from persona_assets.cli.run import run_study
from persona_assets.labels.wanted import worth_labelling
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect


def test_the_atlas_is_asked_for_first_and_what_never_fires_not_at_all(study: Study) -> None:
    assert worth_labelling(AcrossRoles.of(study), "demo") == list(range(2048)), "nothing is compared yet"
    run_study(study, None, None, False)
    wanted = worth_labelling(AcrossRoles.of(study), "demo")
    with connect(study) as warehouse:
        mapped = warehouse.execute("select feature_id from atlas order by rank").fetchall()
        assert wanted[: len(mapped)] == [feature for (feature,) in mapped]
        alive = warehouse.execute("select feature_id, firing_rate from features where alive").fetchall()
    assert sorted(wanted) == sorted(feature for feature, _ in alive)
    rates = [dict(alive)[feature] for feature in wanted[len(mapped) :]]
    assert rates == sorted(rates, reverse=True)
