"""Answers given under an edit, on the toy: paired with the plain ones, measured, kept, told from chance."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.estimate import print_estimate
from persona_assets.lake.schema import (
    ANSWERING,
    INTERVENTION_EFFECTS,
    INTERVENTION_READOUTS,
    RESPONSES,
    STEERED_RESPONSES,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.answered import answering_here, land_steered
from persona_assets.steering.answering import SteeredBackend
from persona_assets.steering.measuring import ANSWER_METRICS, repetition
from persona_assets.steering.reading import Interventions
from persona_assets.steering.stage import land_interventions
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.places import TOY
from tests.steering.test_stage import FEATURES, VECTOR, made

ANEW = {"answers": 2, "answer_targets": 2, "answer_controls": 5}
FEW = FEATURES | ANEW | {"controls": 8, "directions": 1}
TOWARDS = VECTOR | ANEW | {"roles": ["ghost"], "strengths": [1, 4], "directions": 9, "answer_controls": 9}


def rows(study: Study, table: Any = STEERED_RESPONSES) -> list[dict[str, Any]]:
    land = land_steered if table is STEERED_RESPONSES else land_interventions
    file = land(AcrossRoles.of(study), "demo")[table.name]
    found: list[dict[str, Any]] = study.lake.read(table, file).to_pylist()
    return found


def test_answers_at_strength_0_are_the_plain_ones_and_effects_are_told_from_controls(
    make_study: StudyMaker,
) -> None:
    study = made(make_study, features=FEW, towards=TOWARDS)
    found, plain = rows(study), dict[tuple[str, int], dict[str, Any]]()
    for role, files in AcrossRoles.of(study).roles.items():
        assert files.responses is not None
        answers = study.lake.read(RESPONSES, files.responses).to_pylist()
        plain |= {(role, row["response_id"]): row for row in answers}
    same = ("response", "response_token_ids", "seed", "question", "finish_reason")
    for row in found:
        beside = plain[row["role"], row["response_id"]]
        if row["control"] == "nothing":
            assert row["unchanged"] and all(row[name] == beside[name] for name in same)
        assert row["unchanged"] == (row["response_token_ids"] == beside["response_token_ids"])
    kinds = Counter((row["intervention"], row["control"]) for row in found)
    assert kinds == {
        ("features", "feature"): 2 * 5,
        ("features", "nothing"): 2,
        ("features", None): 2 * 2,
        ("towards", "direction"): 2 * 2 * 9,
        ("towards", "nothing"): 2,
        ("towards", None): 2 * 2,
    }
    effects = rows(study, INTERVENTION_EFFECTS)
    against = [row for row in effects if row["intervention"] == "features" and row["against"] == "feature"]
    n_targets = Counter(row["metric"] for row in against)
    assert n_targets == {"kl": 3, "loss": 3, "readout": 3} | dict.fromkeys(
        ANSWER_METRICS.keys() - {"answer_score"}, 2
    )
    weak, strong = (
        row for row in effects if row["intervention"] == "towards" and row["metric"] == "answer_readout"
    )
    assert 0 < weak["effect"] < strong["effect"] and strong["p"] == 1 / 10


def test_a_killed_run_goes_on_and_what_is_read_stays_as_it_is(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made(make_study, features=FEATURES)
    read = rows(study, INTERVENTION_READOUTS)
    small = {"generation.engine": {"batch_size": 4}}  # two edits of two answers
    study = make_study("steered", small | {"interventions": {"features": FEATURES | ANEW}})
    answers, n_batches = SteeredBackend._batch, 0

    def killed(self: Any, *given: Any) -> Any:
        nonlocal n_batches
        n_batches += 1
        if n_batches == 3:
            raise KeyboardInterrupt
        return answers(self, *given)

    monkeypatch.setattr(SteeredBackend, "_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        rows(study)
    assert study.lake.files(ANSWERING, sae="demo")
    found = rows(study)
    assert n_batches == 3 + 4 - 2
    assert not study.lake.files(ANSWERING, sae="demo")
    named = {"renamed": FEATURES | ANEW, "all": FEATURES | ANEW | {"tokens": "all"}}
    more = make_study("steered", small | {"interventions": named})
    again = rows(more)
    assert n_batches == 5 + 4
    assert [row for row in again if row["intervention"] == "renamed"] == [
        row | {"intervention": "renamed"} for row in found
    ]
    assert any(row["n_tokens"] and not row["unchanged"] for row in again)
    monkeypatch.delattr(Interventions, "read")  # what was read of the first one is not read again
    assert rows(study, INTERVENTION_READOUTS) == read


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"generation.backend": "openai", "generation.engine": {"base_url": "http://127.0.0.1:9/v1"}},
            "generation.backend openai answers elsewhere, where no stream can be edited; leave `answers` out",
        ),
        ({"extraction.model": "OTHER"}, "answers and .* is what the SAE reads; leave `answers` out"),
    ],
)
def test_a_model_that_cannot_be_edited_where_it_answers_is_refused_in_a_line(
    make_study: StudyMaker, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    if "extraction.model" in changes:
        other = shutil.copytree(TOY / "model", tmp_path / "other")
        (other / "vocab.txt").write_text("another model")
        changes = {"extraction.model": str(other)}
    study = make_study("elsewhere", changes | {"interventions": {"one": FEATURES | ANEW}})
    with pytest.raises(StudyError, match=message):
        answering_here(AcrossRoles.of(study), "cpu")


def test_an_estimate_counts_the_answers_under_edits(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    print_estimate(make_study("plain", {"interventions": {"one": FEATURES}}), 0, 0)
    assert "steered_responses" not in capsys.readouterr().out
    print_estimate(make_study("anew", {"interventions": {"one": FEW, "towards": TOWARDS}}), 0, 0)
    n_answers = (2 + 5 + 1) * 2 + ((1 + 9) * 2 + 1) * 2
    said = (
        f"steered_responses (demo): at most {n_answers} answers under edits, {n_answers * 24:,} tokens in all"
    )
    assert said in capsys.readouterr().out


def test_repetition_is_the_share_of_runs_that_were_there_before() -> None:
    assert repetition([1, 2]) is None
    assert repetition([1, 2, 3, 4]) == 0
    assert repetition([1, 2, 1, 2, 1, 2]) == 1 / 2
