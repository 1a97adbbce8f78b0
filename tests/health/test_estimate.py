"""What a study asks and costs is told before it is run, and nothing of the pilot lands."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from persona_assets.base.errors import StudyError
from persona_assets.cli.app import app
from persona_assets.cli.units import duration
from persona_assets.health.estimate import Mean, pilot, what_is_asked
from persona_assets.lake.schema import TABLES
from tests.conftest import StudyMaker

SMALL = {"roles.include": ["default", "ghost", "pirate"], "questions.limit": 4, "generation.max_tokens": 12}


def test_what_is_asked_is_counted_and_shown_as_the_model_reads_it(make_study: StudyMaker) -> None:
    asked = what_is_asked(make_study(changes=SMALL))
    assert (asked.n_roles, asked.n_variants, asked.n_prompts, asked.n_answered) == (3, 2, 24, 0)
    assert {example.role for example in asked.examples} == {"default", "ghost", "pirate"}
    for example in asked.examples:
        assert example.prompt.question in example.text
        assert (example.prompt.system_prompt or "") in example.text
    assert asked.prompt_tokens is not None
    assert asked.prompt_tokens.low < asked.prompt_tokens.mean < asked.prompt_tokens.high


def test_the_interval_of_a_mean_is_students() -> None:
    values = np.random.default_rng(0).normal(5, 2, 9).tolist()
    mean, wanted = Mean.of(values), stats.ttest_1samp(values, 0).confidence_interval()
    assert (mean.low, mean.high) == pytest.approx((wanted.low, wanted.high))


def test_a_pilot_answers_and_reads_and_leaves_nothing_in_the_lake(make_study: StudyMaker) -> None:
    study, heard = make_study(changes=SMALL), []
    found = pilot(study, 2, 3, lambda done, total: heard.append((done, total)))
    assert len(found.roles) == 2
    assert found.answer_tokens.n == 6
    assert heard[-1] == (6, 6)
    assert [step.stage for step in found.steps] == ["responses", "activations"]
    assert all(step.seconds > 0 and step.n_bytes > 0 for step in found.steps)
    assert 0 <= found.n_cut_off <= 6
    assert all(not study.lake.files(table) for table in TABLES.values())


def test_the_command_tells_what_answers_are_cut_off_and_what_all_of_it_takes(make_study: StudyMaker) -> None:
    study = make_study(changes=SMALL | {"generation.max_tokens": 2})
    said = CliRunner().invoke(app, ["estimate", str(study.file), "--pilot", "1", "--answers", "3"]).output
    assert "3 roles in 2 variants, 24 prompts; 0 are answered" in said
    assert "cut off at generation.max_tokens: 3 of 3 answers" in said
    assert "2 tokens each (all 3 alike, which says nothing of others), 48 in all" in said
    assert "more than checks.max_truncated allows, 50%: raise generation.max_tokens" in said
    assert "time in all" in said


def test_of_a_model_that_is_elsewhere_it_says_what_is_not_known(
    make_study: StudyMaker,
) -> None:
    study = make_study(changes=SMALL | {"generation.model": "nobody/nothing"})
    asked = CliRunner().invoke(app, ["estimate", str(study.file)])
    assert "24 prompts" in asked.output
    assert "how long they are is not known" in asked.output
    assert isinstance(asked.exception, StudyError)
    assert "nothing is known of time and size: cannot load model 'nobody/nothing'" in str(asked.exception)
    without = CliRunner().invoke(app, ["estimate", str(study.file), "--pilot", "0"])
    assert without.exit_code == 0
    assert "no pilot was made, so nothing is known of time and size" in without.output


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (7_800, "2 h 10 min"), (90_061, "1 d 1 h"), (86_400, "1 d")],
)
def test_a_duration_is_told_in_two_units_at_most(seconds: float, said: str) -> None:
    assert duration(seconds) == said
