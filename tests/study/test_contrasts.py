"""The groups of a study's own contrasts, and what is said of those that are not right."""

from __future__ import annotations

from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.study.contrasts import Groups, groups_of
from tests.conftest import StudyMaker

ROLES = ["default", "ghost", "pirate"]


def test_a_group_is_compared_with_all_others_unless_another_is_named(make_study: StudyMaker) -> None:
    study = make_study(
        changes={
            "contrasts": {
                "sea": {"roles": ["pirate"]},
                "two": {"roles": ["pirate"], "against": ["ghost"]},
                "first": {"wordings": [0], "within": ["ghost"]},
                "early": {"questions": ["0-1"]},
            }
        }
    )
    assert groups_of(study) == {
        "sea": Groups("roles", ["pirate"], ["default", "ghost"], ROLES),
        "two": Groups("roles", ["pirate"], ["ghost"], ["ghost", "pirate"]),
        "first": Groups("wordings", [0], [1], ["ghost"]),
        "early": Groups("questions", [0, 1], [2], ROLES),
    }


def test_roles_that_are_left_out_of_comparisons_are_no_others(make_study: StudyMaker) -> None:
    changes = {"contrasts": {"sea": {"roles": ["pirate"]}}, "analysis": {"exclude": ["default"]}}
    assert groups_of(make_study(changes=changes))["sea"].against == ["ghost"]


@pytest.mark.parametrize(
    ("contrast", "told"),
    [
        ({"roles": ["pirrate"]}, r"contrasts.it.roles: small has no role 'pirrate'; did you mean pirate\?"),
        ({"roles": ["pirate"], "against": ["gohst"]}, r"it.against: .*did you mean ghost\?"),
        ({"wordings": [0], "within": ["gost"]}, r"it.within: .*did you mean ghost\?"),
        ({"roles": ["pirate", "ghost"], "against": ["ghost"]}, "contrasts.it: both groups hold 'ghost'"),
        ({"roles": []}, "contrasts.it.roles: List should have at least 1 item"),
        ({"roles": ROLES}, "contrasts.it: nothing is left to compare with"),
        ({"wordings": ["0-1"]}, "nothing is left to compare with"),
        ({"wordings": [2]}, "it.wordings: the roles are asked no wording 2; there are 0 to 1"),
        (
            {"questions": [0], "against": [7]},
            "it.against: the roles are asked no question 7; there are 0 to 2",
        ),
        ({"questions": ["3-1"]}, "'3-1' is neither a number, such as 3, nor a range"),
        (
            {"roles": ["pirate"], "within": ["ghost"]},
            "`within` belongs to contrasts of wordings or questions",
        ),
        ({"roles": ["pirate"], "wordings": [0]}, "names its first group by one of"),
        ({"against": ["pirate"]}, "names its first group by one of"),
        ({"roles": ["pirate"], "agianst": ["ghost"]}, "it.agianst: unknown key; did you mean against"),
        ({"roles": ["pirate"], "against": [3]}, "3 is no role's name"),
    ],
)
def test_what_is_wrong_with_a_contrast_is_said_in_one_line(
    make_study: StudyMaker, contrast: dict[str, Any], told: str
) -> None:
    with pytest.raises(StudyError, match=told) as error:
        groups_of(make_study(changes={"contrasts": {"it": contrast}}))
    assert "\n" not in str(error.value)


def test_a_contrast_of_a_role_that_is_left_out_or_of_questions_nobody_shares_is_refused(
    make_study: StudyMaker,
) -> None:
    left_out = {"contrasts": {"sea": {"roles": ["pirate"]}}, "analysis": {"exclude": ["pirate"]}}
    with pytest.raises(StudyError, match="role 'pirate' is left out of comparisons by analysis.exclude"):
        groups_of(make_study(changes=left_out))
    own = {"contrasts": {"early": {"questions": [0]}}, "questions": {"mode": "role_specific"}}
    with pytest.raises(StudyError, match="each role has questions of its own"):
        groups_of(make_study(changes=own))
