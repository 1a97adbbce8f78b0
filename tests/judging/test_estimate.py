from __future__ import annotations

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.estimate import print_estimate
from persona_assets.judging.estimate import what_judges_are_asked
from tests.conftest import StudyMaker
from tests.judging.test_stage import study_with

JUDGE = {"model": "tests/toy/data/model", "dtype": "float32", "prompt": "{question} {answer} A number?"}


def test_the_estimate_counts_what_a_judge_is_asked_before_it_is(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    [before] = what_judges_are_asked(make_study(changes={"judge": {"toy": JUDGE}}))
    assert before.lengths.n == 0 and before.why_unknown == "no role has answers yet"
    study = study_with(make_study, {"me": {"file": "x.jsonl"}, "toy": JUDGE})
    [asked] = what_judges_are_asked(study)
    assert (asked.n_roles, asked.n_prompts, asked.n_judged, asked.lengths.n) == (2, 12, 0, 12)
    print_estimate(study, 0, 0)
    assert "judge toy: 2 of 2 roles have a prompt, 12 prompts; 0 are judged" in capsys.readouterr().out
    print_estimate(study, 2, 2)
    table = capsys.readouterr().out.split("size in all\n")[1].splitlines()
    assert [line.split("  ")[0] for line in table if line[:1].isalpha()] == [
        "responses",
        "activations",
        "judge toy",
    ]
    with pytest.raises(StudyError, match=r"no room for 8 more below judge.toy.max_model_len = 9"):
        list(what_judges_are_asked(study_with(make_study, {"toy": JUDGE | {"max_model_len": 9}})))
