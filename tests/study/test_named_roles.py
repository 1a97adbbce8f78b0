"""A role that a study's settings name, but the study lacks, is refused before any work begins."""

from __future__ import annotations

from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.estimate import print_estimate
from persona_assets.cli.planned import print_plan
from persona_assets.cli.run import run_study
from persona_assets.cli.status import print_reasons, print_status
from persona_assets.orchestration.reports import read_catalog
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.study.named_roles import check_named_roles, without_anchor
from persona_assets.study.study import Study
from tests.conftest import StudyMaker

ABLATE = {"role": "pirate", "directions": 1}
NAMING: dict[str, tuple[dict[str, Any], str]] = {
    "intervention": ({"interventions": {"it": ABLATE | {"role": "pirat"}}}, "interventions.it: .* 'pirat'"),
    "read": ({"interventions": {"it": ABLATE | {"roles": ["gost"]}}}, "interventions.it: .* 'gost'"),
    "axis": (
        {"analysis.anchor": "plain", "interventions": {"it": ABLATE | {"target": "assistant_axis"}}},
        "interventions.it: .* 'plain'",
    ),
    "excluded": (
        {"analysis.exclude": ["pirate"], "interventions": {"it": ABLATE}},
        "interventions.it: role 'pirate' is left out",
    ),
    "contrast": ({"contrasts": {"it": {"roles": ["pirat"]}}}, "contrasts.it.roles: .* 'pirat'"),
    "attribution": ({"attribution": {"roles": ["pirat"]}}, "attribution.roles: .* 'pirat'"),
    "attributed": ({"analysis.anchor": "plain", "attribution": {}}, "attribution .*anchor: .* 'plain'"),
    "exclude": ({"analysis.exclude": ["pirat"]}, "analysis.exclude: .* 'pirat'"),
    "declined": ({"analysis": {"anchor": "plain", "declined": True}}, "analysis.declined .* 'plain'"),
    "drift": ({"drift.compared_with": ["gost"]}, "drift.compared_with: .* 'gost'"),
}


@pytest.mark.parametrize(("changes", "told"), NAMING.values(), ids=NAMING)
def test_whatever_names_a_role_is_checked(make_study: StudyMaker, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(StudyError, match=told):
        check_named_roles(make_study(changes=changes))


@pytest.mark.parametrize(
    "begin",
    [
        lambda study: run_study(study, None, None, overwrite=False),
        lambda study: run_study(study, ["ghost"], ["responses"], overwrite=False),
        lambda study: print_plan(study, None, None, overwrite=False),
        lambda study: print_estimate(study, 2, 2),
        lambda study: print_status(study, "table"),
        lambda study: print_reasons(study, "table"),
        read_catalog,
    ],
    ids=["run", "responses", "dry-run", "estimate", "status", "why", "catalog"],
)
def test_every_command_that_begins_work_or_tells_of_it_refuses_first(
    make_study: StudyMaker, begin: Any
) -> None:
    study = make_study(changes=NAMING["intervention"][0])
    with pytest.raises(StudyError, match="interventions.it: small has no role 'pirat'; did you mean pirate"):
        begin(study)
    assert not any(files.responses for files in look_at_roles(study).values())


def test_a_study_without_its_anchor_says_what_it_goes_without_and_how_to_mend_it(
    make_study: StudyMaker, study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert without_anchor(study) is None
    alone = make_study("alone", {"roles.include": ["ghost", "pirate"]})
    line = (
        "analysis.anchor: no role 'default', so no assistant axis and no drift are measured; name one of the "
        "roles, or add the role\n"
    )
    print_status(alone, "table")
    assert line in capsys.readouterr().out
    print_estimate(alone, 0, 2)
    assert line in capsys.readouterr().out
    print_plan(alone, ["ghost"], ["responses"], overwrite=False)
    assert line in capsys.readouterr().out
    run_study(alone, ["ghost"], ["catalog"], overwrite=False)
    assert line in capsys.readouterr().err
    assert str(without_anchor(make_study("slip", {"analysis.anchor": "defalt"}))).endswith(
        "did you mean default?"
    )


def test_a_study_that_leaves_its_anchor_out_of_comparisons_says_so_too(make_study: StudyMaker) -> None:
    assert without_anchor(make_study(changes={"analysis.exclude": ["default"]})) == (
        "analysis.anchor: role 'default' is left out of comparisons by analysis.exclude, so no assistant "
        "axis and no drift are measured; take it out of that list, or name another role"
    )


def test_a_study_cut_down_to_few_roles_may_exclude_others_of_its_folder(make_study: StudyMaker) -> None:
    cut = {"roles.include": ["default", "pirate"], "analysis.exclude": ["ghost"]}
    check_named_roles(make_study(changes=cut))
